"""The results as a table in Markdown, and whether the targets are met."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.benchmarks import machine
from tests.benchmarks.floor import MINUTE_DELAY, OTHERS, WORTH
from tests.benchmarks.measure import Result, added

_HEAD = (
    "scenario", "surface", "first text (s)", "mean delay (s)", "floor (s)", "ratio", "complete after (s)", "changes",
    "429s", "CPU (s)", "memory (MB)", "added (ms)", "load",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """One thing that has to hold."""

    what: str
    met: bool
    timing: bool = True
    """Whether a busy machine explains it where it does not hold."""


def table(results: Iterable[Result]) -> str:
    """One row for each scenario and surface."""
    rows = [_HEAD, tuple("---" if column < 2 else "---:" for column in range(len(_HEAD))), *map(_row, results)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(result: Result) -> tuple[str, ...]:
    begin = (result.scenario.title, result.mode)
    end = (
        str(result.refused), f"{result.cpu:.2f}", f"{result.memory:.0f}", f"{added(result) * 1000:.1f}",
        f"{result.load:.1f}",
    )  # fmt: skip
    if not result.answers or result.problem:
        return (*begin, *["–"] * 5, "not whole", *end)
    return (
        *begin, f"{result.first:.2f}", f"{result.mean_delay:.3f}", f"{result.floor:.3f}", f"{result.ratio:.2f}",
        f"{result.late:.2f}", str(result.changes), *end,
    )  # fmt: skip


def targets(result: Result) -> Iterator[Target]:
    """Whatever has to hold for this scenario."""
    limits, name = result.scenario.limits, f"{result.scenario.title} ({result.mode})"
    yield Target(f"{name}: no 429 (were {result.refused})", result.refused == 0, timing=False)
    yield Target(f"{name}: every answer whole {result.problem}".rstrip(), not result.problem, timing=False)
    if result.problem or not result.answers:
        return
    measured: list[tuple[str, float, float | None]] = [
        ("mean delay / floor", result.ratio, limits.ratio if result.mode == "edit" else None),
        ("mean delay (s)", result.mean_delay, limits.mean[result.mode] if limits.mean else None),
        ("mean delay / floor before more", result.mean_delay / (result.before_more or 1.0), _foresight(result)),
        ("complete after the last byte (s)", result.late, limits.late),
        ("CPU (s)", result.cpu, limits.cpu),
        ("cost of a change, late / early", result.growth or 0.0, limits.growth),
    ]
    for what, value, limit in measured:
        if limit is not None:
            yield Target(f"{name}: {what} {value:.3f}, at most {limit:g}", value <= limit)


def _foresight(result: Result) -> float | None:
    return None if result.before_more is None else result.scenario.limits.foresight


def remarks(results: Iterable[Result]) -> Iterator[str]:
    """What the table does not say: the floors of answers that have to leave room for what may follow."""
    for result in results:
        if result.before_more is not None:
            yield (
                f"{result.scenario.title}, by drafts: where the answer may go on, and a minute of it is to be at most"
                f" {MINUTE_DELAY:g} s late, no schedule is below {result.before_more:.3f} s;"
                f" this was {result.mean_delay / result.before_more:.2f} times that"
            )
        if result.before_others is not None:
            yield (
                f"{result.scenario.title}: where {OTHERS} more answers may follow that are to stay within {WORTH:g} of"
                f" their floor, no schedule is below {result.before_others:.3f} s,"
                f" {result.before_others / result.floor:.1f} times the floor above;"
                f" this was {result.mean_delay / result.before_others:.2f} times that"
            )


def judge(held: Iterable[Target]) -> int:
    """Print each target as met or not. Status 1: one is not, and not because the machine is busy."""
    failed, excused = 0, 0
    for target in held:
        say(f"{'met    ' if target.met else 'NOT MET'} {target.what}")
        if not target.met:
            failed += 1
            excused += target.timing and machine.is_busy()
    if excused:
        say(f"{excused} of {failed} may be the machine's fault: it is busy (load {machine.load():.1f})")
    return 1 if failed > excused else 0


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
