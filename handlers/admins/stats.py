"""`/stats`: a picture of the last days with its numbers as the caption, for whoever runs the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiogram.types import CallbackQuery, Message

from bot.conversation.names import framed
from bot.conversation.statistics import Statistics
from bot.errors import StorageUnavailable, TelegramProblem
from bot.operating.bot_statistics import DEFAULT_DAYS, BotStatistics, StatisticsDays
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.telegram.client import Telegram
from bot.telegram.keyboard import Button, Keyboard
from handlers.support.bot_commands import BOT_ADMINS_IN_PRIVATE, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.callback_data import StatisticsCallback
from handlers.support.responders import AfterCommit, Responder

PERIODS: dict[str, StatisticsDays] = {"7": 7, "30": 30, "90": 90}
MAX_NAME_IN_CAPTION = 60
"""Characters of a model's name: six of them leave room for the rest of a caption of 1024."""
_LETTERS = "ABCDEFGHIJ"
"""The marks of the models in the picture."""

Show = Callable[[bytes, str, Keyboard], Awaitable[object]]
"""Shows a picture with its caption and buttons."""


def router() -> CommandRouter:
    """The command and its buttons."""
    router = CommandRouter("stats", stats)
    router.callback_query.register(show_period, StatisticsCallback.filter())
    return router


@declare("stats", BOT_ADMINS_IN_PRIVATE, order=178)
async def stats(
    _: Message,
    speaker: Speaker,
    permissions: Permissions,
    bot_statistics: BotStatistics,
    telegram: Telegram,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Send the statistics of the last 30 days."""
    permissions.require_bot_admin(speaker)
    if not speaker.private:
        say("stats-only-in-private")
        return

    async def send(picture: bytes, caption: str, keyboard: Keyboard) -> None:
        await telegram.photo(say.place, picture, caption=caption, keyboard=keyboard)

    later("statistics", lambda: _show(speaker, bot_statistics, DEFAULT_DAYS, say, send))


async def show_period(
    query: CallbackQuery,
    callback_data: StatisticsCallback,
    speaker: Speaker,
    permissions: Permissions,
    bot_statistics: BotStatistics,
    telegram: Telegram,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Put the picture of another period in the place of the one whose button was pressed."""
    permissions.require_bot_admin(speaker)
    if query.message is None:
        return
    message_id = query.message.message_id

    async def replace(picture: bytes, caption: str, keyboard: Keyboard) -> None:
        await telegram.replace_photo(say.place.chat, message_id, picture, caption=caption, keyboard=keyboard)

    later("statistics", lambda: _show(speaker, bot_statistics, PERIODS[callback_data.days], say, replace))


async def _show(
    speaker: Speaker, bot_statistics: BotStatistics, days: StatisticsDays, say: Responder, show: Show
) -> None:
    """Read, draw and show; where there can be no picture, its numbers alone."""
    try:
        statistics = await bot_statistics.gather(speaker, days)
    except StorageUnavailable as problem:
        say.say_text(say.text(problem.key, **problem.details))
        return
    caption, keyboard = _caption(statistics, say), _keyboard(days, say)
    picture = await bot_statistics.draw(statistics, decimal_mark=say.text("decimal-mark"))
    try:
        if picture is not None:
            await show(picture, caption, keyboard)
            return
    except TelegramProblem as problem:
        if type(problem) is not TelegramProblem:
            raise  # it is not about the picture
    say.say_text(caption, keyboard=keyboard)


def _caption(statistics: Statistics, say: Responder) -> str:
    asked, failed = sum(statistics.questions), sum(statistics.failed)
    median = statistics.median_first_text
    lines = [
        say.text("stats-title", days=len(statistics.questions)),
        say.text("stats-questions", questions=_spaced(asked), most=_spaced(max(statistics.questions))),
        say.text("stats-failed", failed=_spaced(failed), share=say.decimal(100 * failed / max(1, asked), 1)),
        say.text("stats-people", people=_spaced(statistics.distinct_people), most=_spaced(max(statistics.people))),
        say.text("stats-first-text", seconds="–" if median is None else say.decimal(median, 1)),
        say.text("stats-models"),
        *(
            f"{letter} · {framed(share.model)[:MAX_NAME_IN_CAPTION] or '–'}: {_spaced(share.answers)}"
            for letter, share in zip(_LETTERS, statistics.models, strict=False)
        ),
        say.text("stats-hours", hours=", ".join(f"{hour}–{hour + 1}" for hour in statistics.busiest_hours) or "–"),
    ]
    return "\n".join(lines)


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def _keyboard(shown: StatisticsDays, say: Responder) -> Keyboard:
    """A button for each period; the one that is shown has a mark, and shows it anew."""
    return (
        tuple(
            Button(
                ("• " if days == shown else "") + say.text("stats-period", days=days),
                StatisticsCallback.model_validate({"days": name}).pack(),
            )
            for name, days in PERIODS.items()
        ),
    )
