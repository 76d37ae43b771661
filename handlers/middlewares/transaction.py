"""The transaction of an update: it acts once, however often it comes."""

from __future__ import annotations

from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import TelegramObject, Update

from bot.people.permissions import NotPermitted
from bot.runtime.unit_of_work import AlreadyHandled, UpdateUnitOfWork
from handlers.middlewares.contract import Handler


class TransactionMiddleware(BaseMiddleware):
    """Remembers the update in the transaction that the use case opens, or in one of its own."""

    def __init__(self, unit: UpdateUnitOfWork) -> None:
        self._unit = unit

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:  # noqa: ANN401  # aiogram's own signature
        """Run the handler; who is refused for want of rights hears so once."""
        update: Update = data["event_update"]
        refusal: NotPermitted | None = None
        result = None
        try:
            async with self._unit.handling(update.update_id):
                try:
                    result = await handler(event, data)
                except NotPermitted as error:
                    refusal = error
        except AlreadyHandled:
            return None
        if refusal is not None:
            raise refusal
        return result
