"""The real dispatcher, store and queue of turns, between made-up updates and a recording of what the bot says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher, methods
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Update

import handlers
from bot.answering.durable_outbox import DurableOutbox
from bot.answering.finished_answers import FinishedAnswers
from bot.answering.question_reading import NothingRead, QuestionReading, ReadingLimits
from bot.answering.turns.membership import Membership
from bot.answering.turns.turn_context import TurnContext
from bot.answering.turns.wiring import TurnLimits, make_turn_service, may_interrupt
from bot.answering.use_cases.assembly import Generating, Stores, answering_use_cases
from bot.answering.use_cases.documents import Files
from bot.attachments.service import AttachmentService, default_readers, readers_without_pictures
from bot.attachments.transcription import transcription_client
from bot.conversation.messages import AnswerRecord, ChatKey, Ending, Message, Shown, Turn, TurnKind, TurnState
from bot.generators.client import GeneratorConfig
from bot.generators.factory import kind_of
from bot.models.catalog import ModelCatalog
from bot.models.entry import ModelEntry
from bot.models.listing import ModelLists
from bot.models.source import entries_in_file
from bot.operating.holds import Holds
from bot.operating.use_cases import operating_use_cases
from bot.people.audit import AuditLog
from bot.people.bot_admins import BotAdmins
from bot.people.directory import name_of
from bot.people.group_admins import GroupAdmins
from bot.people.limits.budget_notices import BudgetNotices
from bot.people.limits.question_limits import QuestionLimits
from bot.people.limits.token_budgets import TokenBudgets, budgets_of
from bot.people.permissions import Permissions
from bot.people.personas import read_personas
from bot.people.use_cases import AccessRules, PeopleStores, people_use_cases
from bot.preferences import Preferences
from bot.rendering.entities import Formatted
from bot.runtime.clock import Clock
from bot.runtime.task_supervisor import TaskSupervisor
from bot.runtime.unit_of_work import UpdateUnitOfWork
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.repositories.audit import AuditRepository
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.repositories.outbox import OutboxRepository
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.preferences import PreferenceRepository
from bot.storage.repositories.question_times import QuestionTimes
from bot.storage.repositories.token_usage import TokenUsageRepository
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.fairness import WaitingLimits
from bot.streaming.outbox import Outbox
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.texts import Texts
from handlers.support.bot_info import BotInfo
from tests.harness.actors import ANNA, BORIS, FORUM, GROUP, OWNER, Actor, chat_of, entities
from tests.harness.databases import from_noon_on
from tests.harness.given_settings import given
from tests.harness.reading import reading_along
from tests.harness.recording_session import BOT_ID, LIMIT, ME, TOKEN, Recording

__all__ = ["ANNA", "BORIS", "DATABASE", "FORUM", "GROUP", "OWNER", "Actor", "Harness", "open_harness"]

DATABASE = "handlers.db"


class Harness:
    """What a test plays with."""

    def __init__(self, settings: Settings, database: Database, tasks: TaskSupervisor, texts: Texts) -> None:
        self.settings = settings
        self.database = database
        self.tasks = tasks
        self.recording = Recording()
        self.recording.in_transaction = lambda: database._joined() is not None
        self.bot = Bot(TOKEN, session=self.recording)
        self.conversations = ConversationRepository(database)
        self.people = PersonRepository(database)
        self.chats = ChatRepository(database)
        self.texts = texts
        self.personas = read_personas(settings.personas_file)
        echo = GeneratorConfig(
            kind=kind_of("tests.harness.actors:EchoThroughProxies"),
            model=settings.local_model.stem if settings.local_model is not None else "",
            context_tokens=2048,
            embedded=settings.local_model is not None,
        )
        self.models = ModelCatalog(entries_in_file(settings, {}) or [ModelEntry("", "", echo)])
        self.preferences = Preferences(
            settings, PreferenceRepository(database), self.personas, self.texts.languages, models=self.models
        )
        self.telegram = Telegram(self.bot)
        self.now = 0.0
        self.unix = 1_800_000_000.0
        self.bot_admins = BotAdmins(settings, self.people, bot=BOT_ID, clock=lambda: self.unix)
        self.record: AnswerRecord | None = None
        """What is stored beside each answer."""
        self.turns_written: list[Turn] = []
        self.paths: list[list[Message]] = []
        self.freed: list[int] = []
        self.may_write = asyncio.Event()
        self.may_write.set()
        self._ids = 0
        queue = TurnRepository(database)
        self.membership = Membership(database, queue, bot=BOT_ID, replica="here")
        self.turns = make_turn_service(
            database,
            queue,
            self.conversations,
            tasks,
            self.membership,
            self._answer,
            TurnLimits(room=10, waiting=WaitingLimits(settings.questions_waiting, settings.chat_questions_waiting)),
        )
        readers = default_readers if self.models.sees_pictures else readers_without_pictures
        attachments = AttachmentService(readers(transcription_client(settings)))
        self.files = Files(self.telegram.download, attachments)
        self.outbox = Outbox(self.telegram, self.tasks.start, clock=Clock(speed=100))
        self.stored = DurableOutbox(
            self.database,
            OutboxRepository(self.database),
            self.outbox,
            self.tasks,
            self.membership,
            clock=Clock(speed=100),
        )
        limits = ReadingLimits(2048, settings.transcription_timeout)
        self.reading = QuestionReading(self.files, texts, self.stored, self.preferences.sees_pictures, limits)
        self.dispatcher = self._dispatcher()

    def _dispatcher(self) -> Dispatcher:
        unit = UpdateUnitOfWork(self.database, bot=BOT_ID)
        admins = GroupAdmins(self.telegram.member, clock=lambda: self.now)
        permissions = Permissions(admins)
        self.heard = reading_along(self.settings, self.preferences, self.chats, admins, lambda: self.unix)
        audit = AuditLog(AuditRepository(self.database), permissions, clock=self.database.clock)
        people = people_use_cases(
            unit,
            PeopleStores(self.database, self.people, self.chats),
            self.bot_admins,
            permissions,
            self.preferences,
            audit,
            AccessRules(self.settings.access, self.settings.tell_blocked),
            2048,
        )
        outbox = Outbox(self.telegram, self.tasks.start, clock=Clock(speed=100))
        stored = DurableOutbox(self.database, OutboxRepository(self.database), outbox, self.tasks, self.membership)
        answering = answering_use_cases(
            unit,
            Stores(self.conversations, self.chats, audit, self.database.clock),
            self.turns,
            permissions,
            self.preferences,
            Generating(
                self.models,
                self.models,
                self.heard,
                FinishedAnswers(self.conversations, self.models, self.bot_admins.ids),
                ModelLists(self.models, self.tasks.start, clock=lambda: self.now),
            ),
            self.files,
            QuestionLimits(
                self.settings,
                QuestionTimes(self.database),
                TokenBudgets(
                    budgets_of(self.settings),
                    TokenUsageRepository(self.database, bot=BOT_ID),
                    permissions,
                    name=lambda id_: name_of(self.people, self.chats, id_, bot=BOT_ID),
                    clock=self.database.clock,
                    warnings=BudgetNotices(
                        self.database,
                        self.tasks.start,
                        self.texts,
                        stored,
                        bot=BOT_ID,
                        admins=self.bot_admins.ids,
                        person=lambda id_: self.people.get(BOT_ID, id_),
                        currency="USD",
                    ),
                    currency="USD",
                ),
                bot=BOT_ID,
                clock=self.database.clock,
            ),
        )
        holds = Holds(unit, self.database, permissions, audit, self.tasks, self._free)
        return handlers.dispatcher(
            handlers.UseCases(
                answering, people, operating_use_cases(self.database, permissions, unit, holds, bot=BOT_ID)
            ),
            handlers.Surroundings(BotInfo.of(ME), self.settings, self.personas, self.preferences, self.texts),
            handlers.Outputs(
                unit,
                self.telegram,
                self.outbox,
                self.stored,
                self.tasks,
                may_interrupt=may_interrupt(self.membership, self.turns),
            ),
            clock=lambda: self.now,
        )

    async def _free(self, chat: int) -> None:
        self.freed.append(chat)

    async def _answer(self, running: TurnContext) -> None:
        """Write an answer in one message: what the answerer does, in short."""
        turn = running.turn
        if turn.kind is not TurnKind.SHOW:
            path = await self._read(running)
            if not path:
                return
            self.paths.append(path)
            self.turns_written.append(turn)
            if not any(shown.message_id for shown in running.shown):
                place = Destination(turn.key.chat, turn.key.topic or None, turn.reply_to, turn.private)
                sent = await self.telegram.send(
                    self.telegram.newest.attach(place), Formatted(f"Answer to {path[-1].text}")
                )
                await running.keep((Shown(sent),))
            with running.stoppable():
                await self.may_write.wait()
            await running.wrote(
                f"Answer to {path[-1].text}",
                "",
                Ending.STOPPED if running.stopped else Ending.COMPLETE,
                record=self.record,
            )
        await running.finish(TurnState.STOPPED if running.stopped else TurnState.DONE)

    async def _read(self, running: TurnContext) -> list[Message]:
        """The conversation with its question as it reads; empty where nothing of it can be read, which is said."""
        path = await running.begin()
        try:
            return await self.reading.read(running, path)
        except NothingRead as nothing:
            turn = running.turn
            place = Destination(turn.key.chat, turn.key.topic or None, turn.reply_to, turn.private)
            await self.telegram.send(place, Formatted(nothing.lines))
            await running.finish(TurnState.FAILED)
            return []

    async def message(
        self,
        who: Actor,
        text: str | None = None,
        *,
        chat: int | None = None,
        update: int | None = None,
        **more: Any,  # any field of a Message
    ) -> int:
        """Somebody sends a message; gives its id. `more` are fields as Telegram sends them."""
        return await self._message("message", who, text, chat, update, more)

    async def edited(self, who: Actor, message_id: int, text: str, *, chat: int | None = None) -> None:
        """Somebody edits a message."""
        await self._message("edited_message", who, text, chat, None, {"message_id": message_id, "edit_date": 2})

    async def _message(
        self, kind: str, who: Actor, text: str | None, chat: int | None, update: int | None, more: dict[str, Any]
    ) -> int:
        self._ids += 1
        message: dict[str, Any] = {
            "message_id": self._ids,
            "date": 1,
            "chat": chat_of(chat, who),
            "from": who.user,
            **({"text": text, "entities": entities(text)} if text is not None else {}),
            **more,
        }
        await self.update({kind: message}, update)
        return int(message["message_id"])

    async def press(
        self, who: Actor, data: str, message_id: int, *, chat: int | None = None, **more: Any
    ) -> None:  # any field of a Message
        """Somebody presses a button under a message of the bot's."""
        message = {"message_id": message_id, "date": 1, "chat": chat_of(chat, who), "from": ME.model_dump(), **more}
        query = {"id": str(self._ids), "from": who.user, "chat_instance": "1", "data": data, "message": message}
        await self.update({"callback_query": query})

    async def update(self, content: dict[str, Any], update: int | None = None) -> None:
        """Feed an update, and wait until everything that it led to has been said."""
        self._ids += 1
        raw = {"update_id": update or self._ids, **content}
        await self.dispatcher.feed_update(self.bot, Update.model_validate(raw, context={"bot": self.bot}))
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing is under way but the queue of turns."""
        async with asyncio.timeout(LIMIT):
            while waiting := {task for task in self.tasks._running if "turn" not in task.get_name()}:
                await asyncio.wait(waiting)

    async def answered(self, count: int = 1) -> None:
        """Wait until so many answers were begun, and nothing is written any more."""
        async with asyncio.timeout(LIMIT):
            while len(self.paths) < count or self.turns.in_progress():  # noqa: ASYNC110  # the queue tells nobody when it rests
                await asyncio.sleep(0.005)

    async def at_rest(self) -> None:
        """Wait until nothing is stored or said any more in the background."""
        async with asyncio.timeout(LIMIT):
            while waiting := {
                task for task in self.tasks._running if task.get_name() not in {"claim turns", "renew turns"}
            }:
                await asyncio.wait(waiting)

    async def written_to(self, count: int = 1) -> int:
        """Wait until so many answers have been begun; gives the Telegram message of the last."""
        async with asyncio.timeout(LIMIT):
            while len(self.paths) < count or not self.answer_ids():  # noqa: ASYNC110  # the queue tells nobody when it rests
                await asyncio.sleep(0.005)
        return self.answer_ids()[-1]

    def answer_ids(self) -> list[int]:
        """The messages in which answers stand: the recording numbers what is sent."""
        sent = [c for c in self.recording.calls if isinstance(c, methods.SendMessage | methods.SendDocument)]
        return [
            50_001 + at for at, call in enumerate(sent) if (getattr(call, "text", "") or "").startswith("Answer to")
        ]

    @property
    def said(self) -> list[str]:
        """Everything the bot said, answers included."""
        return [call.text for call in self.recording.made(methods.SendMessage)]

    @property
    def last(self) -> str:
        """What it said last."""
        return self.said[-1]

    def buttons(self) -> dict[str, str]:
        """The buttons of what was sent or redrawn last: text → data."""
        return {button.text: button.callback_data or "" for row in self.rows() for button in row}

    def rows(self) -> list[list[InlineKeyboardButton]]:
        """The buttons of what was sent or redrawn last, row by row."""
        shown = [
            call.reply_markup
            for call in self.recording.calls
            if isinstance(call, methods.SendMessage | methods.EditMessageText)
        ]
        # a notice to somebody else, without buttons, may come before or after
        return [markup for markup in shown if isinstance(markup, InlineKeyboardMarkup)][-1].inline_keyboard

    @property
    def redrawn(self) -> str:
        """What a message was changed to last."""
        return self.recording.made(methods.EditMessageText)[-1].text or ""

    @property
    def toasts(self) -> list[str]:
        """The answers to presses."""
        return [call.text or "" for call in self.recording.made(methods.AnswerCallbackQuery)]

    def key(self, chat: int = ANNA.id, topic: int = 0) -> ChatKey:
        return ChatKey(BOT_ID, chat, topic)


@asynccontextmanager
async def open_harness(
    folder: Path, *, texts: Texts | None = None, **settings: Any
) -> AsyncIterator[Harness]:  # any setting
    """Open a harness: Olga is admin, everybody may talk, nothing is limited."""
    free = {"questions_per_minute": 0, "chat_questions_per_minute": 0, "admin_ids": {OWNER.id}}
    tasks = TaskSupervisor()
    database = Database(f"sqlite+aiosqlite:///{folder / DATABASE}", start=tasks.start, clock=from_noon_on())
    await database.open()
    played = Harness(given(**{**free, **settings}), database, tasks, texts or _texts())
    await played.turns.start()
    try:
        yield played
    finally:
        await played.turns.close(0)
        await tasks.close()
        await database.close()
    assert played.recording.hurried == [], "a request while others wait for the transaction"


@cache
def _texts() -> Texts:
    """The texts are only read: reading the files once is enough."""
    return Texts()
