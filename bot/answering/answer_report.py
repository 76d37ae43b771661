"""The report of each answer's end: figures for a monitor, reasons for admins, a reference for the person."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.conversation.messages import Message, Turn
from bot.conversation.troubles import Trouble, without_echo
from bot.errors import GeneratorProblem, InterruptedTooOften, StorageUnavailable
from bot.logs import blotted
from bot.runtime.observer import Observer

logger = logging.getLogger(__name__)


class TroubleStore(Protocol):
    """Keeps the reasons of answers that failed."""

    async def keep(self, trouble: Trouble) -> None:
        """Store a trouble. Raises StorageUnavailable."""
        ...


class Alerts(Protocol):
    """Tells admins of what needs them."""

    async def generator_failed(self, model: str, error: GeneratorProblem) -> None:
        """Note a failure that a person was told of."""
        ...

    async def generator_works(self, model: str) -> None:
        """Note that an answer was written."""
        ...


@dataclass(frozen=True, slots=True)
class FailureNote:
    """The lines about a failure that stand under its plain sentence."""

    reference: str = ""
    """The name by which a person can ask about it; empty: it was not kept."""
    cause: str = ""
    """The reason in one line, for an admin alone; empty: somebody else reads it."""


class AnswerReport:
    """Tells how answers went; `clock` gives Unix time, as the turns' own times are."""

    def __init__(
        self,
        *,
        observer: Observer | None = None,
        troubles: TroubleStore | None = None,
        alerts: Alerts | None = None,
        admins: Callable[[], Awaitable[Collection[int]]] | None = None,
        replica: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._observer = observer or Observer()
        self._troubles = troubles
        self._alerts = alerts
        self._admins = admins
        self._replica = replica
        self.clock = clock

    def begun(self, turn: Turn) -> None:
        """Note that work on a question begins."""
        if turn.attempt == 1:
            self._observer.question_begun(turn.kind.value)

    async def failed(
        self, turn: Turn, path: Sequence[Message], model: str, error: GeneratorProblem, *, server: str = ""
    ) -> FailureNote:
        """Keep why an answer failed. Gives what the person who asked may read of it.

        `server` is the name under which admins hear of it, where it is not the model's.
        """
        kind = type(error).__name__
        self._observer.generator_failed(kind, tried_again=False)
        said = [message.text for message in reversed(path)]
        trouble = Trouble(
            turn.id,
            turn.key,
            self.clock(),
            model,
            kind,
            without_echo(blotted(str(error), ()), said),
            turn.attempt,
            error.tries,
            self._replica,
        )
        logger.warning("turn %d: %s: %s (reference %s)", turn.id, kind, error, trouble.reference)
        if self._troubles is None:
            return FailureNote()
        try:
            await self._troubles.keep(trouble)
            if self._alerts is not None:
                await self._alerts.generator_failed(server or model, error)
        except StorageUnavailable as problem:
            logger.warning("turn %d: its reason could not be stored: %s", turn.id, problem)
            return FailureNote()
        shows_cause = not isinstance(error, InterruptedTooOften) and await self._only_an_admin_reads(turn)
        return FailureNote(trouble.reference, trouble.cause if shows_cause else "")

    async def _only_an_admin_reads(self, turn: Turn) -> bool:
        """Tell whether the answer stands in the private chat of an admin."""
        if self._admins is None or not turn.private:
            return False
        try:
            return turn.asker in await self._admins()
        except StorageUnavailable:
            return False  # the plain sentence is for everybody

    async def ended(
        self, turn: Turn, model: str, ending: str, *, first_text_at: float | None, wrote: str | None
    ) -> None:
        """Note that an answer stands in its chat.

        `wrote` is the server that ended it, under the name of `failed`. None: a failure or a person ended it.
        """
        first = None if first_text_at is None else max(0.0, first_text_at - turn.asked_at)
        self._observer.answer_ended(model, ending, first_text=first, whole=max(0.0, self.clock() - turn.asked_at))
        if wrote is not None and self._alerts is not None:
            try:
                await self._alerts.generator_works(wrote)
            except StorageUnavailable as problem:
                logger.warning("An alert stays for now: %s", problem)
