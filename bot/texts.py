"""Every text that a person reads in Telegram, by language: the Fluent files of `bot/locales/`."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import fluent_number

logger = logging.getLogger(__name__)

LOCALES = Path(__file__).parent / "locales"
LANGUAGES = ("en", "ru")
FALLBACK = "en"

_READ_RUSSIAN = frozenset({"ru", "be", "kk", "ky", "tt", "ba", "cv"})
"""Languages of Telegram's apps whose readers are better served in Russian than in English."""


class Texts:
    """Gives a text in a language, with its arguments filled in. Plain text: no markup of any kind."""

    def __init__(self, folder: Path = LOCALES) -> None:
        self._bundles = {language: _bundle(language, folder / f"{language}.ftl") for language in LANGUAGES}

    def get(self, language: str, key: str, **args: str | float) -> str:
        """The text named `key`. An unknown language gets English; a missing text is logged and shown as its key."""
        bundle = self._bundles.get(language, self._bundles[FALLBACK])
        if not bundle.has_message(key):
            logger.error("There is no text %s", key)
            return key
        pattern = bundle.get_message(key).value
        text, problems = bundle.format_pattern(pattern, {name: _plain(value) for name, value in args.items()})
        for problem in problems:
            logger.error("Text %s in %s: %s", key, language, problem)
        return str(text)


def language_of(code: str | None) -> str:
    """The language of ours for a Telegram `language_code` (IETF tag) such as `pt-br`."""
    return "ru" if code and code.lower().split("-")[0] in _READ_RUSSIAN else "en"


def _bundle(language: str, file: Path) -> Any:  # noqa: ANN401  # fluent.runtime has no type information
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(file.read_text(encoding="utf-8")))
    return bundle


def _plain(value: str | float) -> Any:  # noqa: ANN401  # fluent.runtime has no type information
    """Numbers without grouping, so that what is shown can be typed again: 8192, not 8,192."""
    return value if isinstance(value, str) else fluent_number(value, useGrouping=False)
