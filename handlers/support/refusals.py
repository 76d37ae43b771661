"""Refusals of messages, for a limit: one notice that is edited, and says which messages were not taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from aiogram.types import Message
from cachetools import TTLCache

from bot.errors import Problem, TooManyWaiting
from bot.people.limits.question_limits import TooManyQuestions
from bot.streaming.edited_notice import EditedNotice
from bot.telegram.destination import Destination
from handlers.support.command_limits import TooManyCommands
from handlers.support.event_context import EventContext
from handlers.support.responders import Responder

REFUSAL_INTERVAL = 60.0
"""Seconds since the last refusal after which another one is told in a message of its own."""
MAX_REFUSALS = 10_000
"""Notices that are remembered."""
MAX_LISTED = 10
"""Refused messages that a notice names; the others are counted."""
MAX_BEGINNING = 40
"""Characters of a refused message that are repeated."""
LIMIT_PROBLEMS = (TooManyQuestions, TooManyWaiting, TooManyCommands)
"""Problems that somebody may run into again and again."""

OpenNotice = Callable[[Destination], EditedNotice]


@dataclass(slots=True)
class _Refused:
    """One notice, and what it refuses."""

    notice: EditedNotice
    listed: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, beginning: str) -> None:
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            self.listed.append(beginning)


class Refusals:
    """Tells people that a message was not taken: each person once, or a chat once where the limit is the chat's.

    Whoever asks without end would otherwise spend the places of everybody's answers on refusals. `clock` is in seconds.
    """

    def __init__(self, clock: Callable[[], float], open_notice: OpenNotice) -> None:
        self._told: TTLCache[tuple[object, ...], _Refused] = TTLCache(MAX_REFUSALS, REFUSAL_INTERVAL, timer=clock)
        self._open_notice = open_notice

    def tell(self, error: Problem, origin: EventContext, message: Message, say: Responder) -> None:
        """Say it in reply to the first refused message, or edit what was said within the minute."""
        person = 0 if error.details.get("whose") == "chat" else origin.author.id
        subject = (origin.key, person, error.key)
        refused = self._told.get(subject)
        if refused is None:
            place = Destination(origin.key.chat, origin.key.topic or None, message.message_id, origin.private)
            refused = _Refused(self._open_notice(place))
        self._told[subject] = refused  # the minute begins anew
        refused.add(_beginning(message, origin))
        refused.notice.show(_in_words(error, refused, say))


def _in_words(error: Problem, refused: _Refused, say: Responder) -> str:
    lines = [say.text(error.key, **error.details), say.text("refused-messages", count=refused.count)]
    if refused.count > 1:
        lines += [f"• {beginning}" for beginning in refused.listed]
    if refused.count > len(refused.listed):
        lines.append(say.text("refused-more", count=refused.count - len(refused.listed)))
    return "\n".join(lines)


def _beginning(message: Message, origin: EventContext) -> str:
    """The first words of a message, in groups behind the name of whoever wrote it."""
    words = " ".join((message.text or message.caption or "…").split())
    said = _cut(words)
    return said if origin.private else f"{_cut(origin.author.name)}: {said}"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_BEGINNING else text[: MAX_BEGINNING - 1] + "…"
