"""Handlers of updates: one aiogram router a file.

The dispatcher injects by name: the fields of `PeopleUseCases`, `AnsweringUseCases` and `OperatingUseCases`, `bot_info`,
`settings`, `greeting`, `personas`, `texts`, `telegram`, `menus`, `held_messages`; for each update the middlewares add
`origin`, `speaker`, `effective`, `say`, `later`, `herald`, for presses `answer` and `redraw`, too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from aiogram import Dispatcher, Router

from bot.answering.use_cases.assembly import AnsweringUseCases
from bot.operating.use_cases import OperatingUseCases
from bot.people.personas import Personas
from bot.people.use_cases import PeopleUseCases
from bot.preferences import Preferences
from bot.runtime.task_supervisor import TaskSupervisor
from bot.runtime.unit_of_work import UpdateUnitOfWork
from bot.settings import Settings
from bot.streaming.acknowledgements import Acknowledgements
from bot.streaming.outbox import Outbox
from bot.telegram.client import Telegram
from bot.texts import Texts
from handlers import (
    access,
    answer_buttons,
    answer_commands,
    commands,
    data_requests,
    errors,
    membership,
    models,
    questions,
    settings,
    usage,
)
from handlers.admins import admin, audit, broadcast, groups, holds, operating, people, proxy, stats
from handlers.middlewares.command_limits import CommandLimitMiddleware, LongCommands
from handlers.middlewares.origin import OriginMiddleware
from handlers.middlewares.reply import ButtonMiddleware, ReplyMiddleware
from handlers.middlewares.speaker import SpeakerMiddleware
from handlers.middlewares.transaction import TransactionMiddleware
from handlers.support.addressee_filter import AddresseeFilter
from handlers.support.albums import Albums
from handlers.support.bot_commands import Menus, behind_command_filter, declared_commands
from handlers.support.bot_info import BotInfo
from handlers.support.command_limits import CommandLimits
from handlers.support.held_messages import HeldMessages
from handlers.support.inline_press import InlinePressMiddleware
from handlers.support.refusals import Refusals
from handlers.support.responders import AfterCommit, Speech, StoredMessages


@dataclass(frozen=True, slots=True)
class UseCases:
    """Everything that handlers can ask for."""

    answering: AnsweringUseCases
    people: PeopleUseCases
    operating: OperatingUseCases

    def by_name(self) -> dict[str, Any]:
        """The use cases by the names of the fields that hold them."""
        parts = (self.answering, self.people, self.operating)
        return {field.name: getattr(part, field.name) for part in parts for field in fields(part)}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The configuration that handlers read."""

    bot_info: BotInfo
    settings: Settings
    personas: Personas
    preferences: Preferences
    texts: Texts


@dataclass(frozen=True, slots=True)
class Outputs:
    """The ways by which handlers speak and start work, once `unit` is committed."""

    unit: UpdateUnitOfWork
    telegram: Telegram
    outbox: Outbox
    stored: StoredMessages
    tasks: TaskSupervisor
    may_interrupt: errors.MayInterrupt


def routers() -> list[Router]:
    """Every router, in the order in which they are asked."""
    files = (
        errors,
        membership,
        access,
        commands,
        answer_commands,
        settings,
        data_requests,
        admin,
        models,
        usage,
        proxy,
        people,
        groups,
        audit,
        holds,
        operating,
        stats,
        broadcast,
        answer_buttons,
        questions,
    )
    return [file.router() for file in files]


def menus(telegram: Telegram, texts: Texts) -> Menus:
    """The menus of every declared command."""
    return Menus(telegram, texts, declared_commands(routers()))


def dispatcher(
    use_cases: UseCases,
    surroundings: Surroundings,
    outputs: Outputs,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> Dispatcher:
    """Make the dispatcher that updates are fed to. `clock` is monotonic, in seconds."""
    bot_info, texts = surroundings.bot_info, surroundings.texts
    speech = Speech(texts, outputs.outbox, outputs.stored, outputs.unit)
    asked = routers()
    declared = declared_commands(asked)
    dispatcher = Dispatcher(
        disable_fsm=True,
        bot_info=bot_info,
        greeting=commands.Greeting(bot_info, surroundings.settings, use_cases.answering.reading_along),
        settings=surroundings.settings,
        personas=surroundings.personas,
        texts=texts,
        telegram=outputs.telegram,
        acknowledgements=Acknowledgements(outputs.telegram, outputs.tasks.start),
        menus=Menus(outputs.telegram, texts, declared),
        failure_reporter=errors.FailureReporter(
            bot_info.id,
            speech,
            errors.Outages(clock, outputs.may_interrupt),
            Refusals(clock, outputs.outbox.edited_notice),
        ),
        **use_cases.by_name(),
    )
    dispatcher["held_messages"] = HeldMessages(dispatcher, use_cases.people.admission)
    later = AfterCommit(outputs.unit, outputs.tasks)
    addressee_filter = AddresseeFilter(bot_info.me, [one.name for one in declared], clock)
    for around in (
        OriginMiddleware(
            bot_info.id,
            addressee_filter,
            Albums(clock),
            use_cases.answering.questions,
            use_cases.answering.reading_along,
            outputs.telegram.newest,
        ),
        SpeakerMiddleware(use_cases.people.acquaintance),
        ReplyMiddleware(surroundings.preferences, speech, later),
        ButtonMiddleware(outputs.telegram, later),
    ):
        dispatcher.update.outer_middleware(around)
    for observer in (
        dispatcher.message,
        dispatcher.edited_message,
        dispatcher.callback_query,
        dispatcher.my_chat_member,
        dispatcher.stopped_message_generation,
    ):
        observer.middleware(TransactionMiddleware(outputs.unit))
    repeatable = [one.name for one in declared if one.repeatable]
    limits = CommandLimits(clock, repeatable=repeatable)
    dispatcher.message.outer_middleware(CommandLimitMiddleware(limits, LongCommands(clock)))
    dispatcher.callback_query.outer_middleware(InlinePressMiddleware(outputs.telegram, outputs.tasks))
    dispatcher.include_routers(*behind_command_filter(asked))
    return dispatcher
