"""What a person hears when something goes wrong, and what is left to the intake."""

from __future__ import annotations

import logging

from aiogram import Router
from aiogram.types import ErrorEvent

from bot.errors import Problem, StorageUnavailable
from handlers.speaking import PressAnswer, Say

logger = logging.getLogger(__name__)


def router() -> Router:
    """Catches whatever a handler raises."""
    router = Router(name="errors")
    router.error.register(explain)
    return router


async def explain(event: ErrorEvent, say: Say | None = None, answer: PressAnswer | None = None) -> None:
    """Say one sentence. Nothing was stored, so StorageUnavailable goes on to the intake: the update comes again."""
    error = event.exception
    if isinstance(error, StorageUnavailable):
        raise error
    if isinstance(error, Problem):
        logger.info("Update %d: %s: %s", event.update.update_id, type(error).__name__, error)
        key, details = error.key, error.details
    else:
        logger.error("Update %d failed", event.update.update_id, exc_info=error)
        key, details = "problem", {}
    if answer is not None:
        answer(key, alert=True, **details)
        answer.give()
    elif say is not None:
        say.aloud(say.text(key, **details))
