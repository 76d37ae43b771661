"""The currency of budgets of money is that of the prices; a budget that nothing counts is refused at the start."""

from __future__ import annotations

import pytest

from bot.errors import SettingsProblem
from bot.generators.client import GeneratorConfig
from bot.generators.factory import kind_of
from bot.models.entry import ModelEntry, Prices
from bot.models.source import budget_currency

NO_BUDGET = {"cost_per_day": 0.0}
BUDGET = {"cost_per_day": 0.0, "bot_cost_per_month": 20.0}


def priced(*currencies: str) -> tuple[ModelEntry, ...]:
    config = GeneratorConfig(kind=kind_of("aura"), url="http://127.0.0.1:1")
    return tuple(
        ModelEntry(f"m{number}", "", config, prices=Prices(1, 1, currency) if currency else None)
        for number, currency in enumerate(currencies)
    )


@pytest.mark.parametrize(
    ("currencies", "budgets", "expected"),
    [
        (("USD", "", "USD"), BUDGET, "USD"),
        (("EUR",), NO_BUDGET, "EUR"),
        (("EUR", "USD"), NO_BUDGET, ""),
        (("",), NO_BUDGET, ""),
    ],
)
def test_the_prices_say_the_currency(currencies: tuple[str, ...], budgets: dict[str, float], expected: str) -> None:
    assert budget_currency(priced(*currencies), budgets) == expected


@pytest.mark.parametrize(
    ("currencies", "words"), [((), "has a price"), (("",), "has a price"), (("EUR", "USD"), "EUR, USD")]
)
def test_a_budget_that_cannot_be_counted_is_refused(currencies: tuple[str, ...], words: str) -> None:
    with pytest.raises(SettingsProblem, match=f"BOT_COST_PER_MONTH: .*{words}"):
        budget_currency(priced(*currencies), BUDGET)
