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
from aiogram.utils.backoff import Backoff, BackoffConfig
from aiohttp import web
from pydantic import SecretStr

import handlers
from bot import logs
from bot.answering.answerer import Answerer
from bot.answering.durable_outbox import DurableOutbox
from bot.answering.membership import Membership
from bot.answering.slot_broker import RemoteSlotBroker, SlotLender
from bot.answering.wiring import TurnLimits, make_turn_service
from bot.errors import Problem, SettingsProblem, Unauthorized
from bot.generators.contract import Timeouts
from bot.generators.registry import GeneratorConfig, Registry
from bot.local_model.server import LocalModel
from bot.local_model.serving import serve
from bot.people.bot_admins import BotAdmins
from bot.people.personas import read_personas
from bot.playground.server import Playground
from bot.preferences import Preferences
from bot.rate_limits.scheduler import Scheduler
from bot.runtime.task_supervisor import TaskSupervisor
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.outbox import OutboxRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.preferences import PreferenceRepository
from bot.storage.turn_queue.claims import TurnRepository
from bot.streaming.live_reply import LiveReplyFactory
from bot.streaming.outbox import Outbox
from bot.telegram.bot_session import TELEGRAM_ERRORS, make_bot
from bot.telegram.client import Telegram
from bot.telegram.rate_limit_middleware import RateLimitMiddleware
from bot.texts import Texts
from bot.updates.health import health_app
from bot.updates.polling import Polling
from bot.updates.webhook import add_webhook, announce_webhook
from handlers.support.bot_commands import publish_menus
from handlers.support.bot_info import BotInfo

logger = logging.getLogger(__name__)

T = TypeVar("T")

PLAYGROUND_TOKEN = "7000000001:the-playground-admits-any-token"  # noqa: S105  # opens nothing but the local playground
PLAYGROUND_ADMIN = 1001
"""Anna, the person whom the page shows first."""
GRACE = 4.0
"""Seconds that answers nearly done get at the end of the program; with everything else it ends within ten."""
STATUS_AFTER_SECOND_SIGNAL = 130
DEFAULT_CONTEXT = 8192
"""Tokens that OpenChat 3.6 can read."""
DEFAULT_ANSWERS = 200
DAY = 86_400.0
BACKOFF = BackoffConfig(min_delay=0.5, max_delay=15.0, factor=1.7, jitter=0.2)


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


def make_registry(settings: Settings, model: LocalModel | None) -> Registry:
    """Name the generator that answers: the embedded one, or the one that the settings name."""
    openai = settings.generator == "openai"
    return Registry(
        GeneratorConfig(
            kind=settings.generator,
            url=(settings.openai_base_url if openai else model.url if model else settings.aura_url) or "",
            model=_model_of(settings),
            model_name=settings.aura_model_name,
            key=settings.openai_api_key if openai else settings.aura_key,
            browser=settings.aura_browser and model is None,
            context_tokens=context_tokens(settings, model),
            timeouts=Timeouts(settings.headers_timeout, settings.silence_timeout, settings.answer_timeout),
        )
    )


def _model_of(settings: Settings) -> str:
    """Name the model; empty where a class of somebody else's has a default of its own."""
    if settings.generator == "openai":
        return settings.openai_model or ""
    return settings.aura_model if settings.generator == "aura" or "aura_model" in settings.model_fields_set else ""


def context_tokens(settings: Settings, model: LocalModel | None) -> int:
    """How much the generator can read, in tokens: as set, else what the embedded model was made for, else 8192."""
    if settings.context_tokens is not None:
        return settings.context_tokens
    return model.context_tokens if model is not None else DEFAULT_CONTEXT


def _local_model(settings: Settings) -> LocalModel:
    return LocalModel(settings.local_model, settings.max_answers, settings.context_tokens)


async def open_local_model(settings: Settings, stack: AsyncExitStack) -> LocalModel:
    """Start the embedded server. It listens at once, and loads its model meanwhile."""
    model = _local_model(settings)
    stack.push_async_callback(model.stop)
    await model.start()
    return model


