"""Markdown within a block: markdown-it's inline parser, with the place of every token and for unfinished text too."""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token
from markdown_it.utils import EnvType

from bot.rendering.markdown import block_rules, html
from bot.rendering.markdown.addresses import bare_addresses
from bot.rendering.markdown.delimiters import MAX_DELIMITERS, adapted
from bot.rendering.markdown.formulas import block_formula, inline_formula

MAX_NESTING = 16
"""Levels that the parser follows; deeper text is shown as it is written."""

_SPECIAL = re.compile(r"[\\`*_~\[<&$]")
_HALF_LINK = re.compile(r"!?\[([^\[\]\n]{0,200})(?:\]\([^()\s]*(?:\([^()\s]*\)?[^()\s]*)?(?:\s+\"[^\"\n]*\"?)?|\]?)$")
_MAX_UNFINISHED = 1000
_MAX_LABEL = 1000
_MAX_LINKS = 128
"""Brackets of one paragraph that are tried as links: more than a message can show. Those beyond are shown as text."""
_MAX_ADDRESSES = 16_384
"""Characters of one paragraph that are read as addresses of links: four messages. Links beyond are shown as text."""
_ADDRESS = re.compile(r"[^\s()]*\)|\S*")
"""An address without brackets of its own, or all that could be one."""
_OTHER_BRACKETS = re.compile(r"[`<$]|\\[(\[]")
"""Markup in which a bracket does not count: code, tags, formulas."""
_MAX_LABEL_MARKS = 4096
"""Characters at which markup may begin in the labels of one paragraph, those of unclosed ones to its end."""
_BRACKET = re.compile(r"\\.|[\[\]]", re.DOTALL)
_MAX_HELD_LABEL = 80
"""Characters in brackets that wait until it is known whether an address follows."""
_LOOSE = "*_~`\\["
_TERMINATOR = re.compile(r"[\\`*_~\[\]<&$!]")
"""Characters at which markup may begin."""
_SHRUG = "¯\\_"


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

    def __init__(self, src: str, md: MarkdownIt, env: EnvType, out_tokens: list[Token]) -> None:
        super().__init__(src, md, env, out_tokens)
        self._addresses = bare_addresses(src)
        self._delimiter_runs = 0

    def append_pending(self, text: str) -> None:
        """Note the beginning of a run of literal text."""
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
        """Judge a run of delimiters by rules of our own."""
        self._delimiter_runs += 1
        return adapted(self.src, start, super().scanDelims(start, canSplitWord))

    def plain_end(self) -> int:
        """Give where the text ends that begins here and holds no markup."""
        start = self.pos
        found = _TERMINATOR.search(self.src, start)
        end = found.start() if found else self.posMax
        if self._addresses:
            if self._addresses.get(start, self.posMax + 1) <= self.posMax:
                return self._addresses[start]
            end = min([end, *(place for place in self._addresses if start < place < end)])
        if end == start and (start and self.src.startswith(_SHRUG, start - 1)):
            return start + len(_SHRUG) - 1
        if end == start and self._delimiter_runs >= MAX_DELIMITERS and self.src[start] in "*_~":
            return start + 1
        return end


def _plain_text(state: StateInline, silent: bool) -> bool:
    """Take what is no markup, addresses whole."""
    end = state.plain_end() if isinstance(state, PlacedState) else state.pos
    if end == state.pos:
        return False
    if not silent:
        state.append_pending(state.src[state.pos : end])
    state.pos = end
    return True


def _no_link(state: StateInline, silent: bool) -> bool:
    """Take a bracket for text where no link can follow: looking for the end of each would take quadratic time.

    So would reading what is no address, or no label, to its end, again for each bracket.
    """
    source, start = state.src, state.pos
    mark = "![" if source[start] == "!" else "["
    if not source.startswith(mark, start):
        return False
    brackets: _Brackets = state.env.get("brackets") or state.env.setdefault("brackets", _Brackets(source))
    brackets.tried += not silent
    if brackets.may_begin_link(start + len(mark) - 1):
        return False
    if not silent:
        state.append_pending(mark)
    state.pos += len(mark)
    return True


class _Brackets:
    """The brackets of a paragraph, and how much was read so far to find links."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._last_link = source.rfind("](")
        self._marks = [found.start() for found in _TERMINATOR.finditer(source)] if self._last_link >= 0 else []
        self._ends = _label_ends(source) if self._last_link >= 0 else {}
        self._has_only_brackets = _OTHER_BRACKETS.search(source) is None
        self._label_marks = self._address_length = 0
        self.tried = 0
        """Brackets that were met, each counted once."""

    def may_begin_link(self, start: int) -> bool:
        """Tell whether the bracket here is worth looking for its end and its address."""
        if self.tried > _MAX_LINKS or start > self._last_link:
            return False
        end = self._source.find("](", start, start + _MAX_LABEL)
        if end < 0:
            return False
        if start not in self._ends and self._has_only_brackets:
            return False
        closed = self._ends.get(start, len(self._source))
        marks = self._label_marks + bisect_left(self._marks, closed) - bisect_left(self._marks, start)
        address = _ADDRESS.match(self._source, end + len("]("))
        length = self._address_length + (len(address.group()) if address else 0)
        if marks > _MAX_LABEL_MARKS or length > _MAX_ADDRESSES:
            return False
        self._label_marks, self._address_length = marks, length
        return True


def _label_ends(source: str) -> dict[int, int]:
    """The bracket that closes each, as far as brackets alone tell."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for found in _BRACKET.finditer(source):
        if found.group() == "[":
            opened.append(found.start())
        elif opened and found.group() == "]":
            ends[opened.pop()] = found.start()
    return ends


