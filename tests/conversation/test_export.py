"""A conversation as files."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from markdown_it import MarkdownIt

from bot.conversation.export import OtherVersions, as_json, as_markdown
from bot.conversation.messages import Message, Quote, Role

SAID = [
    Message(
        1, None, Role.USER, "Правда?", author="Борис", quote=Quote("Anna", "It rains.\nIn Rome."), at=1_800_000_000.0
    ),
    Message(2, 1, Role.ASSISTANT, "Yes.", thoughts="Let me see.", at=1_800_000_060.0),
]


def markdown(messages: Sequence[Message], others: OtherVersions | None = None) -> str:
    return as_markdown(
        messages, others or {}, title="Talk", asker="Anna", answerer="Aura", other_version="another version"
    )


def test_markdown_reads_like_the_conversation() -> None:
    assert markdown(SAID) == (
        "# Talk\n\n## Борис, 2027-01-15 08:00:00 UTC\n\n> It rains.\n> In Rome.\n\nПравда?\n\n"
        "## Aura, 2027-01-15 08:01:00 UTC\n\nYes.\n"
    )


def test_json_has_everything() -> None:
    assert json.loads(as_json(SAID, {}))["messages"] == [
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
    written = markdown([*said, said[0]])
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
        "\nTitle\n=====",
        "```\n# a comment\n",
        "```\n# a comment\n```\n\n# Big",
        "  ```\n# a comment\n```\n\n# Big",
        "```\n# a comment\n  ```\n\n# Big",
        "```\n# a comment\n``` not its end\n# another\n```\n\n# Big",
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
    assert code in markdown([Message(1, None, Role.ASSISTANT, code)])


def test_a_rule_below_an_empty_line_is_no_heading_and_stays() -> None:
    written = markdown([Message(1, None, Role.ASSISTANT, "One.\n\n---\n\nTwo.")])
    assert written.endswith("One.\n\n---\n\nTwo.\n")


def test_other_versions_follow_the_answer_that_counts_each_with_its_writer() -> None:
    said = [Message(1, None, Role.USER, "Why?"), Message(3, 1, Role.ASSISTANT, "So.", model="Fast")]
    others = {3: [Message(2, 1, Role.ASSISTANT, "# Because", model="Clever"), Message(4, 1, Role.ASSISTANT, "Well.")]}
    at = "1970-01-01 00:00:00 UTC"
    assert markdown([*said, Message(5, 3, Role.USER, "Ah.")], others) == (
        f"# Talk\n\n## Anna, {at}\n\nWhy?\n\n## Aura (Fast), {at}\n\nSo.\n\n"
        f"## Aura (Clever), {at} · another version\n\n### Because\n\n"
        f"## Aura, {at} · another version\n\nWell.\n\n## Anna, {at}\n\nAh.\n"
    )
    question, answer = json.loads(as_json(said, others))["messages"]
    assert "other_versions" not in question
    assert (answer["content"], answer["model"]) == ("So.", "Fast")
    assert answer["other_versions"] == [
        {"role": "assistant", "content": "# Because", "at": at, "model": "Clever"},
        {"role": "assistant", "content": "Well.", "at": at},
    ]


@pytest.mark.parametrize(("written", "exported"), [("# A", "### A"), ("  ## A", "#### A"), ("##### A", "###### A")])
def test_headings_sink_by_two_levels_and_no_lower_than_the_sixth(written: str, exported: str) -> None:
    lines = markdown([Message(1, None, Role.ASSISTANT, written)]).splitlines()
    assert lines[-1] == exported


def test_json_is_made_for_people_to_read_too() -> None:
    written = as_json([Message(1, None, Role.USER, "Правда?", at=0.0)], {})
    assert written == (
        '{\n  "messages": [\n    {\n      "role": "user",\n      "content": "Правда?",\n'
        '      "at": "1970-01-01 00:00:00 UTC"\n    }\n  ]\n}\n'
    )
