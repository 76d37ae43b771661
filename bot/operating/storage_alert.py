"""The alert that nothing can be stored: said from memory, because the database is what fails."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.errors import StorageUnavailable, TelegramProblem
from bot.runtime.clock import Clock
from bot.runtime.task_supervisor import StartTask
from bot.storage.database import Database
from bot.storage.errors import StorageTrouble
from bot.storage.repositories.people import PersonRepository
from bot.telegram.destination import Destination
from bot.texts import Texts

logger = logging.getLogger(__name__)

BLIP = 10.0
"""Seconds for which a database may fail before anybody is told: a restart of PostgreSQL passes."""


class AlertSender(Protocol):
    """`Outbox`, as far as it sends at once."""

    async def send(self, place: Destination, text: str) -> int:
        """Send a message and give its id. Raises TelegramProblem."""
        ...


class StorageAlert:
    """Tells the admins who were known while the database still answered."""

    def __init__(
        self,
        database: Database,
        people: PersonRepository,
        admins: Callable[[], Awaitable[list[int]]],
        sender: AlertSender,
        texts: Texts,
        start: StartTask,
        *,
        bot: int,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._people = people
        self._admins = admins
        self._sender = sender
        self._texts = texts
        self._start = start
        self._bot = bot
        self._clock = clock or Clock()
        self._recipients: list[tuple[int, str]] = []
        self._trouble: StorageTrouble | None = None
        self._told = False

    async def watch(self) -> None:
        """Learn who is to be told, and listen from now on. Raises StorageUnavailable."""
        await self._learn()
        self._database.on_trouble(self._heard)

    def _heard(self, trouble: StorageTrouble | None) -> None:
        failing, self._trouble = self._trouble is not None, trouble
        if trouble is not None and not failing:
            self._start(self._tell_after_a_while(), name="tell admins that nothing is stored")
        elif trouble is None and self._told:
            self._told = False
            self._start(self._tell_that_it_is_over(), name="tell admins that the database works")

    async def _tell_after_a_while(self) -> None:
        await self._clock.sleep(BLIP)
        if self._trouble is not None and not self._told:
            self._told = True
            await self._tell("alert-storage", kind=self._trouble.kind, cause=self._trouble.cause)

    async def _tell_that_it_is_over(self) -> None:
        await self._tell("alert-over-storage")
        try:
            await self._learn()
        except StorageUnavailable:
            return  # it fails again: those known from before will be told

    async def _learn(self) -> None:
        people = [(admin, await self._people.get(self._bot, admin)) for admin in await self._admins()]
        self._recipients = [
            (admin, self._texts.language_of(person.language if person else "")) for admin, person in people
        ]

    async def _tell(self, key: str, **args: str) -> None:
        for admin, language in self._recipients:
            try:
                await self._sender.send(Destination(admin, private=True), self._texts.get(language, key, **args))
            except TelegramProblem as problem:
                logger.info("Admin %d could not be told: %s", admin, problem)