def settings_for(model: LocalModel, settings: Settings) -> Settings:
    """What the embedded model changes: its name, no proxy on the way to it, and what suits a very small model."""
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
    registry = make_registry(settings, model)
    stack.push_async_callback(registry.aclose)

    texts, personas = Texts(), read_personas(settings.personas_file)
    conversations, chats, people = (
        ConversationRepository(database),
        ChatRepository(database),
        PersonRepository(database),
    )
    preferences = Preferences(settings, PreferenceRepository(database), personas)
    scheduler = Scheduler(
        time.monotonic(),
        private=settings.chat_budget,
        group=settings.group_budget,
        bot=settings.bot_budget,
        drafts=settings.draft_budget,
    )
    gate = RateLimitMiddleware(scheduler, memory=_Holds(chats, me.id))
    await gate.load()
    bot.session.middleware(gate)
    telegram = Telegram(bot)
    outbox = Outbox(telegram, tasks.start)
    answerer = Answerer(
        conversations=conversations,
        preferences=preferences,
        registry=registry,
        live_replies=LiveReplyFactory(telegram, gate),
        tasks=tasks,
        texts=texts,
        context_tokens=lambda: context_tokens(settings, model),
    )
    limits = TurnLimits(
        room=model.slots if model else (settings.max_answers or DEFAULT_ANSWERS),
        waiting=settings.questions_waiting,
        history=settings.history_days * DAY if settings.history_days else None,
    )
    queue = TurnRepository(database)
    membership = Membership(database, queue, bot=me.id, replica=settings.replica)
    turns = make_turn_service(database, queue, conversations, tasks, membership, answerer.work, limits)
    turns.on_replicas(gate.share)
    if database.shared:
        gate.borrow = RemoteSlotBroker(database, membership).acquire
        SlotLender(database, tasks, membership, take=gate.lend)
    bot_info, bot_admins = BotInfo.of(me), BotAdmins(settings, people, bot=me.id, clock=time.time)
    dispatcher = handlers.dispatcher(
        bot_info=bot_info,
        clock=time.monotonic,
        settings=settings,
        database=database,
        conversations=conversations,
        people=people,
        chats=chats,
        bot_admins=bot_admins,
        preferences=preferences,
        personas=personas,
        texts=texts,
        telegram=telegram,
        outbox=outbox,
        tasks=tasks,
        registry=registry,
        turns=turns,
    )
    await turns.start()
    stack.push_async_callback(turns.close, GRACE)
    await DurableOutbox(database, OutboxRepository(database), outbox, tasks, membership).start()

    tasks.start(publish_menus(telegram, texts, await bot_admins.ids()), name="publish the menus")
    if settings.listen is not None:
        await _listen(settings.listen, settings, bot, dispatcher, database, stack)
    await _announce(settings, bot_info, model, bot_admins)
    await _until(stop, _take_updates_in(settings, bot, dispatcher, database, tasks), tasks, name="take updates in")


async def _take_updates_in(
    settings: Settings, bot: Bot, dispatcher: Dispatcher, database: Database, tasks: TaskSupervisor
) -> None:
    """Let updates come, by webhook or by polling, until cancelled."""
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        secret = settings.webhook_secret.get_secret_value()
        await announce_webhook(bot, dispatcher, url=settings.webhook_url, secret=secret)
        await asyncio.Event().wait()
    await Polling(bot, dispatcher, tasks, elected=lambda: database.try_advisory_lock(f"polling {bot.id}")).run()


async def _listen(
    address: tuple[str, int],
    settings: Settings,
    bot: Bot,
    dispatcher: Dispatcher,
    database: Database,
    stack: AsyncExitStack,
) -> None:
    """Serve health, and the webhook where there is one."""

    async def ready() -> dict[str, bool]:
        return {"database": await _works(database.ping()), "telegram": await _works(bot.get_me(request_timeout=5))}

    app = health_app(ready)
    if settings.webhook_url is not None and settings.webhook_secret is not None:
        add_webhook(app, dispatcher, bot, secret=settings.webhook_secret.get_secret_value())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
    stack.push_async_callback(runner.cleanup)
    await runner.setup()
    host, port = address
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise SettingsProblem(f"LISTEN: cannot listen on {host}:{port}: {error.strerror}") from None


class _Holds:
    """The gate's memory: the holds of this bot's chats, in the database."""

    def __init__(self, chats: ChatRepository, bot: int) -> None:
        self._chats = chats
        self._bot = bot

    async def hold(self, chat: int, until: float) -> None:
        """Store that nothing may go to this chat before `until` (Unix seconds)."""
        await self._chats.hold(self._bot, chat, until)

    async def holds(self) -> dict[int, float]:
        """Every hold that may still last."""
        return await self._chats.holds(self._bot)


async def _works(asking: Awaitable[object]) -> bool:
    try:
        await asking
    except (Problem, *TELEGRAM_ERRORS):
        return False
    return True


async def _announce(settings: Settings, bot_info: BotInfo, model: LocalModel | None, bot_admins: BotAdmins) -> None:
    """Tell the operator what runs, and what it means."""
    answers = (
        f"the embedded {model.name}" if model else (settings.aura_url or settings.openai_base_url or settings.generator)
    )
    logger.info("Aura is ready: @%s, answered by %s", bot_info.username, answers)
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
    backoff = Backoff(BACKOFF)
    while True:
        try:
            return await bot.me()
        except (TelegramUnauthorizedError, TelegramNotFound) as error:
            raise Unauthorized("BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather") from error
        except TELEGRAM_ERRORS as error:
            logger.warning("Telegram cannot be reached (TELEGRAM_API_URL, TELEGRAM_PROXY): %s", error.message)
            await backoff.asleep()


async def _open_playground(settings: Settings, stack: AsyncExitStack) -> Settings:
    """Start the local Telegram. Returns the settings with which the bot runs there, beside those for Telegram."""
    host, port = settings.playground_listen
    database = settings.database_url.get_secret_value()
    if "database_url" not in settings.model_fields_set:
        database = "sqlite+aiosqlite:///aura-playground.db"
    playground = Playground(
        keep=Path("aura-playground-telegram.db"), strict=settings.playground_strict, bot_token=PLAYGROUND_TOKEN
    )
    try:
        url = await playground.start(host, port)
    except OSError as error:
        raise SettingsProblem(f"PLAYGROUND_LISTEN: cannot listen on {host}:{port}: {error.strerror}") from None
    stack.push_async_callback(playground.stop)
    logger.info("The playground: open %s in your browser", url)
    logger.info("For the real Telegram put BOT_TOKEN=… (from @BotFather) into .env and start again")
    return settings.model_copy(
        update={
            "bot_token": SecretStr(PLAYGROUND_TOKEN),
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
