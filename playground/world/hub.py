"""Hub of all changes: each reaches the bot as an update, the page and tests as an event, and the persistence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from playground.media.upload import Upload
from playground.world.callback_queries import CallbackQueries
from playground.world.drafts import Draft
from playground.world.event_stream import EventStream
from playground.world.files import FileStore
from playground.world.privacy_mode import visible_to_bot
from playground.world.state import BOT, Chat, Message, World
from playground.world.update_queue import UpdateQueue

Json = dict[str, Any]


class Persistence(Protocol):
    """Marks of changes that are to be written to disk."""

    def mark_message(self, chat_id: int, message_id: int) -> None:
        """Mark a message that is new, changed or gone."""

    def mark_file(self, file_id: str) -> None:
        """Mark a new file."""

    def mark_world(self) -> None:
        """Mark any other change."""


class Hub:
    """The world, and the receivers of its changes."""

    def __init__(
        self,
        world: World,
        *,
        updates: UpdateQueue,
        events: EventStream,
        queries: CallbackQueries,
        files: FileStore,
        persistence: Persistence,
        clock: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self.world = world
        self.updates = updates
        self.events = events
        self.queries = queries
        self.files = files
        self.persistence = persistence
        self.clock = clock
        self.wall = wall
        self.mentions_pass = True
        """True if a mention reaches the bot under privacy mode."""

    def date(self) -> int:
        """Return the present time as messages carry it, in whole seconds."""
        return int(self.wall())

    def post(self, chat: Chat, message: Message) -> Json:
        """Put a new message into a chat and return it as the bot sees it."""
        for forgotten in self.world.keep(chat, message):
            self.persistence.mark_message(chat.id, forgotten)
        self.persistence.mark_message(chat.id, message.id)
        if message.sender == BOT:
            self._finish_draft(chat, message)
        self.events.publish("message", chat_id=chat.id, message=self.world.message(chat, message, page=True))
        seen = self.world.message(chat, message)
        if message.sender != BOT and visible_to_bot(self, chat, message):
            self.updates.put("message", seen)
        return seen

    def edited(self, chat: Chat, message: Message) -> Json:
        """Tell that a message has changed and return it as the bot sees it."""
        self.persistence.mark_message(chat.id, message.id)
        self.events.publish("edited", chat_id=chat.id, message=self.world.message(chat, message, page=True))
        seen = self.world.message(chat, message)
        if message.sender != BOT and visible_to_bot(self, chat, message):
            self.updates.put("edited_message", seen)
        return seen

    def delete(self, chat: Chat, ids: list[int]) -> list[int]:
        """Delete messages and return the ids of those that were there. The Bot API tells nobody of it."""
        gone = [identity for identity in ids if chat.messages.pop(identity, None) is not None]
        for identity in gone:
            self.persistence.mark_message(chat.id, identity)
        if gone:
            self.events.publish("deleted", chat_id=chat.id, message_ids=gone)
        return gone

    def store_file(self, upload: Upload, folder: str = "documents") -> Json:
        """Store a file and return its id, name, type and size."""
        document = self.files.add(upload, folder)
        self.persistence.mark_file(document["file_id"])
        return document

    def chat_changed(self, chat: Chat, **more: Any) -> None:  # noqa: ANN401  # any JSON value
        """Tell that a chat is new or has changed."""
        self.persistence.mark_world()
        self.events.publish("chat", chat_id=chat.id, chat=self.world.page_chat(chat), **more)

    def draft(self, chat: Chat, draft: Draft) -> None:
        """Show a draft."""
        chat.drafts.put(draft)
        chat.typing.pop(draft.thread, None)
        self.events.publish("draft", chat_id=chat.id, topic=draft.thread, draft=draft.shown())

    def drop_draft(self, chat: Chat, draft: Draft) -> None:
        """Take a draft off the screen."""
        chat.drafts.remove(draft)
        self.events.publish("draft_gone", chat_id=chat.id, topic=draft.thread, draft_id=draft.id)

    def _finish_draft(self, chat: Chat, message: Message) -> None:
        """Let a message of the bot take the place of the draft that begins like it."""
        thread = (message.thread or 0) if message.in_topic else 0
        chat.typing.pop(thread, None)
        if not chat.drafts:
            return
        adopted = chat.drafts.adopt(thread, str(message.content.get("text") or message.content.get("caption") or ""))
        if adopted is not None:
            self.drop_draft(chat, adopted)
        for draft in chat.drafts.values():
            if draft.thread == thread:
                self.events.publish("draft", chat_id=chat.id, topic=thread, draft=draft.shown())

    def expire(self) -> None:
        """Let go of what has outlived its time: drafts and `typing…`."""
        now = self.clock()
        for chat in self.world.chats.values():
            for draft in chat.drafts.expire(now):
                self.drop_draft(chat, draft)
            for thread in [thread for thread, until in chat.typing.items() if until <= now]:
                del chat.typing[thread]
