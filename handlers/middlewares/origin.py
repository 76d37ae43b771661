"""Addressing: an update that is not for the bot ends here, and leaves nothing behind."""

from __future__ import annotations

from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import Message, TelegramObject, Update

from bot.answering.use_cases.questions import Questions
from bot.telegram.newest_messages import NewestMessages
from handlers.middlewares.contract import Handler
from handlers.support.addressee_filter import AddresseeFilter
from handlers.support.albums import Albums
from handlers.support.mapping import EventContext, to_event_context, to_joining_question


class OriginMiddleware(BaseMiddleware):
    """Gives handlers the `origin` of an update that is for the bot, and the `album` of a message.

    People who talk to each other in a group are not remembered.
    """

    def __init__(
        self,
        bot: int,
        addressee_filter: AddresseeFilter,
        albums: Albums,
        questions: Questions,
        newest: NewestMessages,
    ) -> None:
        self._bot = bot
        self._addressee_filter = addressee_filter
        self._albums = albums
        self._questions = questions
        self._newest = newest

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Pass on what is for the bot."""
        if not isinstance(event, Update) or (origin := to_event_context(event, self._bot)) is None:
            return await handler(event, data)
        if not await self._is_for_bot(event, origin):
            return None
        data["origin"] = origin
        if event.message is not None:
            data["album"] = self._albums.of(event.message)
        return await handler(event, data)

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


def is_migration(message: Message) -> bool:
    """Recognize the service messages that say that a group became a supergroup."""
    return message.migrate_to_chat_id is not None or message.migrate_from_chat_id is not None
