"""The wiring of the turn queue's parts, from left to right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.answering.turns.chat_migration import ChatMigration
from bot.answering.turns.membership import Membership
from bot.answering.turns.retention import TROUBLE_LIFETIME, USAGE_LIFETIME, MaxAges, Retention
from bot.answering.turns.running_turns import ClaimAlarm, RunningTurns
from bot.answering.turns.service import TurnService
from bot.answering.turns.timing import WorkerTiming
from bot.answering.turns.turn_context import Work
from bot.answering.turns.turn_outcome import TurnOutcome
from bot.answering.turns.turn_runner import TurnRunner
from bot.answering.turns.turn_signals import TurnSignals
from bot.answering.turns.worker import Worker
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.troubles import TroubleRepository
from bot.storage.turn_queue.cancel import TurnCanceller
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.fairness import WaitingLimits


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """Bounds on what runs, waits and stays."""

    room: int
    """Turns that run at once in this process."""
    waiting: WaitingLimits
    """Questions that may wait behind others."""
    history: float | None = None
    """Seconds for which conversations are kept. None: for ever."""
    troubles: float = TROUBLE_LIFETIME
    """Seconds for which the reasons of failed answers are kept."""
    usage: float = USAGE_LIFETIME
    """Seconds for which the tokens of answers are kept."""


def make_turn_service(
    database: Database,
    queue: TurnRepository,
    conversations: ConversationRepository,
    tasks: TaskSupervisor,
    membership: Membership,
    work: Work,
    limits: TurnLimits,
    timing: WorkerTiming | None = None,
) -> TurnService:
    """A service whose worker runs `work` for each turn."""
    timing = timing or WorkerTiming()
    alarm = ClaimAlarm()
    running = RunningTurns(room=limits.room, leased=database.shared, timing=timing, alarm=alarm)
    signals = TurnSignals(database, bot=membership.bot)
    migration = ChatMigration(database, signals)
    troubles = TroubleRepository(database)
    outcome = TurnOutcome(
        queue, TurnCanceller(database), migration, troubles, replica=membership.me, clock=database.clock
    )
    ages = MaxAges(history=limits.history, troubles=limits.troubles, usage=limits.usage)
    retention = Retention(database, queue, conversations, troubles, ages, clock=timing.clock)
    runner = TurnRunner(queue, conversations, tasks, retention.after(work), outcome, running, alarm, membership)
    worker = Worker(database, queue, tasks, membership, running, alarm, runner, signals)
    return TurnService(database, queue, conversations, worker, signals, migration, retention, waiting=limits.waiting)


def may_interrupt(membership: Membership, turns: TurnService) -> Callable[[int, float], bool]:
    """Make what tells whether this process may say in a chat that nothing has been stored for so many seconds.

    Only one process says it, and not between two messages of an answer.
    """
    return lambda chat, failing: membership.speaks_for(chat, failing) and not turns.is_writing(chat)
