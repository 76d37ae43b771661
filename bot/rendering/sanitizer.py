"""Sanitizer of an answer's text: makes it fit for Telegram, with the same result whatever pieces it comes in."""

from __future__ import annotations

import re

_HIGH = re.compile("[\ud800-\udbff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROLS = {code: " " for code in range(32) if chr(code) not in "\t\n"}
_CONTROLS[ord("\r")] = ""
_CONTROLS.update({0x2028: "\n", 0x2029: "\n"})  # Telegram removes them, and the words around would run together
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\u2028\u2029]")


class TextSanitizer:
    """Replaces what Telegram would (control characters) and what cannot be sent (halves of surrogate pairs)."""

    def __init__(self) -> None:
        self._half = ""

    def take(self, text: str) -> str:
        """Give what can be said about the text so far; half a surrogate pair waits for its other half."""
        if self._half or _SURROGATE.search(text):
            text = self._paired(self._half + text)
        return text.translate(_CONTROLS) if _CONTROL.search(text) else text

    def rest(self) -> str:
        """Give what still waits: the other half did not come."""
        rest, self._half = "\ufffd" if self._half else "", ""
        return rest

    def _paired(self, text: str) -> str:
        self._half = ""
        if text and _HIGH.match(text[-1]):
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
