"""Parts of the program that take more than a line to make; `bot.app` wires them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from bot.answering.durable_outbox import DurableOutbox
from bot.answering.turns.membership import Membership
from bot.answering.turns.service import TurnService
from bot.answering.turns.slot_broker import RemoteSlotBroker, SlotLender
from bot.answering.turns.wiring import TurnLimits
from bot.answering.use_cases.documents import Files
from bot.attachments.service import AttachmentService, default_readers, readers_without_pictures
from bot.attachments.transcription import transcription_client
from bot.errors import SchemaNewer
from bot.models.catalog import ModelCatalog
from bot.models.listing import ModelLists
from bot.net.proxy_url import ProxyURL
from bot.operating.broadcaster import Broadcaster
from bot.operating.newer_schema import tell_of_newer_schema
from bot.people.directory import name_of
from bot.people.limits.budget_notices import BudgetNotices
from bot.people.limits.question_limits import QuestionLimits
from bot.people.limits.token_budgets import TokenBudgets, budgets_of
from bot.people.permissions import Permissions
from bot.rate_limits.requests import Priority
from bot.rate_limits.scheduler import Scheduler
from bot.runtime.observer import Observer
from bot.runtime.task_supervisor import TaskSupervisor
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.pacing import PacingRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.question_times import QuestionTimes
from bot.storage.repositories.token_usage import TokenUsageRepository
from bot.storage.turn_queue.fairness import WaitingLimits
from bot.storage.turn_queue.queue_length import QueueLength
from bot.telegram.client import Telegram
from bot.telegram.rate_limit_middleware import SlotBroker
from bot.telegram.slot_allocator import SlotAllocator
from bot.texts import Texts
from bot.updates.metrics_endpoint import Scrape

if TYPE_CHECKING:
    from bot.metrics import Metrics

DEFAULT_ANSWERS = 200
SECONDS_A_DAY = 86_400.0


async def open_database(database: Database, settings: Settings, telegram: Telegram, *, bot: int) -> None:
    """Open it, or tell admins why not. Raises DatabaseInUse, SchemaNewer, StorageUnavailable."""
    try:
        await database.open()
    except SchemaNewer:
        url = settings.database_url.get_secret_value()
        await tell_of_newer_schema(url, telegram, Texts(), bot=bot, named=settings.admin_ids)
        raise


def make_model_lists(models: ModelCatalog, tasks: TaskSupervisor, proxy: ProxyURL | None) -> ModelLists:
    """Keep the lists of the endpoints, and ask for them now, so that `/model` has them when it is first sent."""
    lists = ModelLists(models, tasks.start, clock=time.monotonic)
    lists.refresh(proxy)
    return lists


def turn_limits_of(settings: Settings, slots: int | None) -> TurnLimits:
    """Say how many answers run at once, how many questions wait, and how long things are kept; `slots` of the model."""
    return TurnLimits(
        room=slots or settings.max_answers or DEFAULT_ANSWERS,
        waiting=WaitingLimits(settings.questions_waiting, settings.chat_questions_waiting),
        history=settings.history_days * SECONDS_A_DAY if settings.history_days else None,
        troubles=settings.trouble_days * SECONDS_A_DAY,
        usage=settings.usage_days * SECONDS_A_DAY,
    )


def make_files(settings: Settings, models: ModelCatalog, telegram: Telegram) -> Files:
    """Read what people send; pictures only where a model sees them."""
    readers = default_readers if models.sees_pictures else readers_without_pictures
    return Files(telegram.download, AttachmentService(readers(transcription_client(settings))))


def make_metrics(settings: Settings) -> Metrics | None:
    """Figures of this run, where somebody may ask for them."""
    if settings.listen is None:
        return None
    from bot.metrics import Metrics  # noqa: PLC0415  # its library loads for 0.15 s

    return Metrics()


def make_scrape(metrics: Metrics | None, database: Database, turns: TurnService, *, bot: int) -> Scrape | None:
    """Give the figures of this run and the length of the queue. None: nobody counts."""
    return None if metrics is None else metrics.scraping(QueueLength(database, bot=bot).waiting, turns.in_progress)


def make_question_limits(
    settings: Settings,
    database: Database,
    permissions: Permissions,
    warnings: BudgetNotices,
    *,
    currency: str,
    people: PersonRepository,
    chats: ChatRepository,
    bot: int,
) -> QuestionLimits:
    """Count what people and chats may ask and spend."""
    budgets = TokenBudgets(
        budgets_of(settings),
        TokenUsageRepository(database, bot=bot),
        permissions,
        name=partial(name_of, people, chats, bot=bot),
        clock=database.clock,
        warnings=warnings,
        currency=currency,
    )
    return QuestionLimits(settings, QuestionTimes(database), budgets, bot=bot, clock=database.clock)


async def make_slots(settings: Settings, database: Database, observer: Observer | None, *, bot: int) -> SlotAllocator:
    """Keep Telegram's budgets, as the settings have them and as earlier runs left them."""
    scheduler = Scheduler(
        time.monotonic(),
        private=settings.chat_budget,
        group=settings.group_budget,
        bot=settings.bot_budget,
        drafts=settings.draft_budget,
        patient_edits=settings.patient_edits,
    )
    slots = SlotAllocator(scheduler, store=PacingRepository(database, bot), observer=observer)
    await slots.load()
    return slots


@asynccontextmanager
async def slot_behind_answers(slots: SlotAllocator, broker: SlotBroker | None, chat: int) -> AsyncIterator[None]:
    """Wait until nothing else wants to go to a chat, and for the replica that keeps its budget. Raises FloodWait."""
    if broker is not None and not await broker.acquire(chat):
        await slots.distrust(chat)
    async with slots.slot(chat, Priority.CHANGE):
        yield


def start_broadcaster(
    database: Database,
    telegram: Telegram,
    slots: SlotAllocator,
    reports: DurableOutbox,
    texts: Texts,
    tasks: TaskSupervisor,
    broker: SlotBroker | None,
    *,
    bot: int,
) -> Broadcaster:
    """Send broadcasts behind everything else that goes to a chat, those of an earlier run first."""
    behind = partial(slot_behind_answers, slots, broker)
    broadcaster = Broadcaster(database, telegram, behind, reports, texts, bot=bot)
    tasks.start(broadcaster.run(), name="send broadcasts")
    return broadcaster


def make_slot_broker(
    database: Database, tasks: TaskSupervisor, membership: Membership, slots: SlotAllocator
) -> RemoteSlotBroker | None:
    """Lend slots to other replicas, and give what borrows theirs. None: this process alone uses the database."""
    if not database.shared:
        return None
    SlotLender(database, tasks, membership, take=slots.lend)
    return RemoteSlotBroker(database, membership)
