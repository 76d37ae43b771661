"""HTML that models write, read as what it means; whatever is not listed here is text.

In a line: `<br>`, styles, `<code>`, `<a href>`, `<sub>`, comments. As blocks: `<details>`, `<pre>`, comments.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from html import unescape

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

STYLES = {
    "strong": "bold",
    "b": "bold",
    "summary": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "del": "strikethrough",
    "strike": "strikethrough",
}
"""Kinds of entities that the elements are shown as."""

_CODE = frozenset({"code", "kbd", "samp", "tt", "pre"})
_PLAIN = frozenset({"sub", "sup", "p"})
_PAIRS = frozenset({*STYLES, *_CODE, *_PLAIN, "a"})
_KNOWN = frozenset({*_PAIRS, "br", "details"})
_MAX_TAG = 2200
_TAG = re.compile(
    r"<(/?)([A-Za-z]{1,10})((?:\s+[A-Za-z-]+(?:=\"[^\"<>]*\"|='[^'<>]*'|=[^\s\"'<>=]+)?)*)\s*(/?)>", re.ASCII
)
_CLOSING_TAG = re.compile(r"</([A-Za-z]{1,10})\s*>")
_HREF = re.compile(r"\shref=(?:\"([^\"]*)\"|'([^']*)'|(\S+))", re.IGNORECASE)
_HALF_TAG = re.compile(r"<(?:(/?)([A-Za-z]{0,10})(\s[^<>\n]*)?/?|!-?)\Z")
_DETAILS = re.compile(r"<details(?:\s[^<>]*)?>", re.IGNORECASE)
_DETAILS_END = re.compile(r"</details\s*>", re.IGNORECASE)
_SUMMARY = re.compile(r"\s*<summary\b", re.IGNORECASE)
_PRE = re.compile(r"<pre(?:\s[^<>]*)?>(?:\s*<code(?:\s+class=\"(?:language-)?([\w+#.-]{1,32})\")?\s*>)?", re.IGNORECASE)
_PRE_END = re.compile(r"(?:</code>\s*)?</pre>\s*\Z", re.IGNORECASE)


def inline_html(state: StateInline, silent: bool) -> bool:
    """Parse a tag or a comment within a line."""
    source, start = state.src, state.pos
    if source[start] != "<":
        return False
    if source.startswith("<!--", start):
        return _comment(state)
    found = _TAG.match(source, start, min(state.posMax, start + _MAX_TAG))
    name = found.group(2).lower() if found else ""
    if found is None or name not in _KNOWN:
        return False
    if name == "br":
        return _line_break(state, found.end(), silent)
    if name == "details":
        return _stray_details(state, found)
    return not found.group(1) and not found.group(4) and _pair(state, found, name, silent)


def _comment(state: StateInline) -> bool:
    end = state.src.find("-->", state.pos + len("<!--"), state.posMax)
    if end < 0:
        state.env.setdefault("comment", state.pos)
        return False
    state.pos = end + len("-->")
    return True


def _line_break(state: StateInline, end: int, silent: bool) -> bool:
    if not silent:
        state.push("hardbreak", "br", 0)
    while end < state.posMax and state.src[end] in " \t":
        end += 1
    state.pos = end + (state.src[end : end + 1] == "\n")
    return True


def _stray_details(state: StateInline, found: re.Match[str]) -> bool:
    """Leave out the tag at a paragraph's beginning or end: the block rule has read it."""
    if state.pos and state.src[found.end() : state.posMax].strip():
        return False
    state.pos = found.end()
    return True


def _pair(state: StateInline, found: re.Match[str], name: str, silent: bool) -> bool:
    """Parse an element with what stands in it, up to its closing tag."""
    begin, limit = found.end(), state.posMax
    closing = _closing_tag(state, name, begin)
    if closing is None:
        state.env.setdefault("open", []).append((state.pos, f"</{name}>"))
        return False
    end, after = closing
    if not silent:
        if name in _CODE:
            state.push("formula", "code", 0).content = unescape(state.src[begin:end])
        else:
            _push_element(state, found, name, begin, end)
    state.pos, state.posMax = after, limit
    return True


