"""The composition root: settings in, a running program out. The only module that knows every other."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import Awaitable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import User
from aiohttp import web
from pydantic import SecretStr

import handlers
from bot import logs
from bot.answering.answerer import Answerer
from bot.answering.durable_outbox import DurableOutbox
from bot.answering.generation import Generation
from bot.answering.turns.membership import Membership
from bot.answering.turns.slot_broker import RemoteSlotBroker, SlotLender
from bot.answering.turns.wiring import TurnLimits, make_turn_service
from bot.answering.use_cases.assembly import Generating, Stores, answering_use_cases
from bot.answering.use_cases.documents import Files
from bot.attachments.service import AttachmentService, document_readers
from bot.errors import Problem, SettingsProblem, Unauthorized
from bot.generators.factory import make_client, unused_settings
from bot.people.bot_admins import BotAdmins
from bot.people.group_admins import GroupAdmins
from bot.people.permissions import Permissions
from bot.people.personas import read_personas
from bot.people.question_limits import QuestionLimits
from bot.people.use_cases import people_use_cases
from bot.preferences import Preferences
from bot.rate_limits.scheduler import Scheduler
from bot.runtime.task_supervisor import TaskSupervisor
from bot.runtime.unit_of_work import UpdateUnitOfWork
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.outbox import OutboxRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.preferences import PreferenceRepository
from bot.storage.repositories.question_times import QuestionTimes
from bot.storage.turn_queue.claims import TurnRepository
from bot.streaming.live_reply_factory import LiveReplyFactory
from bot.streaming.outbox import Outbox
from bot.telegram.bot_session import TELEGRAM_ERRORS, make_bot
from bot.telegram.client import Telegram
from bot.telegram.rate_limit_middleware import RateLimitMiddleware
from bot.telegram.slot_allocator import SlotAllocator
from bot.texts import Texts
from bot.updates.health import PollingHealth, Readiness, UpdatesHealth, WebhookHealth, health_app, server_runner
from bot.updates.polling import Polling
from bot.updates.retry import until_it_succeeds
from bot.updates.webhook import add_webhook, announce_webhook
from handlers.support.bot_info import BotInfo
from local_model.server import LocalModel
from local_model.serving import serve
from playground.errors import WorldFileError
from playground.server import Playground

logger = logging.getLogger(__name__)

T = TypeVar("T")

PLAYGROUND_ADMIN = 1001
"""Anna, the person whom the page shows first."""
GRACE = 4.0
"""Seconds that answers nearly done get at the end of the program; with everything else it ends within ten."""
STATUS_AFTER_SECOND_SIGNAL = 130
DEFAULT_ANSWERS = 200
SECONDS_A_DAY = 86_400.0


async def run(settings: Settings) -> int:
    """Run the bot until a signal comes. Returns the exit status; raises a Problem where it cannot go on."""
    stop = _stop_signal()
    logs.set_up_logging(level=settings.log_level, form=settings.log_format, secrets=settings.secrets())
    async with AsyncExitStack() as stack:
        if settings.bot_token is None:
            settings = await _open_playground(settings, stack)
        model = None
        if settings.embedded:
            model = await open_local_model(settings, stack)
            settings = settings_for(model, settings)
        await _serve(settings, model, stop, stack)
    logger.info("Stopped")
    return 0


async def run_in_playground(settings: Settings) -> int:
    """Run the bot in the playground, even where there is a BOT_TOKEN."""
    return await run(settings.model_copy(update={"bot_token": None}))


async def serve_model(settings: Settings) -> int:
    """Serve the embedded model alone, until a signal comes."""
    stop = _stop_signal()
    logs.set_up_logging(level=settings.log_level, form=settings.log_format, secrets=settings.secrets())
    await serve(_local_model(settings), stop)
    return 0


def _local_model(settings: Settings) -> LocalModel:
    return LocalModel(settings.local_model, settings.max_answers, settings.context_tokens)


async def open_local_model(settings: Settings, stack: AsyncExitStack) -> LocalModel:
    """Start the embedded server. It listens at once, and loads its model meanwhile.

    Raises SettingsProblem where there is no model that it could ever load.
    """
    model = _local_model(settings)
    if model.problem:
        tried = f" ({settings.local_model.expanduser().absolute()})" if settings.local_model else ""
        raise SettingsProblem(
            f"LOCAL_MODEL: {model.problem}{tried}; "
            "or connect a model: AURA_URL, or GENERATOR=openai with OPENAI_BASE_URL"
        )
    stack.push_async_callback(model.stop)
    await model.start()
    return model


def settings_for(model: LocalModel, settings: Settings) -> Settings:
    """Adapt the settings to the embedded model: its name, no proxy on the way to it, values for a very small model."""
    changes: dict[str, object] = {"proxy": None, "aura_model": model.name}
    if model.packaged:
        changes |= {"system_prompt": "", "temperature": 0.2}  # the server's own prompt was made for it
    given = settings.model_fields_set - {"proxy"}
    changed = settings.model_copy(update={name: value for name, value in changes.items() if name not in given})
    changed.model_fields_set.intersection_update(given)  # these are defaults still, and are shown as such
    return changed


async def _serve(settings: Settings, model: LocalModel | None, stop: asyncio.Event, stack: AsyncExitStack) -> None:
    """Wire the parts, left to right, and let them run until `stop`; the stack ends them in the opposite order."""
    tasks = TaskSupervisor()
    database = Database(settings.database_url.get_secret_value(), start=tasks.start)
    await database.open()
    stack.push_async_callback(database.close)
    if settings.bot_token is None:
        raise SettingsProblem("BOT_TOKEN: it is missing")
    bot = make_bot(settings.bot_token, api_url=settings.telegram_api_url, proxy=settings.telegram_proxy)
    stack.push_async_callback(bot.session.close)
    stack.push_async_callback(tasks.close)
    me = await _until(stop, _reach_telegram(bot), tasks, name="reach Telegram")
    if me is None:
        return
    registry = make_client(settings, model)
    stack.push_async_callback(registry.aclose)

    texts, personas = Texts(), read_personas(settings.personas_file)
    conversations, chats, people = (
        ConversationRepository(database),
        ChatRepository(database),
        PersonRepository(database),
    )
    preferences = Preferences(settings, PreferenceRepository(database), personas, texts.languages)
    scheduler = Scheduler(
        time.monotonic(),
        private=settings.chat_budget,
        group=settings.group_budget,
        bot=settings.bot_budget,
        drafts=settings.draft_budget,
        patient_edits=settings.patient_edits,
    )
    slots = SlotAllocator(scheduler, store=_PacingStore(chats, me.id))
    await slots.load()
    telegram = Telegram(bot)
    outbox = Outbox(telegram, tasks.start)
    answerer = Answerer(
        conversations=conversations,
        preferences=preferences,
        generation=Generation(registry, registry.context_tokens),
        live_replies=LiveReplyFactory(
            telegram, slots, tasks.start, acknowledge_in_groups=settings.acknowledge_in_groups
        ),
        tasks=tasks,
        texts=texts,
    )
    limits = TurnLimits(
        room=model.slots if model else (settings.max_answers or DEFAULT_ANSWERS),
        waiting=settings.questions_waiting,
        history=settings.history_days * SECONDS_A_DAY if settings.history_days else None,
    )
    queue = TurnRepository(database)
    membership = Membership(database, queue, bot=me.id, replica=settings.replica)
    turns = make_turn_service(database, queue, conversations, tasks, membership, answerer.work, limits)
    turns.on_replicas(slots.share)
    broker = None
    if database.shared:
        broker = RemoteSlotBroker(database, membership)
        SlotLender(database, tasks, membership, take=slots.lend)
    bot.session.middleware(RateLimitMiddleware(slots, broker=broker))
    bot_info, bot_admins = BotInfo.of(me), BotAdmins(settings, people, bot=me.id, clock=time.time)
    unit = UpdateUnitOfWork(database, bot=me.id)
    permissions = Permissions(GroupAdmins(telegram.member, clock=time.monotonic))
    use_cases = handlers.UseCases(
        answering_use_cases(
            unit,
            Stores(conversations, chats, database.clock),
            turns,
            permissions,
            preferences,
            Generating(registry, registry.config.context_tokens),
            Files(telegram.download, AttachmentService(document_readers())),
            QuestionLimits(settings, QuestionTimes(database), bot=me.id, clock=database.clock),
        ),
        people_use_cases(
            unit,
            people,
            chats,
            bot_admins,
            permissions,
            preferences,
            settings.access,
            registry.config.context_tokens,
        ),
    )
    stored_messages = DurableOutbox(database, OutboxRepository(database), outbox, tasks, membership)
    dispatcher = handlers.dispatcher(
        use_cases,
        handlers.Surroundings(bot_info, settings, personas, preferences, texts),
        handlers.Outputs(unit, telegram, outbox, stored_messages, tasks),
    )
    await turns.start()
    stack.push_async_callback(turns.close, GRACE)
    await stored_messages.start()

    tasks.start(handlers.menus(telegram, texts).publish(await bot_admins.ids()), name="publish the menus")
    health = PollingHealth(bot, limit=settings.updates_age_limit)
    if settings.listen is not None:
        await _listen(settings.listen, settings, bot, dispatcher, database, health, stack)
    await _announce(settings, bot_info, model, registry.destination, bot_admins)
    receiving = _receive_updates(settings, bot, dispatcher, database, tasks, health)
    await _until(stop, receiving, tasks, name="receive updates")


async def _receive_updates(
    settings: Settings,
    bot: Bot,
    dispatcher: Dispatcher,
    database: Database,
    tasks: TaskSupervisor,
    health: PollingHealth,
) -> None:
    """Let updates come, by webhook or by polling, until cancelled."""
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        secret = settings.webhook_secret.get_secret_value()
        await announce_webhook(bot, dispatcher, url=settings.webhook_url, secret=secret)
        await asyncio.Event().wait()

    async def elected() -> bool:
        return await database.try_advisory_lock(f"polling {bot.id}")

    await Polling(bot, dispatcher, tasks, elected=elected, health=health).run()


async def _listen(
    address: tuple[str, int],
    settings: Settings,
    bot: Bot,
    dispatcher: Dispatcher,
    database: Database,
    polling_health: PollingHealth,
    stack: AsyncExitStack,
) -> None:
    """Serve health, and the webhook where there is one."""
    health: UpdatesHealth = polling_health

    async def ready() -> Readiness:
        updates = await health.check()
        return Readiness({"database": await _works(database.ping()), **updates.parts}, updates.details)

    app = health_app(ready)
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        health = webhook_health = WebhookHealth(bot, limit=settings.updates_age_limit)
        add_webhook(app, dispatcher, bot, secret=settings.webhook_secret.get_secret_value(), health=webhook_health)
    runner = server_runner(app, shutdown_timeout=GRACE)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    host, port = address
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise SettingsProblem(f"LISTEN: cannot listen on {host}:{port}: {error.strerror}") from None


class _PacingStore:
    """Store, in the database, of what pacing has learned of this bot's chats."""

    def __init__(self, chats: ChatRepository, bot: int) -> None:
        self._chats = chats
        self._bot = bot

    async def hold(self, chat: int, until: float) -> None:
        """Store that nothing may go to this chat before `until` (Unix seconds)."""
        await self._chats.hold(self._bot, chat, until)

    async def holds(self) -> dict[int, float]:
        """Every hold that may still last."""
        return await self._chats.holds(self._bot)

    async def tempo(self, chat: int) -> float | None:
        """Return how lively a group is."""
        return await self._chats.tempo(self._bot, chat)

    async def set_tempo(self, chat: int, tempo: float) -> None:
        """Store how lively a group is."""
        await self._chats.set_tempo(self._bot, chat, tempo)


