"""A model that keeps failing is left alone for a while and asked again: no retry storm, no forgotten model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import (
    GeneratorBroken,
    GeneratorBusy,
    GeneratorProblem,
    GeneratorRefused,
    GeneratorSilent,
    GeneratorUnreachable,
    QuestionTooLong,
)
from bot.generators.client import GeneratorConfig
from bot.generators.factory import kind_of
from bot.models.breaker import MAX_FAILURES, MAX_PAUSE, MIN_PAUSE, TRIAL_TIMEOUT, Change, CircuitBreaker
from bot.models.catalog import ModelCatalog
from bot.models.entry import ModelEntry
from bot.models.health import ModelHealth


def opened() -> CircuitBreaker:
    breaker = CircuitBreaker()
    changes = [breaker.failed(0.0) for _ in range(MAX_FAILURES)]
    assert changes == [*[None] * (MAX_FAILURES - 1), Change.FAILS]
    return breaker


def test_a_single_failure_changes_nothing() -> None:
    breaker = CircuitBreaker()
    assert breaker.failed(0.0) is None
    assert breaker.may_ask(0.0)
    assert breaker.answered() is None


def test_it_is_left_alone_and_then_tried_by_one() -> None:
    breaker = opened()
    assert not breaker.may_ask(MIN_PAUSE - 1)
    assert breaker.may_ask(MIN_PAUSE)
    assert not breaker.may_ask(MIN_PAUSE), "one tries, the others do without"


def test_a_trial_that_fails_makes_the_pause_longer_and_one_that_works_ends_it() -> None:
    breaker = opened()
    assert breaker.may_ask(MIN_PAUSE)
    assert breaker.failed(MIN_PAUSE) is None, "admins know already"
    assert not breaker.may_ask(MIN_PAUSE + 2 * MIN_PAUSE - 1)
    assert breaker.may_ask(MIN_PAUSE + 2 * MIN_PAUSE)
    assert breaker.answered() is Change.WORKS_AGAIN
    assert breaker.may_ask(0.0)
    assert breaker.answered() is None, "said once"


def test_a_trial_that_nobody_reports_on_is_forgotten() -> None:
    breaker = opened()
    assert breaker.may_ask(MIN_PAUSE)
    assert breaker.may_ask(MIN_PAUSE + TRIAL_TIMEOUT)


def test_a_stopped_trial_lets_the_next_one_try() -> None:
    breaker = opened()
    assert breaker.may_ask(MIN_PAUSE)
    breaker.left()
    assert breaker.may_ask(MIN_PAUSE)


@given(st.lists(st.tuples(st.floats(0, 1000), st.booleans()), max_size=60))
def test_however_long_it_fails_it_is_asked_again_within_the_longest_pause(steps: list[tuple[float, bool]]) -> None:
    breaker, now = CircuitBreaker(), 0.0
    for seconds, works in steps:
        now += seconds
        if breaker.may_ask(now):
            if works:
                breaker.answered()
            else:
                breaker.failed(now)
    assert breaker.may_ask(now + MAX_PAUSE + TRIAL_TIMEOUT)


@given(st.lists(st.booleans(), max_size=60))
def test_admins_hear_of_each_outage_once(works: list[bool]) -> None:
    breaker = CircuitBreaker()
    said = [change for one in works if (change := breaker.answered() if one else breaker.failed(0.0))]
    assert said[::2] == [Change.FAILS] * len(said[::2])
    assert said[1::2] == [Change.WORKS_AGAIN] * len(said[1::2])


class Health:
    """The health of three models in a row, each the fallback of the one before; the last falls back to the first."""

    def __init__(self) -> None:
        self.now = 0.0
        self.reports: list[str] = []
        config = GeneratorConfig(kind=kind_of("aura"), url="http://127.0.0.1:1")
        entries = [ModelEntry(one, one, config, fallback=other) for one, other in (("a", "b"), ("b", "c"), ("c", "a"))]
        self.models = ModelCatalog(entries)
        self.health = ModelHealth(
            self.models,
            clock=lambda: self.now,
            report=lambda entry, _problem: self.reports.append(entry.id),
        )


def test_the_fallbacks_come_in_order_and_each_once() -> None:
    played = Health()
    found = played.health.candidates(played.models.resolve("@b"))
    assert [one.entry.id for one in found] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("problem", "failures"),
    [
        (GeneratorUnreachable(), MAX_FAILURES),
        (GeneratorSilent(), MAX_FAILURES),
        (GeneratorBroken(), MAX_FAILURES),
        (GeneratorBusy(retry_after=1), MAX_FAILURES),
        (GeneratorBusy(retry_after=3600), 1),
        (GeneratorRefused(), 1),
        (QuestionTooLong(), None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, GeneratorProblem) else str(value),
)
def test_it_depends_on_the_failure_how_soon_a_model_is_left_alone(
    problem: GeneratorProblem, failures: int | None
) -> None:
    played = Health()
    entry = played.models.default
    count = 0
    while played.health.may_ask(entry) and count < 10:
        played.health.failed(entry, problem)
        count += 1
    assert count == (10 if failures is None else failures)
    assert played.reports == ([] if failures is None else ["a"])


def test_a_server_that_says_for_how_long_is_left_alone_for_so_long() -> None:
    played = Health()
    played.health.failed(played.models.default, GeneratorBusy(retry_after=3600))
    played.now = 3599
    assert not played.health.may_ask(played.models.default)
    played.now = 3600
    assert played.health.may_ask(played.models.default)


def test_the_environments_one_model_is_always_asked() -> None:
    config = GeneratorConfig(kind=kind_of("aura"), url="http://127.0.0.1:1")
    models = ModelCatalog([ModelEntry("", "", config)])
    health = ModelHealth(models, clock=lambda: 0.0, report=lambda *_: None)
    for _ in range(10):
        health.failed(models.default, GeneratorRefused())
    assert health.may_ask(models.default)
