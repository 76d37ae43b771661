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

from tests.harness.databases import PostgreSQL, running_postgresql
from tests.harness.preloaded_processes import running_nursery
from tests.harness.scene import Scene
from tests.harness.scripted_generator import running_generator
from tests.harness.telegram_people import Telegram, watched
from tests.soak.counting import Interruptions, judge
from tests.soak.people import PATIENCE, Conversation
from tests.soak.playground_process import running_playground
from tests.soak.trouble import Life, Script, bother


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
            playground = await stack.enter_async_context(running_playground())
            telegram = await stack.enter_async_context(watched(playground.url))
            generator = await stack.enter_async_context(running_generator())
            scene = Scene(Path(folder), telegram, generator, nursery)
            return await soak(wanted, scene, database)


async def soak(wanted: Wanted, scene: Scene, database: PostgreSQL | None) -> int:
    """Let people talk amid trouble, then let everything come to rest, then count."""
    chance = random.Random(wanted.seed)
    people = [await newcomer(scene.telegram, at, chance) for at in range(wanted.conversations)]
    settings = {"QUESTIONS_WAITING": "50"}
    if database is not None:
        settings["DATABASE_URL"] = database.new_database()
    scene.generator.script = script = Script(chance)
    interruptions = Interruptions()
    life = Life(lambda: scene.program(**settings), chance, interruptions)
    until = time.monotonic() + wanted.seconds
    async with asyncio.TaskGroup() as group:
        talking = [group.create_task(person.talk(until)) for person in people]
        troubles = group.create_task(bother(scene.telegram, [person.chat for person in people], chance, until))
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
    kills = interruptions.number("a kill")
    say(f"{kills} kills, {life.restarts} restarts, {troubles.result()} faults, {script.failed.total()} failures")
    verdict = judge(people, interruptions, script.failed)
    for line in (*verdict.lines(), *sorted(set(life.said))[:20]):
        say(line)
    return 1 if verdict.wrong else 0


async def newcomer(telegram: Telegram, at: int, chance: random.Random) -> Conversation:
    """Somebody new, alone with the bot."""
    answer = await telegram.post("people", first_name=f"Person {at}", username=f"soaker{at}", language_code="en")
    person = int(answer.get("id") or answer["person"]["id"])
    return Conversation(person, [person], telegram, random.Random(chance.random()))


async def end_connections(database: PostgreSQL, url: str, chance: random.Random, until: float) -> None:
    """Break the connections to the database, as its restart does."""
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(5, 15))
        await asyncio.to_thread(database.end_connections, url)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the command line's own word


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Wanted.from_environment())))
