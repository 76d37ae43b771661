"""The life of a turn, measured on both databases: how soon it begins, stops, goes on after a crash; what idling costs.

Accepted is a question when its turn is written, by the database's row (Unix seconds of the same machine); begun when
its request has arrived at the generator.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles

from tests.benchmarks import machine
from tests.benchmarks.report import Target, judge, say
from tests.benchmarks.scripts import prose, script
from tests.benchmarks.servers import PostgreSQL, accepted, running_postgresql
from tests.benchmarks.source import Written, question
from tests.benchmarks.stage import Deliveries, Stage, stage
from tests.harness.preloaded_processes import Nursery, running_nursery
from tests.harness.program_process import Program, running_program
from tests.harness.telegram_people import is_being_written

PROBES = 100
PROBE_EVERY = 0.15
PROBED_CHATS = 50
IN_PROGRESS = 200
STOPS = 20
RESTARTS = 3
TAKEN_OVER = 20
IDLE_SECONDS = 30.0


@dataclass
class Table:
    """Rows of figures, a column for each database, and the targets among them."""

    databases: list[str] = field(default_factory=list)
    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)

    def put(
        self, what: str, database: str, value: float, unit: str, *, limit: float | None = None, digits: int = 1
    ) -> None:
        self.rows.setdefault(what, {})[database] = f"{value:.{digits}f} {unit}"
        say(f"  {what}: {value:.{digits}f} {unit}")
        if limit is not None:
            text = f"{database}: {what} {value:.{digits}f} {unit}, at most {limit:g}"
            self.targets.append(Target(text, value <= limit))

    def markdown(self) -> str:
        lines = [f"| | {' | '.join(self.databases)} |", f"|---|{'---:|' * len(self.databases)}"]
        for what, values in self.rows.items():
            lines.append(f"| {what} | {' | '.join(values.get(one, '–') for one in self.databases)} |")
        return "\n".join(lines)


@dataclass
class Destination:
    """Where one column is measured: a stage, and its database."""

    stage: Stage
    url: str
    name: str
    table: Table

    @asynccontextmanager
    async def bot(self, **settings: str) -> AsyncIterator[Program]:
        more = {"DATABASE_URL": self.url, "MAX_ANSWERS": "400", **settings}
        async with self.stage.bot(**more) as program:
            yield program

    async def ask(self, name: str, *, by: int, seconds: float, pieces: int) -> float:
        """Ask for an answer of so many seconds. Gives when that was."""
        self.stage.source.scripts[name] = script(prose(pieces * 10, begin=name), pieces=pieces, seconds=seconds)
        sent = time.monotonic()
        await self.stage.telegram.send(question(name), by=by)
        return sent


async def main() -> int:
    """Measure everything; print a table and the targets."""
    table = Table()
    with running_postgresql() as server:
        for name, url in (("SQLite", None), ("PostgreSQL", server)):
            if name == "PostgreSQL" and server is None:
                say("PostgreSQL is left out: as root only where CI=true")
                continue
            table.databases.append(name)
            for part in (_beginnings, _stops, _idling, _restarts, *([_takeover] if url else [])):
                say(f"{name}: {part.__name__.strip('_')} … (load {machine.load():.1f})")
                async with stage() as ready:
                    url_here = url.new_database() if url else f"sqlite+aiosqlite:///{ready.folder / 'aura.db'}"
                    await part(Destination(ready, url_here, name, table), url)
    say("\n" + table.markdown() + "\n")
    return judge(table.targets)


async def _beginnings(place: Destination, _server: PostgreSQL | None) -> None:
    """How soon a turn begins, idle and with many answers in progress."""
    async with place.bot():
        await place.stage.warm_up()
        probed = await place.stage.people(PROBED_CHATS)
        await _probe(place, probed, "idle")
        for number, person in enumerate(await place.stage.people(IN_PROGRESS)):
            await place.ask(f"long-{number}", by=person, seconds=120, pieces=240)
        for number in range(IN_PROGRESS):
            await place.stage.source.asked(f"long-{number}")
        await _probe(place, probed, f"{IN_PROGRESS} answers in progress")


async def _probe(place: Destination, people: list[int], when: str) -> None:
    sent: dict[str, float] = {}
    begun: dict[str, Written] = {}
    for number in range(PROBES):
        name = f"probe-{number}-{len(when)}"
        sent[name] = await place.ask(name, by=people[number % len(people)], seconds=0.0, pieces=2)
        begun[name] = await place.stage.source.asked(name)
        await asyncio.sleep(PROBE_EVERY)
    rows, deliveries = await accepted(place.url), Deliveries(await place.stage.calls())
    to_unix = time.time() - time.monotonic()
    inner = [begun[name].asked + to_unix - rows[question(name)] for name in sent]
    outer = [begun[name].asked - deliveries.first_after(at) for name, at in sent.items()]
    limit = 10 if place.name == "SQLite" else 20
    _put_spread(place, f"accepted → request, {when}", inner, limit=limit)
    _put_spread(place, f"update → request, {when}", outer, limit=20 if when == "idle" else None)


def _put_spread(place: Destination, what: str, seconds: list[float], *, limit: float | None) -> None:
    place.table.put(f"{what}, median", place.name, median(seconds) * 1000, "ms", limit=limit)
    place.table.put(f"{what}, 95th percentile", place.name, quantiles(seconds, n=20)[-1] * 1000, "ms")


async def _stops(place: Destination, _server: PostgreSQL | None) -> None:
    """How soon the generator's connection is closed after a person pressed Stop."""
    telegram, taken = place.stage.telegram, []
    async with place.bot():
        await place.stage.warm_up()
        for number, person in enumerate(await place.stage.people(STOPS)):
            name = f"stopped-{number}"
            await place.ask(name, by=person, seconds=60, pieces=600)

            def stoppable(person: int = person) -> bool:
                return any(map(is_being_written, telegram.said(person)))

            await telegram.until(stoppable)
            written = await place.stage.source.asked(name)
            pressed = time.monotonic()
            async with asyncio.TaskGroup() as group:
                group.create_task(telegram.press(telegram.said(person)[-1], "", by=person))
                await written.request.closed.wait()
                taken.append(time.monotonic() - pressed)
    place.table.put("Stop pressed → connection closed, median", place.name, median(taken) * 1000, "ms", limit=100)
    place.table.put("Stop pressed → connection closed, worst", place.name, max(taken) * 1000, "ms")


