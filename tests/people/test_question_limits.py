"""How much one may ask."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.messages import ChatKey
from bot.conversation.people import Chat
from bot.people.limits.question_limits import DAY, MINUTE, Allowance, QuestionLimits, TooManyQuestions, _check
from bot.people.speaker import Speaker
from tests.harness.given_settings import given as given_settings

NOW = 1_000_000.0


def test_below_the_limit_nothing_waits() -> None:
    assert Allowance(3, 0).wait([NOW - 1, NOW - 2], NOW) == 0


def test_at_the_limit_the_oldest_that_counts_has_to_pass() -> None:
    assert Allowance(3, 0).wait([NOW - 50, NOW - 2, NOW - 1], NOW) == 10
    assert Allowance(2, 0).wait([NOW - 50, NOW - 2, NOW - 1], NOW) == 58


def test_the_longer_wait_counts() -> None:
    assert Allowance(1, 1).wait([NOW - 10], NOW) == DAY - 10


def test_nought_is_no_limit() -> None:
    assert Allowance(0, 0).wait([NOW] * 1000, NOW) == 0
    assert Allowance(0, 0).longest == 0


@pytest.mark.parametrize(
    ("wait", "said"),
    [(0.2, ("seconds", 1)), (60, ("seconds", 60)), (61, ("minutes", 2)), (3600, ("minutes", 60)), (3601, ("hours", 2))],
)
def test_the_refusal_says_when_it_works_again(wait: float, said: tuple[str, int]) -> None:
    with pytest.raises(TooManyQuestions) as caught:
        _check(wait, "person")
    assert (caught.value.details["unit"], caught.value.details["count"]) == said


@given(st.lists(st.floats(NOW - 2 * DAY, NOW), max_size=30), st.integers(0, 10), st.integers(0, 10))
@settings(deadline=None)
def test_after_the_wait_the_next_question_is_within_the_limits(
    asked: list[float], per_minute: int, per_day: int
) -> None:
    allowance = Allowance(per_minute, per_day)
    later = NOW + allowance.wait(asked, NOW)
    for count, seconds in ((per_minute, MINUTE), (per_day, DAY)):
        if count:
            assert sum(at > later - seconds + 1e-3 for at in asked) < count


PERSON, CHAT, BOT = 11, -22, 33


@dataclass
class Asked:
    """Times of questions, as the store gives them; what was wanted is remembered."""

    person: list[float] = field(default_factory=list)
    chat: list[float] = field(default_factory=list)
    wanted: list[tuple[int, tuple[int, float], tuple[int, float]]] = field(default_factory=list)

    async def asked_since(
        self, bot: int, *, person: tuple[int, float], chat: tuple[int, float]
    ) -> tuple[list[float], list[float]]:
        self.wanted.append((bot, person, chat))
        return _since(self.person, person[1]), _since(self.chat, chat[1])


def _since(times: list[float], since: float) -> list[float]:
    return sorted(at for at in times if at >= since)


class NoBudgets:
    """Nobody's tokens are limited."""

    async def admit(self, speaker: Speaker) -> None:
        """Let everybody through."""


def asked_by(whose: str, times: list[float]) -> Asked:
    return Asked(person=times) if whose == "person" else Asked(chat=times)


def speaker(*, admin: bool = False, anonymous: bool = False) -> Speaker:
    chat = Chat(CHAT, "supergroup", "Friends")
    return Speaker(ChatKey(BOT, CHAT, 5), PERSON, "Ann", chat, private=False, admin=admin, anonymous=anonymous)


def limits(asked: Asked, **counts: int) -> QuestionLimits:
    names = ("questions_per_minute", "questions_per_day", "chat_questions_per_minute", "chat_questions_per_day")
    given = given_settings(**dict.fromkeys(names, 0) | counts)
    return QuestionLimits(given, asked, NoBudgets(), bot=BOT, clock=lambda: NOW)  # type: ignore[arg-type]  # one method each


@pytest.mark.parametrize("span", [("per_minute", MINUTE), ("per_day", DAY)], ids=["a minute", "a day"])
@pytest.mark.parametrize("whose", ["person", "chat"])
@pytest.mark.parametrize(("others", "refused"), [(1, False), (2, True), (3, True)])
async def test_the_question_beyond_the_limit_is_refused_and_no_other(
    span: tuple[str, float], whose: str, others: int, *, refused: bool
) -> None:
    name, seconds = span
    asked = asked_by(whose, [NOW - 10 - number for number in range(others)])
    prefix = "chat_" if whose == "chat" else ""
    admitting = limits(asked, **{f"{prefix}questions_{name}": 2}).admit(speaker())
    if not refused:
        await admitting
        return
    with pytest.raises(TooManyQuestions) as caught:
        await admitting
    unit, length = ("seconds", 1) if seconds == MINUTE else ("hours", 3600)
    wait = -(-(seconds - 11) // length)
    assert caught.value.details == {"whose": whose, "unit": unit, "count": wait}


@pytest.mark.parametrize("whose", ["person", "chat"])
@pytest.mark.parametrize(("age", "refused"), [(MINUTE - 0.5, True), (MINUTE, False), (MINUTE + 0.5, False)])
async def test_a_question_counts_for_a_minute_and_no_longer(whose: str, age: float, *, refused: bool) -> None:
    prefix = "chat_" if whose == "chat" else ""
    admitting = limits(asked_by(whose, [NOW - age]), **{f"{prefix}questions_per_minute": 1}).admit(speaker())
    if not refused:
        await admitting
        return
    with pytest.raises(TooManyQuestions) as caught:
        await admitting
    assert caught.value.details["count"] == 1


async def test_what_is_counted_is_the_persons_anywhere_and_everybodys_in_the_chat() -> None:
    asked = Asked()
    await limits(asked, questions_per_minute=1, chat_questions_per_day=1).admit(speaker())
    assert asked.wanted == [(BOT, (PERSON, NOW - MINUTE), (CHAT, NOW - DAY))]


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ({}, []),
        ({"questions_per_day": 1}, [(BOT, (PERSON, NOW - DAY), (CHAT, NOW))]),
        ({"chat_questions_per_minute": 1}, [(BOT, (PERSON, NOW), (CHAT, NOW - MINUTE))]),
    ],
)
async def test_what_is_not_limited_is_not_counted(counts: dict[str, int], wanted: list[object]) -> None:
    asked = Asked()
    await limits(asked, **counts).admit(speaker())
    assert asked.wanted == wanted


async def test_bot_admins_are_not_limited_and_nobody_else_is_let_through() -> None:
    asked = Asked(person=[NOW] * 9, chat=[NOW] * 9)
    both = limits(asked, questions_per_minute=1, chat_questions_per_minute=1)
    await both.admit(speaker(admin=True))
    assert asked.wanted == []
    for somebody in (speaker(), speaker(anonymous=True)):
        with pytest.raises(TooManyQuestions):
            await both.admit(somebody)


async def test_whoever_is_at_both_limits_hears_of_their_own() -> None:
    asked = Asked(person=[NOW - 5], chat=[NOW - 1])
    with pytest.raises(TooManyQuestions) as caught:
        await limits(asked, questions_per_minute=1, chat_questions_per_minute=1).admit(speaker())
    assert caught.value.details == {"whose": "person", "unit": "seconds", "count": 55}