@functools.cache
def parser() -> MarkdownIt:
    """Give the parser: no references (they are shown as text), HTML and underlined headings by rules of our own."""
    markdown = _Parser("commonmark", {"maxNesting": MAX_NESTING, "html": False, "tasklists": True})
    markdown.enable(["table", "strikethrough"])
    markdown.disable(["reference", "lheading", "html_block", "html_inline", "newline", "fragments_join"])
    markdown.inline.ruler.at("text", _plain_text)
    markdown.inline.ruler.before("escape", "formula", inline_formula)
    markdown.inline.ruler.before("autolink", "html", html.inline_html)
    markdown.inline.ruler.before("link", "no_link", _no_link)
    everywhere: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    markdown.block.ruler.before("table", "prose", block_rules.prose)
    markdown.block.ruler.at("table", block_rules.table, {"alt": ["paragraph", "reference"]})
    markdown.block.ruler.at("blockquote", block_rules.blockquote, everywhere)
    markdown.block.ruler.before("fence", "formula", block_formula, everywhere)
    markdown.block.ruler.before("fence", "markdown_fence", block_rules.markdown_fence, everywhere)
    markdown.block.ruler.before("fence", "html", html.block_html, everywhere)
    markdown.block.ruler.before("paragraph", "underlined", block_rules.underlined_heading, {"alt": ["paragraph"]})
    return markdown


def parse_inline(content: str) -> list[Token]:
    """Parse a block's content into tokens; `Token.map` holds where each begins (and, of text, ends) in it."""
    return _parse(content).tokens if _SPECIAL.search(content) else [_text(content)]


def parse_growing(content: str) -> tuple[str, list[Token]]:
    """Parse a growing block's content as if what is being written now were complete; also give that content.

    Markers of which nobody can tell yet what they will be are held back, `**bold` is closed, half a link is its label:
    then later text is added to what is shown instead of moving it about.
    """
    if content.endswith("!") and not content[-2:-1].strip():
        content = content[:-1]  # an image may begin here
    if not _SPECIAL.search(content):
        return content, [_text(content)]
    state = _parse(content)
    content, state = _reparsed(
        content, state, content[: min(html.half_tag(content), state.env.get("comment", len(content)))]
    )
    if not content:
        return content, state.tokens
    content, state = _reparsed(content, state, _without_loose_end(content, state.tokens))
    content, state = _reparsed(content, state, _without_half_link(content, state.tokens))
    for position, closer in state.env.get("open", ())[:1]:
        if _is_current(content, position):
            content, state = _reparsed(content, state, content.rstrip() + closer)
    closers = [
        chr(delimiter.marker) * (2 if delimiter.marker == ord("~") else 1)
        for delimiter in reversed(state.delimiters)
        if delimiter.open and delimiter.end < 0 and _is_begun(content, _place(state.tokens[delimiter.token]))
    ]
    if closers:
        content, state = _reparsed(content, state, content.rstrip() + "".join(closers))
    return content, state.tokens


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content, map=[0, len(content)])


def _parse(content: str) -> PlacedState:
    markdown = parser()
    state = PlacedState(content, markdown, {}, [])
    markdown.inline.tokenize(state)
    for rule in markdown.inline.ruler2.getRules(""):
        rule(state)
    return state


def _reparsed(content: str, state: PlacedState, changed: str) -> tuple[str, PlacedState]:
    return (content, state) if changed == content else (changed, _parse(changed))


def _without_loose_end(content: str, tokens: list[Token]) -> str:
    """Hold back unmatched markers at the very end."""
    if content[-1] not in _LOOSE:
        return content
    cut = len(content)
    for token in reversed(tokens):
        if token.type != "text":
            break
        text = token.content.rstrip(_LOOSE)
        cut -= len(token.content) - len(text)
        if text:
            break
    return content[:cut].removesuffix("!") if content[cut : cut + 1] == "[" else content[:cut]


def _without_half_link(content: str, tokens: list[Token]) -> str:
    """Show the label of a link whose address is on its way; until that is known, wait with what is in brackets."""
    found = _HALF_LINK.search(content, max(0, content.rfind("\n"), len(content) - 2 * _MAX_UNFINISHED))
    if not found or (found.start() and content[found.start() - 1].isalnum()):
        return content
    place = found.start()
    for token in tokens:
        start, end = token.map or (0, 0)
        if token.type == "text" and start <= place < end:
            if "](" in found.group():
                return content[:place] + found.group(1)
            return content[:place] if len(found.group(1)) <= _MAX_HELD_LABEL else content
    return content


def _is_current(content: str, position: int) -> bool:
    return "\n" not in content[position:] and len(content) - position <= _MAX_UNFINISHED


def _is_begun(content: str, position: int) -> bool:
    """Tell whether emphasis begins here; `__init` and `_name` may well be names."""
    return _is_current(content, position) and (content[position] != "_" or " " in content[position:])


def _place(token: Token) -> int:
    return token.map[0] if token.map else 0
