"""Readers of preferences: a text that is typed or stored, to the value. Each raises ValueError."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection

from bot.net.proxy_url import ProxyURL, parse_proxy
from bot.people.personas import Personas

MIN_TEMPERATURE, MAX_TEMPERATURE = 0.0, 2.0
MAX_MAX_TOKENS = 1_000_000
MAX_PROMPT_LENGTH = 8000
MAX_MODEL_LENGTH = 100
MAX_CHOICE_LENGTH = 240
"""Characters of a stored choice: an entry's id, and the longest name that its endpoint may list."""
OFF = "off"
"""The stored form of "no proxy at all": it wins over a proxy of the environment."""


def read_temperature(text: str) -> float:
    """Read 0 to 2, with a point or a comma. Raises ValueError."""
    value = float(text.strip().replace(",", "."))
    if not math.isfinite(value) or not MIN_TEMPERATURE <= value <= MAX_TEMPERATURE:
        raise ValueError("outside 0 to 2")
    return round(value, 3) + 0.0  # a negative zero becomes a plain one


def read_max_tokens(text: str) -> int:
    """Read 1 to 1,000,000; spaces may separate thousands. Raises ValueError."""
    digits = "".join(text.split())
    if not digits.isascii() or not digits.isdigit() or not 1 <= int(digits[:9]) <= MAX_MAX_TOKENS:
        raise ValueError("outside 1 to 1000000")
    return int(digits[:9])


def read_model(text: str) -> str:
    """Read a model's name, a line of 1 to 100 characters, or a choice as it is stored. Raises ValueError."""
    name = text.strip()
    longest = MAX_CHOICE_LENGTH if name.startswith("@") else MAX_MODEL_LENGTH
    if not 0 < len(name) <= longest or not name.isprintable():
        raise ValueError("not a model's name")
    return name


def read_proxy(text: str) -> ProxyURL | None:
    """Read an address, or `off`. Raises ValueError."""
    return None if text.strip().lower() == OFF else parse_proxy(text)


def read_prompt(text: str) -> str:
    """Read a text of 1 to 8000 characters. Raises ValueError."""
    if not 0 < len(text.strip()) <= MAX_PROMPT_LENGTH:
        raise ValueError("too long")
    return text.strip()


def one_of(allowed: Collection[str]) -> Callable[[str], str]:
    """Make the reader of a word that is one of these."""

    def read(text: str) -> str:
        if text not in allowed:
            raise ValueError("not one of " + ", ".join(allowed))
        return text

    return read


def persona_in(personas: Personas) -> Callable[[str], tuple[str, str]]:
    """Make the reader of a persona of a library, with the language that it was chosen in."""

    def read(text: str) -> tuple[str, str]:
        """`teacher:ru` → its id and its prompt in that language. Raises ValueError when the library has it no more."""
        id_, _, language = text.partition(":")
        if id_ not in personas:
            raise ValueError("no such persona")
        return id_, personas[id_].prompt(language)

    return read