async def _restarts(place: Destination, _server: PostgreSQL | None) -> None:
    """How soon an answer goes on after kill -9: from the start of the new process, and without the imports."""
    cold: list[float] = []
    warm: list[float] = []
    with running_nursery() as nursery:
        for number, person in enumerate(await place.stage.people(2 * RESTARTS)):
            times, source = (cold, None) if number % 2 else (warm, nursery)
            times.append(await _restart(place, f"restarted-{number}", person, source))
    place.table.put("restart → resumed", place.name, median(warm), "s", limit=1, digits=2)
    place.table.put("the same with the interpreter's start and imports", place.name, median(cold), "s", digits=2)


async def _restart(place: Destination, name: str, person: int, nursery: Nursery | None) -> float:
    telegram = place.stage.telegram
    async with place.bot() as program:
        await place.ask(name, by=person, seconds=30, pieces=300)
        await telegram.until(lambda: bool(telegram.said(person)))
        await program.kill()
    began = time.monotonic()
    environment = {**place.stage.environment, "DATABASE_URL": place.url}
    async with running_program(place.stage.folder, environment, ready="", nursery=nursery):
        return (await _goes_on(place, name, began)).asked - began


async def _goes_on(place: Destination, name: str, since: float) -> Written:
    """Wait until an answer is asked for anew."""
    source = place.stage.source
    async with asyncio.timeout(60), source.changed:
        await source.changed.wait_for(lambda: source.written[name][-1].asked > since)
    return source.written[name][-1]


async def _takeover(place: Destination, _server: PostgreSQL | None) -> None:
    """How soon another replica goes on with the answers of one that was killed."""
    async with place.bot(REPLICA="first") as first:
        people = await place.stage.people(TAKEN_OVER)
        names = [f"taken-over-{number}" for number in range(TAKEN_OVER)]
        for name, person in zip(names, people, strict=True):
            await place.ask(name, by=person, seconds=120, pieces=1200)
        for name in names:
            await place.stage.source.asked(name)
        async with place.bot(REPLICA="second"):
            killed = time.monotonic()
            await first.kill()
            again = [(await _goes_on(place, name, killed)).asked - killed for name in names]
    place.table.put(f"replica killed → all of {TAKEN_OVER} answers go on", place.name, max(again), "s", limit=30)


async def _idling(place: Destination, server: PostgreSQL | None) -> None:
    """What the program costs while nobody talks to it."""
    async with place.bot() as program:
        await place.stage.warm_up()
        await asyncio.sleep(3)  # what the last answer leaves to do
        process = program.process.pid
        cpu, woken = machine.exact_cpu_seconds(process), machine.wakeups_of_side_threads(process)
        asked = await server.transactions(place.url) if server else 0
        await asyncio.sleep(IDLE_SECONDS)
        used = machine.exact_cpu_seconds(process) - cpu
        place.table.put("idle: CPU", place.name, used / IDLE_SECONDS * 100, "%", digits=2)
        if server:
            transactions = await server.transactions(place.url) - asked
            place.table.put("idle: transactions", place.name, transactions / IDLE_SECONDS, "/s", digits=2)
        else:
            woken = machine.wakeups_of_side_threads(process) - woken
            place.table.put("idle: transactions", place.name, woken, "", limit=0, digits=0)
