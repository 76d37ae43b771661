"""Plays one scenario with the real processes and measures it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from tests.benchmarks import machine
from tests.benchmarks.floor import (
    ReplyStream,
    floor_alone,
    floor_before_more,
    floor_before_others,
    floor_in_group,
    floor_of_many,
)
from tests.benchmarks.observed import Json, NotWhole, Observed, observe
from tests.benchmarks.scenarios import Mode, Scenario
from tests.benchmarks.source import Written, question
from tests.benchmarks.stage import Deliveries, Stage, stage
from tests.harness.program_process import Program
from tests.harness.telegram_people import ANNA, is_being_written

PATIENCE = 90.0
"""Seconds that answers may take beyond the time in which they are written."""


@dataclass
class Result:
    """What one scenario gave; times in seconds, memory in megabytes."""

    scenario: Scenario
    mode: Mode
    load: float
    busy: bool
    answers: list[Observed] = field(default_factory=list)
    problem: str = ""
    """Why an answer is not whole."""
    floor: float = 0.0
    refused: int = 0
    cpu: float = 0.0
    memory: float = 0.0
    added: list[float] = field(default_factory=list)
    growth: float | None = None
    before_others: float | None = None
    """The floor of an answer in a group where others may ask as well."""
    before_more: float | None = None
    """The floor of an answer by drafts that may go on to a minute."""

    @property
    def first(self) -> float:
        return fmean(answer.first for answer in self.answers)

    @property
    def mean_delay(self) -> float:
        return fmean(answer.mean_delay for answer in self.answers)

    @property
    def ratio(self) -> float:
        return self.mean_delay / self.floor

    @property
    def late(self) -> float:
        return max(answer.late for answer in self.answers)

    @property
    def changes(self) -> int:
        return sum(answer.changes for answer in self.answers)


async def play(scenario: Scenario, mode: Mode) -> Result:
    """Play a scenario on a stage of its own."""
    result = Result(scenario, mode, machine.load(), machine.is_busy())
    async with stage() as ready:
        chats = [await ready.telegram.group()] if scenario.group else await ready.people(scenario.chats)
        names = [[f"{chat}-{turn}" for turn in range(scenario.rounds)] for chat in range(scenario.chats)]
        ready.source.scripts = {name: scenario.script(name) for line in names for name in line}
        settings = {"STREAMING": mode, "MAX_ANSWERS": str(max(200, scenario.chats))}
        async with ready.bot(**settings) as bot:
            await ready.warm_up()
            if scenario.tempo is not None:
                ready.know_tempo(chats[0], scenario.tempo)
            await _measure(ready, bot, result, chats, names)
    return result


async def _measure(
    ready: Stage, bot: Program, result: Result, chats: Sequence[int], names: Sequence[Sequence[str]]
) -> None:
    process = bot.process.pid
    before = machine.cpu_seconds(process)
    sent: dict[str, float] = {}
    async with ready.keeping_calls(), machine.cpu_curve(process) as curve, asyncio.TaskGroup() as group:
        for chat, line in zip(chats, names, strict=True):
            group.create_task(_talk(ready, result.scenario, chat, line, sent))
    result.cpu = machine.cpu_seconds(process) - before
    result.memory = machine.peak_megabytes(process)
    result.busy = result.busy or machine.is_busy()
    calls = await ready.calls()
    _read(ready, result, calls, chats, names)
    deliveries = Deliveries(calls)
    result.added = [ready.source.written[name][0].asked - deliveries.first_after(at) for name, at in sent.items()]
    if result.answers:
        result.floor = _floor(result.scenario, result.mode, result.answers)
        if result.scenario.group and len(result.answers) == 1:
            result.before_others = floor_before_others(ReplyStream(result.answers[0].written.characters))
        if result.scenario.limits.foresight is not None and result.mode == "draft":
            result.before_more = floor_before_more(ReplyStream(result.answers[0].written.characters, draft=True))
        if result.scenario.limits.growth is not None:
            result.growth = _growth(result.answers[0], curve)


async def _talk(ready: Stage, scenario: Scenario, chat: int, names: Sequence[str], sent: dict[str, float]) -> None:
    """Ask in one chat, and again as soon as the answer is complete."""
    telegram = ready.telegram
    for number, name in enumerate(names):
        sent[name] = time.monotonic()
        if scenario.group:
            await telegram.send(f"@aura_bot {question(name)}", by=ANNA, chat=chat)
        else:
            await telegram.send(question(name), by=chat)
        seconds = PATIENCE + ready.source.scripts[name].seconds
        written = await ready.source.wrote(name, seconds=seconds)
        ending = written.script.text[-20:]

        def complete(number: int = number, ending: str = ending) -> bool:
            said = telegram.said(chat)
            return len(said) > number and said[-1]["text"].endswith(ending) and not is_being_written(said[-1])

        await telegram.until(complete, seconds=seconds, why=f"(waited for the end of {name})")


def _read(
    ready: Stage, result: Result, calls: list[Json], chats: Sequence[int], names: Sequence[Sequence[str]]
) -> None:
    result.refused = sum(call["error_code"] == 429 for call in calls)
    by_chat: dict[int, list[Json]] = {}
    for call in calls:
        by_chat.setdefault(call["parameters"].get("chat_id", 0), []).append(call)
    for chat, line in zip(chats, names, strict=True):
        ids = [message["message_id"] for message in ready.telegram.said(chat)]
        written: list[Written] = [ready.source.written[name][0] for name in line]
        try:
            result.answers += observe(by_chat.get(chat, []), chat, ids, written)
        except NotWhole as problem:
            result.problem = str(problem)


def _floor(scenario: Scenario, mode: Mode, answers: Sequence[Observed]) -> float:
    streams = [
        ReplyStream(answer.written.characters, tuple(answer.cuts), draft=mode == "draft" and not scenario.group)
        for answer in answers
    ]
    if scenario.group:
        return floor_in_group(streams)
    if len(streams) == 1 or streams[0].draft:  # each chat has places for drafts of its own, the bot has no common ones
        return floor_alone(streams[0])
    return floor_of_many(streams[0], len(streams))


def _growth(answer: Observed, curve: machine.CpuCurve) -> float:
    """CPU time a change in the last third of an answer, over that in the second: the first spends the burst."""
    begin, end = answer.written.times[0], answer.written.times[-1]
    third = (end - begin) / 3

    def cost(since: float, until: float) -> float:
        changes = sum(since <= at < until for at, _ in answer.visible)
        return curve.between(since, until) / max(1, changes)

    return cost(end - third, end) / cost(begin + third, end - third)


def added(result: Result) -> float:
    """Seconds that the bot adds between an update and its request to the generator, median."""
    return median(result.added)
