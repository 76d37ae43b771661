"""The move of a group to its supergroup."""

from __future__ import annotations

from bot.answering.turns.turn_signals import TurnSignals
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.turn_queue.cancel import TurnCanceller


class ChatMigration:
    """Moves everything of a chat to another one. Raises StorageUnavailable."""

    def __init__(self, database: Database, signals: TurnSignals) -> None:
        self._database = database
        self._signals = signals
        self._chats = ChatRepository(database)
        self._canceller = TurnCanceller(database)

    async def migrate(self, bot: int, old: int, new: int) -> None:
        """Move everything along; what runs starts over there."""
        async with self._database.transaction():
            for turn in await self._canceller.open_turns(bot, old):
                await self._signals.tell(turn, None)
            await self._canceller.restart_elsewhere(bot, old)
            await self._chats.migrate(bot, old, new)
            await self._signals.claim()
