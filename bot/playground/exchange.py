"""Between the two sides: whatever happens in the world is told here to whom it concerns.

The bot hears of it by an update, the page and the tests by an event, and the keeper by a note of what to write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from bot.playground.budgets import Budgets
from bot.playground.events import Events
from bot.playground.files import Files
from bot.playground.privacy import visible_to_bot
from bot.playground.queries import Queries
from bot.playground.updates import Updates
from bot.playground.world import BOT, Chat, Draft, Message, World

Json = dict[str, Any]


class Keeper(Protocol):
    """Somebody who writes down what has changed."""

    def note_message(self, chat_id: int, message_id: int) -> None:
        """Note that a message is new, changed or gone."""

    def note_file(self, file_id: str) -> None:
        """Note that a file is new."""

    def note(self) -> None:
        """Note that something else has changed."""


class Exchange:
    """The world together with everyone who is told of it."""

    def __init__(
        self,
        world: World,
        *,
        updates: Updates,
        events: Events,
        budgets: Budgets,
        queries: Queries,
        files: Files,
        keeper: Keeper,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.world = world
        self.updates = updates
        self.events = events
        self.budgets = budgets
        self.queries = queries
        self.files = files
        self.keeper = keeper
        self.clock = clock
        self.wall = wall
        self.mentions_pass = True
        """Whether a mention reaches the bot under privacy mode."""

    def date(self) -> int:
        """Return the present time as messages carry it, in whole seconds."""
        return int(self.wall())

    def post(self, chat: Chat, message: Message) -> Json:
        """Put a new message into a chat and return it as the bot sees it."""
        for forgotten in self.world.keep(chat, message):
            self.keeper.note_message(chat.id, forgotten)
        self.keeper.note_message(chat.id, message.id)
        if message.sender == BOT:
            self._end_draft(chat, message.thread if message.in_topic else None)
        self.events.tell("message", chat_id=chat.id, message=self.world.message(chat, message, page=True))
        seen = self.world.message(chat, message)
        if message.sender != BOT and visible_to_bot(self, chat, message):
            self.updates.put("message", seen)
        return seen

    def edited(self, chat: Chat, message: Message) -> Json:
        """Tell that a message has changed and return it as the bot sees it."""
        self.keeper.note_message(chat.id, message.id)
        self.events.tell("edited", chat_id=chat.id, message=self.world.message(chat, message, page=True))
        seen = self.world.message(chat, message)
        if message.sender != BOT and visible_to_bot(self, chat, message):
            self.updates.put("edited_message", seen)
        return seen

    def delete(self, chat: Chat, ids: list[int]) -> list[int]:
        """Delete messages and return the ids of those that were there. The Bot API tells nobody of it."""
        gone = [identity for identity in ids if chat.messages.pop(identity, None) is not None]
        for identity in gone:
            self.keeper.note_message(chat.id, identity)
        if gone:
            self.events.tell("deleted", chat_id=chat.id, message_ids=gone)
        return gone

    def chat_changed(self, chat: Chat, **more: Any) -> None:  # noqa: ANN401  # any JSON value
        """Tell that a chat is new or has changed."""
        self.keeper.note()
        self.events.tell("chat", chat_id=chat.id, chat=self.world.page_chat(chat), **more)

    def draft(self, chat: Chat, thread: int | None, draft: Draft) -> None:
        """Show a draft."""
        chat.drafts[thread or 0] = draft
        chat.typing.pop(thread or 0, None)
        self.events.tell("draft", chat_id=chat.id, topic=thread or 0, draft=draft.shown())

    def drop_draft(self, chat: Chat, thread: int | None) -> Draft | None:
        """Take a draft off the screen."""
        draft = chat.drafts.pop(thread or 0, None)
        if draft is not None:
            self.events.tell("draft_gone", chat_id=chat.id, topic=thread or 0, draft_id=draft.id)
        return draft

    def _end_draft(self, chat: Chat, thread: int | None) -> None:
        if chat.drafts:
            self.drop_draft(chat, thread)
        if chat.typing:
            chat.typing.pop(thread or 0, None)

    def expire(self) -> None:
        """Let go of what has outlived its time: drafts and `typing…`."""
        now = self.clock()
        for chat in self.world.chats.values():
            for thread in [thread for thread, draft in chat.drafts.items() if draft.until <= now]:
                self.drop_draft(chat, thread)
            for thread in [thread for thread, until in chat.typing.items() if until <= now]:
                del chat.typing[thread]
