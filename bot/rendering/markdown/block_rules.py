"""Block rules of markdown-it, changed to what models mean: tables, fences and underlined headings."""

from __future__ import annotations

import re

from markdown_it import rules_block
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block import StateBlock

_FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*([^`\s]*)")
_MARKDOWN = frozenset({"markdown", "md"})
MAX_QUOTED_LINES = 4096
"""Lines that the quotes of one text may look at, each quote for itself: a message has fewer, within one quote."""
_UNDERLINE = re.compile(r"={3,}[ \t]*")


def prose(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: ARG001  # markdown-it's signature
    """Parse a paragraph that begins with a letter, as most do: none of the other rules has to look at such a line."""
    if silent or not _is_prose(state, start):
        return False
    line = start + 1
    parent, state.parentType = state.parentType, "paragraph"
    while line < state.lineMax and not state.isEmpty(line) and (_is_prose(state, line) or not _ends(state, line)):
        line += 1
    state.parentType = parent
    state.line = line
    state.push("paragraph_open", "p", 1).map = [start, line]
    token = state.push("inline", "", 0)
    token.content, token.map, token.children = (
        mdTrim(state.getLines(start, line, state.blkIndent, False)),
        [start, line],
        [],
    )
    state.push("paragraph_close", "p", -1)
    return True


def _is_prose(state: StateBlock, line: int) -> bool:
    """Tell whether only a paragraph can begin here, or go on: a table has pipes, and a heading may be underlined."""
    if not state.src[state.bMarks[line] + state.tShift[line]].isalpha() or state.is_code_block(line):
        return False
    if state.src.find("|", state.bMarks[line], state.eMarks[line]) >= 0:
        return False
    return line + 1 >= state.lineMax or not _is_underline(state, line + 1)


def _is_underline(state: StateBlock, line: int) -> bool:
    return state.src.startswith("===", state.bMarks[line] + state.tShift[line])


def _ends(state: StateBlock, line: int) -> bool:
    """Tell whether a paragraph ends before this line, as CommonMark has it."""
    if state.is_code_block(line) or state.sCount[line] < 0:  # a quotation has looked at the latter already
        return False
    return any(rule(state, line, state.lineMax, True) for rule in state.md.block.ruler.getRules("paragraph"))


def table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table: the line below its header has a pipe, too, else it is a line of dashes below some text."""
    if start + 1 >= end or state.src.find("|", state.bMarks[start + 1], state.eMarks[start + 1]) < 0:
        return False
    return rules_block.table(state, start, end, silent)


class TooManyQuotes(Exception):
    """Quotes begin within quotes again and again: reading each to its end would take quadratic time."""


def blockquote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a quote, as far as all of them together are read in linear time. Raises TooManyQuotes."""
    if not state.src.startswith(">", state.bMarks[start] + state.tShift[start]):
        return False
    if not silent:
        begin = state.bMarks[start]
        last = state.src.find("\n\n", begin)
        lines = 1 + state.src.count("\n", begin, last if last >= 0 else state.eMarks[end - 1])
        state.env["quoted"] = state.env.get("quoted", 0) + lines
        if state.env["quoted"] > MAX_QUOTED_LINES:
            raise TooManyQuotes
    return rules_block.blockquote(state, start, end, silent)


def markdown_fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a fence that holds Markdown: in it a fence with a language opens another one, which its next one closes."""
    place = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith(("```", "~~~"), place):
        return False
    found = None if state.is_code_block(start) else _FENCE.match(state.src, place, state.eMarks[start])
    if found is None or found.group(2).lower() not in _MARKDOWN:
        return False
    last = _last_line(state, start, end, found.group(1))
    if last is None:
        return False
    if not silent:
        token = state.push("fence", "code", 0)
        token.info, token.markup, token.map = found.group(2), found.group(1), [start, min(last + 1, end)]
        token.content = state.getLines(start + 1, last, state.sCount[start], True)
        state.line = min(last + 1, end)
    return True


def _last_line(state: StateBlock, start: int, end: int, marker: str) -> int | None:
    """Find the line that closes the fence; `end` while it is being written, None where the fences do not add up."""
    inner = False
    for line in range(start + 1, end):
        if state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            break
        text = _line(state, line)
        found = _FENCE.match(text)
        if found is None or found.group(1)[0] != marker[0] or len(found.group(1)) < len(marker):
            continue
        if found.group(2):
            inner = True
        elif text.strip(marker[0]):
            continue
        elif inner:
            inner = False
        else:
            return line
    return end if state.env.get("growing") else None


def underlined_heading(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a line with equals signs below it; a line of dashes stays a rule, which models mean by it."""
    if start + 1 >= end or not _is_underline(state, start + 1):
        return False
    if state.isEmpty(start) or state.is_code_block(start) or state.is_code_block(start + 1):
        return False
    if state.sCount[start + 1] < state.blkIndent or not _UNDERLINE.fullmatch(_line(state, start + 1)):
        return False
    if not silent:
        state.push("heading_open", "h1", 1).map = [start, start + 2]
        token = state.push("inline", "", 0)
        token.content, token.map, token.children = _line(state, start), [start, start + 1], []
        state.push("heading_close", "h1", -1)
        state.line = start + 2
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
