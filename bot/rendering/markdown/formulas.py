r"""Formulas in Markdown: `$…$` and `\(…\)` in a line, `$$…$$` and `\[…\]` as blocks, environments in both.

Telegram cannot set formulas; they are shown as code with their contents untouched. Prices (`$5 and $10`), shell
variables (`${a}`) and escaped brackets (`array\[0\]`) are no formulas.
"""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_PAIRS = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_MAX_FORMULA = 1000
"""Characters within a line in which a formula must end."""
_MAX_LINES = 60
"""Lines of a formula that stands for itself."""
_MATHEMATICAL = re.compile(r"[\\^_={}<>]|[\w)]\s*[-+*/|,]\s*[\w(]|^\s*[^\W_]+\s*$")
_STRICTLY_MATHEMATICAL = re.compile(r"[\\^_=]")
_PROSE = re.compile(r"[^\W\d_]{3,}\s+[^\W\d_]{3,}")
_WORDS = re.compile(r"[^\W\d_]{4,}(?:\s+[^\W\d_]+)*")
_CURRENCY = re.compile(r"\d[\d.,]*\s")
_SHELL = re.compile(r"\{[A-Za-z_]\w*(?:[:#%/^,@\[!?*-][^{}]*)?\}")
_ENVIRONMENT = re.compile(r"\\begin\{([A-Za-z]{1,20}\*?)\}")
_OTHER_BLOCK = re.compile(r"#{1,6} |```|~~~|[-*+] [^\W\d_]{3}|\d+[.)] [^\W\d_]{3}|[^\W\d_]{3,}[ ,][^\\$=^_]*[.:!?]?\Z")


def inline_formula(state: StateInline, silent: bool) -> bool:
    """Parse a formula within a line."""
    source, start = state.src, state.pos
    if source[start] not in "\\$":
        return False
    opener = source[start : start + 2]
    closer = _PAIRS.get(opener)
    if closer is None:
        return _environment(state, silent) if source[start] == "\\" else _dollars(state, silent)
    end = source.find(closer, start + 2, min(state.posMax, start + _MAX_FORMULA))
    if end < 0:
        if not _follows_word(source, start, opener):
            state.env.setdefault("open", []).append((start, closer))
        return False
    content = source[start + 2 : end]
    if not content.strip() or "\n\n" in content or (opener == "\\[" and source[end + 2 : end + 3] == "("):
        return False
    if opener != "$$" and (_follows_word(source, start, opener) or _WORDS.fullmatch(content)):
        return False
    return _push(state, content.strip(), end + 2, silent)


def _follows_word(source: str, start: int, opener: str) -> bool:
    """Tell whether this is an escaped bracket of a call or an index."""
    return opener != "$$" and start > 0 and (source[start - 1].isalnum() or source[start - 1] in "_)]")


def _dollars(state: StateInline, silent: bool) -> bool:
    """Parse `$x$`, by pandoc's rules and a look at what stands between."""
    source, start = state.src, state.pos
    if start and (source[start - 1].isalnum() or source[start - 1] == "$"):
        return False
    end = source.find("$", start + 1, min(state.posMax, start + _MAX_FORMULA))
    if end < 0:
        return False
    content = source[start + 1 : end]
    if not content.strip() or not _may_end(content, source[end + 1 : end + 2]):
        return False
    if "`" in content or "\n\n" in content or not _looks_mathematical(content):
        return False
    return _push(state, content.strip(), end + 1, silent)


def _may_end(content: str, after: str) -> bool:
    """Tell whether what stands before and after the closing dollar lets it close a formula."""
    if after.isalnum() or after in {"$", "{", "("}:
        return False
    spaces = content[0].isspace() + content[-1].isspace()
    return not spaces or (spaces == len("ab") and _STRICTLY_MATHEMATICAL.search(content) is not None)


def _looks_mathematical(content: str) -> bool:
    content = content.strip()
    if _SHELL.match(content) or not _is_balanced(content):
        return False
    if "\\" in content:
        return True
    if _PROSE.search(content) or _CURRENCY.match(content):
        return False
    return _MATHEMATICAL.search(content) is not None


def _is_balanced(content: str) -> bool:
    depth = 0
    for brace in re.findall(r"(?<!\\)[{}]", content):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            return False
    return not depth


def _environment(state: StateInline, silent: bool) -> bool:
    found = _ENVIRONMENT.match(state.src, state.pos)
    if found is None:
        return False
    closer = f"\\end{{{found.group(1)}}}"
    end = state.src.find(closer, found.end(), min(state.posMax, state.pos + _MAX_FORMULA))
    if end < 0:
        return False
    return _push(state, state.src[state.pos : end + len(closer)], end + len(closer), silent)


def _push(state: StateInline, content: str, end: int, silent: bool) -> bool:
    if not silent:
        state.push("formula", "code", 0).content = content
    state.pos = end
    return True


def block_formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a formula on lines of its own; while it is being written it may be unclosed."""
    position = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith(("$$", "\\"), position):
        return False
    line = state.src[position : state.eMarks[start]].rstrip()
    environment = _ENVIRONMENT.match(line)
    opener = environment.group() if environment else line[:2]
    if state.is_code_block(start) or not (environment or opener in {"$$", "\\["}):
        return False
    closer = f"\\end{{{environment.group(1)}}}" if environment else _PAIRS[opener]
    last = _last_line(state, start, end, line[len(opener) :], closer)
    if last is None:
        return False
    content = _content(state, start, min(last, end - 1), line)
    if not environment:
        content = content.rstrip().removesuffix(closer) if last < end else content
        content = content[len(opener) :]
    if not content.strip() and not state.env.get("growing"):
        return False
    if silent:
        return True
    token = state.push("formula_block", "code", 0)
    token.content, token.markup, token.map = content.strip(), opener, [start, min(last, end - 1) + 1]
    state.line = min(last, end - 1) + 1
    return True


def _content(state: StateBlock, start: int, last: int, line: str) -> str:
    if start == last:
        return line
    return line + "\n" + state.getLines(start + 1, last + 1, state.sCount[start], False)


def _last_line(state: StateBlock, start: int, end: int, first: str, closer: str) -> int | None:
    """Find the line that ends with the closer; `end` where the text is still growing, None where there is none."""
    if closer in first:
        return start if first.endswith(closer) and first.count(closer) == 1 else None
    blank = False
    for line in range(start + 1, min(end, start + _MAX_LINES)):
        if state.isEmpty(line):
            blank = True
            continue
        if state.sCount[line] < state.blkIndent:
            return None
        text = state.src[state.bMarks[line] : state.eMarks[line]].strip()
        if text.rstrip(".,").endswith(closer) if closer.startswith("\\end") else text.endswith(closer):
            return line
        if closer in text or (blank and _OTHER_BLOCK.match(text)):
            return None
    is_open = state.env.get("growing") and end == state.lineMax and end - start < _MAX_LINES
    return end if is_open else None
