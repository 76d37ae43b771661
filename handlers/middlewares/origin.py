"""Addressing: an update that is not for the bot ends here; where a group wants that, the bot reads along."""

from __future__ import annotations

from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject, Update

from bot.answering.reading_along import HeardMessage, ReadingAlong
from bot.answering.use_cases.questions import Questions
from bot.conversation.addressing import command_of
from bot.telegram.newest_messages import NewestMessages
from handlers.middlewares.contract import Handler
from handlers.support.addressee_filter import AddresseeFilter
from handlers.support.albums import Albums
from handlers.support.event_context import EventContext, to_event_context
from handlers.support.mapping import is_forwarded, to_incoming_message, to_joining_question
from handlers.support.message_text import words_of


class OriginMiddleware(BaseMiddleware):
    """Gives handlers the `origin` of an update that is for the bot, and the `album` of a message.

    People who talk to each other in a group are not remembered, unless the group has the bot read along.
    """

    def __init__(
        self,
        bot: int,
        addressee_filter: AddresseeFilter,
        albums: Albums,
        questions: Questions,
        reading_along: ReadingAlong,
        newest: NewestMessages,
    ) -> None:
        self._bot = bot
        self._addressee_filter = addressee_filter
        self._albums = albums
        self._questions = questions
        self._reading_along = reading_along
        self._newest = newest

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Pass on what is for the bot."""
        if not isinstance(event, Update) or (origin := to_event_context(event, self._bot)) is None:
            return await handler(event, data)
        if not await self._is_for_bot(event, origin):
            await self._read_along(event, origin)
            return None
        data["origin"] = origin
        if event.message is not None:
            data["album"] = self._albums.of(event.message)
        return await handler(event, data)

    async def _read_along(self, update: Update, origin: EventContext) -> None:
        message = update.message or update.edited_message
        heard = to_heard_message(message, origin) if message is not None else None
        if heard is not None and update.message is not None:
            await self._reading_along.hear(origin.key, heard)
        elif heard is not None:
            await self._reading_along.amend(origin.key, heard)

    async def _is_for_bot(self, update: Update, origin: EventContext) -> bool:
        if update.message is not None:
            self._newest.note(origin.key.chat, update.message.message_id)
            if is_migration(update.message) or self._addressee_filter.accepts(update.message):
                return True
            if await self._belongs(update.message, origin):
                return True
            self._albums.set_aside(update.message)
            return False
        if update.edited_message is not None:
            return await self._questions.knows(origin.key, update.edited_message.message_id)
        return True

    async def _belongs(self, message: Message, origin: EventContext) -> bool:
        """Recognize the rest of an album, and what a comment forwards: only the first message names the bot."""
        question = to_joining_question(message, origin)
        return question is not None and await self._questions.belongs(question)


def to_heard_message(message: Message, origin: EventContext) -> HeardMessage | None:
    """Words in a group that were not written to the bot. None: there are none, or they are some other bot's affair."""
    incoming = to_incoming_message(message)
    words = words_of(message)
    if incoming.private or incoming.from_bot or incoming.service or command_of(incoming) is not None or not words:
        return None
    if is_forwarded(message):
        words = f"[forwarded] {words}"
    return HeardMessage(message.message_id, origin.author.name, words, message.date.timestamp())


def is_migration(message: Message) -> bool:
    """Recognize the service messages that say that a group became a supergroup."""
    return message.migrate_to_chat_id is not None or message.migrate_from_chat_id is not None
