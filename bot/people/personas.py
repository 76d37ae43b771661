"""Personas: a small library of system prompts that the owner can edit, in a copy of `personas.example.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SettingsProblem
from bot.texts import FALLBACK

LIBRARIES = (Path("personas.toml"), Path(__file__).parents[2] / "personas.toml")
"""Places of the owner's own personas: beside `.env`, and in a clone that is run from elsewhere."""
EXAMPLE_LIBRARY = Path(__file__).with_name("personas.example.toml")
"""The personas that come with the program; they count while there is no file of the owner's."""
MAX_PERSONA_PROMPT = 8000
MAX_NAME_LENGTH = 40
MAX_PERSONAS = 30
"""One keyboard shows them all."""

_ID = re.compile(r"[a-z0-9_-]{1,24}")


@dataclass(frozen=True, slots=True)
class Persona:
    """A named system prompt; name and prompt by language."""

    id: str
    names: Mapping[str, str]
    prompts: Mapping[str, str]
    model: str = ""
    """The entry of `models.toml` that speaks for it; empty: whichever counts in the chat."""

    def name(self, language: str) -> str:
        """The name in a language, else in the one that the file has."""
        return _in(language, self.names)

    def prompt(self, language: str) -> str:
        """The system prompt in a language, else in the one that the file has."""
        return _in(language, self.prompts)


Personas = Mapping[str, Persona]
"""Every persona by its id, in the order of the file."""


def check_models(personas: Personas, models: Collection[str]) -> None:
    """Raise SettingsProblem for a persona with a model that is not among the entries of `models.toml`."""
    for persona in personas.values():
        if persona.model and persona.model not in models:
            right = f"name one of {', '.join(models)}" if models else "it needs models.toml"
            raise SettingsProblem(f"PERSONAS_FILE: [{persona.id}]: there is no model {persona.model}; {right}")


def read_personas(file: Path | None) -> Personas:
    """Read the library. None: the owner's copy, else the one that comes with the program.

    Raises SettingsProblem that names the file and the entry.
    """
    path = file or next((own for own in LIBRARIES if own.exists()), EXAMPLE_LIBRARY)
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsProblem(f"PERSONAS_FILE: {path.absolute()} cannot be read: {_reason(error)}") from error
    if len(entries) > MAX_PERSONAS:
        raise SettingsProblem(f"PERSONAS_FILE: {path} has more than {MAX_PERSONAS} personas")
    return {id_: _persona(path, id_, entry) for id_, entry in entries.items()}


def find_persona(personas: Personas, wanted: str) -> Persona | None:
    """Find the persona that somebody means by its id or by its name in any language. None: there is none."""
    means = wanted.strip().casefold()
    for persona in personas.values():
        if means in {persona.id.casefold(), *(name.casefold() for name in persona.names.values())}:
            return persona
    return None


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _persona(path: Path, id_: str, entry: object) -> Persona:
    where = f"PERSONAS_FILE: {path}, [{id_}]"
    if not _ID.fullmatch(id_):
        raise SettingsProblem(f"{where}: a name in brackets is up to 24 of a-z, 0-9, _ and -")
    if not isinstance(entry, dict):
        raise SettingsProblem(f"{where}: write it as a table with name and prompt")
    if unknown := sorted(set(entry) - {"name", "prompt", "model"}):
        raise SettingsProblem(f"{where}: there is no {unknown[0]}, only name, prompt and model")
    model = entry.get("model", "")
    if not isinstance(model, str):
        raise SettingsProblem(f"{where}: model has to be the name in brackets of a model in models.toml")
    return Persona(
        id_,
        names=_by_language(f"{where}: name", entry.get("name"), MAX_NAME_LENGTH),
        prompts=_by_language(f"{where}: prompt", entry.get("prompt"), MAX_PERSONA_PROMPT, may_be_empty=True),
        model=model,
    )


def _by_language(where: str, value: object, longest: int, *, may_be_empty: bool = False) -> Mapping[str, str]:
    """A plain text for every language, or `{ en = "…", ru = "…" }`. An empty prompt is none at all."""
    texts = {FALLBACK: value} if isinstance(value, str) else value
    if not isinstance(texts, dict) or not texts:
        raise SettingsProblem(f'{where} is missing; write "…" or {{ en = "…", ru = "…" }}')
    for text in texts.values():
        if not isinstance(text, str) or not (may_be_empty or text.strip()) or len(text) > longest:
            raise SettingsProblem(f"{where} has to be a text of {0 if may_be_empty else 1} to {longest} characters")
    return {language: text.strip() for language, text in texts.items()}


def _in(language: str, texts: Mapping[str, str]) -> str:
    return texts.get(language, texts.get(FALLBACK, next(iter(texts.values()))))
