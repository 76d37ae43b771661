"""The chat action (`typing…`) of an answer that has nothing to show yet."""

from __future__ import annotations

import asyncio
import logging

from bot.errors import ChatMigrated, ChatUnavailable, TelegramProblem, TopicUnavailable, Unauthorized
from bot.runtime.clock import Clock
from bot.streaming.journal import JournalStore
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination

logger = logging.getLogger(__name__)

TYPING_INTERVAL = 4.5
"""Seconds between two `typing…`; Telegram shows each for five."""
TYPING_TIMEOUT = 1.0
"""Seconds that `typing…` may keep the first text waiting."""


class TypingIndicator:
    """Shows `typing…` as long as somebody asks for it."""

    def __init__(self, telegram: Telegram, screen: JournalStore, place: Destination, clock: Clock) -> None:
        self._telegram, self._screen, self._place, self._clock = telegram, screen, place, clock
        self.due = clock.now()
        """When it has to be shown (again)."""

    async def show(self) -> None:
        """Show it if it is due. Raises ChatUnavailable, TopicUnavailable, …; what else goes wrong does not matter."""
        if self._clock.now() < self.due:
            return
        self.due = self._clock.now() + TYPING_INTERVAL
        self._screen.check()
        try:
            async with asyncio.timeout(TYPING_TIMEOUT):
                await self._telegram.typing(self._place)
        except TimeoutError:
            logger.debug("chat %d: typing took too long", self._place.chat)
        except (ChatUnavailable, ChatMigrated, TopicUnavailable, Unauthorized):
            raise
        except TelegramProblem as problem:
            logger.debug("chat %d: no typing: %s", self._place.chat, problem)
