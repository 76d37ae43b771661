"""Writing of the messages of one answer, one after another, with a recovery from each of Telegram's errors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

from bot.errors import BadMarkup, MessageNotFound, MessageTooLong, NotModified, ReplyTargetNotFound, TelegramProblem
from bot.rendering.entities import MESSAGE_LIMIT, Formatted
from bot.rendering.formatted_slice import slice_formatted
from bot.runtime.task_supervisor import StartTask
from bot.streaming.journal import JournalStore, MessageJournal
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Keyboard
from bot.telegram.slot_allocator import carry_slot

logger = logging.getLogger(__name__)

MIN_MESSAGE_LENGTH = 256
"""UTF-16 units below which no message is cut where Telegram finds them too long."""
SEND_GRACE = 4.0
"""Seconds that a send has to come to its end after its waiter was cancelled: cut off, it would be sent twice."""


class MessageWriter:
    """Writes the answer's messages in order; `number` is the one being written."""

    def __init__(self, telegram: Telegram, to: Destination, store: JournalStore, start: StartTask) -> None:
        self._telegram, self._to, self._store, self._start = telegram, to, store, start
        self.messages = MessageJournal(store)
        self.number = 0
        self._limit = MESSAGE_LIMIT
        self._offset = 0
        self._plain = False
        self._distrusted = False
        self.visible = False
        """True once this attempt has shown something in the current message."""
        self._now_shown: tuple[Formatted, Keyboard] | None = None
        """Text and keyboard of the current message; None where nobody knows."""

    @property
    def must_send(self) -> bool:
        """Tell whether there is no message to edit."""
        return self.messages.id(self.number) is None

    def skip(self, what: Formatted) -> bool:
        """Go past a message of an earlier delivery that is full and shows just that."""
        if self._offset or self.visible or not self.messages.shows(self.number, what):
            return False
        self.number += 1
        return True

    async def show(self, what: Formatted, keyboard: Keyboard, *, full: bool) -> bool:
        """Bring the current message to `what` with one call, or none if it is so already.

        `full`: this is its last edit, the next text goes into the next message. False: more calls are needed, because
        Telegram wanted it otherwise. Raises FloodWait, AmbiguousOutcome,
        ChatUnavailable, TopicUnavailable, …
        """
        if self._plain:
            what = what.plain()
        piece, end = slice_formatted(what, self._offset, self._limit)
        whole = end >= len(what.text)
        try:
            await self._write(piece, keyboard if whole else (), full=full or not whole)
        except TelegramProblem as problem:
            self._recover(problem, piece)
            return False
        if full or not whole:
            self.number += 1
            self._offset = 0 if whole else end
            self._now_shown, self.visible, self._plain = None, False, False
        return whole

    async def finish_keyboard(self, keyboard: Keyboard) -> None:
        """Put the final keyboard under a last message that was sealed before anybody knew it was the last."""
        message = self.messages.id(self.number - 1) if self.number else None
        if message is None or not keyboard:
            return
        self._store.check()
        await self.messages.reopen(self.number - 1)
        try:
            await self._telegram.edit_keyboard(self._to.chat, message, keyboard)
        except (NotModified, MessageNotFound) as problem:
            logger.debug("chat %d: the last keyboard stays: %s", self._to.chat, problem)

    async def delete_rest(self, first: int) -> None:
        """Delete the messages of an earlier attempt that this answer does not need."""
        left_over = self.messages.from_number(first)
        if left_over:
            self._store.check()
            try:
                await self._telegram.delete(self._to.chat, left_over)
            except TelegramProblem as problem:
                if type(problem) not in {MessageNotFound, TelegramProblem}:
                    raise
                logger.info("chat %d: what is left over can't be deleted: %s", self._to.chat, problem)
        await self.messages.drop_from(first)

    async def _write(self, what: Formatted, keyboard: Keyboard, *, full: bool) -> None:
        message = self.messages.id(self.number)
        if message is None:
            await self._to_the_end(self._send(what, keyboard, full=full))
            return
        if self._now_shown != (what, keyboard):
            try:
                await self._edit(message, what, keyboard)
            except NotModified:
                logger.debug("chat %d: message %d looks like that already", self._to.chat, message)
        self._now_shown, self.visible = (what, keyboard), True
        self.messages.mark_written(self.number)
        if full:
            await self.messages.seal(self.number, what)

    async def _edit(self, message: int, what: Formatted, keyboard: Keyboard) -> None:
        same_text = self._now_shown is not None and self._now_shown[0] == what
        self._store.check()
        self._now_shown = None  # until the outcome is known
        if same_text:
            await self._telegram.edit_keyboard(self._to.chat, message, keyboard)
        else:
            await self._telegram.edit(self._to.chat, message, what, keyboard=keyboard)

    async def _send(self, what: Formatted, keyboard: Keyboard, *, full: bool) -> None:
        """Send the current message. It is noted before, and its id after: see design.md, "Once"."""
        first = self.number == 0 and self._offset == 0
        await self.messages.intend(self.number)
        self._store.check()
        to = self._telegram.newest.attach(self._to) if first else replace(self._to, reply_to=None)
        message = await self._telegram.send(to, what, keyboard=keyboard, silent=not first)
        self._now_shown, self.visible = (what, keyboard), True
        await self.messages.confirm(self.number, message, full=what if full else None)

    def _recover(self, problem: TelegramProblem, piece: Formatted) -> None:
        """Change what the next call will say, or raise what this call cannot mend."""
        chat = self._to.chat
        if isinstance(problem, MessageNotFound) and not self.must_send:
            logger.info("chat %d: a message of the answer is gone, another one is sent", chat)
            self.messages.lose(self.number)
            self._now_shown, self.visible = None, False
        elif isinstance(problem, MessageTooLong) and self._limit > MIN_MESSAGE_LENGTH:
            self._limit = max(MIN_MESSAGE_LENGTH, min(self._limit, len(piece.text)) // 2)
            logger.warning("chat %d: Telegram takes no %d characters, cutting smaller", chat, len(piece.text))
        elif isinstance(problem, BadMarkup) and piece.entities:
            logger.warning("chat %d: Telegram does not take the formatting (%s), sending plain text", chat, problem)
            self._plain = True
        elif isinstance(problem, ReplyTargetNotFound) and self._to.reply_to is not None:
            self._to = replace(self._to, reply_to=None)
        elif type(problem) is TelegramProblem and not self._distrusted:
            logger.warning("chat %d: Telegram does not take a message (%s), trying plain text", chat, problem)
            self._distrusted = self._plain = True
        else:
            raise problem

    async def _to_the_end(self, sending: Coroutine[Any, Any, None]) -> None:
        """Let a send come to its end even where its waiter is cancelled: without its id it would be sent twice."""
        task = self._start(carry_slot(sending), name=f"send to chat {self._to.chat}", awaited=True)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            ended, _ = await asyncio.wait([task], timeout=SEND_GRACE)
            if not ended:
                task.cancel()
                await asyncio.wait([task])  # what has arrived is noted before somebody else can claim the answer
            if not task.cancelled() and (error := task.exception()) is not None:
                logger.info("a message did not go: %s: %s", type(error).__name__, error)
            raise
