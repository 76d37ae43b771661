"""The simulated group of the benchmarks: its queue is the store's, and nobody is left behind in its week."""

from __future__ import annotations

from functools import cache

import pytest

from bot.conversation.messages import Author, ChatKey, Ending, Question, TurnState
from bot.errors import TooManyWaiting
from bot.storage.database import Database
from bot.storage.partitioning import ChatPartitioning
from bot.storage.turn_queue.claims import TurnRepository
from bot.storage.turn_queue.enqueue import QuestionQueue
from bot.storage.turn_queue.fairness import WaitingLimits
from bot.storage.turn_queue.leases import ClaimedTurn
from tests.benchmarks.week import RULES, Asking, TurnsBetweenPeople, Waiting, Week, play, questions

GROUP = ChatKey(1, -100)
LIMITS = WaitingLimits(5, 50)


class StoredQueue:
    """The real queue, one answer at a time."""

    def __init__(self, database: Database) -> None:
        self._turns, self._questions = TurnRepository(database), QuestionQueue(database)
        self._running: ClaimedTurn | None = None
        self._numbers: dict[int, int] = {}
        self.begun: list[int] = []

    async def ask(self, number: int, asker: int) -> bool:
        question = Question(GROUP, number + 1, f"{number}", Author(asker, "Somebody"), False, "en")
        try:
            asked = await self._questions.accept(question, dedup=f"{number}", limits=LIMITS)
        except TooManyWaiting:
            return False
        self._numbers[asked.turn] = number
        if self._running is None:
            await self._begin()
        return True

    async def end_answer(self) -> bool:
        """False: nothing was being answered."""
        if self._running is None:
            return False
        await self._turns.wrote(self._running.lease, "answer", "", Ending.COMPLETE, "")
        await self._turns.finish(self._running.lease, TurnState.DONE)
        await self._begin()
        return True

    async def _begin(self) -> None:
        claimed = await self._turns.claim(1, ChatPartitioning.among("me", []), limit=1)
        self._running = claimed[0] if claimed else None
        self.begun += [self._numbers[one.turn.id] for one in claimed]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_simulated_queue_is_the_stores(database: Database) -> None:
    """The same questions, and an answer that ends after every second of them, begin in the same order."""
    asked = [one for one in questions(days=2) if one.kind in {"flood", "beside", "crowd"}][:150]
    stored, model = StoredQueue(database), _Model()
    for number, asking in enumerate(asked):
        assert await stored.ask(number, asking.person) == model.ask(number, asking)
        if number % 2:
            await stored.end_answer()
            model.end_answer()
    while await stored.end_answer():
        model.end_answer()
    assert stored.begun == model.begun
    assert len(stored.begun) > 60
    assert stored.begun != sorted(stored.begun), "people took turns"


class _Model:
    """The queue of the simulation, by hand."""

    def __init__(self) -> None:
        self._rules, self._queue = TurnsBetweenPeople(), list[Waiting]()
        self.begun: list[int] = []

    def ask(self, number: int, asking: Asking) -> bool:
        question = Waiting(number, asking.person, asking)
        if self._rules.place(question, self._queue):
            return False
        self._queue.append(question)
        if len(self._queue) == 1:
            self.begun.append(number)
        return True

    def end_answer(self) -> None:
        self._queue.pop(0)
        self._queue.sort(key=self._rules.order)
        self.begun += [one.id for one in self._queue[:1]]


@cache
def week(rules: str) -> Week:
    return play(asked_in_a_week(), RULES[rules])


@cache
def asked_in_a_week() -> list[Asking]:
    return questions()


def test_in_a_week_only_those_are_refused_who_flood() -> None:
    fair, before = week("turns between people"), week("first come, first served, 5 wait")
    flooders = {one.person for one in asked_in_a_week() if one.kind == "flood"}
    assert len(set(fair.refused_of) - flooders) <= 5
    assert len(set(before.refused_of) - flooders) > 50
    assert len(fair.begun) + fair.refused.total() == fair.asked


def test_in_a_week_nobody_waits_for_the_whole_flood_of_somebody_else() -> None:
    fair, queue = week("turns between people"), week("first come, first served, 50 wait")
    assert max(fair.first_waits["beside"]) < max(queue.first_waits["beside"]) / 2


def test_a_week_has_a_handful_of_notices() -> None:
    fair = week("turns between people")
    assert fair.messages < fair.asked / 500
    assert fair.messages < fair.refused.total() / 10
