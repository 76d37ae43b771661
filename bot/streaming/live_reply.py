"""The ways to show a growing answer: edits, Telegram's own drafts, or all of it at the end.

A `LiveReply` brings the chat to what its `Reply` says, one call after another: it asks the gate for a slot, renders the
newest text when the slot is granted, and goes on until the whole answer stands there. Full messages get a last edit
without a keyboard and are not touched again; what an earlier attempt showed is written over, or deleted at the end.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Literal

from bot.errors import AmbiguousOutcome, BadMarkup, DraftRefused, FloodWait, MessageTooLong, TelegramProblem
from bot.rate_limits.scheduler import Priority, ReplyStream, Resource
from bot.rendering.entities import Formatted, utf16_length
from bot.rendering.reply import Reply
from bot.streaming.chat_action import TypingIndicator
from bot.streaming.drafts import Draft
from bot.streaming.first_flush import FirstFlush, is_sentence
from bot.streaming.journal import JournalStore
from bot.streaming.message_writer import MessageWriter
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Keyboard
from bot.telegram.rate_limit_middleware import RateLimitMiddleware

logger = logging.getLogger(__name__)

MIN_MEASURED_DURATION = 0.2
"""Seconds after which the speed of an answer is known well enough."""
TYPICAL_MESSAGE_LENGTH = 3800
"""UTF-16 units that a message has where it is cut at a paragraph or a line."""
YIELD_THRESHOLD = 20.0
"""Seconds of waiting from which a complete answer gives its place among the answers in progress away."""
MAX_RETRY_DELAY = 30.0
"""Seconds between two tries of a call whose outcome is unknown, at the most."""
MAX_DOUBLINGS = 8
"""Tries after which the pause between two of them grows no more."""
LAST_KEYBOARD_TIMEOUT = 15.0
"""Seconds in which an answer that broke off gets its buttons, or none."""
MAX_DRAFT_REFUSALS = 10_000
"""Chats of which it is remembered that drafts do not work there."""


class LiveReplyFactory:
    """Opens a surface for each answer, and remembers where drafts do not work."""

    def __init__(self, telegram: Telegram, gate: RateLimitMiddleware) -> None:
        self._telegram, self._gate = telegram, gate
        self._without_drafts: OrderedDict[int, None] = OrderedDict()

    def open(
        self,
        place: Destination,
        screen: JournalStore,
        reply: Reply,
        *,
        streaming: Literal["edit", "draft", "off"],
        keyboard: Keyboard,
        draft_id: int,
        resumed: bool = False,
    ) -> LiveReply:
        """Prepare to show an answer; `keyboard` stands under it while it grows, `draft_id` is any number but 0.

        `resumed`: a process that died has shown some of it.
        """
        if resumed:
            self._gate.assume_spent(place.chat)
        draft = None
        fresh = all(shown.message_id is None for shown in screen.shown)
        if streaming == "draft" and place.private and fresh and place.chat not in self._without_drafts:
            draft = Draft(self._telegram, place, draft_id, self._gate.clock, lambda: self._refuse_drafts(place.chat))
        return LiveReply(self._telegram, self._gate, place, screen, reply, draft, keyboard, at_once=streaming != "off")

    def _refuse_drafts(self, chat: int) -> None:
        """Show answers in this chat by edits from now on."""
        self._without_drafts[chat] = None
        if len(self._without_drafts) > MAX_DRAFT_REFUSALS:
            self._without_drafts.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Page:
    """What a message should show: `full`: for good; `last`: the answer is complete with it."""

    what: Formatted
    keyboard: Keyboard = ()
    full: bool = False
    last: bool = False


class _Growth:
    """Expects when a message will be full, so that the next one's place is kept in time."""

    def __init__(self) -> None:
        self._began: float | None = None
        self._before = 0
        self.full_at = math.inf
        """When the message will be full."""
        self.fills = math.inf
        """Seconds in which the answer fills a message."""

    def note(self, page: _Page | None, now: float) -> None:
        if page is None:
            return
        if self._began is None:
            self._began = now
        length = utf16_length(page.what.text)
        written = self._before + length
        if now - self._began > MIN_MEASURED_DURATION and written:
            self.fills = TYPICAL_MESSAGE_LENGTH * (now - self._began) / written
            self.full_at = now + self.fills * max(0, TYPICAL_MESSAGE_LENGTH - length) / TYPICAL_MESSAGE_LENGTH
        if page.full:
            self._before = written


