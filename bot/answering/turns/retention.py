"""The pruning of what nobody needs any more."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.answering.turns.turn_context import TurnContext, Work
from bot.conversation.usage import period_start
from bot.errors import StorageUnavailable
from bot.people.admission import HELD_LIFETIME
from bot.people.audit import AUDIT_LIFETIME
from bot.storage.database import Database
from bot.storage.repositories.audit import AuditRepository
from bot.storage.repositories.broadcasts import prune_broadcasts
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.held_messages import HeldMessageRepository
from bot.storage.repositories.token_usage import prune_usage
from bot.storage.repositories.troubles import TroubleRepository
from bot.storage.turn_queue.claims import TurnRepository

logger = logging.getLogger(__name__)

FINISHED_TURN_LIFETIME = 2 * 86_400.0
"""Seconds for which finished turns and update ids are remembered: limits look back a day, Telegram repeats for one."""
PRUNE_INTERVAL = 3600.0
"""Seconds between two prunings, and only after work was done."""


TROUBLE_LIFETIME = 30 * 86_400.0
"""Seconds for which the reasons of failed answers are kept, unless TROUBLE_DAYS says otherwise."""


USAGE_LIFETIME = 400 * 86_400.0
"""Seconds for which the tokens of answers are kept, unless USAGE_DAYS says otherwise: a year and a month."""


BROADCAST_LIFETIME = 90 * 86_400.0
"""Seconds for which a broadcast is kept, as long as changes are; HISTORY_DAYS may say less."""


@dataclass(frozen=True, slots=True)
class MaxAges:
    """Seconds after which things are forgotten."""

    history: float | None
    """Of what was said. None: never."""
    troubles: float
    """Of the reasons of failed answers."""
    usage: float
    """Of the tokens of answers; this month's stay in any case, because budgets count them."""


class Retention:
    """Forgets finished turns, update ids, and what is older than it may get."""

    def __init__(
        self,
        database: Database,
        queue: TurnRepository,
        conversations: ConversationRepository,
        troubles: TroubleRepository,
        ages: MaxAges,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._queue = queue
        self._conversations = conversations
        self._troubles = troubles
        self._ages = ages
        self._clock = clock
        self._pruned_at = -math.inf

    def after(self, work: Work) -> Work:
        """Give work that is followed by a pruning, where one is due."""

        async def work_and_prune(context: TurnContext) -> None:
            await work(context)
            if self._clock() - self._pruned_at > PRUNE_INTERVAL:
                await self.prune()

        return work_and_prune

    async def prune(self) -> None:
        """Forget it now; where the database fails, at another time."""
        self._pruned_at = self._clock()
        now = self._database.clock()
        try:
            await self._queue.prune(now - FINISHED_TURN_LIFETIME)
            await self._database.forget_updates(now - FINISHED_TURN_LIFETIME)
            await AuditRepository(self._database).prune(now - AUDIT_LIFETIME)
            await HeldMessageRepository(self._database).prune(now - HELD_LIFETIME)
            await self._troubles.prune(now - self._ages.troubles)
            month = period_start("month", now)
            await prune_usage(self._database, before=min(month, now - self._ages.usage), month=month)
            broadcasts = min(BROADCAST_LIFETIME, self._ages.history or BROADCAST_LIFETIME)
            await prune_broadcasts(self._database, before=now - broadcasts)
            if self._ages.history is not None:
                await self._conversations.prune(now - self._ages.history)
        except StorageUnavailable as error:
            logger.warning("Old rows stay for now: %s", error)
