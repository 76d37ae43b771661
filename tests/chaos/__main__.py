"""Run chaos: `SECONDS=600 DATABASE=postgresql REPLICAS=3 python -m tests.chaos`. Exit status 1: it found fault."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.run import Plan, Run
from tests.harness.databases import running_postgresql
from tests.harness.preloaded_processes import running_nursery
from tests.harness.scene import Scene
from tests.harness.scripted_generator import running_generator
from tests.harness.telegram_people import watched
from tests.soak.playground_process import running_playground


@dataclass(frozen=True)
class Wanted:
    """How long, with how many, on which database, by which chance."""

    seconds: float
    conversations: int
    groups: int
    replicas: int
    postgresql: bool
    webhook: bool
    seed: int
    only_replicas: bool
    """Replicas come and go, and nothing else goes wrong."""
    logs: Path | None
    """A new folder for the whole logs and everything that happened, for whoever looks for a cause."""

    @classmethod
    def from_environment(cls) -> Wanted:
        """Read the environment; raises ValueError for what cannot be meant."""
        given = os.environ.get
        postgresql = given("DATABASE", "sqlite") == "postgresql"
        replicas = int(given("REPLICAS", "3" if postgresql else "1"))
        if replicas > 1 and not postgresql:
            raise ValueError("REPLICAS: several processes need DATABASE=postgresql")
        return cls(
            float(given("SECONDS", "600")),
            int(given("CONVERSATIONS", "60")),
            int(given("GROUP_CHATS", "4")),
            replicas,
            postgresql,
            given("UPDATES", "webhook" if replicas > 1 else "polling") == "webhook",
            int(given("SEED", "0")) or random.randrange(1, 1_000_000),
            given("TROUBLES", "all") == "replicas",
            Path(os.environ["LOGS"]) if given("LOGS") else None,
        )


async def main(wanted: Wanted) -> int:
    """Let it run, count, and say what came of it."""
    with running_nursery() as nursery, tempfile.TemporaryDirectory(prefix="aura-chaos-") as folder:
        async with AsyncExitStack() as stack:
            server = stack.enter_context(running_postgresql()) if wanted.postgresql else None
            playground = await stack.enter_async_context(running_playground())
            telegram = await stack.enter_async_context(watched(playground.url))
            generator = await stack.enter_async_context(running_generator())
            scene = Scene(Path(folder), telegram, generator, nursery)
            if wanted.logs is not None:
                wanted.logs.mkdir(parents=True)
            plan = Plan(str(wanted.seed), wanted.replicas, wanted.webhook, wanted.logs, wanted.only_replicas)
            run = Run(scene, playground, server, stack, plan)
            say(f"seed {wanted.seed}: {wanted}")
            await run.open(wanted.conversations, wanted.groups)
            await run.through(wanted.seconds)
            run.write_down()
            lines, wrong = run.verdict()
            for line in lines:
                say(line)
            return 1 if wrong else 0


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # the command line's own word


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Wanted.from_environment())))