def pause_after(failures: int) -> float:
    """Seconds until a call whose outcome is unknown is made again, when so many have failed before it."""
    return MAX_RETRY_DELAY if failures > MAX_DOUBLINGS else min(MAX_RETRY_DELAY, 0.5 * 2**failures)


class LiveReply:
    """One answer on its way to the screen: `run` it, `touch` it when there is more text, `end` it when that is all."""

    def __init__(
        self,
        telegram: Telegram,
        gate: RateLimitMiddleware,
        place: Destination,
        screen: JournalStore,
        reply: Reply,
        draft: Draft | None,
        keyboard: Keyboard,
        *,
        at_once: bool,
    ) -> None:
        self._gate, self._clock, self._place, self._screen, self._reply = gate, gate.clock, place, screen, reply
        self._writer = MessageWriter(telegram, place, screen)
        self._typing = TypingIndicator(telegram, screen, place, gate.clock)
        self._first = FirstFlush(gate.clock)
        self._growth = _Growth()
        self._draft = draft
        self._keyboard, self._final_keyboard = keyboard, keyboard
        self._at_once = at_once
        self._news = asyncio.Event()
        self._changed = False
        self._ended = False
        self._stream: ReplyStream | None = None
        self._part = 0
        self._failures = 0

    def touch(self) -> None:
        """There is something new in the reply."""
        self._changed = True
        self._news.set()

    def end(self, keyboard: Keyboard) -> None:
        """The text is complete; this keyboard stands under it from now on."""
        self._final_keyboard = keyboard
        self._ended = True
        self.touch()
        if self._stream is not None:
            self._gate.hurry(self._stream, Priority.FINAL)

    @property
    def begun(self) -> bool:
        """Whether anything of the answer is on the screen, of this attempt."""
        return self._writer.visible or self._writer.number > 0

    async def run(self) -> None:
        """Show the answer until it stands there whole.

        Raises ChatUnavailable, TopicUnavailable, ChatMigrated, Unauthorized, LeaseLost, StorageUnavailable;
        and a TelegramProblem where Telegram refuses a message for a reason that nobody knows.
        """
        with self._gate.stream(self._place.chat) as stream:
            self._stream = stream
            done = False
            while not done:
                self._news.clear()
                if self._is_worth_a_call():
                    done = await self._guarded(stream, self._call)
                else:
                    await self._idle()
            cleared = False
            while not cleared:
                cleared = await self._guarded(stream, self._clear)

    async def leave(self, keyboard: Keyboard) -> None:
        """Put a keyboard under an answer that broke off after a full message, which has none; where that can be done.

        A message that was growing keeps its ■ Stop, and whoever presses that is told.
        """
        if self._writer.visible or not self._writer.number:
            return
        try:
            async with asyncio.timeout(LAST_KEYBOARD_TIMEOUT), self._gate.slot(self._place.chat, Priority.FINAL):
                await self._writer.finish_keyboard(keyboard)
        except (TelegramProblem, TimeoutError) as problem:
            logger.info("chat %d: a broken answer stands there without buttons: %s", self._place.chat, problem)

    # When is there something to show?

    def _is_worth_a_call(self) -> bool:
        if self._ended:
            return True
        if not self._at_once:
            return False
        if self._draft is not None:
            return self._changed or self._clock.now() >= self._draft.due
        if not self._changed:
            return False
        return self._writer.visible or self._is_worth_beginning()

    def _is_worth_beginning(self) -> bool:
        """Whether the text is long enough to be the first that its message shows."""
        page = self._next()
        if page is None:
            self._first.due = None  # what was there is held back until it can be told what it is
            return False
        if page.full:
            return True
        if self._writer.messages.is_old(self._writer.number):
            return is_sentence(page.what.text)
        return self._writer.number > 0 or self._first.are_worth_it(page.what.text)

    async def _idle(self) -> None:
        """Wait for news, or until something is due without any."""
        types = self._draft is None and not self.begun
        due = [self._typing.due] if types else []
        if self._draft is not None:
            due.append(self._draft.due)
        if self._first.due is not None and self._changed and self._at_once:
            due.append(self._first.due)
        if not due:
            await self._news.wait()
        elif not await self._clock.wait(self._news, min(due) - self._clock.now()) and types:
            await self._typing.show()

    # One call

    async def _guarded(self, stream: ReplyStream, work: Callable[[ReplyStream], Awaitable[bool]]) -> bool:
        """Do one step; False: another one is needed, because there is more to do or Telegram could not take it."""
        try:
            if self._ended and self._gate.held(stream.chat) > YIELD_THRESHOLD:
                with self._screen.resting():
                    await self._gate.until_free(stream)
            done = await work(stream)
        except FloodWait:
            self._changed = True
            return False
        except AmbiguousOutcome as problem:
            self._changed = True
            pause = pause_after(self._failures)
            self._failures += 1
            logger.info("chat %d: again in %.1f s: %s", stream.chat, pause, problem)
            with self._screen.resting() if self._ended and pause > YIELD_THRESHOLD else nullcontext():
                await self._clock.sleep(pause)
            return False
        self._failures = 0
        return done

    async def _call(self, stream: ReplyStream) -> bool:
        """Ask for a slot and make the call that brings the screen nearest to the answer; whether that was the last."""
        pending = self._pass_what_stands()
        drafting = self._draft is not None and not self._ended and not pending
        kind = Priority.FINAL if self._ended else Priority.FIRST if self._is_first(drafting) else Priority.CHANGE
        self._gate.need(stream, max(1, pending), full_at=self._growth.full_at, fills=self._growth.fills)
        cost = Resource.DRAFT if drafting else Resource.MESSAGE
        async with self._gate.slot(stream.chat, kind, stream=stream, cost=cost):
            self._changed = False
            page = self._next()
            self._growth.note(page, self._clock.now())
            if drafting:
                await self._show_draft(page)
                return False
            return await self._show(page)

    def _is_first(self, drafting: bool) -> bool:
        """Whether the next call shows the first text of a message."""
        if drafting and self._draft is not None:
            return self._changed and self._draft.is_empty
        return self._writer.must_send

    def _pass_what_stands(self) -> int:
        """Go past full messages that an earlier delivery completed; return how many full ones have to be written."""
        self._reply.advance()
        sealed = self._reply.sealed
        while self._part < len(sealed) and self._writer.messages.has_sealed(self._writer.number):
            if not self._writer.skip(self._reply.show(sealed[self._part])):
                break
            self._part += 1
        return len(sealed) - self._part

    def _next(self) -> _Page | None:
        """Render the newest state of the message that is being written."""
        self._reply.advance()
        sealed = self._reply.sealed
        if self._part < len(sealed):
            at_the_end = self._ended and self._part + 1 == len(sealed) and self._reply.tail() is None
            what = self._reply.show(sealed[self._part])
            return _Page(what, self._final_keyboard, last=True) if at_the_end else _Page(what, full=True)
        tail = self._reply.tail()
        if tail is None:
            return None
        return _Page(self._reply.show(tail), self._final_keyboard if self._ended else self._keyboard, last=self._ended)

    async def _show(self, page: _Page | None) -> bool:
        if page is None:
            if self._ended:
                await self._writer.finish_keyboard(self._final_keyboard)
            return self._ended
        whole = await self._writer.show(page.what, page.keyboard, full=page.full)
        if not whole or page.full:
            self._changed = True
        if whole and page.full:
            self._part += 1
        if self._draft is not None:
            self._draft.removed()
        return whole and page.last

    async def _show_draft(self, page: _Page | None) -> None:
        if self._draft is None or self._ended or (page is not None and page.full):
            self._changed = True  # a message is due instead, in another slot
            return
        what = page.what if page is not None else Formatted("")
        if not self._draft.needs(what):
            return
        self._screen.check()
        try:
            await self._draft.show(what)
        except DraftRefused as problem:
            logger.warning("chat %d: drafts do not work there (%s), editing instead", self._place.chat, problem)
            self._draft.refused()
            self._draft, self._changed = None, True
        except (BadMarkup, MessageTooLong) as problem:
            logger.warning("chat %d: a draft is not taken (%s), editing instead", self._place.chat, problem)
            self._draft, self._changed = None, True

    async def _clear(self, _stream: ReplyStream) -> bool:
        """Delete what an earlier attempt showed beyond the end of this answer."""
        await self._writer.delete_rest(self._writer.number + self._writer.visible)
        return True
