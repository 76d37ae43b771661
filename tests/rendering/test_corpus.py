"""Small answers of every kind, shown whole: nothing visible is lost, however they come and whatever a message holds.

They stand in `corpus/`, parted by lines of `%%%`. The text is compared with what markdown-it makes of it by the rules
of CommonMark and GitHub. Deliberate differences, where less is shown than there:

- the marks of formulas (`$`, and brackets after a backslash), which are code, and a backslash before what it escapes;
- the boxes of tasks, which become ☐ and ☑;
- lines of equals signs below headings, and HTML that means something;
- the marks of emphasis beside quotation marks and East Asian text (in `scripts.md`).

More is shown where GitHub eats marks that are none (`x**2`), reference links and footnotes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.rendering.markup import render
from tests.rendering.strict import check, is_visible, written

CORPUS = [
    pytest.param(answer, id=f"{path.stem}-{number}")
    for path in sorted((Path(__file__).parent / "corpus").glob("*.md"))
    for number, answer in enumerate(path.read_text("utf-8").removesuffix("\n").split("\n%%%\n"))
]
ON_PURPOSE = "$()[]{}\\"
"""Characters of marks that belong to formulas, and the brackets of tasks."""
REFERENCE = (
    MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).disable(["reference", "lheading"])
)
UNDERLINE = re.compile(r"^=+$", re.MULTILINE)
BOX = re.compile(r"^([ >]*(?:[-*+]|\d+[.)]) )\[[ xX]\] ", re.MULTILINE)


def visible(text: str) -> Counter[str]:
    return Counter(character for character in text if is_visible(character) and character not in ON_PURPOSE)


def reference_text(source: str) -> str:
    return "".join(_texts(REFERENCE.parse(UNDERLINE.sub("", BOX.sub(r"\1", source)))))


def _texts(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type in {"text", "text_special", "code_inline", "fence", "code_block"}:
            yield token.content
        elif token.type == "html_block":
            yield re.sub(r"<!--.*?-->|<[^<>]*>", "", token.content)
        if token.children:
            yield from _texts(token.children)


@pytest.mark.parametrize("source", CORPUS)
def test_no_visible_character_is_lost(source: str, request: pytest.FixtureRequest) -> None:
    shown = "".join(part.text for part in written([source]))

    lost = visible(reference_text(source)) - visible(shown)
    if "[scripts-" in request.node.name:
        del lost["*"]
    assert not lost


@pytest.mark.parametrize("source", CORPUS)
@pytest.mark.parametrize("limit", [4096, 200])
def test_an_answer_ends_as_the_whole_does_wherever_it_is_cut(source: str, limit: int) -> None:
    whole = written([source], limit=limit)
    for part in whole:
        check(part, limit)
    for size in (1 if len(source) < 300 else 13, 64):
        assert written([source[at : at + size] for at in range(0, len(source), size)], limit=limit) == whole


@pytest.mark.parametrize("source", CORPUS)
def test_every_state_of_an_answer_is_valid(source: str) -> None:
    for end in range(0, len(source), 1 + len(source) // 100):
        formatted = render(source[:end], growing=True)
        if is_visible(formatted.text) and len(formatted.text) <= 4096:
            check(formatted)
