"""The ways to show a growing answer: edits, Telegram's own drafts, or all of it at the end.

A `LiveReply` brings the chat to what its `Reply` says, one call after another: it asks the gate for a slot, renders the
newest text when the slot is granted, and goes on until the whole answer stands there. Full messages get a last edit
without a keyboard and are not touched again; what an earlier attempt showed is written over, or deleted at the end.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from bot.delivery.clock import Clock
from bot.delivery.drafts import Draft
from bot.delivery.entities import Formatted, utf16_length
from bot.delivery.gate import Gate
from bot.delivery.pacing import Cost, Kind, Stream
from bot.delivery.place import Keyboard, Place
from bot.delivery.posting import Poster
from bot.delivery.reply import Reply
from bot.delivery.screen import Screen
from bot.delivery.telegram import Telegram
from bot.errors import (
    ChatGone,
    ChatMigrated,
    DraftRefused,
    Held,
    OutcomeUnknown,
    TelegramProblem,
    TopicGone,
    Unauthorized,
)

logger = logging.getLogger(__name__)

FIRST_TEXT_AFTER = 0.4
"""Seconds after which the first text is shown, however short it is."""
FIRST_WORDS = 3
"""Words, the last of them perhaps unfinished, that are worth a notification at once."""
TYPING_EVERY = 4.5
"""Seconds between two `typing…`; Telegram shows each for five."""
TYPING_LIMIT = 1.0
"""Seconds that `typing…` may keep the first text waiting."""
SENTENCE_LIMIT = 200
"""Characters that stand for a sentence where none ends."""
NEARLY_FULL = 2500
"""UTF-16 units from which a message is expected to need another one after it."""
REST_FROM = 20.0
"""Seconds of a hold from which a complete answer gives its place among the answers in progress away."""
LONGEST_BACKOFF = 30.0
REFUSALS_KEPT = 10_000
"""Chats of which it is remembered that drafts do not work there."""

_SENTENCE = re.compile(r"[.!?…](?:\s|$)|[。！？\n]")


class Surfaces:
    """Opens a surface for each answer, and remembers where drafts do not work."""

    def __init__(self, telegram: Telegram, gate: Gate, *, clock: Clock | None = None) -> None:
        self._telegram, self._gate = telegram, gate
        self._clock = clock or gate.clock
        self._without_drafts: OrderedDict[int, None] = OrderedDict()

    def open(
        self,
        place: Place,
        screen: Screen,
        reply: Reply,
        *,
        streaming: Literal["edit", "draft", "off"],
        keyboard: Keyboard,
        draft_id: int,
    ) -> LiveReply:
        """Prepare to show an answer; `keyboard` stands under it while it grows, `draft_id` is any number but 0."""
        draft = None
        if streaming == "draft" and place.private and not screen.shown and place.chat not in self._without_drafts:
            draft = Draft(self._telegram, place, draft_id, self._clock)
        poster = Poster(self._telegram, place, screen)
        return LiveReply(
            self, self._telegram, self._gate, place, screen, reply, poster, draft, keyboard, at_once=streaming != "off"
        )

    def refuse_drafts(self, chat: int) -> None:
        """Show answers in this chat by edits from now on."""
        self._without_drafts[chat] = None
        if len(self._without_drafts) > REFUSALS_KEPT:
            self._without_drafts.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Page:
    """What a message should show: `full`: for good; `last`: the answer is complete with it."""

    what: Formatted
    keyboard: Keyboard = ()
    full: bool = False
    last: bool = False


class LiveReply:
    """One answer on its way to the screen: `run` it, `touch` it when there is more text, `end` it when that is all."""

    def __init__(
        self,
        surfaces: Surfaces,
        telegram: Telegram,
        gate: Gate,
        place: Place,
        screen: Screen,
        reply: Reply,
        poster: Poster,
        draft: Draft | None,
        keyboard: Keyboard,
        *,
        at_once: bool,
    ) -> None:
        self._surfaces, self._telegram, self._gate, self._clock = surfaces, telegram, gate, gate.clock
        self._place, self._screen, self._reply, self._poster = place, screen, reply, poster
        self._draft = draft
        self._keyboard, self._final_keyboard = keyboard, keyboard
        self._at_once = at_once
        self._news = asyncio.Event()
        self._changed = False
        self._ended = False
        self._stream: Stream | None = None
        self._part = 0
        self._length = 0
        self._failures = 0
        self._first_due: float | None = None
        self._typing_due = gate.clock.now()

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
            self._gate.hurry(self._stream, Kind.FINAL)

    async def run(self) -> None:
        """Show the answer until it stands there whole.

        Raises ChatGone, TopicGone, ChatMigrated, Unauthorized, LeaseLost, StorageUnavailable; and a TelegramProblem
        where Telegram refuses a message for a reason that nobody knows.
        """
        with self._gate.stream(self._place.chat) as self._stream:
            done = False
            while not done:
                self._news.clear()
                if self._is_worth_a_call():
                    done = await self._guarded(self._call)
                else:
                    await self._idle()
            cleared = False
            while not cleared:
                cleared = await self._guarded(self._clear)

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
        return self._poster.visible or self._is_worth_beginning()

    def _is_worth_beginning(self) -> bool:
        """Whether the text is long enough to be the first that its message shows."""
        page = self._next()
        if page is None:
            return False
        text = page.what.text
        if page.full:
            return True
        if self._poster.messages.is_old(self._poster.number):
            return len(text) >= SENTENCE_LIMIT or _SENTENCE.search(text) is not None
        if self._poster.number or len(text.split(maxsplit=FIRST_WORDS)) >= FIRST_WORDS or len(text) >= 4 * FIRST_WORDS:
            return True
        if self._first_due is None:
            self._first_due = self._clock.now() + FIRST_TEXT_AFTER
        return self._clock.now() >= self._first_due

    async def _idle(self) -> None:
        """Wait for news, or until something is due without any."""
        now = self._clock.now()
        shows_typing = self._draft is None and not self._poster.visible and self._poster.number == 0
        due = [self._first_due] if self._first_due is not None and self._changed else []
        due += [self._draft.due] if self._draft is not None else []
        due += [self._typing_due] if shows_typing else []
        if not due:
            await self._news.wait()
        elif not await self._clock.wait(self._news, min(due) - now) and shows_typing:
            await self._type()

    async def _type(self) -> None:
        if self._clock.now() < self._typing_due:
            return
        self._typing_due = self._clock.now() + TYPING_EVERY
        self._screen.check()
        try:
            async with asyncio.timeout(TYPING_LIMIT):
                await self._telegram.typing(self._place)
        except TimeoutError:
            logger.debug("chat %d: typing took too long", self._place.chat)
        except (ChatGone, ChatMigrated, TopicGone, Unauthorized):
            raise
        except TelegramProblem as problem:
            logger.debug("chat %d: no typing: %s", self._place.chat, problem)

    # One call

    async def _guarded(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """Do one step; False: another one is needed, because there is more to do or Telegram could not take it."""
        try:
            if self._ended and self._gate.held(self._place.chat) > REST_FROM and self._stream is not None:
                with self._screen.resting():
                    await self._gate.until_free(self._stream)
            done = await work()
        except Held:
            self._changed = True
            return False
        except OutcomeUnknown as problem:
            self._changed = True
            pause = min(LONGEST_BACKOFF, 0.5 * 2**self._failures)
            self._failures += 1
            logger.info("chat %d: again in %.1f s: %s", self._place.chat, pause, problem)
            await self._clock.sleep(pause)
            return False
        self._failures = 0
        return done

    async def _call(self) -> bool:
        """Ask for a slot and make the call that brings the screen nearest to the answer; whether that was the last."""
        pending = self._pass_what_stands()
        drafting = self._draft is not None and not self._ended and not pending
        kind = Kind.FINAL if self._ended else Kind.FIRST if self._poster.must_send and not drafting else Kind.CHANGE
        stream = self._stream
        if stream is None:
            raise RuntimeError("a reply is shown while it runs")
        self._gate.need(stream, max(1, pending) + (1 if self._length > NEARLY_FULL and not self._ended else 0))
        cost = Cost.DRAFT if drafting else Cost.MESSAGE
        async with self._gate.slot(self._place.chat, kind, stream=stream, cost=cost):
            self._changed = False
            page = self._next()
            self._length = utf16_length(page.what.text) if page is not None else 0
            if drafting:
                await self._show_draft(page)
                return False
            return await self._show(page)

    def _pass_what_stands(self) -> int:
        """Go past full messages that an earlier delivery completed; return how many full ones have to be written."""
        self._reply.advance()
        sealed = self._reply.sealed
        while self._part < len(sealed) and self._poster.messages.has_sealed(self._poster.number):
            if not self._poster.skip(self._reply.show(sealed[self._part])):
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
                await self._poster.finish_keyboard(self._final_keyboard)
            return self._ended
        whole = await self._poster.show(page.what, page.keyboard, full=page.full)
        if not whole or page.full:
            self._changed = True
        if whole and page.full:
            self._part += 1
        if self._draft is not None:
            self._draft.removed()
        return whole and page.last

    async def _show_draft(self, page: _Page | None) -> None:
        draft = self._draft
        if draft is None or self._ended or (page is not None and page.full):
            self._changed = True  # a message is due instead, in another slot
            return
        what = page.what if page is not None else Formatted("")
        if not draft.needs(what):
            return
        self._screen.check()
        try:
            await draft.show(what)
        except DraftRefused as problem:
            logger.warning("chat %d: drafts do not work there (%s), editing instead", self._place.chat, problem)
            self._surfaces.refuse_drafts(self._place.chat)
            self._draft = None
            self._changed = True

    async def _clear(self) -> bool:
        """Delete what an earlier attempt showed beyond the end of this answer."""
        await self._poster.delete_rest(self._poster.number + (1 if self._poster.visible else 0))
        return True
