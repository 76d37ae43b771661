"""Processes that take a chat over, one after another: whatever each has spent, a strict server refuses nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from bot.rate_limits.inheritance import densest_calls, latest_arrivals
from bot.rate_limits.limits import GROUP
from tests.rate_limits.simulation import Answer, Simulation

PRIVATE_CHAT, GROUP_CHAT = 1, -1


@dataclass
class Succession:
    """Answers one after another, each written by a new process that may die in the middle of it."""

    chance: random.Random
    chat: int
    draft: bool = False
    knows: bool = True
    """A process learns when the others wrote, in a group of each call."""
    simulation: Simulation = field(default_factory=Simulation)
    spells: list[tuple[float, float]] = field(default_factory=list)

    def take_over(self) -> None:
        """Begin with a scheduler that knows only when the others wrote."""
        simulation = self.simulation
        simulation.restart()
        if self.knows and self.chat < 0:
            lately = [at for at in simulation.made if at > simulation.now - 60]
            simulation.scheduler.count_calls(self.chat, latest_arrivals(lately, simulation.now), simulation.now)
            return
        for began, ended in self.spells if self.knows else []:
            if ended > simulation.now - 60:
                simulation.scheduler.count_others(self.chat, began, ended, simulation.now)

    def answer(self, lasts: float, cut: float | None) -> None:
        """Write an answer that nobody has begun, and die `cut` seconds later or when it is complete."""
        simulation, began = self.simulation, self.simulation.now
        recent = any(ended > began - 60 for _, ended in self.spells)
        answer = Answer(self.chat, began, lasts, draft=self.draft and not recent)
        simulation.show(answer)
        until = began + (cut if cut is not None else lasts)
        simulation.run(until)
        while cut is None and not answer.complete:
            until += 0.5
            simulation.run(until)
        simulation.now = until
        self.spells.append((began, until))

    def live(self, seconds: float) -> int:
        """Go on for so long; gives how many calls were refused."""
        chance, simulation = self.chance, self.simulation
        end = simulation.now + seconds
        while simulation.now < end:
            self.take_over()
            for _ in range(chance.randint(1, 3)):
                lasts = chance.choice((0.5, 3.0, 10.0, 30.0))
                dies = chance.random() < 0.5
                self.answer(lasts, chance.uniform(0.2, lasts) if dies else None)
                if dies:
                    break
                self.wait(chance.choice((0.0, 2.0, 20.0)))
            self.wait(chance.choice((0.0, 0.5, 5.0, 20.0)))
        return simulation.refused

    def wait(self, seconds: float) -> None:
        self.simulation.run(self.simulation.now + seconds)
        self.simulation.now = self.simulation.now + seconds


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("chat", "draft"), [(PRIVATE_CHAT, False), (PRIVATE_CHAT, True), (GROUP_CHAT, False)])
def test_processes_that_follow_one_another_break_no_budget(chat: int, draft: bool, seed: int) -> None:
    assert Succession(random.Random(seed), chat, draft).live(300) == 0


@pytest.mark.parametrize(("chat", "draft"), [(PRIVATE_CHAT, False), (PRIVATE_CHAT, True), (GROUP_CHAT, False)])
def test_processes_that_know_nothing_of_one_another_would_break_it(chat: int, draft: bool) -> None:
    assert sum(Succession(random.Random(seed), chat, draft, knows=False).live(300) for seed in range(5)) > 0


def test_an_answer_of_two_seconds_costs_no_more_than_it_can_have_cost() -> None:
    assert len(densest_calls(8.0, 10.0, GROUP)) == 5
    assert max(densest_calls(8.0, 10.0, GROUP)) == 10.0
    assert densest_calls(8.0, 10.0, GROUP) == pytest.approx([8.26, 9.13, 10.0, 10.0, 10.0]), "0.29 of a slot's pace"
    assert len(densest_calls(10.0, 10.0, GROUP)) == 3


def test_a_call_has_arrived_when_later_ones_waited_for_its_answer_or_after_fifteen_seconds() -> None:
    assert latest_arrivals([], 100.0) == []
    assert latest_arrivals([99.0], 100.0) == [100.0]
    assert latest_arrivals([50.0, 90.0], 100.0) == [65.0, 100.0]
    assert latest_arrivals([90.0, 91.0, 92.0, 93.0, 99.0], 100.0) == [93.0, 99.0, 100.0, 100.0, 100.0]


@pytest.mark.parametrize("seed", range(5))
def test_in_a_group_whose_process_dies_every_few_seconds_an_answer_still_gets_on(seed: int) -> None:
    succession = Succession(random.Random(seed), GROUP_CHAT)
    for _ in range(60):
        succession.take_over()
        succession.answer(30.0, succession.chance.uniform(2.0, 10.0))
    simulation = succession.simulation
    assert simulation.refused == 0
    minutes = int((simulation.now - 1000.0) / 60)
    calls = [sum(60 * minute <= at - 1000.0 < 60 * (minute + 1) for at in simulation.made) for minute in range(minutes)]
    assert min(calls) >= 5
