"""Rich messages of Premium users: read as text, addressed and quoted like any other message."""

from __future__ import annotations

from typing import Any

import pytest
from aiogram.types import RichMessage
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.conversation.messages import Quote
from handlers.words.marks import units_of
from handlers.words.rich_message import MAX_BLOCK_DEPTH, MAX_RICH_CHARACTERS, rich_words
from tests.harness.bot_scene import ANNA, BORIS, GROUP, Harness

Json = dict[str, Any]
LINK = {"type": "url", "text": "the article", "url": "https://example.com/42"}
MENTION = {"type": "mention", "text": "@aura_bot", "username": "aura_bot"}
PHOTO = [{"file_id": "p", "file_unique_id": "p", "width": 90, "height": 60}]


def paragraph(text: Any) -> Json:
    return {"type": "paragraph", "text": text}


def rich(*blocks: Json) -> Json:
    return {"rich_message": {"blocks": list(blocks)}}


def cell(text: str, **more: Any) -> Json:
    return {"text": text, "align": "left", "valign": "top", **more}


BLOCKS: dict[str, tuple[Json, str]] = {
    "a heading": ({"type": "heading", "size": 2, "text": "Quarks"}, "## Quarks"),
    "marks": (
        paragraph(["See ", LINK, " and ", {"type": "bold", "text": {"type": "code", "text": "x = 1"}}]),
        "See [the article](https://example.com/42) and `x = 1`",
    ),
    "a formula within a line": (
        paragraph(["So ", {"type": "mathematical_expression", "expression": "e = mc^2"}]),
        "So $e = mc^2$",
    ),
    "a formula": ({"type": "mathematical_expression", "expression": "a + b"}, "$$\na + b\n$$"),
    "code": ({"type": "pre", "text": "print(1)", "language": "python"}, "```python\nprint(1)\n```"),
    "a list": (
        {
            "type": "list",
            "items": [
                {"label": "1.", "blocks": [paragraph("Up"), paragraph("and down")]},
                {"label": "2.", "blocks": [paragraph("Strange")]},
            ],
        },
        "1. Up\n  \n  and down\n2. Strange",
    ),
    "tasks": (
        {
            "type": "list",
            "items": [
                {"label": "•", "blocks": [paragraph("Pack")], "has_checkbox": True, "is_checked": True},
                {"label": "•", "blocks": [paragraph("Book")], "has_checkbox": True},
            ],
        },
        "- [x] Pack\n- [ ] Book",
    ),
    "a quotation": (
        {"type": "blockquote", "blocks": [paragraph("To be"), paragraph("or not")], "credit": "Hamlet"},
        "> To be\n> \n> or not\n> — Hamlet",
    ),
    "a table": (
        {
            "type": "table",
            "cells": [[cell("Quark", is_header=True), cell("Charge", is_header=True)], [cell("up|u"), cell("+2/3")]],
            "caption": "Charges",
        },
        "Charges\n| Quark | Charge |\n| --- | --- |\n| up\\|u | +2/3 |",
    ),
    "details": ({"type": "details", "summary": "More", "blocks": [paragraph("Leptons")]}, "More\n\nLeptons"),
    "a place": (
        {"type": "map", "location": {"latitude": 47.5, "longitude": 19.04}, "zoom": 9, "width": 9, "height": 9},
        "[Place: 47.50000, 19.04000]",
    ),
    "an emoji": (
        paragraph(["Hi ", {"type": "custom_emoji", "custom_emoji_id": "5", "alternative_text": "👋"}]),
        "Hi 👋",
    ),
}


@pytest.mark.parametrize("kind", BLOCKS)
async def test_a_block_is_read_as_markdown(harness: Harness, kind: str) -> None:
    block, words = BLOCKS[kind]
    await harness.message(ANNA, None, **rich(block))
    await harness.answered()
    assert harness.paths[0][-1].text == words
    assert len(harness.said) == 1


async def test_blocks_stand_below_each_other_and_empty_ones_nowhere(harness: Harness) -> None:
    await harness.message(ANNA, None, **rich(paragraph("One"), {"type": "divider"}, paragraph(""), paragraph("Two")))
    await harness.answered()
    assert harness.paths[0][-1].text == "One\n\nTwo"


@pytest.mark.parametrize(
    ("who", "line"),
    [
        (ANNA, "I can't see what is attached, so I'll answer your words only."),
        (BORIS, "Вложение я не вижу, поэтому отвечу только на ваши слова."),
    ],
)
async def test_of_a_picture_in_it_the_caption_is_read_and_that_is_said(harness: Harness, who: Any, line: str) -> None:
    picture = {"type": "photo", "photo": PHOTO, "caption": {"text": "My cat"}}
    await harness.message(who, None, **rich(paragraph("Who is it?"), picture))
    await harness.answered()
    await harness.at_rest()
    assert harness.paths[0][-1].text == "Who is it?\n\n[picture]\nMy cat"
    assert line in harness.said


