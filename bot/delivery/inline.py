"""Markdown within a block: markdown-it's inline parser, with the place of every token and for unfinished text too."""

from __future__ import annotations

import functools
import re
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from bot.delivery.formulas import block_formula, inline_formula

MAX_NESTING = 30
"""Levels that the parser follows; deeper text is shown as it is written."""

_SPECIAL = re.compile(r"[\\`*_~\[<&$]")
_HALF_LINK = re.compile(r"!?\[([^\[\]\n]{0,200})(?:\]\([^()\s]*(?:\([^()\s]*\)?[^()\s]*)?(?:\s+\"[^\"\n]*\"?)?|\]?)$")
_IN_PROGRESS = 400
_EAST_ASIAN = "\u2e80"


class _Parser(MarkdownIt):
    """CommonMark with tables and strikethrough; links are judged where they are shown, and left as they are."""

    def validateLink(self, url: str) -> bool:  # noqa: N802, ARG002  # markdown-it's name and signature
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802  # as above
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802  # as above
        return link


class PlacedState(StateInline):
    """Inline parser state that notes in `Token.map` where in the content a token begins and ends."""

    _pending_at = 0

    def append_pending(self, text: str) -> None:
        """Note the beginning of a stretch of literal text."""
        if not self.pending:
            self._pending_at = self.pos
        if text[0] == "`":
            self.env.setdefault("open", []).append((self.pos, text))
        super().append_pending(text)

    def pushPending(self) -> Token:  # noqa: N802  # markdown-it's name
        """Place the literal text."""
        token = super().pushPending()
        token.map = [self._pending_at, self._pending_at + len(token.content)]
        return token

    def push(self, ttype: str, tag: str, nesting: Literal[-1, 0, 1]) -> Token:
        """Place a token where its rule began."""
        token = super().push(ttype, tag, nesting)
        token.map = [self.pos, self.pos]
        return token

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803  # markdown-it's names
        """Leave `2*3*4` and `x**2` alone: between two letters or digits an asterisk multiplies."""
        scanned = super().scanDelims(start, canSplitWord)
        before, after = self.src[start - 1 : start], self.src[start + scanned.length : start + scanned.length + 1]
        if self.src[start] == "*" and _is_word(before) and _is_word(after):
            return Scanned(can_open=False, can_close=scanned.can_close and scanned.length > 1, length=scanned.length)
        return scanned


def _is_word(character: str) -> bool:
    # Chinese and Japanese put no spaces around words: there `**` inside a word is emphasis.
    return character.isalnum() and character < _EAST_ASIAN


@functools.cache
def parser() -> MarkdownIt:
    """Give the parser: no references and no HTML (both are shown as text), no underlined headings."""
    markdown = _Parser("commonmark", {"maxNesting": MAX_NESTING, "html": False, "tasklists": True})
    markdown.enable(["table", "strikethrough"])
    markdown.disable(["reference", "lheading", "html_block", "html_inline", "newline", "fragments_join"])
    markdown.inline.ruler.before("escape", "formula", inline_formula)
    markdown.block.ruler.before(
        "fence", "formula", block_formula, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    markdown.inline.terminator_re = re.compile(r"[\\`*_~\[\]<&$!]")
    return markdown


def parse_inline(content: str) -> list[Token]:
    """Parse a block's content into tokens; `Token.map` holds where each begins (and, of text, ends) in it."""
    if not _SPECIAL.search(content):
        token = Token("text", "", 0, content=content, map=[0, len(content)])
        return [token]
    return _parse(content).tokens


def _parse(content: str) -> PlacedState:
    markdown = parser()
    state = PlacedState(content, markdown, {}, [])
    markdown.inline.tokenize(state)
    for rule in markdown.inline.ruler2.getRules(""):
        rule(state)
    return state


def completed(content: str) -> str:
    """Give a growing block's content as if what is being written now were complete.

    Markers of which nobody can tell yet what they will be are held back, `**bold` is closed, half a link is its label:
    then later text is added to what is shown instead of moving it about.
    """
    if not _SPECIAL.search(content):
        return content
    content = _without_loose_end(content)
    content = _without_half_link(content)
    state = _parse(content)
    for position, closer in state.env.get("open", ())[:1]:
        if _is_current(content, position):
            content = content.rstrip() + closer
            state = _parse(content)
    closers = [
        chr(delimiter.marker) * (2 if delimiter.marker == ord("~") else 1)
        for delimiter in reversed(state.delimiters)
        if delimiter.open and delimiter.end < 0 and _is_current(content, _place(state.tokens[delimiter.token]))
    ]
    return content.rstrip() + "".join(closers) if closers else content


def _without_loose_end(content: str) -> str:
    """Hold back unmatched markers at the very end."""
    if content[-1] not in "*_~`\\[":
        return content
    cut = len(content)
    for token in reversed(_parse(content).tokens):
        if token.type != "text":
            break
        text = token.content.rstrip("*_~`\\[")
        cut -= len(token.content) - len(text)
        if text:
            break
    return content[:cut].removesuffix("!") if content[cut : cut + 1] == "[" else content[:cut]


def _without_half_link(content: str) -> str:
    """Show the label of a link whose address is still on its way."""
    found = _HALF_LINK.search(content, max(0, content.rfind("\n"), len(content) - 4 * _IN_PROGRESS))
    if not found or (found.start() and content[found.start() - 1].isalnum()):
        return content
    place = found.start()
    for token in _parse(content).tokens:
        start, end = token.map or (0, 0)
        if token.type == "text" and start <= place < end:
            return content[:place] + found.group(1)
    return content


def _is_current(content: str, position: int) -> bool:
    return "\n" not in content[position:] and len(content) - position <= _IN_PROGRESS


def _place(token: Token) -> int:
    return token.map[0] if token.map else 0
