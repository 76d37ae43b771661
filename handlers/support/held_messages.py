"""Messages that were kept while their senders waited: acted upon as if they came now, once each."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.types import Message, Update
from aiogram.utils.serialization import deserialize_telegram_object_to_python

from bot.errors import StorageUnavailable
from bot.people.admission import Admission

logger = logging.getLogger(__name__)

MAX_KEPT_CHARACTERS = 64_000
"""Characters of a message as JSON; a text of full length with all its marks takes less."""


class HeldMessages:
    """Feeds kept messages to the dispatcher, whose handlers remember each by an update id of its own."""

    def __init__(self, dispatcher: Dispatcher, admission: Admission) -> None:
        self._dispatcher = dispatcher
        self._admission = admission

    async def act(self, bot: Bot, person: int) -> None:
        """Act upon what one person sent. What the database does not take now is tried at the next start."""
        try:
            for held in await self._admission.held_messages(bot.id, person):
                update = {"update_id": -held.update_id, "message": dict(held.message)}
                await self._dispatcher.feed_update(bot, Update.model_validate(update, context={"bot": bot}))
                await self._admission.forget_held(bot.id, person, held.update_id)
        except StorageUnavailable as problem:
            logger.warning("The messages that %d sent before being let in wait for the next start: %s", person, problem)

    async def act_on_all(self, bot: Bot) -> None:
        """Act upon what an earlier run left."""
        try:
            released = await self._admission.released(bot.id)
        except StorageUnavailable as problem:
            logger.warning("Messages of people who were let in wait for the next start: %s", problem)
            return
        for person in released:
            await self.act(bot, person)


def to_be_held(message: Message) -> Mapping[str, Any] | None:
    """A message as it is kept. None: a command, which needs no answer later, or one that is too large."""
    if (message.text or "").startswith("/"):
        return None
    kept: Mapping[str, Any] = deserialize_telegram_object_to_python(message)
    return kept if len(json.dumps(kept)) <= MAX_KEPT_CHARACTERS else None
