"""Several processes with one PostgreSQL and one webhook, behind a load balancer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from tests.end_to_end.test_replicas import people
from tests.end_to_end.test_webhook import SECRET, posted
from tests.harness.checked_answers import answer_to, count, pieces_of, settled
from tests.harness.databases import PostgreSQL
from tests.harness.local_proxy import local_proxy, reserved_port
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Request
from tests.harness.telegram_people import ANNA, BORIS

HEARTBEAT_INTERVAL = 5.0
"""Seconds until a replica has seen who else lives, at the latest."""
SLACK = 2.5
"""Seconds by which calls that were made apart may arrive together on a busy machine."""


@dataclass
class Balancer:
    """Gives each update to the next of the replicas, as a load balancer does."""

    replicas: list[str]
    session: aiohttp.ClientSession
    address: str = ""
    taken: dict[str, int] = field(default_factory=dict)
    """How many updates each replica has confirmed."""
    only: str | None = None
    _next: int = 0

    async def pass_on(self, request: web.Request) -> web.Response:
        self._next += 1
        replica = self.only or self.replicas[self._next % len(self.replicas)]
        headers = {name: value for name, value in request.headers.items() if name.lower().startswith(("x-", "content"))}
        url = f"http://{replica}{request.path}"
        try:
            async with self.session.post(url, data=await request.read(), headers=headers) as response:
                if response.status == 200:
                    self.taken[replica] = self.taken.get(replica, 0) + 1
                return web.Response(status=response.status, body=await response.read())
        except aiohttp.ClientError:
            return web.Response(status=502)


@asynccontextmanager
async def balanced(scene: Scene, database: str, **settings: str) -> AsyncIterator[Balancer]:
    """Two replicas behind a load balancer."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        ports = [stack.enter_context(reserved_port()) for _ in range(2)]
        balancer = Balancer([f"127.0.0.1:{port}" for port in ports], session)
        app = web.Application()
        app.router.add_post("/{path:.*}", balancer.pass_on)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        balancer.address = f"127.0.0.1:{runner.addresses[0][1]}"
        for name, address in zip(("first", "second"), balancer.replicas, strict=True):
            webhook = {"WEBHOOK_URL": f"http://{balancer.address}", "WEBHOOK_SECRET": SECRET, "LISTEN": address}
            await stack.enter_async_context(scene.replica(name, database, **webhook, **settings))
        yield balancer


@pytest.fixture
def database(postgresql: PostgreSQL) -> str:
    return postgresql.new_database()


async def test_questions_spread_over_two_replicas_are_answered_once_whole_and_in_order(
    scene: Scene, database: str
) -> None:
    async def script(request: Request) -> AsyncIterator[str]:
        for piece in pieces_of(answer_to(request.question)):
            yield piece

    scene.generator.script = script
    asked = {person: [f"q{person}n{number}" for number in range(4)] for person in await people(scene, 5)}
    async with balanced(scene, database) as balancer:
        for number in range(4):
            await asyncio.gather(*(scene.telegram.send(names[number], by=person) for person, names in asked.items()))

        def answered() -> bool:
            said = {person: scene.telegram.said(person) for person in asked}
            return all(len(count(said[person]).whole) >= 4 and settled(said[person]) for person in asked)

        await scene.telegram.until(answered, seconds=90)
        assert set(balancer.taken) == set(balancer.replicas), "both have taken updates"
    for person, names in asked.items():
        seen = count(scene.telegram.said(person))
        assert (seen.whole, seen.orphans) == (names, [])
    assert sorted(request.question for request in scene.generator.requests) == sorted(
        name for names in asked.values() for name in names
    )


async def test_an_update_that_reaches_both_replicas_acts_once(scene: Scene, database: str) -> None:
    person = {"id": ANNA, "is_bot": False, "first_name": "Anna", "language_code": "en"}
    message = {"date": 1, "chat": {"id": ANNA, "type": "private", "first_name": "Anna"}, "from": person}
    async with balanced(scene, database) as balancer:
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        for number, text in enumerate(("Twice", "/temperature 1.5"), start=700):
            update = json.dumps(
                {
                    "update_id": 990_000_000 + number,
                    "message": {**message, "message_id": number, "text": text, "entities": _command(text)},
                }
            )
            both = [posted(scene, replica, update) for replica in balancer.replicas * 2]
            assert await asyncio.gather(*both) == [200] * 4
        await scene.telegram.reads("1.5")
        await scene.telegram.send("Thrice")
        await scene.telegram.reads_answer("You said: Thrice")
    assert [text for text in scene.telegram.texts() if "Twice" in text] == ["You said: Twice"]
    assert len([text for text in scene.telegram.texts() if "1.5" in text]) == 1
    assert scene.generator.requests[-1].body["temperature"] == 1.5


async def test_what_an_admin_sets_on_one_replica_counts_for_the_very_next_request_of_the_other(
    scene: Scene, database: str
) -> None:
    async with local_proxy("http") as proxy, balanced(scene, database) as balancer:
        first, second = balancer.replicas
        balancer.only = second
        await scene.telegram.send("Before", by=BORIS)
        await scene.telegram.reads_answer("You said: Before", chat=BORIS)
        for command, confirmed in (("/temperature 1.5", "1.5"), (f"/proxy {proxy.url}", "It works:")):
            balancer.only = first
            await scene.telegram.send(command)
            await scene.telegram.reads(confirmed)
        confirmed_at = time.monotonic()
        balancer.only = second
        await scene.telegram.send("After", by=BORIS)
        await scene.telegram.reads_answer("You said: After", chat=BORIS)
        print(f"set on one, in force on the other after {time.monotonic() - confirmed_at:.2f} s")  # noqa: T201  # a figure to read
        assert scene.generator.requests[-1].question == "After"
        assert scene.generator.requests[-1].body["temperature"] == 1.5
        assert scene.generator.requests[-1].port in proxy.ports, "the next request went through the proxy"


async def test_two_replicas_stay_within_the_budget_of_one_bot(scene: Scene, database: str) -> None:
    budget, rate = 6, 6
    asked = await people(scene, 60)  # two that each took the budget for theirs would send these in four seconds
    async with balanced(scene, database, BOT_BUDGET=f"{budget}+{rate}/s") as balancer:
        await asyncio.sleep(2 * HEARTBEAT_INTERVAL)  # by then each knows of the other, on a busy machine, too
        await asyncio.gather(*(scene.telegram.send(f"I am {person}", by=person) for person in asked))
        for person in asked:
            await scene.telegram.reads_answer(f"You said: I am {person}", chat=person, seconds=60)
        assert set(balancer.taken) == set(balancer.replicas), "both have taken updates"
        calls = await scene.telegram.calls()
    spent = sorted(call["time"] for call in calls if call["method"] in {"sendMessage", "editMessageText"})
    assert len(spent) >= len(asked)
    for first, at in enumerate(spent):
        for number, later in enumerate(spent[first:], start=1):
            assert number <= budget + rate * (later - at + SLACK), "no more than one program alone may send"


def _command(text: str) -> list[dict[str, object]]:
    length = len(text.partition(" ")[0])
    return [{"type": "bot_command", "offset": 0, "length": length}] if text.startswith("/") else []
