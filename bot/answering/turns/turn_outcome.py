"""The decision what becomes of a turn whose work ended badly."""

from __future__ import annotations

import logging
from collections.abc import Callable

from bot.answering.turns.chat_migration import ChatMigration
from bot.answering.turns.timing import STORE_RETRY_DELAY
from bot.answering.turns.turn_context import TurnContext
from bot.conversation.messages import TurnState
from bot.conversation.troubles import Trouble, without_echo
from bot.errors import ChatMigrated, ChatUnavailable, Problem, StorageUnavailable, TopicUnavailable, Unauthorized
from bot.logs import blotted
from bot.storage.repositories.troubles import TroubleRepository
from bot.storage.turn_queue.cancel import TurnCanceller
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.leases import MAX_FAULTS

logger = logging.getLogger(__name__)

UNAUTHORIZED_RETRY_DELAY = 30.0
"""Seconds until an answer is tried again after Telegram did not know the token: the program is about to end."""


class TurnOutcome:
    """Finishes a turn, queues it again, or moves it, by what its work raised. Raises LeaseLost, StorageUnavailable."""

    def __init__(
        self,
        queue: TurnRepository,
        canceller: TurnCanceller,
        migration: ChatMigration,
        troubles: TroubleRepository,
        *,
        replica: str,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives Unix time."""
        self._queue = queue
        self._canceller = canceller
        self._migration = migration
        self._troubles = troubles
        self._replica = replica
        self._clock = clock

    async def settle(self, context: TurnContext, error: BaseException | None) -> float | None:
        """Finish or queue a turn whose work ended without finishing it. Gives seconds until it may be tried again."""
        key = context.turn.key
        match error:
            case StorageUnavailable():
                return await self._retry(context, after=STORE_RETRY_DELAY)
            case Unauthorized():
                return await self._retry(context, after=UNAUTHORIZED_RETRY_DELAY)
            case ChatMigrated():
                await self._migration.migrate(key.bot, key.chat, error.to)
            case ChatUnavailable() | TopicUnavailable():
                topic = key.topic if isinstance(error, TopicUnavailable) else None
                await self._canceller.drop_waiting(key.bot, key.chat, topic, but=context.turn.question)
                await self._keep(context, error)
                await context.finish(TurnState.FAILED)
            case _:
                return await self._failed(context, error)
        return None

    async def _failed(self, context: TurnContext, error: BaseException | None) -> float | None:
        """The work broke, or forgot to finish: again, until that has happened too often."""
        turn = context.turn
        if error is None:
            logger.error("turn %d: its work ended without finishing it", turn.id)
        else:
            logger.error("turn %d broke at attempt %d", turn.id, turn.attempt, exc_info=error)
        if error is None or turn.faults >= MAX_FAULTS:
            await self._keep(context, error)
            await context.finish(TurnState.FAILED)
            return None
        return await self._retry(context, after=STORE_RETRY_DELAY * (turn.faults + 1), counts=True)

    async def _keep(self, context: TurnContext, error: BaseException | None) -> None:
        """Keep why nothing more is shown; the words of an unforeseen error may be people's, and stay in the log."""
        turn = context.turn
        kind = type(error).__name__ if error is not None else "Unfinished"
        cause = without_echo(blotted(str(error), ()), ()) if isinstance(error, Problem) else "a fault of the program"
        here = (turn.attempt, turn.faults + 1, self._replica)
        await self._troubles.keep(Trouble(turn.id, turn.key, self._clock(), "", kind, cause, *here))

    async def _retry(self, context: TurnContext, *, after: float, counts: bool = False) -> float:
        await self._queue.release(context.lease, again_after=after, counts=counts)
        return after
