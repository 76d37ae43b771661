"""Telegram's updates → where they come from: the chat, the topic, and who speaks. No decisions, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiogram.types import (
    CallbackQuery,
    Chat,
    ChatMemberUpdated,
    InaccessibleMessage,
    Message,
    MessageGenerationStopped,
    Update,
    User,
)

from bot.conversation.messages import Author, ChatKey
from bot.conversation.names import framed
from bot.conversation.people import Chat as StoredChat
from bot.conversation.people import Person
from bot.telegram.destination import Destination
from handlers.support.responders import Scope

GENERAL = 1
"""The thread id that the General topic would have; its messages carry none."""


@dataclass(frozen=True, slots=True)
class EventContext:
    """The chat that an update comes from, and the author of it."""

    key: ChatKey
    private: bool
    kind: str
    title: str
    author: Author
    user: Person | None = None
    """The person, as Telegram names them now; None where a channel or a group speaks."""
    anonymous: bool = False
    """An administrator of this group who speaks as the group."""
    message_id: int | None = None
    forum: bool = False
    """The group has topics."""
    update_id: int = 0
    """Negative for a held message that comes again."""

    @property
    def dedup(self) -> str:
        """The name of the update, by which what it asks for is stored once."""
        return f"{self.key.bot}:{self.update_id}"

    @property
    def scope(self) -> Scope:
        """The reach of what is set here."""
        if self.private or not self.forum:
            return "chat"
        return "topic" if self.key.topic else "general"

    @property
    def chat(self) -> StoredChat:
        """The chat as Telegram describes it now."""
        return StoredChat(self.key.chat, self.kind, self.title)


def to_event_context(update: Update, bot: int) -> EventContext | None:
    """The context of an update. None: it is of no kind that the bot handles."""
    origin = _origin(update, bot)
    return None if origin is None else replace(origin, update_id=update.update_id)


def _origin(update: Update, bot: int) -> EventContext | None:
    event = update.event
    if isinstance(event, Message):
        return _of_message(event, bot)
    if isinstance(event, CallbackQuery):
        return _of_press(event, bot)
    if isinstance(event, ChatMemberUpdated):
        return _of_person(event.chat, event.from_user, ChatKey(bot, event.chat.id))
    if isinstance(event, MessageGenerationStopped):
        key = ChatKey(bot, event.chat.id, event.message_thread_id or 0)
        return EventContext(key, private=True, kind=event.chat.type, title="", author=Author(event.chat.id, ""))
    return None


def _of_message(message: Message, bot: int) -> EventContext:
    chat, speaker = message.chat, message.sender_chat
    key = ChatKey(bot, chat.id, topic_of(message))
    if speaker is None:
        return _of_person(chat, message.from_user, key, message.message_id)
    return EventContext(
        key,
        private=False,
        kind=chat.type,
        title=framed(chat.title or ""),
        author=Author(speaker.id, framed(speaker.title or speaker.full_name)),
        anonymous=speaker.id == chat.id,
        forum=bool(chat.is_forum),
        message_id=message.message_id,
    )


def _of_press(query: CallbackQuery, bot: int) -> EventContext | None:
    if query.message is None:
        return None
    chat = query.message.chat
    return _of_person(chat, query.from_user, ChatKey(bot, chat.id, topic_of(query.message)), query.message.message_id)


def _of_person(chat: Chat, user: User | None, key: ChatKey, message_id: int | None = None) -> EventContext:
    author = Author(user.id, framed(user.full_name)) if user else Author(chat.id, framed(chat.title or ""))
    return EventContext(
        key,
        private=chat.type == "private",
        kind=chat.type,
        title=framed(chat.title or ""),
        author=author,
        user=_person(user) if user else None,
        forum=bool(chat.is_forum) and chat.type != "private",
        message_id=message_id,
    )


def _person(user: User) -> Person:
    return Person(user.id, framed(user.full_name), user.username or "", user.language_code or "")


def topic_of(message: Message | InaccessibleMessage) -> int:
    """The forum topic, 0 for General and for reply threads of plain groups (they carry a thread id, too)."""
    if isinstance(message, InaccessibleMessage) or not message.is_topic_message:
        return 0
    return 0 if message.message_thread_id == GENERAL else message.message_thread_id or 0


def destination_of(origin: EventContext, update: Update) -> Destination:
    """The destination of an answer to an update: in groups attached to the message."""
    attached = origin.message_id if update.message is not None and not origin.private else None
    return Destination(origin.key.chat, origin.key.topic or None, attached, origin.private)
