"""What is said about a change is stored with it: neither a crash nor an outage takes it away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from aiogram.exceptions import TelegramServerError
from aiogram.methods import EditMessageText, SendMessage, TelegramMethod
from sqlalchemy import func, select

from bot.storage.schema import outbox
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Actor, Harness, open_harness
from tests.storage.test_statements import listening

Act = Callable[[Harness], Awaitable[object]]


@pytest.fixture
async def guarded(folder: Path) -> AsyncIterator[Harness]:
    """A bot whose admin decides who may use it; Boris waits, Anna and the group do not."""
    async with open_harness(folder, access="approved") as played:
        await played.message(OWNER, "/start")
        await played.message(ANNA, "Hello")
        await played.press(OWNER, f"who:approve:{ANNA.id}", 9)
        await played.answered(1)
        await played.message(OWNER, "/allow", chat=GROUP)
        await played.message(BORIS, "Привет")
        await played.at_rest()
        yield played


def says(who: Actor, text: str, chat: int | None = None) -> Act:
    return lambda harness: harness.message(who, text, chat=chat)


def presses(who: Actor, data: str, message: int = 9) -> Act:
    return lambda harness: harness.press(who, data, message)


async def adds_a_member(harness: Harness) -> None:
    await harness.message(OWNER, "/admin add 1001")


async def opens_an_admin_link(harness: Harness) -> None:
    payload = (await harness.bot_admins.offer_link("Aura_Bot")).partition("=")[2]
    await harness.message(ANNA, f"/start {payload}")


CHANGES: dict[str, tuple[Act, int]] = {
    "/new": (says(ANNA, "/new"), 1),
    "/undo": (says(ANNA, "/undo"), 1),
    "/stop": (says(ANNA, "/stop"), 1),
    "/system": (says(ANNA, "/system Answer in rhymes."), 1),
    "/system reset": (says(ANNA, "/system reset"), 1),
    "/persona": (says(ANNA, "/persona teacher"), 1),
    "/temperature chat": (says(ANNA, "/temperature chat 1"), 1),
    "a settings button": (presses(ANNA, "set:temperature:1"), 1),
    "/forget": (presses(ANNA, "forget:yes"), 1),
    "/temperature": (says(OWNER, "/temperature 1"), 1),
    "/maxtokens": (says(OWNER, "/maxtokens 100"), 1),
    "/proxy off": (says(OWNER, "/proxy off"), 1),
    "/proxy reset": (says(OWNER, "/proxy reset"), 1),
    "/model reset": (says(OWNER, "/model reset"), 1),
    "/block": (says(OWNER, "/block 1001"), 2),
    "/allow a person": (says(OWNER, "/allow 1002"), 2),
    "/allow off": (says(OWNER, "/allow off", GROUP), 1),
    "a group's button": (presses(OWNER, f"grp:off:{GROUP}:0"), 2),
    "a request that is granted": (presses(OWNER, "who:approve:1002"), 2),
    "a request that is declined": (presses(OWNER, "who:decline:1002"), 2),
    "a button of /people": (presses(OWNER, "who:block:1001:0"), 2),
    "everybody is let in": (presses(OWNER, "who:all:yes"), 2),
    "/admin add": (adds_a_member, 1),
    "an admin's link": (opens_an_admin_link, 1),
    "/broadcast": (says(OWNER, "/broadcast Hello"), 1),
    "a newcomer": (says(Actor(1003, "Clara", language="en"), "Hello?"), 2),
    "a strange group": (says(ANNA, "@aura_bot Hello?", GROUP - 1), 1),
}


@pytest.mark.parametrize(("act", "words"), CHANGES.values(), ids=CHANGES.keys())
async def test_a_change_and_what_is_said_about_it_are_one_transaction(guarded: Harness, act: Act, words: int) -> None:
    before = len(spoken(guarded))
    with listening() as heard:
        await act(guarded)
        await guarded.at_rest()
    remembered = next(at for at, one in enumerate(heard.said) if one.startswith("INSERT INTO updates"))
    commit = heard.said.index("COMMIT", remembered)
    stored = [at for at, one in enumerate(heard.said) if one.startswith("INSERT INTO outbox")]
    assert len(stored) == words
    assert all(remembered < at < commit for at in stored)
    assert len(spoken(guarded)) == before + words, "once each"
    assert await waiting(guarded) == 0


@pytest.mark.parametrize("text", ["/help", "/settings", "/people", "/hold", "/temperature", "/proxy", "/model"])
async def test_what_changes_nothing_is_answered_without_the_detour(guarded: Harness, text: str) -> None:
    with listening() as heard:
        await guarded.message(OWNER, text)
    assert not [one for one in heard.said if "outbox" in one]


async def test_what_is_tried_first_is_said_with_the_change(guarded: Harness) -> None:
    with listening() as heard:
        await guarded.message(OWNER, "/proxy http://127.0.0.1:3128")
    changed = next(at for at, one in enumerate(heard.said) if one.startswith("INSERT INTO preferences"))
    assert "INSERT INTO outbox" in " ".join(heard.said[changed : heard.said.index("COMMIT", changed)])
    assert guarded.last.startswith("It works: http://127.0.0.1:3128 is the proxy")


async def test_an_outage_of_telegram_only_delays(guarded: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer is let in, and everybody hears of it, although no message arrives for the first ten tries."""
    failing, make = [10], guarded.recording.make_request

    async def unreachable(bot: Any, method: TelegramMethod[Any], timeout: int | None = None) -> Any:  # noqa: ASYNC109  # aiogram's own signature
        if isinstance(method, SendMessage | EditMessageText) and failing[0] > 0:
            failing[0] -= 1
            raise TelegramServerError(cast("TelegramMethod[Any]", method), "Bad Gateway")
        return await make(bot, method, timeout)

    monkeypatch.setattr(guarded.recording, "make_request", unreachable)
    await guarded.message(OWNER, "/allow 1002")
    await guarded.at_rest()
    said = [call for call in guarded.recording.made(SendMessage) if call.chat_id == BORIS.id]
    assert sum("Вас впустили" in call.text for call in said) == 1
    assert guarded.said.count("Борис (1002) may use the bot.") == 1


async def test_a_flood_of_requests_is_one_message_that_is_edited(folder: Path) -> None:
    async with open_harness(folder, access="approved") as harness:
        await harness.message(OWNER, "/start")
        for number in range(40):
            await harness.message(Actor(2000 + number, f"Person {number}"), "Hello")
        await harness.at_rest()
        asked = [call.text for call in harness.recording.made(SendMessage) if call.chat_id == OWNER.id][1:]
        assert [text for text in asked if "would like" in text and "Many" not in text] == [
            f"Person {number} ({2000 + number}) would like to use the bot." for number in range(5)
        ]
        digests = [text for text in asked if text.startswith("Many would like")]
        assert len(digests) == 1
        assert harness.redrawn.endswith("40 people are waiting to be let in: /people")
        assert "Person 39 (2039)" in harness.redrawn


def spoken(harness: Harness) -> list[TelegramMethod[Any]]:
    """What was said and redrawn, without answers to questions."""
    said = [call for call in harness.recording.calls if isinstance(call, SendMessage | EditMessageText)]
    return [call for call in said if not (call.text or "").startswith("Answer to")]


async def waiting(harness: Harness) -> int:
    async with harness.database.reading() as connection:
        return int(await connection.scalar(select(func.count()).select_from(outbox)) or 0)
