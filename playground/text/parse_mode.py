"""Parse modes: how a marked up text becomes a text with entities."""

from __future__ import annotations

from typing import Any

from playground.errors import bad_request
from playground.text.html import parse_html
from playground.text.markdown_v2 import parse_markdown_v2

Json = dict[str, Any]


def parse(text: str, mode: str) -> tuple[str, list[Json]]:
    """Return the text and the entities of a marked up text. Raises 400 for wrong marks and unknown modes."""
    if mode.lower() == "html":
        return parse_html(text)
    if mode.lower() == "markdownv2":
        return parse_markdown_v2(text)
    raise bad_request("unsupported parse_mode")
