"""Excerpt of a model's thoughts, folded at the head of the answer."""

from __future__ import annotations

from bot.rendering.entities import Span, fitting_length, is_visible, utf16_length

MAX_EXCERPT = 900
"""UTF-16 units of thoughts that are shown; the answer needs the room."""
_MAX_KEPT = 2 * MAX_EXCERPT
_MORE = "…"


class ThoughtExcerpt:
    """Collects thoughts and gives an excerpt: the newest while there is nothing else, the beginning afterwards."""

    def __init__(self) -> None:
        self._head = ""
        self._tail = ""

    def write(self, text: str) -> None:
        """Append; only what can still be shown is kept."""
        self._head += text[: _MAX_KEPT - len(self._head)]
        self._tail = (self._tail + text)[-_MAX_KEPT:]

    @property
    def is_empty(self) -> bool:
        """True while there are no thoughts at all."""
        return not self._head

    def excerpt(self, *, newest: bool) -> str:
        """Give the text to show, at most 900 UTF-16 units, empty where there is none."""
        head, tail = self._head.strip(), self._tail.strip()
        if not is_visible(head):
            return ""
        if utf16_length(head) <= MAX_EXCERPT:
            return head
        if not newest:
            return head[: fitting_length(head, MAX_EXCERPT - 1)].rsplit(maxsplit=1)[0].rstrip() + _MORE
        tail = tail[-(MAX_EXCERPT // 2) + 1 :]
        cut = max(tail.find("\n"), tail.find(". "), tail.find(" ") if ". " not in tail else -1) + 1
        return _MORE + tail[cut:].lstrip()


def folded_thoughts(title: str, excerpt: str) -> tuple[str, list[Span]]:
    """Set the excerpt as a quotation that people can unfold, its title in bold."""
    text = f"{title}\n{excerpt}" if title else excerpt
    spans = [Span("expandable_blockquote", 0, len(text))]
    if title:
        spans.append(Span("bold", 0, len(title)))
    return text, spans
