"""Notices that are sent once and edited afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from bot.errors import ChatUnavailable, FloodWait, NotModified, TelegramProblem
from bot.rendering.entities import Formatted
from bot.runtime.clock import Clock
from bot.streaming.edited_notice import EDIT_INTERVAL, EditedNotice
from bot.telegram.destination import Destination

PLACE = Destination(5, reply_to=3, private=True)


T = TypeVar("T")


class SteppedClock(Clock):
    """Time that passes only in sleeps."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += max(0.0, seconds)
        await asyncio.sleep(0)


class Chat:
    """Keeps what stands in a chat, and when it came there; `troubles` are raised first."""

    def __init__(self, *troubles: TelegramProblem) -> None:
        self.clock = SteppedClock()
        self.log: list[tuple[float, str, str]] = []
        self.troubles = list(troubles)
        self.tasks: list[asyncio.Task[Any]] = []
        self.notice = EditedNotice(self, self, self.start, PLACE, clock=self.clock)

    def start(self, work: Coroutine[Any, Any, T], *, name: str, awaited: bool = False) -> asyncio.Task[T]:
        task = asyncio.create_task(work, name=f"{name}{' (awaited)' * awaited}")
        self.tasks.append(task)
        return task

    async def send(self, to: Destination, text: str | Formatted) -> int:
        assert to == PLACE
        self._write("sent", str(text))
        return 77

    async def edit(self, chat: int, message_id: int, what: Formatted) -> None:
        assert (chat, message_id) == (5, 77)
        self._write("edited", what.text)

    def _write(self, how: str, text: str) -> None:
        if self.troubles:
            raise self.troubles.pop(0)
        self.log.append((self.clock.time, how, text))

    async def rest(self) -> None:
        await asyncio.gather(*self.tasks)


async def test_it_is_sent_at_once_and_edited_after_a_while() -> None:
    chat = Chat()
    chat.notice.show("one")
    await chat.rest()
    chat.notice.show("two")
    chat.notice.show("three")
    await chat.rest()
    assert chat.log == [(0.0, "sent", "one"), (EDIT_INTERVAL, "edited", "three")]


async def test_what_is_said_while_it_is_sent_becomes_one_edit() -> None:
    chat = Chat()
    chat.notice.show("0")
    for _ in range(3):
        await asyncio.sleep(0)
    for number in range(1, 40):
        chat.notice.show(f"{number}")
    await chat.rest()
    assert [(how, text) for _, how, text in chat.log] == [("sent", "0"), ("edited", "39")]


async def test_a_hold_is_waited_for() -> None:
    chat = Chat(FloodWait(seconds=30))
    chat.notice.show("one")
    await chat.rest()
    assert chat.log == [(30.0, "sent", "one")]


@pytest.mark.parametrize("trouble", [ChatUnavailable("gone"), TelegramProblem("no")])
async def test_what_telegram_refuses_is_logged_and_left(
    trouble: TelegramProblem, caplog: pytest.LogCaptureFixture
) -> None:
    chat = Chat(trouble)
    chat.notice.show("one")
    await chat.rest()
    assert chat.log == []
    assert "no notice" in caplog.text
    chat.notice.show("two")
    await chat.rest()
    assert chat.log == [(0.0, "sent", "two")], "the next one is tried again"


async def test_an_edit_that_changes_nothing_is_done() -> None:
    chat = Chat()
    chat.notice.show("one")
    await chat.rest()
    chat.troubles = [NotModified("the same")]
    chat.notice.show("two")
    await chat.rest()
    assert len(chat.log) == 1
