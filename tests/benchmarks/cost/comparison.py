"""CPU of a question and of an answer, as a multiple of what a bare aiogram bot takes for the same, in one run.

Both bots run at the same time, each on a playground of its own, and are asked by turns, so that whatever else the
machine does meets both alike. The time is the processor's, of the whole process, by the kernel's own clock.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from statistics import fmean, median

from tests.benchmarks import machine
from tests.benchmarks.report import Target, judge, say
from tests.benchmarks.scripts import prose, script
from tests.benchmarks.source import question
from tests.benchmarks.stage import Stage, stage
from tests.harness.program_process import ROOT

QUESTIONS = 100
CHATS = 20
ANSWERS = 3
PAUSE = 0.2
"""Seconds after an answer until what it leaves to do is done."""
MAX_QUESTION = 8.0
"""Milliseconds of CPU from the update to the request; met also within `MAX_RATIO` times the bare bot's."""
MAX_RATIO = 3.0
MAX_ANSWER = 0.12
"""Seconds of CPU of an answer of ten seconds in 400 pieces."""


@dataclass
class Contender:
    """A bot, and what it has cost."""

    name: str
    stage: Stage
    process: int
    people: list[int]
    questions: list[float] = field(default_factory=list)
    """Milliseconds of CPU from the update to the request, one for each question."""
    answers: list[float] = field(default_factory=list)
    """Seconds of CPU from the update to the last edit."""

    async def ask(self, number: int, *, pieces: int = 2, seconds: float = 0.0) -> None:
        """Ask one question, wait for its answer, and note what both took."""
        name, by = f"{self.name}-{pieces}-{number}", self.people[number % len(self.people)]
        text = prose(max(100, pieces * 5), begin=name)
        self.stage.source.scripts[name] = script(text, pieces=pieces, seconds=seconds)
        before = machine.process_clock(self.process)
        await self.stage.telegram.send(question(name), by=by)
        await self.stage.source.asked(name)
        begun = machine.process_clock(self.process)
        await self.stage.source.wrote(name)
        await self.stage.telegram.reads(text[-15:], chat=by)
        await asyncio.sleep(PAUSE)
        self.questions.append((begun - before) * 1000)
        self.answers.append(machine.process_clock(self.process) - before)


async def main() -> int:
    """Measure both by turns; print a table and the targets."""
    async with _ours() as ours, _bare() as bare:
        for number in range(-10, QUESTIONS):
            for one in (ours, bare):
                if number == 0:
                    one.questions.clear()
                await one.ask(number)
        asked = [list(one.questions) for one in (ours, bare)]
        say(f"{QUESTIONS} questions: {median(asked[0]):.2f} and {median(asked[1]):.2f} ms; {ANSWERS} answers …")
        for one in (ours, bare):
            one.answers.clear()
        for number in range(ANSWERS):
            for one in (ours, bare):
                await one.ask(number, pieces=400, seconds=10)
        memory = [machine.peak_megabytes(one.process) for one in (ours, bare)]
    say(f"\nMeasured at a load of {machine.load():.1f}; both bots by turns, in one run.\n")
    say("| | this program | bare aiogram bot | ratio |\n|---|---:|---:|---:|")
    (question_ours, question_bare), (mean_ours, mean_bare) = map(median, asked), map(fmean, asked)
    answer_ours, answer_bare = median(ours.answers), median(bare.answers)
    for what, mine, other, digits, unit in (
        ("CPU from update to request, median", question_ours, question_bare, 2, "ms"),
        ("the same, mean", mean_ours, mean_bare, 2, "ms"),
        ("CPU of an answer, 10 s, 400 pieces, median", answer_ours, answer_bare, 3, "s"),
        ("memory", memory[0], memory[1], 0, "MB"),
    ):
        say(f"| {what} | {mine:.{digits}f} {unit} | {other:.{digits}f} {unit} | {mine / other:.2f} |")
    say("")
    ratio = question_ours / question_bare
    return judge(
        [
            Target(
                f"CPU of a question: {question_ours:.2f} ms, at most {MAX_QUESTION:g}, "
                f"or {ratio:.2f} times the bare bot's, at most {MAX_RATIO:g}",
                question_ours <= MAX_QUESTION or ratio <= MAX_RATIO,
            ),
            Target(f"CPU of an answer: {answer_ours:.3f} s, at most {MAX_ANSWER:g}", answer_ours <= MAX_ANSWER),
        ]
    )


@asynccontextmanager
async def _ours() -> AsyncIterator[Contender]:
    async with stage() as ready, ready.bot() as program:
        people = await ready.people(CHATS)
        yield Contender("ours", ready, program.process.pid, people)


@asynccontextmanager
async def _bare() -> AsyncIterator[Contender]:
    async with AsyncExitStack() as stack:
        ready = await stack.enter_async_context(stage())
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.benchmarks.cost.bare_bot", env={"PYTHONPATH": str(ROOT), **ready.environment}
        )
        stack.push_async_callback(process.wait)
        stack.callback(process.kill)
        yield Contender("bare", ready, process.pid, await ready.people(CHATS))
