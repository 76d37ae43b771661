"""Responders of one event: they speak in its language, at its place, once everything is stored.

What they say beside a change is stored with it, and sent although the process dies or Telegram is down.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from bot.conversation.people import Person
from bot.errors import NotModified, Problem, StorageUnavailable, TelegramProblem
from bot.preferences import Source, Value
from bot.rendering.entities import Formatted
from bot.runtime.task_supervisor import TaskSupervisor
from bot.runtime.unit_of_work import UpdateUnitOfWork
from bot.streaming.outbox import Outbox
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Keyboard
from bot.texts import Texts

logger = logging.getLogger(__name__)


class StoredMessages(Protocol):
    """Sends messages although the process dies or Telegram is down: `DurableOutbox`."""

    async def enqueue(
        self, place: Destination, text: str | Formatted, *, keyboard: Keyboard = (), edits: int | None = None
    ) -> None:
        """Store a message, or what the message `edits` is to say, and send it afterwards. Raises StorageUnavailable."""
        ...

    async def enqueue_digest(self, place: Destination, name: str, text: str | Formatted) -> None:
        """Store what a message is to say that is edited while there is news. Raises StorageUnavailable."""
        ...


class Utterances(Protocol):
    """Decides how something is said: `UpdateUnitOfWork`."""

    def say(self, store: Callable[[], Awaitable[None]], send: Callable[[], None]) -> None:
        """Store it beside a change, or send it where nothing changed."""
        ...


Scope = Literal["chat", "topic", "general"]
"""A chat without topics, a topic, or the General topic, whose settings count in all others."""


@dataclass(frozen=True, slots=True)
class Speech:
    """The texts, the queues that they are sent from, and the unit of work that chooses between them."""

    texts: Texts
    outbox: Outbox
    stored: StoredMessages
    unit: Utterances


@dataclass(frozen=True, slots=True)
class Responder:
    """Says a text of the Fluent files at one place, in one language, after the transaction has been committed."""

    speech: Speech
    language: str
    place: Destination
    scope: Scope = "chat"

    def __call__(self, key: str, *, keyboard: Keyboard = (), **args: str | float) -> None:
        """Say one text."""
        self.say_text(self.text(key, **args), keyboard=keyboard)

    def text(self, key: str, **args: str | float) -> str:
        """Give one text without saying it."""
        return self.speech.texts.get(self.language, key, **args)

    def source(self, value: Value[Any]) -> str:
        """Name the source of a value; where there are topics, the chat's own is that of all of them."""
        return "topics" if value.source is Source.CHAT and self.scope != "chat" else value.source.value

    def of_topics(self, text: str) -> str:
        """Add to a text about a setting of the General topic that it counts in the others, too."""
        return f"{text}\n{self.text('in-all-topics')}" if self.scope == "general" else text

    def decimal(self, value: float, digits: int) -> str:
        """Write a number with so many digits after the point, as its reader writes it."""
        return self.speech.texts.decimal(self.language, value, digits)

    def grouped(self, value: int) -> str:
        """Write a large number with its thousands apart, as its reader writes it."""
        return self.speech.texts.grouped(self.language, value)

    def say_text(self, text: str | Formatted, *, keyboard: Keyboard = ()) -> None:
        """Say a text that is already in the person's language."""
        speech, place = self.speech, self.place
        speech.unit.say(
            lambda: speech.stored.enqueue(place, text, keyboard=keyboard),
            lambda: speech.outbox.enqueue(place, text, keyboard=keyboard),
        )

    def change_text(self, message_id: int, text: Formatted) -> None:
        """Let a message of the bot's say something else, beside a change; where nothing changed, it stays."""
        speech, place = self.speech, self.place
        speech.unit.say(lambda: speech.stored.enqueue(place, text, edits=message_id), lambda: None)

    def say_digest(self, name: str, text: str) -> None:
        """Say in the digest of this name what counts now: one message, which is edited while there is news."""
        speech, place = self.speech, self.place
        speech.unit.say(
            lambda: speech.stored.enqueue_digest(place, name, text), lambda: speech.outbox.enqueue(place, text)
        )

    def to(self, place: Destination, language: str) -> Responder:
        """The same for another place or language."""
        return replace(self, place=place, language=language)

    def to_person(self, person: Person) -> Responder:
        """The same for somebody in private, in the language of their app."""
        return self.to(Destination(person.id, private=True), self.speech.texts.language_of(person.language))


class AfterCommit:
    """Starts slow work, and work that cannot be undone, once the transaction has been committed."""

    def __init__(self, unit: UpdateUnitOfWork, tasks: TaskSupervisor) -> None:
        self._unit = unit
        self._tasks = tasks

    def __call__(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Begin `work` after the commit; what Telegram refuses of it is logged in a line."""
        self._unit.after_commit(lambda: self._begin(name, work))

    def change(self, name: str, work: Callable[[], Awaitable[object]], say: Responder) -> None:
        """Begin `work` that changes something at its end: what it says then is stored with the change."""

        async def in_unit() -> None:
            try:
                async with self._unit.working():
                    await work()
            except StorageUnavailable as problem:
                logger.warning("%s: nothing is changed: %s", name, problem)
                say(Problem.key)

        self(name, in_unit)

    def _begin(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        self._tasks.start(_log_refusal(name, work), name=name)


class CallbackAnswer:
    """The answer to one press of a button: given exactly once, when the handling is over."""

    def __init__(self, query: str, say: Responder, telegram: Telegram, later: AfterCommit) -> None:
        self._query = query
        self._say = say
        self._telegram = telegram
        self._later = later
        self._text = ""
        self._alert = False
        self._given = False

    def __call__(self, key: str, *, alert: bool = False, **args: str | float) -> None:
        """Choose the text that the person sees; without this, the press is answered with nothing."""
        self._text, self._alert = self._say.text(key, **args), alert

    def give(self) -> None:
        """Send the answer."""
        if not self._given:
            self._given = True
            self._later(
                "answer a button",
                lambda: self._telegram.answer_button(
                    self._query, self._text, alert=self._alert, chat=self._say.place.chat
                ),
            )


class MessageEditor:
    """Changes the message whose button was pressed."""

    def __init__(
        self, place: Destination, message_id: int, speech: Speech, telegram: Telegram, later: AfterCommit
    ) -> None:
        self._place = place
        self._message_id = message_id
        self._speech = speech
        self._telegram = telegram
        self._later = later

    def __call__(self, text: str, keyboard: Keyboard = ()) -> None:
        """Show another text and keyboard there."""
        self._speech.unit.say(
            lambda: self._speech.stored.enqueue(self._place, text, keyboard=keyboard, edits=self._message_id),
            lambda: self._later("redraw a message", lambda: self._edit(text, keyboard)),
        )

    async def _edit(self, text: str, keyboard: Keyboard) -> None:
        await self._telegram.edit(self._place.chat, self._message_id, Formatted(text), keyboard=keyboard)


async def _log_refusal(name: str, work: Callable[[], Awaitable[object]]) -> None:
    try:
        await work()
    except NotModified:
        return
    except TelegramProblem as problem:
        logger.warning("%s: %s: %s", name, type(problem).__name__, problem)
