"""What a person hears when something goes wrong, and what is left to the intake."""

from __future__ import annotations

import logging
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from aiogram import Router
from aiogram.types import ErrorEvent

from bot.errors import Problem, StorageUnavailable, TooManyWaiting
from bot.people.question_limits import TooManyQuestions
from bot.storage.database import Database
from bot.streaming.outbox import Outbox
from bot.texts import Texts, language_of
from handlers.support.bot_info import BotInfo
from handlers.support.mapping import EventContext, destination_of, to_event_context
from handlers.support.responders import CallbackAnswer, Responder

logger = logging.getLogger(__name__)

OUTAGE_NOTICE_INTERVAL = 600.0
"""Seconds after which a chat may be told again that nothing can be stored."""
MAX_OUTAGES = 10_000
"""Chats of which that is remembered."""


REFUSAL_INTERVAL = 60.0
"""Seconds after which somebody in a group may be told again that they have asked too much."""
MAX_REFUSALS = 10_000
"""Refusals that are remembered."""
LIMITS = (TooManyQuestions, TooManyWaiting)
"""What somebody may run into again and again."""


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
        if outage is None or now - outage.since > OUTAGE_NOTICE_INTERVAL:
            if len(self._chats) >= MAX_OUTAGES:
                self._chats.clear()
            self._chats[chat] = _Outage(now)
            return False
        first, outage.told = not outage.told, True
        return first


class Refusals:
    """Knows who in a group has just heard that they ask too much.

    It is said once a minute: else whoever asks without end would spend the places of everybody's answers on refusals.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told: OrderedDict[tuple[int, int, str], float] = OrderedDict()

    def repeats(self, error: Problem, origin: EventContext | None) -> bool:
        """Whether this is a limit that whoever asked in a group has just heard of."""
        if origin is None or origin.private or not isinstance(error, LIMITS):
            return False
        return not self.is_news(origin.key.chat, origin.speaker, error.key)

    def is_news(self, chat: int, speaker: int, key: str) -> bool:
        """Note a refusal. False: it has been said within the minute."""
        now = self._clock()
        refusal = (chat, speaker, key)
        if now - self._told.get(refusal, -math.inf) < REFUSAL_INTERVAL:
            return False
        self._told.pop(refusal, None)
        self._told[refusal] = now
        if len(self._told) > MAX_REFUSALS:
            self._told.popitem(last=False)
        return True


def router() -> Router:
    """Catches whatever a handler raises."""
    router = Router(name="errors")
    router.error.register(explain)
    return router


async def explain(
    event: ErrorEvent,
    bot_info: BotInfo,
    texts: Texts,
    outbox: Outbox,
    database: Database,
    outages: Outages,
    refusals: Refusals,
    origin: EventContext | None = None,
    say: Responder | None = None,
    answer: CallbackAnswer | None = None,
) -> None:
    """Say one sentence. With StorageUnavailable nothing was stored: it goes on to the intake, and comes again."""
    error, update = event.exception, event.update
    if isinstance(error, StorageUnavailable):
        origin = origin or to_event_context(update, bot_info.id)
        asks = update.message is not None or update.callback_query is not None
        if asks and origin is not None and outages.is_news(origin.key.chat):
            language = language_of(origin.user.language_code if origin.user else None)
            _tell(error, say or Responder(texts, outbox, database, language, destination_of(origin, update)), answer)
        raise error
    if isinstance(error, Problem):
        logger.info("Update %d: %s: %s", update.update_id, type(error).__name__, error)
        if answer is None and refusals.repeats(error, origin):
            return
    else:
        logger.error("Update %d failed", update.update_id, exc_info=error)
    _tell(error, say, answer)


def _tell(error: Exception, say: Responder | None, answer: CallbackAnswer | None) -> None:
    key, details = (error.key, error.details) if isinstance(error, Problem) else ("problem", {})
    if answer is not None:
        answer(key, alert=True, **details)
        answer.give()
    elif say is not None:
        say.say_text(say.text(key, **details))
