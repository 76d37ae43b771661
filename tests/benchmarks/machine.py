"""What a process costs, from /proc, and how busy the machine is."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process so far, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def exact_cpu_seconds(pid: int) -> float:
    """The same by the scheduler's clock of each living thread: finer than the ticks of `stat`."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def process_clock(pid: int) -> float:
    """The same by the kernel's CPU clock of the process (`clock_getcpuclockid`), exact at any moment."""
    return time.clock_gettime((~pid << 3) | 2)


def wakeups_of_side_threads(pid: int) -> int:
    """How often the threads beside the main one have run: with SQLite each query wakes one."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        if int(task.name) != pid:
            lines = (task / "status").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)
    return total


def peak_megabytes(pid: int) -> float:
    """The most memory that a process has held (VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def load() -> float:
    """Processes that wanted to run, on average over the last minute."""
    return os.getloadavg()[0]


def is_busy() -> bool:
    """Whether others want this machine as well; a bench alone stays far below its cores."""
    return load() > (os.cpu_count() or 1)


@dataclass
class CpuCurve:
    """CPU seconds of a process over time."""

    points: list[tuple[float, float]] = field(default_factory=list)

    def between(self, begin: float, end: float) -> float:
        inside = [cpu for at, cpu in self.points if begin <= at <= end]
        return inside[-1] - inside[0] if inside else 0.0


@asynccontextmanager
async def cpu_curve(pid: int, *, every: float = 0.1) -> AsyncIterator[CpuCurve]:
    """Note a process's CPU time again and again."""
    curve = CpuCurve()

    async def note() -> None:
        while True:
            curve.points.append((time.monotonic(), exact_cpu_seconds(pid)))
            await asyncio.sleep(every)

    async with asyncio.TaskGroup() as group:
        noting = group.create_task(note())
        try:
            yield curve
        finally:
            noting.cancel()
