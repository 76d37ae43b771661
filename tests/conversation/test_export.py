"""A conversation as files."""

from __future__ import annotations

import json

from bot.conversation.export import as_json, as_markdown
from bot.conversation.messages import Message, Quote, Role

SAID = [
    Message(
        1, None, Role.USER, "Правда?", author="Борис", quote=Quote("Anna", "It rains.\nIn Rome."), at=1_800_000_000.0
    ),
    Message(2, 1, Role.ASSISTANT, "Yes.", thoughts="Let me see.", at=1_800_000_060.0),
]


def test_markdown_reads_like_the_conversation() -> None:
    assert as_markdown(SAID, title="Talk", asker="Anna", answerer="Aura") == (
        "# Talk\n\n## Борис, 2027-01-15 08:00:00 UTC\n\n> It rains.\n> In Rome.\n\nПравда?\n\n"
        "## Aura, 2027-01-15 08:01:00 UTC\n\nYes.\n"
    )


def test_json_has_everything() -> None:
    assert json.loads(as_json(SAID))["messages"] == [
        {
            "role": "user",
            "content": "Правда?",
            "at": "2027-01-15 08:00:00 UTC",
            "name": "Борис",
            "quote": {"author": "Anna", "text": "It rains.\nIn Rome."},
        },
        {"role": "assistant", "content": "Yes.", "at": "2027-01-15 08:01:00 UTC", "thoughts": "Let me see."},
    ]
