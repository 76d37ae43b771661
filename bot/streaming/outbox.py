"""Queue of short messages that are no answers of the generator: replies to commands and buttons, failures.

It is in memory only: what waits when the process dies is lost.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import replace

from bot.errors import AmbiguousOutcome, BadMarkup, FloodWait, ReplyTargetNotFound, TelegramProblem
from bot.rendering.entities import Formatted
from bot.runtime.clock import Clock
from bot.runtime.task_supervisor import StartTask
from bot.streaming.edited_notice import EditedNotice
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Keyboard

logger = logging.getLogger(__name__)

MAX_WAITING_NOTICES = 50
"""Notices that wait for one chat; beyond that the oldest are dropped."""
MAX_NOTICE_TRIES = 4
"""Tries of a notice whose outcome is unknown, before it is given up."""

_Notice = tuple[Destination, Formatted, Keyboard]


class Outbox:
    """Sends short messages in the background: in order within a chat, after any hold, without ever raising."""

    def __init__(self, telegram: Telegram, start: StartTask, *, clock: Clock | None = None) -> None:
        self._telegram, self._start = telegram, start
        self._clock = clock or Clock()
        self._waiting: dict[int, deque[_Notice]] = {}

    def enqueue(self, to: Destination, text: str | Formatted, *, keyboard: Keyboard = ()) -> None:
        """Send it as soon as the budgets allow; what fails is logged."""
        outbox = self._waiting.get(to.chat)
        if outbox is None:
            outbox = self._waiting[to.chat] = deque()
            self._start(self._work(to.chat), name=f"notices to chat {to.chat}")
        if len(outbox) >= MAX_WAITING_NOTICES:
            del outbox[1]  # the first one is under way
            logger.warning("chat %d: too many notices wait, the oldest is dropped", to.chat)
        outbox.append((to, _formatted(text), keyboard))

    async def send(self, to: Destination, text: str | Formatted, *, keyboard: Keyboard = ()) -> int:
        """Send it now and return its message id. Raises TelegramProblem."""
        return await self._send(to, _formatted(text), keyboard)

    async def edit(self, chat: int, message_id: int, text: Formatted, *, keyboard: Keyboard = ()) -> None:
        """Replace a message now. Raises TelegramProblem."""
        await self._telegram.edit(chat, message_id, text, keyboard=keyboard)

    def edited_notice(self, to: Destination) -> EditedNotice:
        """A notice that is sent once, and edited afterwards."""
        return EditedNotice(self, self._telegram, self._start, to, clock=self._clock)

    async def _work(self, chat: int) -> None:
        outbox = self._waiting[chat]
        try:
            while outbox:
                to, text, keyboard = outbox[0]
                await self._deliver(to, text, keyboard)
                outbox.popleft()
        finally:
            self._waiting.pop(chat, None)

    async def _deliver(self, to: Destination, text: Formatted, keyboard: Keyboard) -> None:
        tries = 0
        while True:
            try:
                await self._send(to, text, keyboard)
            except FloodWait as problem:
                await self._clock.sleep(problem.seconds)
            except AmbiguousOutcome as problem:
                tries += 1
                if tries == MAX_NOTICE_TRIES:
                    logger.warning("chat %d: a notice was given up: %s", to.chat, problem)
                    return
                await self._clock.sleep(2.0**tries)
            except TelegramProblem as problem:
                logger.warning("chat %d: no notice: %s: %s", to.chat, type(problem).__name__, problem)
                return
            else:
                return

    async def _send(self, to: Destination, text: Formatted, keyboard: Keyboard) -> int:
        try:
            return await self._telegram.send(to, text, keyboard=keyboard)
        except BadMarkup as problem:
            logger.warning("chat %d: the formatting of a notice is refused: %s", to.chat, problem)
            return await self._telegram.send(to, text.plain(), keyboard=keyboard)
        except ReplyTargetNotFound:
            return await self._telegram.send(replace(to, reply_to=None), text, keyboard=keyboard)


def _formatted(text: str | Formatted) -> Formatted:
    return Formatted(text) if isinstance(text, str) else text
