"""Questions of many private chats in the same instant: when the last of them has reached the generator.

The program is frozen while the people write, and thawed: what is measured begins with its first fetch, and the people's
own writing takes no part in it. Between two bursts every answer ends.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median

from tests.benchmarks import machine
from tests.benchmarks.report import judge, say
from tests.benchmarks.scripts import prose, script
from tests.benchmarks.servers import running_postgresql
from tests.benchmarks.source import question
from tests.benchmarks.stage import Stage, stage
from tests.benchmarks.turns import Table
from tests.harness.program_process import Program
from tests.harness.telegram_people import is_being_written

LIMITS = {60: 0.6, 300: 3.0}
"""Seconds in which so many questions have to reach the generator."""
ROUNDS = 3
SECONDS, PIECES = 10.0, 100
"""How long an answer is written, and in how many pieces."""
PATIENCE = 120.0


async def main() -> int:
    """Measure each number of chats on both databases; print a table and the targets."""
    table = Table()
    with running_postgresql() as server:
        for database in ("SQLite", *(["PostgreSQL"] if server else [])):
            table.databases.append(database)
            for chats, limit in LIMITS.items():
                async with stage() as ready:
                    url = server.new_database() if server and database == "PostgreSQL" else None
                    await _measure(ready, url, chats, limit, table)
    say("\n" + table.markdown() + "\n")
    return judge(table.targets)


async def _measure(ready: Stage, url: str | None, chats: int, limit: float, table: Table) -> None:
    settings = {"MAX_ANSWERS": "400", **({"DATABASE_URL": url} if url else {})}
    column = table.databases[-1]
    async with ready.bot(**settings) as program:
        await ready.warm_up()
        people = await ready.people(chats)
        rounds = [await _burst(ready, program, people, number) for number in range(ROUNDS)]
    known = rounds[1:]  # the first burst is everybody's first question
    said = ", ".join(f"{last:.2f} s and {cpu:.1f} ms a question" for last, cpu in rounds)
    say(f"{column}, load {machine.load():.1f}, bursts: {said}")
    what = f"{chats} at once: last request"
    table.put(what, column, median(last for last, _ in known), "s", limit=limit, digits=2)
    table.put(f"{what}, all of them new", column, rounds[0][0], "s", digits=2)
    table.put(f"{chats} at once: CPU a question meanwhile", column, median(cpu for _, cpu in known), "ms")


async def _burst(ready: Stage, program: Program, people: list[int], number: int) -> tuple[float, float]:
    """Let all of them ask. Gives the seconds until the last request, and milliseconds of CPU a question until then."""
    names = [f"burst-{number}-{person}" for person in people]
    program.freeze()
    for name, person in zip(names, people, strict=True):
        ready.source.scripts[name] = script(prose(PIECES * 5, begin=name), pieces=PIECES, seconds=SECONDS)
        await ready.telegram.send(question(name), by=person)
    used = machine.process_clock(program.process.pid)
    thawed = time.monotonic()
    program.thaw()
    asked = [(await ready.source.asked(name)).asked for name in names]
    used = machine.process_clock(program.process.pid) - used

    def complete() -> bool:
        return all(
            (said := ready.telegram.said(person)) and len(said) > number and not is_being_written(said[-1])
            for person in people
        )

    await ready.telegram.until(complete, seconds=PATIENCE)
    await asyncio.sleep(1)  # what the answers leave to do
    return max(asked) - thawed, used / len(people) * 1000