async def _works(asking: Awaitable[object]) -> bool:
    try:
        await asking
    except (Problem, *TELEGRAM_ERRORS):
        return False
    return True


async def _announce(
    settings: Settings, bot_info: BotInfo, model: LocalModel | None, destination: str, bot_admins: BotAdmins
) -> None:
    """Tell the operator what runs, and what it means."""
    answers = f"the embedded {model.name}" if model else destination
    logger.info("Aura is ready: @%s, answered by %s", bot_info.username, answers)
    for note in unused_settings(settings):
        logger.warning("%s", note)
    if settings.access == "open":
        logger.info("ACCESS=open: everybody on Telegram may talk to this bot; ACCESS=approved lets you choose")
    if not await bot_admins.ids():
        link = await bot_admins.offer_link(bot_info.username)
        logger.info("Nobody administers this bot. Whoever opens this link within an hour does: %s", link)


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, T], tasks: TaskSupervisor, *, name: str) -> T | None:
    """Let `work` run to its end, or until the signal (None). Its failure ends the program with what it says."""
    working = tasks.start(work, name=name, awaited=True)
    stopping = tasks.start(stop.wait(), name="wait for a signal", awaited=True)
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.wait({working, stopping})


async def _reach_telegram(bot: Bot) -> User:
    """Ask Telegram who we are, however long it takes. Raises Unauthorized."""
    trouble = logs.LogThrottle(logger)

    async def ask() -> User:
        try:
            return await bot.me()
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            raise Unauthorized("BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather") from error

    async def report(error: BaseException) -> None:
        message = getattr(error, "message", error)
        where = "Telegram cannot be reached (TELEGRAM_API_URL, TELEGRAM_PROXY): %s"
        trouble.log(logging.WARNING, "unreachable", where, message)

    return await until_it_succeeds(report)(ask)


