"""`/usage`, and budgets of tokens: what was used, what is left, and when a refusal ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiogram import methods
from sqlalchemy import select

from bot.conversation.messages import AnswerRecord
from bot.storage.repositories.token_usage import prune_usage
from bot.storage.schema import token_usage
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Actor, Harness, open_harness

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
        assert harness.last.splitlines() == [
            "You, today: 100 tokens. 0.2500 USD spent.",
            "You, this month: 100 tokens. 0.2500 USD spent.",
        ]


async def test_what_is_left_of_a_budget_is_said(folder: Path) -> None:
    async with open_harness(folder, tokens_per_day=250) as harness:
        await ask(harness)
        await harness.message(ANNA, "/usage")
        assert (
            harness.last
            == "You, today: 100 tokens. 150 are left. 0.2500 USD spent.\nYou, this month: 100 tokens. 0.2500 USD spent."
        )


async def test_an_admin_sees_where_the_tokens_went(folder: Path) -> None:
    async with open_harness(folder) as harness:
        await ask(harness)
        await ask(harness, BORIS, record=replace(RECORD, model="Near", estimated=True, cost=None, currency=""))
        await harness.message(OWNER, "/usage")
        lines = harness.last.splitlines()
        assert lines[:3] == ["You, today: 0 tokens.", "You, this month: 0 tokens.", ""]
        assert lines[3] == "Everybody, this month, by model:"
        assert "Fast: 1 answer, 100 tokens, 0.2500 USD" in lines
        assert "Near: 1 answer, ≈ 100 tokens" in lines
        people = lines[lines.index("Everybody, this month, by person:") + 1 :]
        assert any(line.startswith("Anna") for line in people)


async def test_all_tokens_of_a_message_are_written_in_one_way(folder: Path) -> None:
    many = replace(RECORD, input_tokens=1000, output_tokens=2883, estimated=True, cost=None, currency="")
    async with open_harness(folder, tokens_per_day=10_000) as harness:
        await ask(harness, OWNER, record=many)
        await harness.message(OWNER, "/usage")
        lines = harness.last.splitlines()
        assert lines[:2] == ["You, today: ≈ 3,883 tokens. 6,117 are left.", "You, this month: ≈ 3,883 tokens."]
        assert "Fast: 1 answer, ≈ 3,883 tokens" in lines
        await harness.message(Actor(OWNER.id, "Ольга", language="ru"), "/usage")
        lines = harness.last.splitlines()
        assert lines[:2] == [
            "Вы, сегодня: ≈ 3\u00a0883 токена. Осталось 6\u00a0117.",
            "Вы, в этом месяце: ≈ 3\u00a0883 токена.",
        ]
        assert "Fast: 1 ответ, ≈ 3\u00a0883 токена" in lines


async def test_groups_stand_there_by_their_titles(folder: Path) -> None:
    async with open_harness(folder) as harness:
        await ask(harness, chat=GROUP)
        await harness.message(OWNER, "/usage")
        chats = harness.last.partition("Everybody, this month, by chat:\n")[2]
        assert chats == "Friends: 1 answer, 100 tokens, 0.2500 USD"


async def test_figures_are_written_as_the_reader_writes_them(folder: Path) -> None:
    async with open_harness(folder, cost_per_day=0.3) as harness:
        await ask(harness, BORIS)
        await harness.message(BORIS, "/usage")
        assert harness.last.startswith("Вы, сегодня: 100 токенов. Потрачено 0,2500 USD. Осталось 0,0500 USD.")
        await harness.message(BORIS, "Ещё вопрос")
        await harness.at_rest()
        sent = [call.text for call in harness.recording.made(methods.SendMessage) if call.chat_id == BORIS.id]
        assert any("0,25 из 0,30 USD" in text for text in sent)
        await harness.message(Actor(OWNER.id, "Ольга", language="ru"), "/usage")
        assert "2 ответа, 200 токенов, 0,5000 USD" in harness.last


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
        ("cost_per_day", "Your share of the money for today is used up."),
        ("cost_per_month", "Your share of the money for this month is used up."),
        ("bot_cost_per_day", "The bot's money for today is used up."),
        ("bot_cost_per_month", "The bot's money for this month is used up."),
    ],
)
async def test_a_spent_budget_refuses_the_next_question_and_says_when_it_goes_on(
    folder: Path, setting: str, says: str
) -> None:
    limits: dict[str, Any] = {setting: 0.25 if "cost" in setting else 100}
    async with open_harness(folder, **limits) as harness:
        await ask(harness)
        await harness.message(ANNA, "Another one")
        said = [call.text for call in harness.recording.made(methods.SendMessage) if call.chat_id == ANNA.id]
        assert said[-1].replace("’", "'").startswith(says)
        assert said[-1].endswith(" 00:00 UTC.")
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


def notices(harness: Harness, to: int) -> list[str]:
    """What somebody was told about budgets that are nearly used up."""
    sent = harness.recording.made(methods.SendMessage)
    return [call.text for call in sent if call.chat_id == to and "nearly used up" in call.text]


@pytest.mark.parametrize(
    ("settings", "to", "says"),
    [
        ({"bot_tokens_per_day": 240}, OWNER, "The whole bot's budget for today is nearly used up: 200 of 240 tokens."),
        (
            {"bot_cost_per_month": 0.6},
            OWNER,
            "The whole bot's budget for this month is nearly used up: 0.50 of 0.60 USD.",
        ),
        (
            {"tokens_per_month": 240},
            ANNA,
            "Your budget for this month is nearly used up: 200 of 240 tokens. /usage shows what is left.",
        ),
        (
            {"cost_per_day": 0.6},
            ANNA,
            "Your budget for today is nearly used up: 0.50 of 0.60 USD. /usage shows what is left.",
        ),
    ],
)
async def test_most_of_a_budget_is_told_once_in_a_period_also_after_a_restart(
    folder: Path, settings: dict[str, Any], to: Actor, says: str
) -> None:
    async with open_harness(folder, **settings) as harness:
        await ask(harness)
        await ask(harness)
        assert notices(harness, to.id) == []
        await ask(harness)
        await harness.at_rest()
        assert notices(harness, to.id) == [says]
        await harness.message(ANNA, "One more")
        assert len(notices(harness, to.id)) == 1
    async with open_harness(folder, **settings) as harness:
        await harness.message(ANNA, "One more")
        await harness.at_rest()
        assert notices(harness, to.id) == []


async def test_admins_hear_of_a_budget_that_one_answer_used_up(folder: Path) -> None:
    async with open_harness(folder, bot_tokens_per_day=100) as harness:
        await ask(harness)
        await harness.message(ANNA, "Another one")
        await harness.at_rest()
        assert len(notices(harness, OWNER.id)) == 1, "the refused question takes nothing back"


async def test_a_model_without_a_price_costs_nothing(folder: Path) -> None:
    async with open_harness(folder, cost_per_day=0.2) as harness:
        await ask(harness, record=replace(RECORD, cost=None, currency=""))
        await ask(harness, record=replace(RECORD, cost=5.0, currency="EUR"))
        await ask(harness)
        assert len(harness.paths) == 3


async def forget(harness: Harness, who: Actor = ANNA) -> None:
    await harness.press(who, "forget:yes", 1)


async def test_forget_takes_the_chat_off_the_figures_and_limits_still_count(folder: Path) -> None:
    async with open_harness(folder, tokens_per_day=100) as harness:
        await ask(harness)
        await forget(harness)
        rows = await usage_rows(harness)
        assert [(row.person, row.chat) for row in rows] == [(ANNA.id, 0)]
        await harness.message(ANNA, "Another one")
        assert "used up" in harness.last


async def test_after_the_month_nobodys_name_is_on_what_was_forgotten(folder: Path) -> None:
    async with open_harness(folder) as harness:
        await ask(harness)
        await ask(harness, BORIS)
        await forget(harness)
        now = harness.database.clock()
        await prune_usage(harness.database, before=0, month=now + 1)
        rows = await usage_rows(harness)
        assert [(row.person, row.chat, row.output_tokens) for row in rows] == [(0, 0, 70), (BORIS.id, BORIS.id, 70)]
        await harness.message(OWNER, "/usage")
        assert "(forgotten): 1 answer, 100 tokens, 0.2500 USD" in harness.last


async def test_figures_are_deleted_when_they_are_old(folder: Path) -> None:
    async with open_harness(folder) as harness:
        await ask(harness)
        await prune_usage(harness.database, before=harness.database.clock() - 10, month=0)
        assert len(await usage_rows(harness)) == 1
        await prune_usage(harness.database, before=harness.database.clock() + 1, month=0)
        assert await usage_rows(harness) == []


async def usage_rows(harness: Harness) -> list[Any]:  # rows of a table
    async with harness.database.reading() as connection:
        return list(await connection.execute(select(token_usage).order_by(token_usage.c.id)))
