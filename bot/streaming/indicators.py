"""Signs that an answer is being written which has nothing to show yet: `typing…`, or 👀 under the question."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable
from typing import Protocol

from bot.errors import ChatMigrated, ChatUnavailable, TelegramProblem, TopicUnavailable, Unauthorized
from bot.runtime.clock import Clock
from bot.streaming.journal import JournalStore
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination

logger = logging.getLogger(__name__)

TYPING_INTERVAL = 4.5
"""Seconds between two `typing…`; Telegram shows each for five."""
TYPING_DELAY = 0.05
"""Seconds before the first one: the request to the generator goes first, and who answers sooner needs no sign."""
INDICATOR_TIMEOUT = 1.0
"""Seconds that a sign may keep the first text waiting."""
ACKNOWLEDGEMENT = "\N{EYES}"
"""Reaction to a question that was heard: one of the standard emoji, the only ones that a bot may set."""


class Indicator(Protocol):
    """Shows that an answer is coming."""

    @property
    def due(self) -> float:
        """Time at which it has to be shown (again)."""

    async def show(self) -> None:
        """Show it if it is due. Raises ChatUnavailable, TopicUnavailable, …: nothing can be said there."""

    async def clear(self) -> None:
        """Take it away where it does not go by itself: the answer stands."""


class TypingIndicator:
    """Shows `typing…` again and again; the next message ends it."""

    def __init__(self, telegram: Telegram, store: JournalStore, to: Destination, clock: Clock) -> None:
        self._telegram, self._store, self._to, self._clock = telegram, store, to, clock
        self.due = clock.now() + TYPING_DELAY

    async def show(self) -> None:
        """Show it if it is due."""
        if self._clock.now() < self.due:
            return
        self.due = self._clock.now() + TYPING_INTERVAL
        self._store.check()
        await _briefly(self._telegram.typing(self._to), self._to.chat)

    async def clear(self) -> None:
        """Leave it to the message that was sent."""


class ReactionIndicator:
    """Puts 👀 under the question, once, and takes it away; `stands`: it may be there already."""

    def __init__(
        self, telegram: Telegram, store: JournalStore, chat: int, question: int, *, now: float, stands: bool
    ) -> None:
        self._telegram, self._store, self._chat, self._question = telegram, store, chat, question
        self._stands = stands
        self.due = now

    async def show(self) -> None:
        """Put it there."""
        if self.due == math.inf:
            return
        self.due = math.inf
        self._store.check()
        self._stands = True
        await _briefly(self._telegram.react(self._chat, self._question, ACKNOWLEDGEMENT), self._chat)

    async def clear(self) -> None:
        """Take it away."""
        if self._stands:
            self._stands = False
            await _briefly(self._telegram.react(self._chat, self._question, None), self._chat)


class AcknowledgedIndicator:
    """Shows another sign, and takes away the 👀 that the question got while it waited."""

    def __init__(self, indicator: Indicator, reaction: ReactionIndicator) -> None:
        self._indicator, self._reaction = indicator, reaction

    @property
    def due(self) -> float:
        """Time at which the other sign has to be shown (again)."""
        return self._indicator.due

    async def show(self) -> None:
        """Show the other sign if it is due."""
        await self._indicator.show()

    async def clear(self) -> None:
        """Take both away."""
        await self._indicator.clear()
        await self._reaction.clear()


async def _briefly(call: Awaitable[None], chat: int) -> None:
    """Make a call that does not matter much. Raises what says that nothing can be said there."""
    try:
        async with asyncio.timeout(INDICATOR_TIMEOUT):
            await call
    except TimeoutError:
        logger.debug("chat %d: a sign of life took too long", chat)
    except (ChatUnavailable, ChatMigrated, TopicUnavailable, Unauthorized):
        raise
    except TelegramProblem as problem:
        logger.debug("chat %d: no sign of life: %s", chat, problem)
