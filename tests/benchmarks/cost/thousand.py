"""A thousand private chats that ask within ten seconds and stream for thirty, on one process and on two replicas.

CHATS, REPLICAS ("1", "2" or both by default) in the environment make it smaller. Telegram takes 30 messages a second of
a bot: a first text and a last edit for each of a thousand chats are 67 s, whoever sends them.
"""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from statistics import median

from tests.benchmarks import machine
from tests.benchmarks.report import Target, judge, say
from tests.benchmarks.scripts import prose, script
from tests.benchmarks.servers import PostgreSQL, running_postgresql
from tests.benchmarks.source import question
from tests.benchmarks.stage import Stage, stage
from tests.harness.telegram_people import Seen, is_being_written

CHATS = int(os.environ.get("CHATS", "1000"))
REPLICAS = [int(number) for number in os.environ.get("REPLICAS", "1 2").split()]
ASKED_WITHIN = 10.0
WRITTEN_IN = 30.0
PIECES = 30
PATIENCE = 300.0
"""Seconds after the last question until what is not complete counts as starved."""
LOOK_INTERVAL = 0.5
BOT_RATE = 30.0
"""Messages a second that Telegram takes of a bot."""


@dataclass
class Outcome:
    """What one run gave; times in seconds."""

    asked: dict[int, float] = field(default_factory=dict)
    requested: dict[int, float] = field(default_factory=dict)
    first: dict[int, float] = field(default_factory=dict)
    complete: dict[int, float] = field(default_factory=dict)
    written: dict[int, float] = field(default_factory=dict)
    refused: int = 0
    cpu: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def rows(self) -> dict[str, str]:
        waits = [self.requested[chat] - self.asked[chat] for chat in self.requested]
        firsts = [self.first[chat] - self.asked[chat] for chat in self.first]
        late = [max(0.0, self.complete[chat] - self.written[chat]) for chat in self.complete]
        return {
            "answers complete and whole": f"{len(self.complete)} of {len(self.asked)}",
            "question → request, median and longest": _spread(waits),
            "question → first text, median and longest": _spread(firsts),
            "last byte → complete, median and longest": _spread(late),
            "429s": str(self.refused),
            "CPU of each process": ", ".join(f"{one:.1f} s" for one in self.cpu),
            "memory of each process": ", ".join(f"{one:.0f} MB" for one in self.memory),
            "CPU an answer": f"{sum(self.cpu) / len(self.asked) * 1000:.0f} ms",
        }


def _spread(seconds: list[float]) -> str:
    return f"{median(seconds):.1f} s, {max(seconds):.1f} s" if seconds else "–"


async def main() -> int:
    """Measure each number of replicas; print a table and the targets."""
    outcomes: dict[str, Outcome] = {}
    with running_postgresql() as server:
        for replicas in REPLICAS:
            if replicas > 1 and server is None:
                say("two replicas are left out: they need PostgreSQL, as root only where CI=true")
                continue
            name = "one process, SQLite" if replicas == 1 else f"{replicas} replicas, PostgreSQL"
            say(f"{name}, {CHATS} chats … (load {machine.load():.1f})")
            outcomes[name] = await _run(replicas, server)
            for what, value in outcomes[name].rows().items():
                say(f"  {what}: {value}")
    rows = {name: one.rows() for name, one in outcomes.items()}
    say(f"\n| {CHATS} chats | {' | '.join(rows)} |\n|---|{'---:|' * len(rows)}")
    for what in next(iter(rows.values())):
        say(f"| {what} | {' | '.join(row[what] for row in rows.values())} |")
    say("")
    least = 2 * CHATS / BOT_RATE
    targets = []
    for name, one in outcomes.items():
        took = max(one.complete.values(), default=0.0) - min(one.asked.values())
        in_time = f"all complete after {took:.0f} s (30 messages a second: {least:.0f} s)"
        targets += [
            Target(f"{name}: every answer complete and whole", len(one.complete) == CHATS, timing=False),
            Target(f"{name}: no 429 (were {one.refused})", one.refused == 0, timing=False),
            Target(f"{name}: {in_time}", took <= 2 * least + WRITTEN_IN),
        ]
    return judge(targets)


async def _run(replicas: int, server: PostgreSQL | None) -> Outcome:
    outcome = Outcome()
    async with AsyncExitStack() as stack:
        ready = await stack.enter_async_context(stage())
        settings = {"MAX_ANSWERS": str(CHATS + 50)}
        if replicas > 1 and server is not None:
            settings["DATABASE_URL"] = server.new_database()
        programs = [
            await stack.enter_async_context(ready.bot(**settings, REPLICA=f"replica-{number}"))
            for number in range(replicas)
        ]
        await ready.warm_up()
        people = await ready.people(CHATS)
        used = [machine.process_clock(one.process.pid) for one in programs]
        async with ready.keeping_calls():
            await _ask_all(ready, people, outcome)
            await _until_complete(ready, people)
        outcome.cpu = [
            machine.process_clock(one.process.pid) - before for one, before in zip(programs, used, strict=True)
        ]
        outcome.memory = [machine.peak_megabytes(one.process.pid) for one in programs]
        outcome.refused = sum(call["error_code"] == 429 for call in await ready.calls())
        _read(ready, outcome)
    return outcome


async def _ask_all(ready: Stage, people: list[int], outcome: Outcome) -> None:
    begun = time.monotonic()
    for number, person in enumerate(people):
        name = f"one-of-many-{person}"
        ready.source.scripts[name] = script(prose(PIECES * 40, begin=name), pieces=PIECES, seconds=WRITTEN_IN)
        await asyncio.sleep(begun + ASKED_WITHIN * number / len(people) - time.monotonic())
        outcome.asked[person] = time.monotonic()
        await ready.telegram.send(question(name), by=person)


async def _until_complete(ready: Stage, people: list[int]) -> None:
    """Look again and again: a thousand waiters would be woken by each change."""
    deadline = time.monotonic() + PATIENCE
    missing = set(people)
    while missing and time.monotonic() < deadline:
        await asyncio.sleep(LOOK_INTERVAL)
        missing = {person for person in missing if not _is_complete(ready, person)}


def _is_complete(ready: Stage, person: int) -> bool:
    said = ready.telegram.said(person)
    text = ready.source.scripts[f"one-of-many-{person}"].text
    return bool(said) and said[-1]["text"] == text and not is_being_written(said[-1])


def _read(ready: Stage, outcome: Outcome) -> None:
    seen: dict[int, list[Seen]] = {}
    for one in ready.telegram.history:
        if one.message.get("from", {}).get("is_bot"):
            seen.setdefault(one.chat, []).append(one)
    for person in outcome.asked:
        written = ready.source.written.get(f"one-of-many-{person}", [])
        if written:
            outcome.requested[person] = written[0].asked
            outcome.written[person] = written[-1].times[-1]
        if person in seen:
            outcome.first[person] = seen[person][0].at
            if _is_complete(ready, person):
                outcome.complete[person] = seen[person][-1].at
