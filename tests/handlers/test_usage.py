"""`/usage`, and budgets of tokens: what was used, what is left, and when a refusal ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.messages import AnswerRecord
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Harness, open_harness

RECORD = AnswerRecord(
    model="Fast",
    input_tokens=30,
    output_tokens=70,
    estimated=False,
    cost=0.25,
    currency="USD",
    asked_at=0.0,
    first_at=1.0,
    ended_at=2.0,
)


async def ask(harness: Harness, who: object = ANNA, *, record: AnswerRecord = RECORD, chat: int | None = None) -> None:
    """Somebody asks, and the answer takes as many tokens as the record says."""
    now = harness.database.clock()
    harness.record = replace(record, asked_at=now - 2, first_at=now - 1, ended_at=now)
    count = len(harness.paths)
    await harness.message(who, "Hello" if chat is None else "@aura_bot Hello", chat=chat)  # type: ignore[arg-type]  # an Actor
    await harness.answered(count + 1)


async def test_somebody_sees_their_own_tokens_and_nobody_elses(folder: Path) -> None:
    async with open_harness(folder) as harness:
        await ask(harness)
        await ask(harness, BORIS)
        await harness.message(ANNA, "/usage")
        assert harness.last == "Today: 100 tokens.\nThis month: 100 tokens."


async def test_what_is_left_of_a_budget_is_said(folder: Path) -> None:
    async with open_harness(folder, tokens_per_day=250) as harness:
        await ask(harness)
        await harness.message(ANNA, "/usage")
        assert harness.last == "Today: 100 tokens. 150 are left.\nThis month: 100 tokens."


async def test_an_admin_sees_where_the_tokens_went(folder: Path) -> None:
    async with open_harness(folder) as harness:
        await ask(harness)
        await ask(harness, BORIS, record=replace(RECORD, model="Near", estimated=True, cost=None, currency=""))
        await harness.message(OWNER, "/usage")
        lines = harness.last.splitlines()
        assert "Fast: 1 answer, 100 tokens, 0.2500 USD" in lines
        assert "Near: 1 answer, ≈ 100 tokens" in lines
        people = lines[lines.index("This month by person:") + 1 :]
        assert any(line.startswith("Anna") for line in people)


async def test_in_a_group_an_admin_sees_only_their_own(folder: Path) -> None:
    async with open_harness(folder) as harness:
        await ask(harness)
        await harness.message(OWNER, "/usage", chat=GROUP)
        assert "by model" not in harness.last


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("tokens_per_day", "Your tokens for today are used up."),
        ("tokens_per_month", "Your tokens for this month are used up."),
        ("bot_tokens_per_day", "The bot's tokens for today are used up."),
        ("bot_tokens_per_month", "The bot's tokens for this month are used up."),
    ],
)
async def test_a_spent_budget_refuses_the_next_question_and_says_when_it_goes_on(
    folder: Path, setting: str, says: str
) -> None:
    limits: dict[str, Any] = {setting: 100}
    async with open_harness(folder, **limits) as harness:
        await ask(harness)
        await harness.message(ANNA, "Another one")
        assert harness.last.replace("’", "'").startswith(says)
        assert harness.last.endswith(" 00:00 UTC.")
        assert len(harness.paths) == 1


async def test_one_persons_budget_is_not_anothers(folder: Path) -> None:
    async with open_harness(folder, tokens_per_day=100) as harness:
        await ask(harness)
        await ask(harness, BORIS)
        assert len(harness.paths) == 2


async def test_admins_are_not_limited(folder: Path) -> None:
    async with open_harness(folder, tokens_per_day=1, bot_tokens_per_day=1) as harness:
        await ask(harness, OWNER)
        await ask(harness, OWNER)
        assert len(harness.paths) == 2


async def test_admins_are_warned_once_when_most_of_the_bots_budget_is_spent(folder: Path) -> None:
    async with open_harness(folder, bot_tokens_per_day=240) as harness:
        await ask(harness)
        assert harness.budget_warnings == []
        await ask(harness)
        await ask(harness, OWNER)
        await ask(harness, OWNER)
        assert harness.budget_warnings == [("day", 200, 240)]
