"""A reply that grows in a chat, by edits, by Telegram's own drafts, or all of it at the end.

A `LiveReply` brings the chat to what its `Reply` says, one call after another: it asks for a slot, renders the newest
text when the slot is granted, and goes on until the whole answer stands there. Full messages get a last edit without a
keyboard and are not touched again; what an earlier attempt showed is written over, or deleted at the end.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass

from bot.errors import AmbiguousOutcome, BadMarkup, DraftRefused, FloodWait, MessageTooLong, TelegramProblem
from bot.rate_limits.requests import Priority, ReplyStream, Resource
from bot.rendering.entities import Formatted
from bot.rendering.reply import Reply
from bot.streaming.drafts import Draft
from bot.streaming.first_flush import FirstFlush, is_sentence
from bot.streaming.indicators import Indicator
from bot.streaming.journal import JournalStore
from bot.streaming.message_writer import MessageWriter
from bot.streaming.pages import FullnessForecast, Page
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Keyboard
from bot.telegram.slot_allocator import SlotAllocator

logger = logging.getLogger(__name__)

YIELD_THRESHOLD = 20.0
"""Seconds of waiting from which a complete answer gives its place among the answers in progress away."""
MAX_RESEND_DELAY = 30.0
"""Seconds between two tries of a call whose outcome is unknown, at the most."""
MAX_DOUBLINGS = 8
"""Tries after which the pause between two of them grows no more."""
LAST_KEYBOARD_TIMEOUT = 15.0
"""Seconds in which an answer that broke off gets its buttons, or none."""
LAYOUT_SLICE = 4096
"""Characters that are laid out at a stretch; then other answers get the loop, however much text came at once."""
LAST_DRAFT_TIMEOUT = 1.0
"""Seconds for which a message waits for the slot of the draft that it shall take the place of."""


@dataclass(slots=True)
class ReplySurface:
    """The ways in which one answer reaches its chat."""

    writer: MessageWriter
    indicator: Indicator
    first_flush: FirstFlush
    draft: Draft | None = None
    """None: by messages and edits alone."""


def pause_after(failures: int) -> float:
    """Seconds until a call whose outcome is unknown is made again, when so many have failed before it."""
    return MAX_RESEND_DELAY if failures > MAX_DOUBLINGS else min(MAX_RESEND_DELAY, 0.5 * 2**failures)


class LiveReply:
    """One answer on its way into its chat: `run` it, `notify` it of more text, `end` it when that is all."""

    def __init__(
        self,
        slots: SlotAllocator,
        to: Destination,
        store: JournalStore,
        reply: Reply,
        surface: ReplySurface,
        keyboard: Keyboard,
        *,
        at_once: bool,
    ) -> None:
        self._slots, self._clock, self._to, self._store, self._reply = slots, slots.clock, to, store, reply
        self._writer, self._indicator, self._first = surface.writer, surface.indicator, surface.first_flush
        self._draft = surface.draft
        self._forecast = FullnessForecast()
        self._keyboard, self._final_keyboard = keyboard, keyboard
        self._at_once = at_once
        self._news = asyncio.Event()
        self._changed = False
        self._ended = False
        self._stream: ReplyStream | None = None
        self._part = 0
        self._failures = 0

    def notify(self) -> None:
        """Note that there is something new in the reply."""
        self._changed = True
        self._news.set()
        stream = self._stream
        held = stream is not None and self._draft is not None and self._slots.drafts_held(self._to.chat) > 0
        if stream is not None and held and self._pass_what_stands():
            self._slots.hurry(stream, Priority.FINAL)  # a full message does not wait for drafts to be let through

    def end(self, keyboard: Keyboard) -> None:
        """Note that the text is complete; this keyboard stands under it from now on."""
        self._final_keyboard = keyboard
        self._ended = True
        self.notify()
        if self._stream is not None:
            self._slots.hurry(self._stream, Priority.FINAL)

    @property
    def begun(self) -> bool:
        """Tell whether a message shows anything of the answer, of this attempt."""
        return self._writer.visible or self._writer.number > 0

    async def run(self) -> None:
        """Show the answer until it stands there whole.

        Raises ChatUnavailable, TopicUnavailable, ChatMigrated, Unauthorized, LeaseLost, StorageUnavailable;
        and a TelegramProblem where Telegram refuses a message for a reason that nobody knows.
        """
        await self._slots.recall(self._to.chat)
        with self._slots.stream(self._to.chat) as stream:
            self._stream = stream
            await self._slots.store_tempo(self._to.chat)
            done = False
            while not done:
                self._news.clear()
                await self._lay_out()
                if self._is_worth_a_call():
                    done = await self._guarded(stream, self._call)
                else:
                    await self._idle()
            cleared = False
            while not cleared:
                cleared = await self._guarded(stream, self._clear)
        await self._indicator.clear()

    async def leave(self, keyboard: Keyboard) -> None:
        """Put a keyboard under an answer that broke off after a full message, which has none; where that can be done.

        A message that was growing keeps its ■ Stop, and whoever presses that is told.
        """
        if self._writer.visible or not self._writer.number:
            return
        try:
            async with asyncio.timeout(LAST_KEYBOARD_TIMEOUT), self._slots.slot(self._to.chat, Priority.FINAL):
                await self._writer.finish_keyboard(keyboard)
        except (TelegramProblem, TimeoutError) as problem:
            logger.info("chat %d: a broken answer stands there without buttons: %s", self._to.chat, problem)

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
        """Tell whether the text is long enough to be the first that its message shows."""
        page = self._next()
        if page is None:
            self._first.due = None  # what was there is held back until it can be told what it is
            return False
        if page.full:
            return True
        if self._writer.messages.is_old(self._writer.number):
            return is_sentence(page.what.text)
        return self._writer.number > 0 or self._first.is_worth_it(page.what.text)

    async def _idle(self) -> None:
        """Wait for news, or until something is due without any."""
        waits = self._draft is None and not self.begun
        due = [self._indicator.due] if waits else []
        if self._draft is not None:
            due.append(self._draft.due)
        if self._first.due is not None and self._changed and self._at_once:
            due.append(self._first.due)
        if not due:
            await self._news.wait()
        elif not await self._clock.wait(self._news, min(due) - self._clock.now()) and waits:
            await self._indicator.show()

    async def _guarded(self, stream: ReplyStream, work: Callable[[ReplyStream], Awaitable[bool]]) -> bool:
        """Do one step; False: another one is needed, because there is more to do or Telegram could not take it."""
        try:
            if self._ended and self._slots.held(stream.chat) > YIELD_THRESHOLD:
                with self._store.resting():
                    await self._slots.until_free(stream)
            done = await work(stream)
        except FloodWait:
            self._changed = True
            return False
        except AmbiguousOutcome as problem:
            self._changed = True
            pause = pause_after(self._failures)
            self._failures += 1
            logger.info("chat %d: again in %.1f s: %s", stream.chat, pause, problem)
            with self._store.resting() if self._ended and pause > YIELD_THRESHOLD else nullcontext():
                await self._clock.sleep(pause)
            return False
        self._failures = 0
        return done

    async def _call(self, stream: ReplyStream) -> bool:
        """Ask for a slot and make the call that brings the chat nearest to the answer; whether that was the last."""
        await self._lay_out()
        pending = self._pass_what_stands()
        drafting = self._draft is not None and not self._ended and not pending
        priority = Priority.FINAL if self._ended else Priority.FIRST if self._is_first(drafting) else Priority.CHANGE
        self._slots.need(stream, max(1, pending), full_at=self._forecast.full_at, fills=self._forecast.fills)
        resource = Resource.DRAFT if drafting else Resource.MESSAGE
        async with self._slots.slot(stream.chat, priority, stream=stream, resource=resource):
            self._changed = False
            await self._lay_out()
            page = self._next()
            self._forecast.note(page, self._clock.now())
            if drafting:
                await self._show_draft(page)
                return False
            return await self._show(page)

    def _is_first(self, drafting: bool) -> bool:
        """Tell whether the next call shows the first text of a message."""
        if drafting and self._draft is not None:
            return self._changed and self._draft.is_empty
        return self._writer.must_send

    def _pass_what_stands(self) -> int:
        """Go past full messages that an earlier delivery completed; return how many full ones have to be written.

        Only a slice of what has just come is laid out here.
        """
        self._reply.advance(budget=LAYOUT_SLICE)
        sealed = self._reply.sealed
        while self._part < len(sealed) and self._writer.messages.has_sealed(self._writer.number):
            if not self._writer.skip(self._reply.show(sealed[self._part])):
                break
            self._part += 1
        return len(sealed) - self._part

    async def _lay_out(self) -> None:
        """Lay out what has come, in slices between which others have their turn."""
        while not self._reply.advance(budget=LAYOUT_SLICE):  # noqa: ASYNC110  # it works, it does not wait
            await asyncio.sleep(0)

    def _next(self) -> Page | None:
        """Render the newest state of the message that is being written; it is laid out already."""
        sealed = self._reply.sealed
        if self._part < len(sealed):
            at_the_end = self._ended and self._part + 1 == len(sealed) and self._reply.tail() is None
            what = self._reply.show(sealed[self._part])
            return Page(what, self._final_keyboard, last=True) if at_the_end else Page(what, full=True)
        tail = self._reply.tail()
        if tail is None:
            return None
        return Page(self._reply.show(tail), self._final_keyboard if self._ended else self._keyboard, last=self._ended)

    async def _show(self, page: Page | None) -> bool:
        if page is None:
            if self._ended:
                await self._writer.finish_keyboard(self._final_keyboard)
            return self._ended
        await self._lead_draft_to(page.what)
        whole = await self._writer.show(page.what, page.keyboard, full=page.full)
        if not whole or page.full:
            self._changed = True
        if whole and page.full:
            self._part += 1
        if self._draft is not None:
            self._draft.removed()
        return whole and page.last

    async def _show_draft(self, page: Page | None) -> None:
        if self._draft is None or self._ended or (page is not None and page.full):
            self._changed = True  # a message is due instead, in another slot
            return
        what = page.what if page is not None else Formatted("")
        if not self._draft.needs(what):
            return
        self._store.check()
        try:
            await self._draft.show(what)
        except DraftRefused as problem:
            logger.warning("chat %d: drafts do not work there (%s), editing instead", self._to.chat, problem)
            self._draft.refused()
            self._draft, self._changed = None, True
        except (BadMarkup, MessageTooLong) as problem:
            logger.warning("chat %d: a draft is not taken (%s), editing instead", self._to.chat, problem)
            self._draft, self._changed = None, True

    async def _lead_draft_to(self, message: Formatted) -> None:
        """Let a draft show the message that is about to be sent where it would stay beside it otherwise."""
        if self._draft is None or not self._writer.must_send or not self._draft.would_linger(message):
            return
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(LAST_DRAFT_TIMEOUT if self._slots.drafts_held(self._to.chat) <= 0 else 0):
                    slot = self._slots.slot(self._to.chat, Priority.FINAL, resource=Resource.DRAFT)
                    await stack.enter_async_context(slot)
                self._store.check()
                await self._draft.show(message)
        except (TelegramProblem, TimeoutError) as problem:
            logger.info("chat %d: a draft may stand beside the message for a while: %r", self._to.chat, problem)

    async def _clear(self, _stream: ReplyStream) -> bool:
        """Delete what an earlier attempt showed beyond the end of this answer."""
        await self._writer.delete_rest(self._writer.number + self._writer.visible)
        return True
