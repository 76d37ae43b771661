"""What people can do: one aiogram router a file.

The dispatcher's collaborators, injected into handlers by name: `facts`, `settings`, `store`, `conversations`, `people`,
`chats`, `administration`, `personas`, `preferences`, `turns`, `texts`, `telegram`, `notices`,
`tasks`, `registry`; from these come `rights`, `limits` and `outages`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from aiogram import Dispatcher, Router

from bot.people.limits import Limits
from bot.people.rights import GroupRights
from bot.storage.turns import TurnTable
from handlers import access, admin, buttons, chat, commands, control, errors, membership, people, records, settings
from handlers.middlewares import INTRODUCED, Introduction, OneTransaction


def routers() -> list[Router]:
    """Every router, in the order in which they are asked."""
    files = (errors, membership, access, commands, control, settings, records, admin, people, buttons, chat)
    return [file.router() for file in files]


def dispatcher(*, clock: Callable[[], float] = time.monotonic, **collaborators: Any) -> Dispatcher:  # noqa: ANN401  # aiogram's workflow data
    """Make the dispatcher that the intake feeds. `clock` is monotonic, in seconds."""
    store, telegram, facts = collaborators["store"], collaborators["telegram"], collaborators["facts"]
    dispatcher = Dispatcher(
        disable_fsm=True,
        rights=GroupRights(telegram.member, clock=clock),
        outages=errors.Outages(clock),
        refusals=errors.Refusals(clock),
        limits=Limits(collaborators["settings"], TurnTable(store), bot=facts.id, clock=store.clock),
        **collaborators,
    )
    needed = {name: collaborators[name] for name in INTRODUCED}
    dispatcher.update.outer_middleware(Introduction(clock=clock, **needed))
    for observer in (
        dispatcher.message,
        dispatcher.edited_message,
        dispatcher.callback_query,
        dispatcher.my_chat_member,
        dispatcher.stopped_message_generation,
    ):
        observer.middleware(OneTransaction())
    dispatcher.include_routers(*routers())
    return dispatcher
