"""Handlers of updates: one aiogram router a file.

Collaborators that the dispatcher injects by name: `bot_info`, `settings`, `database`, `conversations`, `people`,
`chats`, `bot_admins`, `personas`, `preferences`, `turns`, `texts`, `telegram`, `outbox`, `tasks`, `registry`; from
these come `group_admins`, `limits` and `outages`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from aiogram import Dispatcher, Router

from bot.people.group_admins import GroupAdmins
from bot.people.question_limits import QuestionLimits
from bot.storage.turn_queue.claims import TurnRepository
from handlers import (
    access,
    admin,
    answer_buttons,
    answer_commands,
    commands,
    data_requests,
    errors,
    membership,
    people,
    questions,
    settings,
)
from handlers.middlewares import INTRODUCED, ContextMiddleware, TransactionMiddleware
from handlers.support.inline_press import InlinePressMiddleware


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
        people,
        answer_buttons,
        questions,
    )
    return [file.router() for file in files]


def dispatcher(*, clock: Callable[[], float] = time.monotonic, **collaborators: Any) -> Dispatcher:  # noqa: ANN401  # aiogram's workflow data
    """Make the dispatcher that the intake feeds. `clock` is monotonic, in seconds."""
    database, telegram, bot_info = collaborators["database"], collaborators["telegram"], collaborators["bot_info"]
    dispatcher = Dispatcher(
        disable_fsm=True,
        group_admins=GroupAdmins(telegram.member, clock=clock),
        outages=errors.Outages(clock),
        refusals=errors.Refusals(clock),
        limits=QuestionLimits(
            collaborators["settings"], TurnRepository(database), bot=bot_info.id, clock=database.clock
        ),
        **collaborators,
    )
    needed = {name: collaborators[name] for name in INTRODUCED}
    dispatcher.update.outer_middleware(ContextMiddleware(clock=clock, **needed))
    for observer in (
        dispatcher.message,
        dispatcher.edited_message,
        dispatcher.callback_query,
        dispatcher.my_chat_member,
        dispatcher.stopped_message_generation,
    ):
        observer.middleware(TransactionMiddleware())
    dispatcher.callback_query.outer_middleware(InlinePressMiddleware(telegram, collaborators["tasks"]))
    dispatcher.include_routers(*routers())
    return dispatcher
