"""The text of HTML, as it would be read on the screen."""

from __future__ import annotations

from html.parser import HTMLParser

from bot.attachments.formats.text_sink import TextSink

MAX_ADDRESS = 500
"""Characters of a link's address that are kept."""
_UNSHOWN = frozenset({"script", "style", "template", "noscript", "head", "svg", "math", "iframe", "object", "select"})
_INLINE = frozenset(
    {
        "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i",
        "img", "ins", "kbd", "label", "mark", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong",
        "sub", "sup", "time", "tt", "u", "var", "wbr", "td", "th", "button", "input",
    }
)  # fmt: skip


class MarkupText(HTMLParser):
    """Writes what a page says into a sink: blocks are lines, links keep their address, scripts are left out."""

    def __init__(self, sink: TextSink) -> None:
        super().__init__(convert_charrefs=True)
        self._sink = sink
        self._unshown: str | None = None
        """The element whose content is left out; those within it count in `_depth`."""
        self._depth = 0
        self._preformatted = 0
        self._address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line or a cell, or leave out what is not shown."""
        if self._unshown is not None:
            self._depth += tag == self._unshown
        elif tag in _UNSHOWN:
            self._unshown, self._depth = tag, 1
        elif tag == "a":
            self._address = next((value for key, value in attrs if key == "href" and value), "")
        elif tag == "li":
            self._sink.break_line()
            self._sink.write("- ")
        elif tag == "br":
            self._sink.end_line()
        elif tag not in _INLINE:
            self._preformatted += tag == "pre"
            self._sink.break_line()

    def handle_endtag(self, tag: str) -> None:
        """End a line or a cell."""
        if self._unshown is not None:
            self._depth -= tag == self._unshown
            if self._depth == 0 or tag == "html":
                self._unshown = None
        elif tag == "a":
            if self._address.startswith(("http://", "https://")) and len(self._address) <= MAX_ADDRESS:
                self._sink.write(f" ({self._address})")
            self._address = ""
        elif tag in {"td", "th"}:
            self._sink.write(" | ")
        elif tag not in _INLINE:
            self._preformatted -= tag == "pre" and self._preformatted > 0
            self._sink.break_line()
            if tag in {"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "blockquote"}:
                self._sink.end_line()

    def handle_data(self, data: str) -> None:
        """Write what is shown."""
        if self._unshown is not None:
            return
        if self._preformatted:
            self._sink.write(data)
        else:
            self._sink.write_inline(data)