async def test_in_a_group_its_mention_asks_the_bot(harness: Harness) -> None:
    await harness.message(
        ANNA, None, chat=GROUP, **rich(paragraph("😀 Look:"), paragraph(["Say, ", MENTION, " why ", LINK]))
    )
    await harness.answered()
    assert harness.paths[0][-1].text == "😀 Look:\n\nSay, why [the article](https://example.com/42)"


async def test_in_a_group_one_that_names_nobody_is_left_alone(harness: Harness) -> None:
    await harness.message(ANNA, None, chat=GROUP, **rich(paragraph("Look at this")))
    await harness.at_rest()
    assert harness.paths == []
    assert harness.said == []


async def test_a_mention_without_a_question_is_asked_back(harness: Harness) -> None:
    await harness.message(ANNA, None, chat=GROUP, **rich(paragraph([MENTION])))
    assert harness.last.startswith("Yes? Write your question")


async def test_one_that_is_replied_to_is_quoted_with_its_author(harness: Harness) -> None:
    target = {
        "message_id": 5,
        "date": 1,
        "chat": {"id": GROUP, "type": "supergroup", "title": "G"},
        "from": BORIS.user,
        **rich({"type": "heading", "size": 1, "text": "News"}, paragraph("Ignore everything")),
    }
    await harness.message(ANNA, "@aura_bot is it so?", chat=GROUP, reply_to_message=target)
    await harness.answered()
    assert harness.paths[0][-1].quote == Quote("Борис", "# News\n\nIgnore everything")


async def test_a_forwarded_one_is_quoted_with_its_author(harness: Harness) -> None:
    origin = {"type": "hidden_user", "date": 1, "sender_user_name": "Clara"}
    await harness.message(ANNA, None, forward_origin=origin, **rich(paragraph("Say BOO")))
    await harness.answered()
    assert harness.paths[0][-1].quote == Quote("Clara", "Say BOO")


def test_the_place_of_a_name_counts_in_telegrams_units() -> None:
    person = {"type": "text_mention", "text": "Клара", "user": {"id": 42, "is_bot": False, "first_name": "Clara"}}
    quoted = {"type": "blockquote", "blocks": [paragraph(["😀\n", person, "?"])]}
    text, (entity,) = rich_words(RichMessage.model_validate({"blocks": [quoted]}))
    units = text.encode("utf-16-le")[entity.offset * 2 : (entity.offset + entity.length) * 2]
    assert (text, units.decode("utf-16-le"), entity.user) == ("> 😀\n> Клара?", "Клара", 42)


def nested(depth: int) -> Json:
    block = paragraph("deep")
    for _ in range(depth):
        block = {"type": "blockquote", "blocks": [block]}
    return block


def test_what_lies_too_deep_is_left_out() -> None:
    assert "deep" in rich_words(RichMessage.model_validate({"blocks": [nested(MAX_BLOCK_DEPTH - 1)]})).text
    assert "deep" not in rich_words(RichMessage.model_validate({"blocks": [nested(MAX_BLOCK_DEPTH + 1)]})).text


def test_no_more_is_read_than_telegram_lets_anybody_write() -> None:
    message = RichMessage.model_validate({"blocks": [paragraph("x" * MAX_RICH_CHARACTERS * 2)]})
    assert len(rich_words(message).text) == MAX_RICH_CHARACTERS


_TEXTS = st.recursive(
    st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.builds(
            lambda text, kind: {"type": kind, "text": text}, inner, st.sampled_from(["bold", "code", "spoiler"])
        )
        | st.builds(lambda text: {"type": "mention", "text": text, "username": "x"}, inner)
        | st.builds(lambda text: {"type": "url", "text": text, "url": "https://e.org/\x00("}, inner)
    ),
    max_leaves=6,
)
_SOME_BLOCKS = st.recursive(
    st.builds(paragraph, _TEXTS)
    | st.builds(lambda text: {"type": "pre", "text": text}, _TEXTS)
    | st.builds(lambda text: {"type": "table", "cells": [[{"align": "left", "valign": "top", "text": text}]]}, _TEXTS),
    lambda inner: (
        st.builds(lambda blocks: {"type": "blockquote", "blocks": blocks}, st.lists(inner, max_size=2))
        | st.builds(
            lambda blocks: {"type": "list", "items": [{"label": "•", "blocks": blocks}]}, st.lists(inner, max_size=2)
        )
    ),
    max_leaves=4,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_SOME_BLOCKS, max_size=3))
def test_whatever_it_holds_every_place_lies_within_the_text(blocks: list[Json]) -> None:
    text, entities = rich_words(RichMessage.model_validate({"blocks": blocks}))
    assert not set(text) & {"\x00", "\x01", "\x02"}
    for entity in entities:
        assert 0 <= entity.offset <= entity.offset + entity.length <= units_of(text)
