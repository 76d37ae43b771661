"""Reasons why updates do not come in that admins can be told of: Telegram still takes what the bot sends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from itertools import chain, repeat
from typing import Literal, Protocol

from bot.updates.retry import Sleep

logger = logging.getLogger(__name__)

MIN_CONFLICT = 10.0
"""Seconds for which another instance has to poll, too, until it is told: at a restart two overlap for a moment."""
CONFLICT_MEMORY = 60.0
"""Seconds after which a conflict has nothing to do with the one before."""
CONFLICT_END = 300.0
"""Seconds without a conflict after which it counts as over: the other instance may pause in between."""
WEBHOOK_LOOKS = (5.0, 5.0, 10.0, 20.0, 60.0)
"""Seconds until each look at the deliveries, the last for ever: a mistake is made before the start, not later."""
MIN_FAILED_LOOKS = 2
"""Looks in a row that find deliveries failing until it is told: a restart of the proxy passes."""

TroubleKind = Literal["conflict", "webhook"]
TroubleHeard = Callable[[TroubleKind, str], None]
"""Hears why updates do not come in; an empty cause: there is nothing of this kind any more."""


class Conflict:
    """Another instance that polls with the same token (409): it is told once it lasts, and once it is over.

    An earlier run may have told of one, so the first quiet time of each run counts as an end.
    """

    def __init__(self, heard: TroubleHeard, *, now: float) -> None:
        self._heard = heard
        self._first: float | None = None
        self._last = now
        self._told = False
        self._ended = False

    def seen(self, cause: str, now: float) -> None:
        """Note that Telegram answered the other instance."""
        if self._first is None or (now - self._last > CONFLICT_MEMORY and not self._told):
            self._first = now
        self._last = now
        if not self._told and now - self._first >= MIN_CONFLICT:
            self._told, self._ended = True, False
            self._heard("conflict", cause)

    def not_seen(self, now: float) -> None:
        """Note that Telegram answered this one."""
        if not self._ended and now - self._last >= CONFLICT_END:
            self._told, self._ended, self._first = False, True, None
            self._heard("conflict", "")


class Deliveries(Protocol):
    """`WebhookHealth`, as far as the watch needs it."""

    async def problem(self) -> str | None:
        """Ask Telegram why deliveries fail; empty: they do not. None: it did not answer."""
        ...

    @property
    def age(self) -> float | None:
        """Seconds since the last delivery. None: there was none yet."""
        ...


class DeliveryWatch:
    """Looks at the deliveries of a webhook: without it a bot that nobody reaches would be silent about it.

    An end is told once something has been delivered after it began: Telegram tries ever more rarely, and meanwhile
    its last failure looks old.
    """

    def __init__(self, deliveries: Deliveries, heard: TroubleHeard, *, sleep: Sleep = asyncio.sleep) -> None:
        self._deliveries = deliveries
        self._heard = heard
        self._sleep = sleep
        self._failed_looks = 0
        self._told = False
        self._ended = False

    async def run(self) -> None:
        """Look until cancelled."""
        for delay in chain(WEBHOOK_LOOKS, repeat(WEBHOOK_LOOKS[-1])):
            await self._sleep(delay)
            problem = await self._deliveries.problem()
            if problem is not None:
                self._judge(problem, within=delay)

    def _judge(self, problem: str, *, within: float) -> None:
        if problem:
            self._failed_looks += 1
            if self._failed_looks >= MIN_FAILED_LOOKS and not self._told:
                self._told, self._ended = True, False
                logger.error("Telegram cannot deliver to the webhook: %s", problem)
                self._heard("webhook", problem)
            return
        self._failed_looks = 0
        age = self._deliveries.age
        if not self._ended and age is not None and age <= within:
            if self._told:
                logger.info("Telegram delivers to the webhook again")
            self._told, self._ended = False, True
            self._heard("webhook", "")
