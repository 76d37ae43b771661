"""aiogram's magic filters, asked where the update is: aiogram itself asks each in a thread, for every message."""

from __future__ import annotations

from typing import Any

from aiogram.filters import Filter
from aiogram.types import TelegramObject
from aiogram.utils.magic_filter import MagicFilter


class Matches(Filter):
    """Passes what a magic filter matches, with the values that it names."""

    def __init__(self, magic: MagicFilter) -> None:
        self._magic = magic

    async def __call__(self, event: TelegramObject) -> bool | dict[str, Any]:
        """Ask the magic filter."""
        found: bool | dict[str, Any] = self._magic.resolve(event)
        return found if isinstance(found, dict) else bool(found)
