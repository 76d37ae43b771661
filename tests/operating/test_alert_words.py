"""Admins read the cause of an alert in their own language, with the place that it is about."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.errors import CertificateRefused, GeneratorProblem, GeneratorRefused
from bot.generators.errors import translate
from bot.operating.admin_alerts import MIN_FAILURES, AdminAlerts
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.storage.repositories.people import PersonRepository
from bot.storage.repositories.troubles import AlertRepository
from bot.telegram.destination import Destination
from bot.texts import Texts

BOT, ANNA, BORIS = 7, 1001, 1002


class Said:
    """A durable outbox that remembers the last text for each admin."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}

    async def enqueue(self, place: Destination, text: str) -> None:
        self.texts[place.chat] = text


@pytest.fixture
async def database(tmp_path: Path, tasks: TaskSupervisor) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'aura.db'}", start=tasks.start)
    await database.open()
    yield database
    await database.close()


async def told(database: Database, error: GeneratorProblem) -> dict[int, str]:
    """The alert that each admin reads when a model fails in this way again and again."""
    people, said = PersonRepository(database), Said()
    await people.meet(BOT, ANNA, "Anna", "anna", "en")
    await people.meet(BOT, BORIS, "Boris", "boris", "ru")

    async def admins() -> list[int]:
        return [ANNA, BORIS]

    alerts = AdminAlerts(database, AlertRepository(database, bot=BOT), people, admins, said, Texts(), bot=BOT)
    for _ in range(MIN_FAILURES):
        await alerts.generator_failed("fast", error)
    return said.texts


async def nobody_listens() -> GeneratorProblem:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError) as raised:
                await session.get(f"http://127.0.0.1:{port}/v1/key-in-a-path")
    problem = translate(raised.value)
    assert problem.place == f"127.0.0.1:{port}"
    return problem


async def test_a_server_that_is_down_is_named_with_its_address_and_nothing_else_of_it(database: Database) -> None:
    problem = await nobody_listens()
    texts = await told(database, problem)
    assert f"nobody listens there ({problem.place})" in texts[ANNA]
    assert f"там никто не отвечает ({problem.place})" in texts[BORIS]
    assert "key-in-a-path" not in texts[ANNA] + texts[BORIS]
    assert str(problem) == f"no connection: nobody listens there ({problem.place})", "the log says the same"


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), aiohttp.ServerDisconnectedError()])
async def test_no_class_of_an_error_is_told(database: Database, error: BaseException) -> None:
    texts = await told(database, translate(error))
    assert "Error" not in texts[ANNA] + texts[BORIS]
    assert translate(error).cause_key
    assert str(translate(error)) in texts[ANNA]
    assert str(translate(error)) not in texts[BORIS]


@pytest.mark.parametrize(
    "error",
    [GeneratorRefused("401 Incorrect API key provided"), CertificateRefused("no encrypted connection: expired")],
)
async def test_what_a_server_says_is_told_as_it_says_it(database: Database, error: GeneratorProblem) -> None:
    texts = await told(database, error)
    assert str(error) in texts[ANNA] and str(error) in texts[BORIS]
