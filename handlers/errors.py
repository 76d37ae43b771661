"""Failures: one sentence for the person, the cause for the log, outages for the update loop."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from aiogram import Router
from aiogram.types import ErrorEvent, Update
from cachetools import TTLCache

from bot.errors import Problem, StorageUnavailable
from handlers.support.event_context import EventContext, destination_of, to_event_context
from handlers.support.refusals import LIMIT_PROBLEMS, Refusals
from handlers.support.responders import CallbackAnswer, Responder, Speech

logger = logging.getLogger(__name__)

OUTAGE_NOTICE_INTERVAL = 600.0
"""Seconds after which a chat may be told again that nothing can be stored."""
MAX_OUTAGES = 10_000
"""Chats, and updates that came in vain, of which that is remembered."""

MayInterrupt = Callable[[int, float], bool]
"""Tells whether this process may say in a chat that an update has come in vain for so many seconds."""


class Outages:
    """Outages of the store, told to each chat once, and not for a failure that passes at once.

    The update comes again and again meanwhile, which must not become a message each time; of several replicas one
    says it, and not between two messages of an answer (`may_interrupt`). `clock` is in seconds.
    """

    def __init__(self, clock: Callable[[], float], may_interrupt: MayInterrupt) -> None:
        self._clock = clock
        self._may_interrupt = may_interrupt
        self._told: TTLCache[int, bool] = TTLCache(MAX_OUTAGES, OUTAGE_NOTICE_INTERVAL, timer=clock)
        self._failing_since: TTLCache[int, float] = TTLCache(MAX_OUTAGES, OUTAGE_NOTICE_INTERVAL, timer=clock)

    def is_news(self, chat: int, update: int) -> bool:
        """Note that an update could not be stored. True once a chat, when it comes again and that may be said."""
        since = self._failing_since.get(update)
        if since is None:
            self._failing_since[update] = self._clock()
            return False
        if chat in self._told or not self._may_interrupt(chat, self._clock() - since):
            return False
        self._told[chat] = True
        return True


@dataclass(frozen=True, slots=True)
class FailureReporter:
    """Tells people of failures, within bounds."""

    bot: int
    speech: Speech
    outages: Outages
    refusals: Refusals

    def tell_of_outage(
        self, error: StorageUnavailable, update: Update, say: Responder | None, answer: CallbackAnswer | None
    ) -> None:
        """Tell a chat once in a while that nothing can be stored; without `say` its language could not be looked up."""
        origin = to_event_context(update, self.bot)
        asks = update.message is not None or update.callback_query is not None
        if asks and origin is not None and self.outages.is_news(origin.key.chat, update.update_id):
            language = self.speech.texts.language_of(origin.user.language if origin.user else None)
            _tell(error, say or Responder(self.speech, language, destination_of(origin, update)), answer)


def router() -> Router:
    """Catch whatever a handler raises."""
    router = Router(name="errors")
    router.error.register(explain)
    return router


async def explain(
    event: ErrorEvent,
    failure_reporter: FailureReporter,
    origin: EventContext | None = None,
    say: Responder | None = None,
    answer: CallbackAnswer | None = None,
) -> None:
    """Say one sentence. With StorageUnavailable nothing was stored: it goes on to the update loop, and comes again."""
    error, update = event.exception, event.update
    if isinstance(error, StorageUnavailable):
        failure_reporter.tell_of_outage(error, update, say, answer)
        raise error
    if isinstance(error, Problem):
        logger.info("Update %d: %s: %s", update.update_id, type(error).__name__, error)
        message = update.message or update.edited_message
        if isinstance(error, LIMIT_PROBLEMS) and origin is not None and message is not None and say is not None:
            failure_reporter.refusals.tell(error, origin, message, say)
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
