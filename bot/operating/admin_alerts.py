"""Alerts: admins hear once of what needs them, and once when it is over."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.conversation.troubles import without_echo
from bot.errors import (
    CertificateRefused,
    GeneratorBroken,
    GeneratorProblem,
    GeneratorRefused,
    GeneratorSilent,
    GeneratorUnreachable,
    ProxyRefused,
    ProxyUnreachable,
    StorageUnavailable,
)
from bot.models.entry import ModelEntry
from bot.runtime.task_supervisor import StartTask
from bot.storage.database import Database
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.troubles import AlertRepository
from bot.telegram.destination import Destination
from bot.texts import Texts

logger = logging.getLogger(__name__)

MIN_FAILURES = 3
"""Failures of a model in a row from which on it counts as down; a refused key is told at once.

Any other refusal may be about one question."""
REFUSED, DOWN = "refused", "down"
_REFUSED = (GeneratorRefused, CertificateRefused)
_DOWN = (GeneratorUnreachable, GeneratorSilent, GeneratorBroken)
_OWN_WORDS: dict[type[GeneratorProblem], str] = {
    CertificateRefused: "alert-certificate",
    ProxyRefused: "alert-proxy-refused",
    ProxyUnreachable: "alert-proxy-down",
}
"""Messages about failures that need something else looked at than the model's server and its settings."""
_NO_ACCESS = ("401", "403")
"""Beginnings of refusals that no question causes."""


class AlertMessages(Protocol):
    """The durable outbox, as far as alerts need it."""

    async def enqueue(self, place: Destination, text: str) -> None:
        """Store a message with the open transaction; it is sent afterwards."""
        ...


class AdminAlerts:
    """Tells every admin, in the language of their app. Raises StorageUnavailable."""

    def __init__(
        self,
        database: Database,
        alerts: AlertRepository,
        people: PersonRepository,
        admins: Callable[[], Awaitable[list[int]]],
        messages: AlertMessages,
        texts: Texts,
        *,
        bot: int,
    ) -> None:
        self._database = database
        self._alerts = alerts
        self._people = people
        self._admins = admins
        self._messages = messages
        self._texts = texts
        self._bot = bot
        self._failures: Counter[str] = Counter()
        self._raised: set[tuple[str, str]] | None = None

    async def generator_failed(self, model: str, error: GeneratorProblem) -> None:
        """Count a failure, and tell of it where a person has to do something."""
        self._failures[model] += isinstance(error, (*_REFUSED, *_DOWN))
        if not _is_certain(error) and self._failures[model] < MIN_FAILURES:
            return
        if isinstance(error, _REFUSED):
            await self._begin(REFUSED, model, error, _OWN_WORDS.get(type(error), ""))
        elif isinstance(error, _DOWN):
            await self._begin(DOWN, model, error, _OWN_WORDS.get(type(error), ""))

    async def model_left_alone(self, model: str, error: GeneratorProblem) -> None:
        """Tell that a model of `models.toml` is left alone for a while, unless its failure was told already."""
        await self._begin(REFUSED if isinstance(error, _REFUSED) else DOWN, model, error, "model-fails")

    async def begin(self, kind: str, cause: str = "") -> None:
        """Tell of what is about the whole bot, once."""
        raised = await self._known()
        if (kind, "") not in raised:
            await self._raise(kind, "", cause, f"alert-{kind}")

    async def end(self, kind: str) -> None:
        """Tell that it is over, where it was told that it began; else this costs nothing."""
        raised = await self._known()
        if (kind, "") in raised:
            raised.discard((kind, ""))
            await self._tell_once(self._alerts.end(kind, ""), f"alert-over-{kind}", "", "")

    async def generator_works(self, model: str) -> None:
        """Tell that it is over, where it was told that it began; else this costs nothing."""
        del self._failures[model]
        raised = await self._known()
        for kind in (REFUSED, DOWN):
            if (kind, model) in raised:
                raised.discard((kind, model))
                await self._tell_once(self._alerts.end(kind, model), f"alert-over-{kind}", model, "")

    async def _begin(self, kind: str, model: str, cause: GeneratorProblem, key: str = "") -> None:
        """Raise an alert, one at a time for a model: a server that goes down often refuses first."""
        raised = await self._known()
        if raised.isdisjoint({(REFUSED, model), (DOWN, model)}):
            await self._raise(kind, model, cause, key or f"alert-{kind}")

    async def _raise(self, kind: str, subject: str, cause: GeneratorProblem | str, key: str) -> None:
        """Note an alert before anything is awaited: a failed question and the breaker tell together."""
        raised = await self._known()
        raised.add((kind, subject))
        try:
            await self._tell_once(self._alerts.begin(kind, subject), key, subject, cause)
        except StorageUnavailable:
            raised.discard((kind, subject))
            raise

    async def _known(self) -> set[tuple[str, str]]:
        """The alerts that are not over, those of an earlier run included."""
        if self._raised is None:
            self._raised = await self._alerts.raised()
        return self._raised

    async def _tell_once(self, changed: Awaitable[bool], key: str, model: str, cause: GeneratorProblem | str) -> None:
        """Tell every admin with the change itself, unless another replica was faster."""
        async with self._database.transaction():
            if not await changed:
                return
            for admin in await self._admins():
                person = await self._people.get(self._bot, admin)
                language = self._texts.language_of(person.language if person else "")
                name = model or self._texts.get(language, "alert-default-model")
                text = self._texts.get(language, key, model=name, cause=self._words(language, cause))
                await self._messages.enqueue(Destination(admin, private=True), text)

    def _words(self, language: str, cause: GeneratorProblem | str) -> str:
        """Say a cause in a language, or as its server does."""
        if isinstance(cause, GeneratorProblem) and cause.cause_key:
            return self._texts.get(language, cause.cause_key, place=f" ({cause.place})" if cause.place else "")
        return without_echo(str(cause), ())


def tell_of_models(alerts: AdminAlerts, start: StartTask) -> Callable[[ModelEntry, GeneratorProblem], None]:
    """Give the report of `ModelHealth`: each is told in a task of its own."""

    async def tell(entry: ModelEntry, error: GeneratorProblem) -> None:
        try:
            await alerts.model_left_alone(entry.name, error)
        except StorageUnavailable as problem:
            logger.warning("Admins could not be told that [%s] fails: %s", entry.id, problem)

    def report(entry: ModelEntry, error: GeneratorProblem) -> None:
        start(tell(entry, error), name=f"tell that {entry.id} fails")

    return report


def _is_certain(error: GeneratorProblem) -> bool:
    """Tell a refusal of the bot's own settings from one that may be about a question."""
    if isinstance(error, ProxyRefused | CertificateRefused):
        return True
    return isinstance(error, GeneratorRefused) and str(error).startswith(_NO_ACCESS)


def tell_of_updates(alerts: AdminAlerts, start: StartTask) -> Callable[[str, str], None]:
    """Give what hears why updates do not come in (with an empty cause: they do): each is told in a task of its own."""

    async def tell(kind: str, cause: str) -> None:
        try:
            await (alerts.begin(kind, cause) if cause else alerts.end(kind))
        except StorageUnavailable as problem:
            logger.warning("Admins could not be told about updates (%s): %s", kind, problem)

    def heard(kind: str, cause: str) -> None:
        start(tell(kind, cause), name=f"tell about updates: {kind}")

    return heard
