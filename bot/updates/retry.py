"""Retries of calls to Telegram that are made until they succeed: growing delays, or what Telegram asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiogram.exceptions import ClientDecodeError, TelegramRetryAfter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_exponential_jitter

from bot.errors import StorageUnavailable
from bot.telegram.bot_session import TELEGRAM_ERRORS

Sleep = Callable[[float], Awaitable[None]]

MIN_TELEGRAM_PAUSE = 1.0
"""Seconds; Telegram's `retry_after` is a whole number of at least one. Less would be a flood of ours."""
MAX_TELEGRAM_PAUSE = 3600.0
"""Seconds; an hour's silence is bad enough, and a wrong server or gateway may say anything."""
MAX_RETRY_DELAY = 15.0
"""Seconds between two tries while Telegram or the database cannot be reached."""

_growing = wait_exponential_jitter(initial=MIN_TELEGRAM_PAUSE, max=MAX_RETRY_DELAY, exp_base=1.7, jitter=0.2)


def bounded_retry_after(value: object) -> float:
    """Seconds to wait for a `retry_after` of any type and size; the shortest wait where it is no number."""
    try:
        seconds = float(value) if isinstance(value, str) and len(value) < 20 else value  # noqa: PLR2004  # no number is longer
    except ValueError:
        return MIN_TELEGRAM_PAUSE
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds != seconds:  # noqa: PLR0124  # NaN
        return MIN_TELEGRAM_PAUSE
    return float(min(max(seconds, MIN_TELEGRAM_PAUSE), MAX_TELEGRAM_PAUSE))


def retry_after(error: BaseException | None) -> float | None:
    """Seconds for which Telegram wants to be left alone, within our bounds. None: it did not ask for that."""
    if isinstance(error, TelegramRetryAfter):
        return bounded_retry_after(error.retry_after)
    data = error.data if isinstance(error, ClientDecodeError) else None  # aiogram reads whole numbers only
    parameters = data.get("parameters") if isinstance(data, dict) else None
    if isinstance(parameters, dict) and "retry_after" in parameters:
        return bounded_retry_after(parameters["retry_after"])
    return None


def retry_delay(state: RetryCallState) -> float:
    """Seconds until the next try."""
    asked = retry_after(state.outcome.exception() if state.outcome is not None else None)
    return _growing(state) if asked is None else asked


def until_it_succeeds(
    report: Callable[[BaseException], Awaitable[None]], *, sleep: Sleep = asyncio.sleep
) -> AsyncRetrying:
    """Repeat what Telegram or the database refuse, without end; `report` hears of each failure before the wait.

    Any other failure is raised at once; a cancellation ends the wait at once.
    """

    async def before_sleep(state: RetryCallState) -> None:
        if state.outcome is not None and (error := state.outcome.exception()) is not None:
            await report(error)

    return AsyncRetrying(
        retry=retry_if_exception_type((*TELEGRAM_ERRORS, StorageUnavailable)),
        wait=retry_delay,
        before_sleep=before_sleep,
        sleep=sleep,
        reraise=True,
    )
