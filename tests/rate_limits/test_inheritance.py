"""Processes that take a chat over, one after another: whatever each has spent, a strict server refuses nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from bot.rate_limits.inheritance import densest_calls
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
    """A process learns when the others wrote."""
    simulation: Simulation = field(default_factory=Simulation)
    spells: list[tuple[float, float]] = field(default_factory=list)

    def take_over(self) -> None:
        """Begin with a scheduler that knows only when the others wrote."""
        simulation = self.simulation
        simulation.restart()
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