async def _open_playground(settings: Settings, stack: AsyncExitStack) -> Settings:
    """Start the local Telegram. Returns the settings with which the bot runs there, beside those for Telegram."""
    host, port = settings.playground_listen
    database = settings.database_url.get_secret_value()
    if "database_url" not in settings.model_fields_set:
        database = "sqlite+aiosqlite:///aura-playground.db"
    playground = Playground(keep=Path("aura-playground-telegram.db"), strict=settings.playground_strict)
    try:
        url = await playground.start(host, port)
    except OSError as error:
        raise SettingsProblem(f"PLAYGROUND_LISTEN: cannot listen on {host}:{port}: {error.strerror}") from None
    except WorldFileError as error:
        raise SettingsProblem(f"The playground's world: {error}") from None
    stack.push_async_callback(playground.stop)
    logger.info("The playground: open %s in your browser", url)
    logger.info("For the real Telegram put BOT_TOKEN=… (from @BotFather) into .env and start again")
    return settings.model_copy(
        update={
            "bot_token": SecretStr(playground.token),
            "telegram_api_url": url,
            "telegram_proxy": None,
            "webhook_url": None,
            "admin_ids": settings.admin_ids | {PLAYGROUND_ADMIN},
            "database_url": SecretStr(database),
        }
    )


def _stop_signal() -> asyncio.Event:
    """An event that SIGTERM and SIGINT set; the second of them ends the process at once."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            os._exit(STATUS_AFTER_SECOND_SIGNAL)
        logger.info("Stopping: answers nearly done get %g s, the others go on after the next start", GRACE)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return stop
