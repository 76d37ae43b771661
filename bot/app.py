"""The composition root: settings in, a running program out. The only module that knows every other."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

import handlers
from bot import logs
from bot.answering.answer_report import AnswerReport
from bot.answering.answerer import Answerer
from bot.answering.durable_outbox import DurableOutbox
from bot.answering.finished_answers import FinishedAnswers
from bot.answering.generation import Generation
from bot.answering.pictures import PictureLoader
from bot.answering.question_reading import QuestionReading, ReadingLimits
from bot.answering.reading_along import GroupView, ReadAlongRules, ReadingAlong
from bot.answering.turns.membership import Membership
from bot.answering.turns.wiring import make_turn_service, may_interrupt
from bot.answering.use_cases.assembly import Generating, Stores, answering_use_cases
from bot.app_parts import (
    make_files,
    make_metrics,
    make_model_lists,
    make_question_limits,
    make_scrape,
    make_slot_broker,
    make_slots,
    open_database,
    start_broadcaster,
    turn_limits_of,
)
from bot.command_line.generator_trial import try_generator
from bot.conversation.messages import ChatKey
from bot.embedded_model import local_model, open_local_model, settings_for
from bot.errors import SettingsProblem
from bot.models.catalog import ModelCatalog
from bot.models.health import ModelHealth
from bot.models.source import budget_currency, entries_in_file, key_variables, make_catalog, needs_embedded, secrets_of
from bot.operating.admin_alerts import AdminAlerts, tell_of_models, tell_of_updates
from bot.operating.holds import Holds
from bot.operating.newer_schema import KIND as NEWER_SCHEMA
from bot.operating.storage_alert import StorageAlert
from bot.operating.use_cases import operating_use_cases
from bot.people.audit import AuditLog
from bot.people.bot_admins import BotAdmins
from bot.people.group_admins import GroupAdmins
from bot.people.limits.budget_notices import BudgetNotices
from bot.people.permissions import Permissions
from bot.people.personas import check_models, read_personas
from bot.people.use_cases import AccessRules, PeopleStores, people_use_cases
from bot.preferences import Preferences
from bot.runtime.observer import Observer
from bot.runtime.signals import stop_signal, until_stopped
from bot.runtime.task_supervisor import TaskSupervisor
from bot.runtime.unit_of_work import UpdateUnitOfWork
from bot.settings import Settings
from bot.settings_review import review
from bot.storage.database import Database
from bot.storage.repositories.audit import AuditRepository
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.group_messages import GroupMessageRepository
from bot.storage.repositories.outbox import OutboxRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.preferences import PreferenceRepository
from bot.storage.repositories.troubles import AlertRepository, TroubleRepository
from bot.storage.turn_queue.claims import TurnRepository
from bot.streaming.live_reply_factory import LiveReplyFactory
from bot.streaming.outbox import Outbox
from bot.telegram.bot_session import make_bot
from bot.telegram.call_observer import CallObserver
from bot.telegram.client import Telegram
from bot.telegram.rate_limit_middleware import RateLimitMiddleware
from bot.texts import Texts
from bot.updates.receiving import (
    Served,
    listen,
    reach_telegram,
    receive_updates,
    reserve_address,
    updates_source,
)
from handlers.support.bot_info import BotInfo
from local_model.server import LocalModel
from local_model.serving import serve

logger = logging.getLogger(__name__)

GRACE = 4.0
"""Seconds that answers nearly done get at the end of the program; with everything else it ends within ten."""


async def run(settings: Settings) -> int:
    """Run the bot until a signal comes. Returns the exit status; raises a Problem where it cannot go on."""
    stop = stop_signal(GRACE)
    entries = entries_in_file(settings)
    secrets = [*settings.secrets(), *secrets_of(entries)]
    logs.set_up_logging(level=settings.log_level, form=settings.log_format, secrets=secrets)
    # what is wrong with them is said before anything opens
    budget_currency(entries, settings.money_budgets())
    check_models(read_personas(settings.personas_file), [entry.id for entry in entries])
    for note in review(settings, others=key_variables(entries)):
        logger.warning("%s", note)
    if settings.bot_token is not None and settings.access == "open":
        logger.info("ACCESS=open: everybody on Telegram may talk to this bot; ACCESS=approved lets you choose")
    if (remote := next((entry.config.url for entry in entries if not entry.is_embedded), None)) is not None:
        settings = settings.model_copy(update={"aura_url": settings.aura_url or remote or "elsewhere"})
    model = local_model(settings) if needs_embedded(settings, entries) else None
    async with AsyncExitStack() as stack:
        reserved = reserve_address(settings.listen, stack) if settings.listen is not None else []
        if settings.bot_token is None:
            from bot.local_telegram import open_playground  # noqa: PLC0415  # on Telegram nobody needs it

            settings = await open_playground(settings, stack)
        if model is not None:
            await open_local_model(model, stack)
        by_default = model if not entries or entries[0].is_embedded else None
        if by_default is not None:
            settings = settings_for(by_default, settings)
        models = make_catalog(settings, entries, model)
        stack.push_async_callback(models.aclose)
        await _serve(settings, models, by_default, reserved, stop, stack)
    logger.info("Stopped")
    return 0


async def run_in_playground(settings: Settings) -> int:
    """Run the bot in the playground, even where there is a BOT_TOKEN."""
    return await run(settings.model_copy(update={"bot_token": None}))


async def serve_model(settings: Settings, port: int = 0) -> int:
    """Serve the embedded model alone, until a signal comes; on port 0 on any free one. Raises SettingsProblem."""
    stop = stop_signal(GRACE)
    logs.set_up_logging(level=settings.log_level, form=settings.log_format, secrets=settings.secrets())
    try:
        await serve(local_model(settings), stop, port=port)
    except OSError as error:
        raise SettingsProblem(f"--port: cannot listen on {port}: {error.strerror}") from None
    return 0


async def _serve(
    settings: Settings,
    models: ModelCatalog,
    model: LocalModel | None,
    reserved: Sequence[socket.socket],
    stop: asyncio.Event,
    stack: AsyncExitStack,
) -> None:
    """Wire the parts, left to right, and let them run until `stop`; the stack ends them in the opposite order."""
    tasks = TaskSupervisor()
    metrics = make_metrics(settings)
    database = Database(settings.database_url.get_secret_value(), start=tasks.start, observer=metrics)
    if settings.bot_token is None:
        raise SettingsProblem("BOT_TOKEN: it is missing")
    bot = make_bot(settings.bot_token, api_url=settings.telegram_api_url, proxy=settings.telegram_proxy)
    stack.push_async_callback(bot.session.close)
    await open_database(database, settings, telegram := Telegram(bot), bot=bot.id)
    stack.push_async_callback(database.close)
    stack.push_async_callback(tasks.close)
    me = await until_stopped(stop, reach_telegram(bot), tasks, name="reach Telegram")
    if me is None:
        return
    client, texts, personas = models.client(models.default), Texts(), read_personas(settings.personas_file)
    conversations, chats, people = (
        ConversationRepository(database),
        ChatRepository(database),
        PersonRepository(database),
    )
    preferences = Preferences(settings, PreferenceRepository(database), personas, texts.languages, models=models)
    slots = await make_slots(settings, database, metrics, bot=me.id)
    outbox = Outbox(telegram, tasks.start)
    queue = TurnRepository(database)
    membership = Membership(database, queue, bot=me.id, replica=settings.replica)
    stored_messages = DurableOutbox(database, OutboxRepository(database), outbox, tasks, membership)
    bot_info, bot_admins = BotInfo.of(me), BotAdmins(settings, people, bot=me.id, clock=time.time)
    permissions = Permissions(admins := GroupAdmins(telegram.member, clock=time.monotonic))
    reading_along = ReadingAlong(
        preferences,
        GroupMessageRepository(database),
        chats,
        GroupView(me.id, bot_info.reads_all, admins.administers),
        ReadAlongRules(settings.read_along_messages, settings.read_along_hours, settings.access == "approved"),
        clock=database.clock,
    )
    tasks.start(reading_along.keep_forgetting(), name="forget what was read along")
    alerts = AdminAlerts(
        database, AlertRepository(database, bot=me.id), people, bot_admins.ids, stored_messages, texts, bot=me.id
    )
    finished = FinishedAnswers(conversations, models, bot_admins.ids)
    answerer = Answerer(
        preferences=preferences,
        generation=Generation(
            models,
            ModelHealth(models, clock=time.monotonic, report=tell_of_models(alerts, tasks.start)),
            metrics or Observer(),
            PictureLoader(files := make_files(settings, models, telegram)),
            heard=reading_along.context,
        ),
        finished=finished,
        live_replies=LiveReplyFactory(
            telegram, slots, tasks.start, acknowledge_in_groups=settings.acknowledge_in_groups
        ),
        tasks=tasks,
        texts=texts,
        reading=QuestionReading(
            files,
            texts,
            stored_messages,
            preferences.sees_pictures,
            ReadingLimits(client.config.context_tokens, settings.transcription_timeout),
        ),
        report=AnswerReport(
            observer=metrics,
            troubles=TroubleRepository(database),
            alerts=alerts,
            admins=bot_admins.ids,
            replica=settings.replica,
        ),
    )
    turns = make_turn_service(
        database,
        queue,
        conversations,
        tasks,
        membership,
        answerer.work,
        turn_limits_of(settings, model.slots if model else None),
    )
    membership.on_change(slots.share)
    bot.session.middleware(
        RateLimitMiddleware(slots, broker=(broker := make_slot_broker(database, tasks, membership, slots)))
    )
    bot.session.middleware(CallObserver(metrics or Observer()))
    unit, audit = (
        UpdateUnitOfWork(database, bot=me.id),
        AuditLog(AuditRepository(database), permissions, clock=database.clock),
    )
    broadcaster = start_broadcaster(database, telegram, slots, stored_messages, texts, tasks, broker, bot=me.id)
    use_cases = handlers.UseCases(
        answering_use_cases(
            unit,
            Stores(conversations, chats, audit, database.clock),
            turns,
            permissions,
            preferences,
            Generating(
                models,
                models,
                reading_along,
                finished,
                make_model_lists(models, tasks, (await preferences.effective(ChatKey(me.id, 0))).proxy.value),
            ),
            files,
            make_question_limits(
                settings,
                database,
                permissions,
                BudgetNotices(
                    database,
                    tasks.start,
                    texts,
                    stored_messages,
                    bot=me.id,
                    admins=bot_admins.ids,
                    person=partial(people.get, me.id),
                    currency=(currency := budget_currency(models.entries, settings.money_budgets())),
                ),
                currency=currency,
                people=people,
                chats=chats,
                bot=me.id,
            ),
        ),
        people_use_cases(
            unit,
            PeopleStores(database, people, chats),
            bot_admins,
            permissions,
            preferences,
            audit,
            AccessRules(settings.access, settings.tell_blocked),
            client.config.context_tokens,
        ),
        operating_use_cases(
            database,
            permissions,
            unit,
            Holds(unit, database, permissions, audit, tasks, slots.release),
            bot=me.id,
            broadcast_begun=broadcaster.wake,
        ),
    )
    dispatcher = handlers.dispatcher(
        use_cases,
        handlers.Surroundings(bot_info, settings, personas, preferences, texts),
        handlers.Outputs(
            unit,
            telegram,
            outbox,
            stored_messages,
            tasks,
            may_interrupt=may_interrupt(membership, turns),
        ),
    )
    await turns.start()
    stack.push_async_callback(turns.close, GRACE)
    await stored_messages.start()
    await StorageAlert(database, people, bot_admins.ids, outbox, texts, tasks.start, bot=me.id).watch()
    tasks.start(dispatcher["held_messages"].act_on_all(bot), name="answer what was asked before")
    tasks.start(handlers.menus(telegram, texts).publish(await bot_admins.ids()), name="publish the menus")
    await alerts.end(NEWER_SCHEMA)
    source = updates_source(settings, bot, tell_of_updates(alerts, tasks.start))
    if reserved:
        scrape = make_scrape(metrics, database, turns, bot=me.id)
        await listen(reserved, Served(settings, bot, dispatcher, database, source.health, scrape), stack, grace=GRACE)
    await _announce(settings, bot_info, model, models, preferences, bot_admins, tasks)
    receiving = receive_updates(settings, bot, dispatcher, database, tasks, source)
    await until_stopped(stop, receiving, tasks, name="receive updates")


async def _announce(
    settings: Settings,
    bot_info: BotInfo,
    model: LocalModel | None,
    models: ModelCatalog,
    preferences: Preferences,
    bot_admins: BotAdmins,
    tasks: TaskSupervisor,
) -> None:
    """Tell the operator what runs, and what it means."""
    answers = f"the embedded {model.name}" if model else models.client(models.default).destination
    logger.info("Aura is ready: @%s, answered by %s", bot_info.username, answers)
    if model is None and settings.probe_generator:
        tasks.start(try_generator(models, preferences, settings, bot=bot_info.id), name="try the generator")
    if not await bot_admins.ids():
        link = await bot_admins.offer_link(bot_info.username)
        logger.info("Nobody administers this bot. Whoever opens this link within an hour does: %s", link)
