"""What `check` says about a model's context, sight and parameters, after what its server tells."""

from __future__ import annotations

import pytest

from bot.command_line.card_notes import card_notes
from bot.generators.client import GeneratorConfig
from bot.generators.contract import ModelCard
from bot.generators.factory import kind_of
from bot.models.entry import ModelEntry

CONFIG = GeneratorConfig(kind=kind_of("openai"), url="http://127.0.0.1:1", context_tokens=8192)
BLIND, SEEING = ModelEntry("a", "", CONFIG), ModelEntry("a", "", CONFIG, pictures=True)


@pytest.mark.parametrize(
    ("card", "entry", "refuses", "said"),
    [
        (ModelCard(), BLIND, False, []),
        (ModelCard(8192, sees_pictures=False), BLIND, False, []),
        (ModelCard(4096), BLIND, False, ["it reads 4096 tokens: set context=4096"]),
        (ModelCard(32768), BLIND, False, ["it could read 32768 tokens: set context=32768"]),
        (ModelCard(32768), ModelEntry("", "", CONFIG), False, ["it could read 32768 tokens: set CONTEXT_TOKENS=32768"]),
        (ModelCard(sees_pictures=True), BLIND, False, ["it sees pictures: set pictures=true"]),
        (ModelCard(), SEEING, False, ["it sees pictures"]),
        (ModelCard(), SEEING, True, ["it sees no pictures: set pictures=false"]),
        (ModelCard(sees_pictures=False), SEEING, False, ["it sees no pictures: set pictures=false"]),
        (
            ModelCard(parameters=frozenset({"max_tokens"})),
            BLIND,
            False,
            ['it takes no temperature: set not_taken = ["temperature"]'],
        ),
        (
            ModelCard(parameters=frozenset({"max_tokens"})),
            ModelEntry("a", "", CONFIG, not_taken=frozenset({"temperature"})),
            False,
            [],
        ),
        (ModelCard(parameters=frozenset({"temperature"})), BLIND, False, []),
    ],
)
def test_it_says_what_the_entry_should_say(
    card: ModelCard, entry: ModelEntry, refuses: bool, said: list[str]
) -> None:  # a row of the table
    assert list(card_notes(card, entry, CONFIG.context_tokens, refuses=refuses)) == said
