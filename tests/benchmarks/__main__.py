"""`python -m tests.benchmarks SCENARIO …`: the bot on a strict local Telegram; or one of the other benches."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable

from tests.benchmarks import outage, start, turns, usage, week
from tests.benchmarks.cost import burst, comparison, thousand
from tests.benchmarks.measure import Result, play
from tests.benchmarks.report import judge, remarks, say, table, targets
from tests.benchmarks.scenarios import SCENARIOS, Scenario

_OTHERS: dict[str, Callable[[], int]] = {
    "turns": lambda: asyncio.run(turns.main()),
    "cost": lambda: asyncio.run(comparison.main()),
    "burst": lambda: asyncio.run(burst.main()),
    "thousand": lambda: asyncio.run(thousand.main()),
    "start": start.main,
    "week": week.main,
    "outage": outage.main,
    "usage": lambda: asyncio.run(usage.main()),
}
"""Benches that are no scenario of the local Telegram's."""


def main() -> int:
    """Run what is asked for. Status 1: a target is not met."""
    arguments = _arguments()
    if len(arguments.scenarios) == 1 and (bench := _OTHERS.get(arguments.scenarios[0])) is not None:
        return bench()
    chosen = [one for one in SCENARIOS if one.name in arguments.scenarios or not arguments.scenarios]
    results = asyncio.run(_play(chosen, arguments.surface))
    say("\n" + table(results) + "\n")
    for remark in remarks(results):
        say(remark)
    return judge([target for result in results for target in targets(result)])


async def _play(chosen: Iterable[Scenario], surface: str | None) -> list[Result]:
    results = []
    for scenario in chosen:
        for mode in scenario.modes:
            if surface in (None, mode):
                say(f"{scenario.title}, {mode} …")
                results.append(await play(scenario, mode))
                say(table(results[-1:]).splitlines()[-1])
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument(
        "scenarios",
        nargs="*",
        choices=[*names, *_OTHERS, []],
        metavar="SCENARIO",
        help=", ".join(names),
    )
    parser.add_argument("--surface", choices=["edit", "draft"], help="only with this one")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
