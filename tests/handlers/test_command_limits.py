"""Commands given again and again are answered once."""

from __future__ import annotations

import pytest
from aiogram import methods

from handlers.support.command_limits import COMMAND_REPEAT_INTERVAL, GROUP_COMMANDS_PER_MINUTE
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Actor, Harness


@pytest.mark.parametrize("command", ["/help@aura_bot", "/settings@aura_bot", "/export@aura_bot", "/nonsense@aura_bot"])
async def test_the_same_command_in_a_row_is_answered_once(harness: Harness, command: str) -> None:
    for _ in range(60):
        await harness.message(BORIS, command, chat=GROUP)
        harness.now += 0.15
    assert len(harness.said) == 1


async def test_after_a_few_seconds_of_rest_it_is_answered_again(harness: Harness) -> None:
    await harness.message(ANNA, "/help")
    harness.now += COMMAND_REPEAT_INTERVAL - 0.1
    await harness.message(ANNA, "/help")
    assert len(harness.said) == 1
    harness.now += COMMAND_REPEAT_INTERVAL + 0.1
    await harness.message(ANNA, "/help")
    assert len(harness.said) == 2


@pytest.mark.parametrize(
    ("who", "command", "chat"),
    [(BORIS, "/help@aura_bot", GROUP), (ANNA, "/settings@aura_bot", GROUP), (ANNA, "/help", None)],
    ids=["somebody else", "another command", "another chat"],
)
async def test_only_the_same_by_the_same_person_in_the_same_chat_is_a_repetition(
    harness: Harness, who: Actor, command: str, chat: int | None
) -> None:
    await harness.message(ANNA, "/help@aura_bot", chat=GROUP)
    await harness.message(who, command, chat=chat)
    assert len(harness.said) == 2


async def test_other_arguments_make_another_command(harness: Harness) -> None:
    await harness.message(ANNA, "/system Be brief.")
    await harness.message(ANNA, "/system Be kind.")
    await harness.message(ANNA, "/system Be kind.")
    effective = await harness.preferences.effective(harness.key())
    assert effective.system_prompt.value == "Be kind."
    assert len(harness.said) == 2


@pytest.mark.parametrize("command", ["/undo", "/stop"])
async def test_what_is_meant_twice_is_done_twice(harness: Harness, command: str) -> None:
    for number in range(2):
        await harness.message(ANNA, f"{number}")
        await harness.answered(number + 1)
    before = len(harness.said)
    await harness.message(ANNA, command)
    await harness.message(ANNA, command)
    assert len(harness.said) == before + 2


async def test_a_command_that_comes_again_because_it_could_not_be_stored_is_no_repetition(harness: Harness) -> None:
    await harness.message(ANNA, "/help", update=900)
    await harness.message(ANNA, "/help", update=901)
    await harness.message(ANNA, "/help", update=901)
    assert len(harness.said) == 1
    harness.now += COMMAND_REPEAT_INTERVAL + 1
    await harness.message(ANNA, "/system", update=902)
    await harness.message(ANNA, "/help", update=903)
    assert len(harness.said) == 3


async def test_commands_of_one_person_in_a_group_are_counted(harness: Harness) -> None:
    for number in range(GROUP_COMMANDS_PER_MINUTE + 5):
        await harness.message(BORIS, f"/help@aura_bot {number}", chat=GROUP)
        harness.now += 1
    assert len(harness.said) == GROUP_COMMANDS_PER_MINUTE + 1
    assert harness.last.startswith("Слишком много команд подряд. Следующую можно отправить через 50 секунд.")
    assert harness.redrawn.splitlines()[:2] == [
        "Слишком много команд подряд. Следующую можно отправить через 46 секунд.",
        "Не принято 5 сообщений. Пришлите их потом ещё раз:",
    ]
    await harness.message(ANNA, "/help@aura_bot", chat=GROUP)
    assert harness.last.startswith("Write @Aura_Bot")
    harness.now += 60
    await harness.message(BORIS, "/help@aura_bot", chat=GROUP)
    assert "@Aura_Bot" in harness.last


async def test_bot_admins_and_private_chats_are_not_counted(harness: Harness) -> None:
    for number in range(GROUP_COMMANDS_PER_MINUTE + 1):
        await harness.message(OWNER, f"/help@aura_bot {number}", chat=GROUP)
        await harness.message(ANNA, f"/help {number}")
    assert len(harness.said) == 2 * (GROUP_COMMANDS_PER_MINUTE + 1)


async def test_whoever_has_said_something_else_in_between_means_it_again(harness: Harness) -> None:
    await harness.message(ANNA, "/export")
    await harness.message(ANNA, "One")
    await harness.answered()
    await harness.message(ANNA, "/export")
    assert len(harness.recording.made(methods.SendDocument)) == 2
    for command in ("/help", "/settings", "/help"):
        await harness.message(ANNA, command)
    assert len(harness.said) == 5


async def test_questions_are_no_commands(harness: Harness) -> None:
    for number in range(3):
        await harness.message(ANNA, "What is 2/3?")
        await harness.answered(number + 1)
    assert len(harness.paths) == 3
