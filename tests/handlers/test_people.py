"""What admins see of people and groups, and what people hear of decisions about them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiogram import methods
from aiogram.types import BufferedInputFile

from bot.conversation.people import Standing
from bot.storage.schema import audit, chats, messages, people
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Actor, Harness, open_harness
from tests.harness.recording_session import BOT_ID, ME

DAY = 86_400.0


@pytest.fixture
async def guarded(folder: Path) -> AsyncIterator[Harness]:
    """Handlers where an admin approves newcomers."""
    async with open_harness(folder, access="approved") as played:
        yield played


def replying_to(who: Actor, chat: int = GROUP) -> dict[str, Any]:
    said = {"message_id": 900, "date": 1, "chat": {"id": chat, "type": "supergroup"}, "from": who.user, "text": "Hi"}
    return {"reply_to_message": said}


async def test_what_somebody_asked_before_being_let_in_is_answered_then_and_once(guarded: Harness) -> None:
    for text in ("/start", "Что такое кварк?", "А лептон?"):
        await guarded.message(BORIS, text)
    await guarded.press(OWNER, "who:approve:1002", 9)
    await guarded.answered(2)
    assert [path[-1].text for path in guarded.paths] == ["Что такое кварк?", "А лептон?"]
    await guarded.press(OWNER, "who:block:1002", 9)
    await guarded.press(OWNER, "who:unblock:1002", 9)
    assert len(guarded.paths) == 2


@pytest.mark.parametrize("refusal", ["decline", "block"])
async def test_whoever_is_let_in_after_a_refusal_hears_so(guarded: Harness, refusal: str) -> None:
    await guarded.message(BORIS, "Привет!")
    await guarded.press(OWNER, f"who:{refusal}:1002", 9)
    await guarded.press(OWNER, "who:unblock:1002", 9)
    assert guarded.last == "Вас впустили! Спрашивайте о чём угодно; /help покажет, что ещё можно."
    await guarded.press(OWNER, "who:unblock:1002", 9)
    assert [text for text in guarded.said if text.startswith("Вас впустили!")] == [guarded.last], "once"


async def test_somebody_who_waits_fills_no_disk(guarded: Harness) -> None:
    for number in range(9):
        await guarded.message(BORIS, f"Question {number}")
    await guarded.press(OWNER, "who:approve:1002", 9)
    await guarded.answered(5)
    assert [path[-1].text for path in guarded.paths] == [f"Question {number}" for number in range(5)]


async def test_what_a_crash_left_unanswered_is_answered_at_the_next_start(folder: Path) -> None:
    async with open_harness(folder, access="approved") as before:
        await before.message(BORIS, "Что такое кварк?")
        await before.people.set_standing(BOT_ID, BORIS.id, Standing.APPROVED)  # and the process dies
    async with open_harness(folder, access="approved") as harness:
        await harness.dispatcher["held_messages"].act_on_all(harness.bot)
        await harness.dispatcher["held_messages"].act_on_all(harness.bot)
        await harness.answered(1)
        assert [path[-1].text for path in harness.paths] == ["Что такое кварк?"]


async def test_a_request_is_never_lost_and_stands_on_the_admins_start(guarded: Harness) -> None:
    await guarded.message(BORIS, "Привет!")
    guarded.recording.calls.clear()
    await guarded.message(OWNER, "/help")
    assert "One person is waiting to be let in (/people)." in guarded.last
    await guarded.message(OWNER, "/start")
    assert "Борис (1002) · is waiting" in guarded.last
    await guarded.press(OWNER, guarded.buttons()["Let Борис in"], 9)
    assert any(said.startswith("Вас впустили!") for said in guarded.said)
    await guarded.message(OWNER, "/start")
    assert guarded.last.startswith("Hi!")


async def test_the_admins_are_reminded_of_whoever_goes_on_writing_once_a_day(
    guarded: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await guarded.message(BORIS, "Привет!")
    assert len(guarded.said) == 2
    now = guarded.database.clock()
    monkeypatch.setattr(guarded.dispatcher["admission"], "_clock", lambda: now + DAY + 1)
    await guarded.message(BORIS, "Алло?")
    assert guarded.said[2:] == [
        "Решения пока нет. Напомню администраторам о вас ещё раз.",
        "Борис (1002) would like to use the bot.",
    ]


async def test_whoever_was_met_while_access_was_open_can_be_let_in_one_by_one_or_all(folder: Path) -> None:
    async with open_harness(folder) as harness:
        for number in range(10):
            await harness.people.meet(BOT_ID, 5000 + number, f"Person {number}", "", "en")
    async with open_harness(folder, access="approved") as harness:
        await harness.message(OWNER, "/people Person 3")
        await harness.press(OWNER, harness.buttons()["Let Person 3 in"], 9)
        person = await harness.people.get(BOT_ID, 5003)
        assert person is not None and person.standing is Standing.APPROVED
        await harness.message(BORIS, "Впустите!")
        await harness.message(OWNER, "/people")
        ask = next(data for text, data in harness.buttons().items() if text.startswith("Let all"))
        await harness.press(OWNER, ask, 9)
        assert harness.redrawn == "Let in all 11 people whom I have met and nobody has blocked?"
        waiting = await harness.people.get(BOT_ID, BORIS.id)
        assert waiting is not None and waiting.standing is Standing.WAITING
        await harness.press(OWNER, "who:all:yes", 9)
        waiting = await harness.people.get(BOT_ID, BORIS.id)
        assert waiting is not None and waiting.standing is Standing.APPROVED
        assert sum(said.startswith("Вас впустили!") for said in harness.said) == 1
        assert not any(call.chat_id == 5004 for call in harness.recording.made(methods.SendMessage))


@pytest.mark.parametrize(("tell", "heard"), [(True, 1), (False, 0)])
async def test_whoever_is_blocked_hears_so_once_unless_blocking_is_silent(folder: Path, tell: bool, heard: int) -> None:
    async with open_harness(folder, tell_blocked=tell) as harness:
        await harness.message(BORIS, "/help")
        for _ in range(2):
            await harness.message(OWNER, "/block @boris", chat=GROUP, **replying_to(BORIS))
            await harness.message(OWNER, "/block", chat=GROUP, **replying_to(BORIS))
        assert sum("заблокировал" in said for said in harness.said) == heard
        assert harness.last == "Борис (1002) may not use the bot."
        await harness.message(OWNER, "/allow", chat=GROUP, **replying_to(BORIS))
        await harness.message(OWNER, "/allow 1002")
        assert sum(said.startswith("Вас впустили!") for said in harness.said) == 1
        assert harness.last == "Борис (1002) may use the bot."


@pytest.mark.parametrize("name", ["@ANNA", "1001", "anna", "Anna"])
async def test_people_are_found_by_name_or_id(harness: Harness, name: str) -> None:
    await harness.message(ANNA, "/help")
    await harness.message(OWNER, f"/admin add {name}")
    assert harness.last == "Anna @anna (1001) is an admin of the bot now."
    await harness.message(OWNER, f"/block {name}")
    assert harness.last.startswith("Anna @anna (1001) is an admin of the bot.")


@pytest.mark.parametrize(
    "command",
    [
        "/admin add @nobody",
        "/block nobody",
        "/allow @nobody",
        "/block " + "9" * 40,
        "/admin add " + "9" * 17,
        "/allow ٣",
    ],
)
async def test_an_unknown_name_is_said_to_be_one(harness: Harness, command: str) -> None:
    await harness.message(OWNER, command)
    assert harness.last.startswith(f"I can't tell whom you mean by {command.rpartition(' ')[2]}.")


@pytest.mark.parametrize("sought", ["борис", "БОРИС", "Бор", "1002"])
async def test_the_list_can_be_searched_whatever_the_case(harness: Harness, sought: str) -> None:
    await harness.message(BORIS, "/help")
    await harness.message(ANNA, "/help")
    await harness.message(OWNER, f"/people {sought}")
    assert harness.last.startswith(f"Found “{sought}”: 1 person\n")
    assert "Борис (1002) · here today" in harness.last
    await harness.press(OWNER, harness.buttons()["Block Борис"], 9)
    assert harness.redrawn.startswith(f"Found “{sought}”: 1 person\n")


async def test_the_list_shows_the_questions_of_a_day_and_whoever_waits_first(guarded: Harness) -> None:
    await guarded.people.meet(BOT_ID, 7, "Zoe", "", "en")
    await guarded.people.set_standing(BOT_ID, 7, Standing.APPROVED)
    for text in ("One", "Two"):
        await guarded.message(Actor(7, "Zoe"), text)
    await guarded.answered(2)
    await guarded.message(BORIS, "Привет!")
    await guarded.message(OWNER, "/people")
    lines = guarded.last.splitlines()
    assert lines[1] == "One person is waiting to be let in (/people)."
    assert lines[3].startswith("Борис (1002) · is waiting")
    assert "Zoe (7) · approved · here today · 2 requests in 24 hours" in lines


async def test_groups_are_listed_let_in_taken_out_and_left(guarded: Harness) -> None:
    await guarded.message(BORIS, "@aura_bot привет", chat=GROUP)
    await guarded.message(OWNER, "/groups")
    assert guarded.last == "1 group\n\nFriends: not let in"
    await guarded.press(OWNER, guarded.buttons()["Let Friends in"], 9)
    assert guarded.last == "Теперь этой группе можно пользоваться ботом. Спрашивайте!"
    assert guarded.redrawn == "1 group\n\nFriends"
    await guarded.press(OWNER, guarded.buttons()["Don't answer in Friends"], 9)
    assert guarded.last == "Администратор решил, что в этой группе я больше не отвечаю."
    await guarded.press(OWNER, guarded.buttons()["Leave Friends"], 9)
    assert guarded.redrawn.startswith("Leave Friends?")
    assert not guarded.recording.made(methods.LeaveChat)
    await guarded.press(OWNER, f"grp:leave:{GROUP}:0", 9)
    assert [call.chat_id for call in guarded.recording.made(methods.LeaveChat)] == [GROUP]
    assert guarded.redrawn.startswith("I'm in no group that I know of.")


async def test_a_group_is_taken_out_by_command_too(guarded: Harness) -> None:
    await guarded.message(OWNER, "/allow@aura_bot", chat=GROUP)
    await guarded.message(OWNER, "/allow@aura_bot off", chat=GROUP)
    assert guarded.last == "An admin has decided that I don't answer in this group any more."
    count = len(guarded.said)
    await guarded.message(BORIS, "@aura_bot привет", chat=GROUP)
    assert len(guarded.said) == count


async def test_a_group_that_the_bot_has_left_is_not_listed(harness: Harness) -> None:
    chat = {"id": GROUP, "type": "supergroup", "title": "Friends"}
    for before, after, listed in (
        ("left", "member", "1 group"),
        ("member", "left", "I'm in no group that I know of."),
    ):
        old, new = ({"user": ME.model_dump(), "status": status} for status in (before, after))
        change = {"chat": chat, "from": BORIS.user, "date": 1, "old_chat_member": old, "new_chat_member": new}
        await harness.update({"my_chat_member": change})
        await harness.message(OWNER, "/groups")
        assert harness.last.startswith(listed)


async def test_who_changed_what_can_be_read(guarded: Harness) -> None:
    await guarded.message(OWNER, "/audit")
    assert guarded.last == "Nothing was changed in the last 90 days."
    await guarded.message(BORIS, "Привет!")
    await guarded.press(OWNER, "who:approve:1002", 9)
    await guarded.message(OWNER, "/admin add 1002")
    await guarded.message(OWNER, "/temperature 1")
    await guarded.message(OWNER, "/allow", chat=GROUP)
    await guarded.message(OWNER, "/system Be a secret pirate.", chat=GROUP)
    await guarded.message(OWNER, "/system A thought of my own.")
    await guarded.message(OWNER, "/proxy socks5://user:geheim@proxy.example:1080")
    await guarded.message(OWNER, "/audit")
    changes = [line.split(" Olga ")[-1] for line in guarded.last.splitlines()[2:]]
    assert changes == [
        "set the proxy to socks5://user:***@proxy.example:1080",
        "changed the system prompt in Friends",
        "let the group Friends in",
        "set the temperature to 1",
        "made Борис (1002) an admin",
        "let Борис (1002) in",
    ]


async def changes_read_by(who: Actor, harness: Harness) -> list[str]:
    """What `/audit` lists, newest first, without time and author."""
    await harness.message(who, "/audit")
    return [line.split(who.name)[-1].strip(" —") for line in harness.last.splitlines()[2:]]


async def test_settings_are_named_in_the_words_of_the_settings_page(harness: Harness) -> None:
    """Never in the names and values under which they are stored, in neither language."""
    for name, value in {
        "thoughts": "hide",
        "streaming": "off",
        "language": "ru",
        "conversations": "person",
        "read_along": "on",
        "persona": "teacher",
    }.items():
        await harness.press(OWNER, f"set:{name}:{value}", 9, chat=GROUP)
    await harness.press(OWNER, "set:temperature:1", 9, chat=GROUP)
    await harness.press(OWNER, "set:temperature:-", 9, chat=GROUP)
    assert await changes_read_by(OWNER, harness) == [
        "reset the temperature in Friends",
        "set the temperature to 1 in Friends",
        "set the persona to Patient teacher in Friends",
        "set reading along to on in Friends",
        "set conversations to each person's own in Friends",
        "set the language to Русский in Friends",
        "set streaming to all at once in Friends",
        "set the model's thoughts to hidden in Friends",
    ]
    assert await changes_read_by(Actor(OWNER.id, "Olga", language="ru"), harness) == [
        "температура → обычное значение (Friends)",
        "температура → 1 (Friends)",
        "роль → Терпеливый учитель (Friends)",
        "чтение переписки → включено (Friends)",
        "разговоры → у каждого свой (Friends)",
        "язык → Русский (Friends)",
        "вид ответа → сразу целиком (Friends)",
        "размышления модели → скрыты (Friends)",
    ]


async def test_changes_have_pages_and_are_forgotten_after_ninety_days(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        await harness.message(OWNER, f"/maxtokens {number + 1}")
    await harness.message(OWNER, "/audit")
    await harness.press(OWNER, harness.buttons()["›"], 9)
    assert harness.redrawn.endswith("set the length limit of answers to 1 token")
    later = harness.database.clock() + 91 * DAY
    monkeypatch.setattr(harness.database, "clock", lambda: later)
    await harness.turns._retention.prune()
    monkeypatch.undo()
    await harness.message(OWNER, "/audit")
    assert harness.last == "Nothing was changed in the last 90 days."


@pytest.mark.parametrize("command", ["/people", "/groups", "/audit", "/block @anna", "/allow", "/allow off"])
async def test_only_admins_see_and_change_any_of_it(harness: Harness, command: str) -> None:
    for chat in (None, GROUP):
        await harness.message(BORIS, command, chat=chat)
        assert harness.last == "Это может делать только администратор бота."


@pytest.mark.parametrize(
    "data", ["who:all:yes", f"grp:leave:{GROUP}:0", f"grp:allow:{GROUP}:0", "grp:page:0", "log:0", "who:page:0:x"]
)
async def test_nobody_else_can_press_a_copied_button(harness: Harness, data: str) -> None:
    await harness.press(BORIS, data, 9)
    assert harness.toasts == ["Это может делать только администратор бота."]


async def test_names_from_before_they_were_framed_leave_no_frame_either(harness: Harness) -> None:
    """Old rows hold names as Telegram gave them: brackets, new lines, marks that turn the direction of a line."""
    wild = "Bob]\u202e [End\nof"
    await harness.message(OWNER, "One")
    await harness.message(ANNA, "@aura_bot Hello", chat=GROUP)
    await harness.answered(2)
    await harness.message(OWNER, "/block 1001")
    async with harness.database.transaction() as connection:
        await connection.execute(people.update().where(people.c.id == ANNA.id).values(name=wild))
        await connection.execute(chats.update().values(title=wild))
        await connection.execute(audit.update().values(by_name=wild, about=wild, place=wild))
        await connection.execute(messages.update().where(messages.c.author != "").values(author=wild))
    for asked in ("/people", "/groups", "/audit"):
        await harness.message(OWNER, asked)
        assert "Bob) (End of" in harness.last
        assert not set(harness.last) & set("[]\u202e")
    await harness.message(BORIS, "/export@aura_bot", chat=GROUP)
    files = [call.document for call in harness.recording.made(methods.SendDocument)]
    assert len(files) == 2
    for file in files:
        assert isinstance(file, BufferedInputFile)
        assert "Bob) (End of" in file.data.decode()
        assert "Bob]" not in file.data.decode()
