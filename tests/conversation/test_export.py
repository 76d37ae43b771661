"""A conversation as files."""

from __future__ import annotations

import json

import pytest
from markdown_it import MarkdownIt

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


def headings(text: str) -> list[str]:
    """The lines that a reader of Markdown takes for headings of the file's own level."""
    said = [Message(1, None, Role.USER, "Write.", at=0.0), Message(2, 1, Role.ASSISTANT, text, at=0.0)]
    written = as_markdown([*said, said[0]], title="Talk", asker="Anna", answerer="Aura")
    tokens = MarkdownIt().parse(written)
    return [
        tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag < "h3"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "# Big\n\n## Small\n\ntext",
        "  ## Indented",
        "Title\n=====\n\nOther\n---\ntext",
        "```\n# a comment\n",
        "~~~~\n# a comment\n~~~\n",
        "####### seven",
        "###### six",
    ],
)
def test_an_answers_own_headings_and_fences_leave_the_files_structure_alone(text: str) -> None:
    at = "1970-01-01 00:00:00 UTC"
    assert headings(text) == ["Talk", f"Anna, {at}", f"Aura, {at}", f"Anna, {at}"]


def test_code_is_exported_as_it_was_written() -> None:
    code = "```python\n# a comment\nx = 1\n---\n```"
    assert code in as_markdown([Message(1, None, Role.ASSISTANT, code)], title="T", asker="A", answerer="B")


@pytest.mark.parametrize(("written", "exported"), [("# A", "### A"), ("## A", "#### A"), ("##### A", "###### A")])
def test_headings_sink_by_two_levels_and_no_lower_than_the_sixth(written: str, exported: str) -> None:
    lines = as_markdown([Message(1, None, Role.ASSISTANT, written)], title="T", asker="A", answerer="B").splitlines()
    assert lines[-1] == exported


def test_json_is_made_for_people_to_read_too() -> None:
    written = as_json([Message(1, None, Role.USER, "Правда?", at=0.0)])
    assert written == (
        '{\n  "messages": [\n    {\n      "role": "user",\n      "content": "Правда?",\n'
        '      "at": "1970-01-01 00:00:00 UTC"\n    }\n  ]\n}\n'
    )
