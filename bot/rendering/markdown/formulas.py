r"""Formulas in Markdown: `$…$` and `\(…\)` in a line, `$$…$$` and `\[…\]` as blocks. Two rules for markdown-it.

Telegram cannot set formulas; they are shown as code with their contents untouched. Prices (`$5 and $10`), shell
variables and escaped brackets are no formulas.
"""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_PAIRS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_MAX_FORMULA = 1000
_MATHEMATICAL = re.compile(r"[\\^_={}<>]|[\w)]\s*[-+*/|,]\s*[\w(]|^\s*[^\W_]+\s*$")
_PROSE = re.compile(r"[^\W\d_]{3,}\s+[^\W\d_]{3,}")
_CURRENCY = re.compile(r"\d[\d.,]*\s")


def inline_formula(state: StateInline, silent: bool) -> bool:
    """Parse a formula within a line."""
    source, start = state.src, state.pos
    if source[start] not in "\\$":
        return False
    opener = source[start : start + 2]
    closer = _PAIRS.get(opener)
    if closer is None:
        return source[start] == "$" and _dollars(state, silent)
    end = source.find(closer, start + 2, min(state.posMax, start + _MAX_FORMULA))
    if end < 0:
        state.env.setdefault("open", []).append((start, closer))
        return False
    content = source[start + 2 : end]
    after = source[end + 2 : end + 3]
    if not content.strip() or "\n\n" in content or (opener == "\\[" and after == "("):
        return False
    return _push(state, content, end + 2, silent)


def _dollars(state: StateInline, silent: bool) -> bool:
    """Parse `$x$`, by pandoc's rules and a look at what stands between."""
    source, start = state.src, state.pos
    if start and (source[start - 1].isalnum() or source[start - 1] == "$"):
        return False
    end = source.find("$", start + 1, min(state.posMax, start + _MAX_FORMULA))
    if end < 0:
        return False
    content = source[start + 1 : end]
    after = source[end + 1 : end + 2]
    if not content or content[0].isspace() or content[-1].isspace() or after.isalnum() or after == "$":
        return False
    if "`" in content or "\n\n" in content or not _looks_mathematical(content):
        return False
    return _push(state, content, end + 1, silent)


def _looks_mathematical(content: str) -> bool:
    if "\\" in content:
        return True
    if _PROSE.search(content) or _CURRENCY.match(content):
        return False
    return _MATHEMATICAL.search(content) is not None


def _push(state: StateInline, content: str, end: int, silent: bool) -> bool:
    if not silent:
        state.push("formula", "code", 0).content = content.strip()
    state.pos = end
    return True


def block_formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a formula on lines of its own. It holds no blank line; while it is being written it may be unclosed."""
    position = state.bMarks[start] + state.tShift[start]
    opener = state.src[position : position + 2]
    if opener not in {"$$", "\\["} or state.is_code_block(start):
        return False
    closer = _PAIRS[opener]
    first = state.src[position + 2 : state.eMarks[start]].rstrip()
    if closer in first:
        last = start
        if not first.endswith(closer) or first.count(closer) > 1:
            return False
        lines = [first[: -len(closer)]]
    else:
        found = _closing_line(state, start, end, closer)
        if found is None:
            return False
        last = min(found, end - 1)
        lines = [first, *state.getLines(start + 1, last + 1, state.sCount[start], False).split("\n")]
        if found < end:
            lines[-1] = lines[-1].rstrip()[: -len(closer)]
    if not any(line.strip() for line in lines) and not state.env.get("growing"):
        return False
    if silent:
        return True
    token = state.push("formula_block", "code", 0)
    token.content, token.markup, token.map = "\n".join(lines).strip(), opener, [start, last + 1]
    state.line = last + 1
    return True


def _closing_line(state: StateBlock, start: int, end: int, closer: str) -> int | None:
    """Find the line that ends with the closer; `end` where the text is still growing, None where there is none."""
    for line in range(start + 1, end):
        if state.isEmpty(line) or state.sCount[line] < state.blkIndent:
            return None
        text = state.src[state.bMarks[line] : state.eMarks[line]].rstrip()
        if text.endswith(closer):
            return line
        if closer in text:
            return None
    return end if state.env.get("growing") and end == state.lineMax else None
