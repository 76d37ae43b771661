"""A short message that is sent once and edited afterwards, for what would otherwise be said again and again."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Protocol

from bot.errors import FloodWait, NotModified, TelegramProblem
from bot.rendering.entities import Formatted
from bot.runtime.clock import Clock
from bot.runtime.task_supervisor import StartTask
from bot.telegram.destination import Destination

logger = logging.getLogger(__name__)

EDIT_INTERVAL = 4.0
"""Seconds between two edits: a notice must leave the chat's budget to the answers."""


class NoticeSender(Protocol):
    """`Outbox`, as far as it sends at once."""

    async def send(self, to: Destination, text: str | Formatted) -> int:
        """Send a message and give its id. Raises TelegramProblem."""
        ...


class NoticeEditor(Protocol):
    """`Telegram`, as far as it edits."""

    def edit(self, chat: int, message_id: int, what: Formatted) -> Awaitable[None]:
        """Replace a message's text. Raises TelegramProblem."""
        ...


class EditedNotice:
    """One message; the newest text wins, and what Telegram refuses is logged. It is remembered in memory only."""

    def __init__(
        self, sender: NoticeSender, editor: NoticeEditor, start: StartTask, to: Destination, *, clock: Clock
    ) -> None:
        self._sender, self._editor, self._start, self._clock = sender, editor, start, clock
        self._to = to
        self._wanted = self._shown = ""
        self._message: int | None = None
        self._next_edit = 0.0
        self._at_work = False

    def show(self, text: str) -> None:
        """Let this stand there as soon as the budgets allow."""
        self._wanted = text
        if not self._at_work:
            self._at_work = True
            self._start(self._work(), name=f"an edited notice to chat {self._to.chat}")

    async def _work(self) -> None:
        try:
            while self._shown != self._wanted:
                await self._clock.sleep(self._next_edit - self._clock.now())
                await self._put(self._wanted)
        except TelegramProblem as problem:
            logger.warning("chat %d: no notice: %s: %s", self._to.chat, type(problem).__name__, problem)
        finally:
            self._at_work = False

    async def _put(self, text: str) -> None:
        """Raises TelegramProblem where it makes no sense to try again."""
        try:
            if self._message is None:
                self._message = await self._sender.send(self._to, text)
            else:
                await self._editor.edit(self._to.chat, self._message, Formatted(text))
        except FloodWait as problem:
            self._next_edit = self._clock.now() + problem.seconds
            return
        except NotModified:
            pass
        self._shown = text
        self._next_edit = self._clock.now() + EDIT_INTERVAL
