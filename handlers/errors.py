"""What a person hears when something goes wrong, and what is left to the intake."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiogram import Router
from aiogram.types import ErrorEvent

from bot.delivery.notices import Notices
from bot.errors import Problem, StorageUnavailable
from bot.storage.store import Store
from bot.texts import Texts, language_of
from handlers.facts import BotFacts
from handlers.reading import place_of, read_origin
from handlers.speaking import PressAnswer, Say

logger = logging.getLogger(__name__)

OUTAGE = 600.0
"""Seconds after which a chat may be told again that nothing can be stored."""
MOST_OUTAGES = 10_000
"""Chats of which that is remembered."""


@dataclass(slots=True)
class _Outage:
    since: float
    told: bool = False


class Outages:
    """Knows which chats have to hear that nothing can be stored: each once, and not for a failure that passes at once.

    The update comes again and again meanwhile, which must not become a message each time. `clock` is in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._chats: dict[int, _Outage] = {}

    def is_news(self, chat: int) -> bool:
        """Note a failure. True for the second of an outage."""
        now = self._clock()
        outage = self._chats.get(chat)
        if outage is None or now - outage.since > OUTAGE:
            if len(self._chats) >= MOST_OUTAGES:
                self._chats.clear()
            self._chats[chat] = _Outage(now)
            return False
        first, outage.told = not outage.told, True
        return first


def router() -> Router:
    """Catches whatever a handler raises."""
    router = Router(name="errors")
    router.error.register(explain)
    return router


async def explain(
    event: ErrorEvent,
    facts: BotFacts,
    texts: Texts,
    notices: Notices,
    store: Store,
    outages: Outages,
    say: Say | None = None,
    answer: PressAnswer | None = None,
) -> None:
    """Say one sentence. With StorageUnavailable nothing was stored: it goes on to the intake, and comes again."""
    error, update = event.exception, event.update
    if isinstance(error, StorageUnavailable):
        origin = read_origin(update, facts.id)
        asks = update.message is not None or update.callback_query is not None
        if asks and origin is not None and outages.is_news(origin.key.chat):
            language = language_of(origin.user.language_code if origin.user else None)
            _tell(error, say or Say(texts, notices, store, language, place_of(origin, update)), answer)
        raise error
    if isinstance(error, Problem):
        logger.info("Update %d: %s: %s", update.update_id, type(error).__name__, error)
    else:
        logger.error("Update %d failed", update.update_id, exc_info=error)
    _tell(error, say, answer)


def _tell(error: Exception, say: Say | None, answer: PressAnswer | None) -> None:
    key, details = (error.key, error.details) if isinstance(error, Problem) else ("problem", {})
    if answer is not None:
        answer(key, alert=True, **details)
        answer.give()
    elif say is not None:
        say.aloud(say.text(key, **details))
