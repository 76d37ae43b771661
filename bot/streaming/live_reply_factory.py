"""Opening of a live reply for each answer: by edits, by Telegram's own drafts, or whole at the end."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

from bot.rendering.reply import Reply
from bot.runtime.task_supervisor import StartTask
from bot.streaming.drafts import Draft
from bot.streaming.first_flush import MIN_FIRST_FLUSH_DELAY, MIN_GROUP_FIRST_FLUSH_DELAY, FirstFlush
from bot.streaming.indicators import AcknowledgedIndicator, Indicator, ReactionIndicator, TypingIndicator
from bot.streaming.journal import JournalStore
from bot.streaming.live_reply import LiveReply, ReplySurface
from bot.streaming.message_writer import MessageWriter
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Keyboard
from bot.telegram.slot_allocator import SlotAllocator

MAX_DRAFT_REFUSALS = 10_000
"""Chats of which it is remembered that drafts do not work there."""


class LiveReplyFactory:
    """Makes the reply of each answer, and remembers where drafts do not work."""

    def __init__(
        self, telegram: Telegram, slots: SlotAllocator, start: StartTask, *, acknowledge_in_groups: bool = False
    ) -> None:
        self._telegram, self._slots, self._start = telegram, slots, start
        self._acknowledge = acknowledge_in_groups
        self._without_drafts: OrderedDict[int, None] = OrderedDict()

    def count_others(self, chat: int, spells: Sequence[tuple[float, float]]) -> None:
        """Count what other processes may have spent while they wrote in a chat: from when to when, in seconds ago."""
        self._slots.count_others(chat, spells)

    def open(
        self,
        to: Destination,
        store: JournalStore,
        reply: Reply,
        *,
        streaming: Literal["edit", "draft", "off"],
        keyboard: Keyboard,
        draft_id: int,
        resumed: bool = False,
        acknowledged: bool = False,
    ) -> LiveReply:
        """Prepare to show an answer; `keyboard` stands under it while it grows, `draft_id` is any number but 0.

        `resumed`: a process that died has shown some of it. `acknowledged`: its question had to wait, and bears 👀.
        """
        clock = self._slots.clock
        draft = None
        fresh = all(shown.message_id is None for shown in store.shown)
        if streaming == "draft" and to.private and fresh and to.chat not in self._without_drafts:
            draft = Draft(self._telegram, to, draft_id, clock, lambda: self._refuse_drafts(to.chat))
        first_delay = MIN_FIRST_FLUSH_DELAY if to.private else MIN_GROUP_FIRST_FLUSH_DELAY
        surface = ReplySurface(
            writer=MessageWriter(self._telegram, to, store, self._start),
            indicator=self._indicator(to, store, resumed=resumed, acknowledged=acknowledged),
            first_flush=FirstFlush(clock, min_delay=first_delay),
            draft=draft,
        )
        return LiveReply(self._slots, to, store, reply, surface, keyboard, at_once=streaming != "off")

    def _indicator(self, to: Destination, store: JournalStore, *, resumed: bool, acknowledged: bool) -> Indicator:
        clock = self._slots.clock
        typing = TypingIndicator(self._telegram, store, to, clock)
        if to.reply_to is None:
            return typing
        stands = resumed or acknowledged
        reaction = ReactionIndicator(self._telegram, store, to.chat, to.reply_to, now=clock.now(), stands=stands)
        if self._acknowledge and not to.private:
            return reaction
        return AcknowledgedIndicator(typing, reaction) if acknowledged else typing

    def _refuse_drafts(self, chat: int) -> None:
        """Show answers in this chat by edits from now on."""
        self._without_drafts[chat] = None
        if len(self._without_drafts) > MAX_DRAFT_REFUSALS:
            self._without_drafts.popitem(last=False)
