"""Run a soak: `SECONDS=300 CONVERSATIONS=200 DATABASE=sqlite python -m tests.soak`. Exit status 1: it found fault."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.databases import PostgreSQL, running_postgresql
from tests.end_to_end.checked import Count, count, settled
from tests.end_to_end.generator import running_generator
from tests.end_to_end.nursery import running_nursery
from tests.end_to_end.program import TOKEN
from tests.end_to_end.scene import Scene
from tests.end_to_end.telegram import Json, Telegram, labels, watched
from tests.soak.people import PATIENCE, Person, is_failure
from tests.soak.trouble import Life, Script, bother

WINDOW = 1.0
"""Seconds around a kill in which a message may have been sent whose id could not be stored any more."""


@dataclass(frozen=True)
class Wanted:
    """How long, with how many, on which database, by which chance."""

    seconds: float
    conversations: int
    postgresql: bool
    seed: int

    @classmethod
    def from_environment(cls) -> Wanted:
        given = os.environ.get
        return cls(
            float(given("SECONDS", "300")),
            int(given("CONVERSATIONS", "200")),
            given("DATABASE", "sqlite") == "postgresql",
            int(given("SEED", "0")) or random.randrange(1, 1_000_000),
        )


async def main(wanted: Wanted) -> int:
    """Let it run, count, and say what came of it."""
    say(f"seed {wanted.seed}: {wanted.conversations} conversations for {wanted.seconds:g} s")
    with running_nursery() as nursery, tempfile.TemporaryDirectory(prefix="aura-soak-") as folder:
        async with AsyncExitStack() as stack:
            database = stack.enter_context(running_postgresql()) if wanted.postgresql else None
            url = await playground(stack)
            telegram = await stack.enter_async_context(watched(url))
            generator = await stack.enter_async_context(running_generator())
            scene = Scene(Path(folder), telegram, generator, nursery)
            return await soak(wanted, scene, database)


async def playground(stack: AsyncExitStack) -> str:
    """Start the strict Telegram as a process of its own. Gives its address."""
    command = ("-m", "playground", "--port", "0", "--strict", "--token", TOKEN)
    process = await asyncio.create_subprocess_exec(sys.executable, *command, stdout=asyncio.subprocess.PIPE)

    async def end() -> None:
        process.terminate()
        await process.wait()

    stack.push_async_callback(end)
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


async def soak(wanted: Wanted, scene: Scene, database: PostgreSQL | None) -> int:
    """Let people talk amid trouble, then let everything come to rest, then count."""
    chance = random.Random(wanted.seed)
    people = [await newcomer(scene.telegram, at, chance) for at in range(wanted.conversations)]
    settings = {"QUESTIONS_WAITING": "50"}
    if database is not None:
        settings["DATABASE_URL"] = database.new_database()
    scene.generator.script = script = Script(chance)
    life = Life(lambda: scene.program(**settings), chance)
    until = time.monotonic() + wanted.seconds
    async with asyncio.TaskGroup() as group:
        talking = [group.create_task(person.talk(until)) for person in people]
        troubles = group.create_task(bother(scene.telegram, [person.id for person in people], chance, until))
        if database is not None:
            group.create_task(end_connections(database, settings["DATABASE_URL"], chance, until))
        await life.go_on(until)
        script.failing = False
        await scene.telegram.no_faults()
        async with AsyncExitStack() as stack:
            program = await life.last(stack)
            await asyncio.wait(talking, timeout=PATIENCE * 2)
            life.keep(program)
            assert await program.stop() == 0
    say(f"{len(life.kills)} kills, {life.restarts} restarts, {troubles.result()} faults, {script.failures} failures")
    return report(people, life)


async def newcomer(telegram: Telegram, at: int, chance: random.Random) -> Person:
    answer = await telegram.post("people", first_name=f"Person {at}", username=f"soaker{at}", language_code="en")
    return Person(int(answer.get("id") or answer["person"]["id"]), telegram, random.Random(chance.random()))


async def end_connections(database: PostgreSQL, url: str, chance: random.Random, until: float) -> None:
    """Break the connections to the database, as its restart does."""
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(5, 15))
        await asyncio.to_thread(database.end_connections, url)


def report(people: list[Person], life: Life) -> int:
    """Count what the people see. Gives the exit status."""
    asked = whole = doubled = window = lost = out_of_order = unsettled = 0
    for person in people:
        seen = count(person.said)
        names = seen.whole
        asked += len(person.asked)
        whole += len(set(names))
        lost += len(set(person.asked) - set(names))
        orphans = sum(not is_failure(message) for message in seen.orphans)
        surplus = len(names) - len(set(names)) + orphans
        excused = min(surplus, sum(since_a_kill(person, message, life) <= WINDOW for message in twice(seen)))
        window, doubled = window + excused, doubled + surplus - excused
        at_once = [name for name in names if name not in person.retried]
        out_of_order += at_once != sorted(at_once, key=person.asked.index)
        unsettled += not settled(person.said)
        if surplus > excused:
            apart = [round(since_a_kill(person, message, life), 1) for message in twice(seen)]
            say(f"chat {person.id}: twice, sent {apart} s from a kill")
        if sorted(names) != sorted(person.asked) or at_once != sorted(at_once, key=person.asked.index):
            explain(person, names)
    say(f"asked {asked}, answered whole {whole}, lost {lost}, doubled {doubled}, out of order {out_of_order}")
    say(f"twice because of a kill inside its send (the one window) {window}, still being written {unsettled}")
    say(f"buttons pressed after failures {sum(len(person.pressed) for person in people)}")
    for line in sorted(set(life.said))[:20]:
        say(line)
    return 1 if lost or doubled or out_of_order or unsettled else 0


def twice(seen: Count) -> list[Json]:
    """The messages that stand there for nothing: orphans, and the beginnings of answers that stand there again.

    The line of an older failure stays where it is when its question is answered below: nothing is there twice.
    """
    names = seen.whole
    orphans = [message for message in seen.orphans if not is_failure(message)]
    return orphans + [parts[0] for name, parts in seen.answers if names.count(name) > 1]


def since_a_kill(person: Person, message: Json, life: Life) -> float:
    """Seconds between the arrival of a message and the nearest kill."""
    arrived = next(
        seen.at
        for seen in person.telegram.history
        if (seen.kind, seen.chat, seen.message["message_id"]) == ("message", person.id, message["message_id"])
    )
    return min((max(before - arrived, arrived - after, 0.0) for before, after in life.kills), default=float("inf"))


def explain(person: Person, names: list[str]) -> None:
    """Show what the person sees where it is not what it should be."""
    say(f"chat {person.id}: not answered once each, in order: {names} of {person.asked}")
    wrong = {name for name in person.asked if names.count(name) != 1}
    for message in person.said:
        text = message.get("text", "")
        if not wrong or not text.startswith("<") or any(f"<{name}>" in text for name in wrong):
            say(f"  {message['message_id']}: {text[:40]!r} … {text[-40:]!r} {labels(message)}")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the command line's own word


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Wanted.from_environment())))