def _push_element(state: StateInline, found: re.Match[str], name: str, begin: int, end: int) -> None:
    href = _HREF.search(found.group(3)) if name == "a" and not state.linkLevel else None
    kind = "link" if href else "html"
    token = state.push(f"{kind}_open", name, 1)
    token.markup = f"<{name}>"
    if href:
        token.attrs = {"href": unescape(next(filter(None, href.groups()), ""))}
        state.linkLevel += 1
    state.pos, state.posMax = begin, end
    state.md.inline.tokenize(state)
    if href:
        state.linkLevel -= 1
    state.push(f"{kind}_close", name, -1).markup = f"</{name}>"
    if name == "summary" and state.src[end:].partition(">")[2][:1].strip():
        state.push("hardbreak", "br", 0)


def _closing_tag(state: StateInline, name: str, begin: int) -> tuple[int, int] | None:
    """Find the closing tag; where they stand is looked up once a paragraph."""
    if "closing" not in state.env:
        places: dict[str, list[tuple[int, int]]] = {}
        state.env["closing"] = places
        for found in _CLOSING_TAG.finditer(state.src):
            places.setdefault(found.group(1).lower(), []).append(found.span())
    ends = state.env["closing"].get(name, [])
    index = bisect_left(ends, (begin, 0))
    return ends[index] if index < len(ends) and ends[index][1] <= state.posMax else None


def half_tag(text: str) -> int:
    """Find the place of a tag that is still being written at the end of a text; the text's length if there is none."""
    near = max(0, len(text) - _MAX_TAG)
    found = _HALF_TAG.search(text, near) if text.find("<", near) >= 0 else None
    if found is None:
        return len(text)
    name, attributes = (found.group(2) or "").lower(), found.group(3)
    known = name in _KNOWN if attributes else any(item.startswith(name) for item in _KNOWN)
    return found.start() if known else len(text)


# Blocks


def block_html(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a comment, preformatted text, or a tag around details, on lines of their own."""
    if not state.src.startswith("<", state.bMarks[start] + state.tShift[start]) or state.is_code_block(start):
        return False
    return any(rule(state, start, end, silent) for rule in (_block_comment, _details, _preformatted))


def _block_comment(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a comment on lines of its own; while it is being written it may be unclosed."""
    if not _line(state, start).startswith("<!--"):
        return False
    for line in range(start, end):
        text = _line(state, line)
        if "-->" in text:
            return text.endswith("-->") and _push_block(state, "comment", start, line + 1, silent)
    return bool(state.env.get("growing")) and _push_block(state, "comment", start, end, silent)


def _details(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse the line that opens or closes `<details>`, outside of lists and quotations."""
    if state.level:
        return False
    text = _line(state, start)
    if _DETAILS_END.fullmatch(text):
        return _push_block(state, "details_end", start, start + 1, silent)
    found = _DETAILS.match(text)
    if found is None or not _is_details(state, text[found.end() :], start, end):
        return False
    if silent:
        return True
    if found.end() == len(text):
        return _push_block(state, "details", start, start + 1, silent)
    _push_block(state, "details", start, start, silent)
    state.push("paragraph_open", "p", 1).map = [start, start + 1]
    state.push("inline", "", 0).content = text
    state.push("paragraph_close", "p", -1)
    state.line = start + 1
    return True


def _is_details(state: StateBlock, rest: str, start: int, end: int) -> bool:
    if state.env.get("growing") or _SUMMARY.match(rest) or _DETAILS_END.search(state.src, state.eMarks[start]):
        return True
    return start + 1 < end and _SUMMARY.match(_line(state, start + 1)) is not None


def _preformatted(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse `<pre>` up to the line that ends with its closing tag; while it is being written it may be unclosed."""
    text = _line(state, start)
    found = _PRE.match(text)
    if found is None:
        return False
    if "last_pre" not in state.env:
        state.env["last_pre"] = state.src.lower().rfind("</pre")
    last = None
    if state.bMarks[start] <= state.env["last_pre"]:
        last = next((line for line in range(start, end) if _PRE_END.search(_line(state, line))), None)
    if last is None and not state.env.get("growing"):
        return False
    if silent:
        return True
    stop = end if last is None else last + 1
    lines = [text[found.end() :], *state.getLines(start + 1, stop, state.blkIndent, False).split("\n")]
    lines = lines[: stop - start]
    content = "\n".join(lines)
    _push_block(state, "formula_block", start, stop, silent)
    token = state.tokens[-1]
    token.content, token.markup, token.info = (
        unescape(_PRE_END.sub("", content)).strip("\n"),
        "<pre>",
        found.group(1) or "",
    )
    return True


def _push_block(state: StateBlock, kind: str, start: int, end: int, silent: bool) -> bool:
    if not silent:
        state.push(kind, "", 0).map = [start, end]
        state.line = end
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
