"""Replicas that come and go: killed, stopped, frozen, cut off from the database, started with a wrong clock."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.partition import Partition
from tests.harness.preloaded_processes import Nursery
from tests.harness.program_process import READY, ROOT, Program, running_program
from tests.soak.counting import Interruptions
from tests.soak.trouble import unexpected

CALM = (0.5, 8.0)
"""Seconds between two troubles of a replica."""
AWAY = (0.0, 5.0)
"""Seconds until a replica that has ended is started again, as a supervisor or an operator does."""
BRIEF = (2.0, 10.0)
LONG = (18.0, 28.0)
"""Seconds that a freeze or a partition lasts: well within a lease (15 s), and beyond it."""
SHIFTS = (-86_400, -3_600, -60, 60, 3_600, 86_400)
"""Seconds by which a wall clock may be wrong."""
EXPECTED = ("is passed over", "Passed over in an answer")
"""What is logged of an update that cannot be read."""
SHIFTED_CLOCK = Path(__file__).parent / "shifted_clock"


@dataclass
class Replica:
    """One process after another under the same name. `partition`: its own way to PostgreSQL."""

    name: str
    folder: Path
    environment: Mapping[str, str]
    nursery: Nursery
    chance: random.Random
    interruptions: Interruptions
    partition: Partition | None = None
    program: Program | None = None
    tally: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)
    logs: Path | None = None
    """A folder for whole logs."""
    only_ends: bool = False
    """It comes and goes, and nothing else happens to it."""

    def start(self, *, ahead: int = 0) -> AbstractAsyncContextManager[Program]:
        """Run a process; where its clock is wrong, it starts anew, since imports bind the clock."""
        if not ahead:
            return running_program(self.folder, self.environment, nursery=self.nursery, ready="")
        shifted = {"PYTHONPATH": f"{SHIFTED_CLOCK}:{ROOT}", "CLOCK_AHEAD": str(ahead)}
        return running_program(self.folder, {**self.environment, **shifted}, ready="")

    async def live(self, until: float) -> None:
        """Run, suffer and die, again and again until then, on `time.monotonic`."""
        while time.monotonic() < until:
            wrong = not self.only_ends and self.chance.random() < 0.2
            ahead = self.chance.choice(SHIFTS) if wrong else 0
            self.tally["starts with a wrong clock"] += ahead != 0
            async with self.start(ahead=ahead) as program:
                if await is_ready(program):
                    self.program = program
                    await self._suffer(program, until)
                    self.program = None
                await self._end(program)
            self.keep(program)
            await asyncio.sleep(self.chance.uniform(*AWAY))

    async def _suffer(self, program: Program, until: float) -> None:
        """Go through one trouble after another until one is to end the process, or it ends by itself."""
        troubles = ["end", "end", "end", "freeze", *(["cut", "stall"] if self.partition else [])]
        if self.only_ends:
            troubles = ["end"]
        while time.monotonic() < until and program.process.returncode is None:
            await asyncio.sleep(self.chance.uniform(*CALM))
            match self.chance.choice(troubles):
                case "end":
                    return
                case "freeze":
                    await self._freeze(program)
                case "cut" if self.partition is not None:
                    self._note("a partition (cut)")
                    await self.partition.cut(self._duration())
                case "stall" if self.partition is not None:
                    self._note("a partition (stalled)")
                    await self.partition.stall(self._duration())

    async def _end(self, program: Program) -> None:
        if program.process.returncode is not None:
            self.tally["ended by itself"] += 1
            self.log.append(
                f"{self.name} ended by itself ({program.process.returncode}): {' | '.join(program.lines[-3:])}"
            )
        elif self.chance.random() < 0.7:
            before = time.monotonic()
            await program.kill()
            self._note("a kill", before)
        else:
            await self.stop(program)

    def keep(self, program: Program) -> None:
        """Keep the lines of a log that nobody expects."""
        self.log += [line for line in unexpected(program) if not any(part in line for part in EXPECTED)]
        if self.logs is not None:
            with (self.logs / f"{self.name}.log").open("a", encoding="utf-8") as file:
                file.write(program.log + f"\n--- {self.name} ended ({program.process.returncode})\n")

    async def stop(self, program: Program) -> None:
        """Ask it to end, and keep what was wrong with that."""
        self.tally["stops"] += 1
        began = time.monotonic()
        try:
            status = await program.stop()
        except TimeoutError:
            await program.kill()
            self._note("a kill", began)
            self.log.append(f"{self.name} did not end within 20 s of SIGTERM: {' | '.join(program.lines[-3:])}")
            return
        if status != 0:
            self.log.append(f"{self.name} was stopped and ended with {status}: {' | '.join(program.lines[-3:])}")

    async def _freeze(self, program: Program) -> None:
        self._note("a freeze")
        program.freeze()
        try:
            await asyncio.sleep(self._duration())
        finally:
            program.thaw()

    def _duration(self) -> float:
        return self.chance.uniform(*(BRIEF if self.chance.random() < 0.6 else LONG))

    def _note(self, what: str, began: float | None = None) -> None:
        now = time.monotonic()
        self.interruptions.note(what, now if began is None else began, now)
        self.tally[what] += 1


async def is_ready(program: Program) -> bool:
    """Wait until a program has started; not where it ends, or says nothing of it for a minute."""
    try:
        await program.says(READY)
    except AssertionError:
        return False
    return True
