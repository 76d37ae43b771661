"""People who wait in one conversation take turns, and each may have so many questions waiting."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.messages import Author, ChatKey
from bot.errors import TooManyWaiting
from bot.storage.turn_queue.fairness import round_of_question
from tests.harness.turn_bench import ANN, BOB, GROUP, PRIVATE, Bench

CLEO = Author(7, "Cleo")


async def all_over(bench: Bench, count: int) -> None:
    """Let every answer end, and wait for so many."""
    bench.let_go()
    for number in range(1, count + 1):
        await bench.is_over(number)


async def test_whoever_asks_for_the_first_time_comes_before_somebodys_second_question(bench: Bench) -> None:
    bench.hold()
    for number in range(4):
        await bench.ask(f"bob {number}", GROUP, author=BOB)
    await bench.ask("ann 0", GROUP, author=ANN)
    await bench.ask("cleo 0", GROUP, author=CLEO)
    await bench.ask("ann 1", GROUP, author=ANN)
    await all_over(bench, 7)
    assert bench.begun == ["bob 0", "ann 0", "cleo 0", "bob 1", "ann 1", "bob 2", "bob 3"]


async def test_whoever_was_just_answered_and_asks_again_does_not_overtake_those_who_wait(bench: Bench) -> None:
    bench.hold()
    await bench.ask("bob 0", GROUP, author=BOB)
    await bench.ask("ann 0", GROUP, author=ANN)
    await bench.ask("bob 1", GROUP, author=BOB)
    bench.let_go("bob 0")
    await bench.has_begun("ann 0")
    await bench.ask("cleo 0", GROUP, author=CLEO)
    await bench.ask("ann 1", GROUP, author=ANN)
    bench.let_go("ann 0")
    bench.let_go("cleo 0")
    await bench.has_begun("bob 1")
    await bench.ask("dora 0", GROUP, author=Author(8, "Dora"))
    await all_over(bench, 6)
    assert bench.begun == ["bob 0", "ann 0", "cleo 0", "bob 1", "ann 1", "dora 0"]


async def test_a_press_comes_behind_the_own_questions_and_before_those_of_later_rounds(bench: Bench) -> None:
    first = await bench.answered("old", GROUP)
    bench.hold()
    await bench.ask("bob 0", GROUP, author=BOB)
    await bench.ask("bob 1", GROUP, author=BOB)
    again = await bench.turns.again(first, by=ANN.id, language="en")
    await all_over(bench, again.turn)
    assert bench.begun == ["old", "bob 0", "old", "bob 1"]


async def test_the_questions_of_one_person_stay_in_their_order_however_they_are_asked(bench: Bench) -> None:
    first = await bench.answered("old")
    bench.hold()
    await bench.ask("one")
    await bench.ask("two")
    again = await bench.turns.again(first, by=ANN.id, language="en")
    await bench.ask("three")
    await all_over(bench, again.turn + 1)
    assert bench.begun == ["old", "one", "two", "old", "three"]


async def test_what_waits_is_counted_for_each_person_of_a_chat(bench: Bench) -> None:
    bench.hold()
    for number in range(6):  # one is answered, five wait
        await bench.ask(f"bob {number}", GROUP, author=BOB)
    with pytest.raises(TooManyWaiting) as refused:
        await bench.ask("bob 6", GROUP, author=BOB)
    assert refused.value.details == {"limit": 5, "whose": "person"}
    waits = await bench.ask("ann 0", GROUP, author=ANN)
    assert waits.waits
    await bench.ask("elsewhere", ChatKey(1, -200), author=BOB)


async def test_the_questions_of_a_chat_are_counted_in_all_its_topics(bench: Bench) -> None:
    bench.hold()
    for number in range(51):
        await bench.ask(f"{number}", GROUP, author=Author(100 + number, "Somebody"))
    with pytest.raises(TooManyWaiting) as refused:
        await bench.ask("one more", GROUP, author=ANN)
    assert refused.value.details == {"limit": 50, "whose": "chat"}
    first = await bench.ask("the first of a topic waits for nobody", ChatKey(1, GROUP.chat, 7), author=ANN)
    assert not first.waits
    with pytest.raises(TooManyWaiting):
        await bench.ask("the second does", ChatKey(1, GROUP.chat, 7), author=ANN)


async def test_whoever_is_let_through_is_not_counted_out(bench: Bench) -> None:
    bench.hold()
    for number in range(6):
        await bench.ask(f"{number}", PRIVATE)
    assert (await bench.ask("seventh", PRIVATE, limited=False)).waits


async def test_it_is_known_which_question_had_to_wait(bench: Bench) -> None:
    bench.hold()
    at_once = await bench.ask("one", message_id=11)
    waits = await bench.ask("two", message_id=12)
    bench.let_go()
    assert [(await bench.is_over(one.turn)).reply_to for one in (at_once, waits)] == [11, 12]
    assert [(await bench.is_over(one.turn)).waited for one in (at_once, waits)] == [False, True]


@dataclass
class _Waiting:
    """What a row of the queue says."""

    id: int
    asker: int
    round: int


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=40))
def test_nobody_waits_for_a_third_question_of_anybody_else(steps: list[tuple[int, bool]]) -> None:
    """Ask and answer at random: whoever waits is overtaken by each other person at most once."""
    queue: list[_Waiting] = []
    overtaken: dict[int, dict[int, int]] = {}
    for id_, (asker, answer_one) in enumerate(steps):
        queue.append(_Waiting(id_, asker, round_of_question(queue, asker)))  # type: ignore[arg-type]
        first = all(one.asker != asker for one in queue[:-1])
        if first:
            overtaken[asker] = {}
        if answer_one:
            served = min(queue, key=lambda one: (one.round, one.id))
            queue.remove(served)
            overtaken.pop(served.asker, None)
            for person, others in overtaken.items():
                others[served.asker] = others.get(served.asker, 0) + 1
                assert others[served.asker] <= 2, f"{served.asker} came before {person} again and again"
