"""Every text that a person reads in Telegram, by language: one Fluent file in `bot/locales/` is one language."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import fluent_number

logger = logging.getLogger(__name__)

LOCALES = Path(__file__).parent / "locales"
FALLBACK = "en"
"""The language for readers whom no other file serves."""


class Texts:
    """Gives a text in a language, with its arguments filled in. Plain text: no markup of any kind."""

    def __init__(self, folder: Path = LOCALES) -> None:
        self._bundles = {file.stem: _bundle(file.stem, file) for file in sorted(folder.glob("*.ftl"))}
        self._serves = {code: name for name in self._bundles for code in self._listed(name, "language-codes")}

    @property
    def languages(self) -> Mapping[str, str]:
        """Every language, named in itself: `{"en": "English", …}`."""
        return {language: self.get(language, "language-name") for language in self._bundles}

    def get(self, language: str, key: str, **args: str | float) -> str:
        """The text named `key`: in English where a language has none; its key, which is logged, where nobody has."""
        bundle = self._bundles.get(language, self._bundles[FALLBACK])
        if not bundle.has_message(key):
            bundle = self._bundles[FALLBACK]
        if not bundle.has_message(key):
            logger.error("There is no text %s", key)
            return key
        pattern = bundle.get_message(key).value
        text, problems = bundle.format_pattern(pattern, {name: _plain(value) for name, value in args.items()})
        for problem in problems:
            logger.error("Text %s in %s: %s", key, language, problem)
        return str(text)

    def decimal(self, language: str, value: float, digits: int) -> str:
        """Write a number with so many digits after the point, or after whatever stands for it in a language."""
        return f"{value:.{digits}f}".replace(".", self.get(language, "decimal-mark"))

    def grouped(self, language: str, value: int) -> str:
        """Write a large number that nobody types again, its thousands apart."""
        return f"{value:,}".replace(",", self.get(language, "thousands-mark"))

    def language_of(self, code: str | None) -> str:
        """The language of ours for a Telegram `language_code` (IETF tag) such as `pt-br`."""
        return self._serves.get(code.lower().split("-")[0], FALLBACK) if code else FALLBACK

    def means(self, key: str, word: str) -> bool:
        """Recognize a word of a command (`word-reset` …), whichever language it is said in."""
        return any(word.lower() in self._listed(language, key) for language in self._bundles)

    def _listed(self, language: str, key: str) -> list[str]:
        return [item.strip().lower() for item in self.get(language, key).split(",")]


def _bundle(language: str, file: Path) -> Any:  # noqa: ANN401  # fluent.runtime has no type information
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


def _plain(value: str | float) -> Any:  # noqa: ANN401  # fluent.runtime has no type information
    """Numbers without grouping, so that what is shown can be typed again: 8192, not 8,192."""
    return value if isinstance(value, str) else fluent_number(value, useGrouping=False)
