"""The speaker of an update: a person or a group, with their rights."""

from __future__ import annotations

from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject

from bot.people.acquaintance import Acquaintance
from handlers.middlewares.contract import Handler
from handlers.support.event_context import EventContext


class SpeakerMiddleware(BaseMiddleware):
    """Gives handlers the `speaker`."""

    def __init__(self, acquaintance: Acquaintance) -> None:
        self._acquaintance = acquaintance

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Meet the speaker."""
        origin: EventContext | None = data.get("origin")
        if origin is not None:
            data["speaker"] = await self._acquaintance.meet(
                origin.key,
                origin.chat,
                origin.author,
                origin.user,
                private=origin.private,
                anonymous=origin.anonymous,
            )
        return await handler(event, data)
