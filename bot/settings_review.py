"""Settings that do nothing: names that no setting has, and values that have no effect beside the others."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from dotenv import dotenv_values

from bot.generators.factory import unused_settings
from bot.settings import Settings

FOREIGN_PREFIXES = ("COMPOSE_", "DOCKER_", "POSTGRES_", "PG")
"""Beginnings of names in `.env` that other programs read, such as docker compose."""

_Condition = tuple[tuple[str, ...], Callable[[Settings], bool], str]
"""Settings, the case in which they do nothing, and what makes them count."""

_CONDITIONS: tuple[_Condition, ...] = (
    (
        ("telegram_api_url", "telegram_proxy", "webhook_url"),
        lambda settings: settings.bot_token is None,
        "the playground runs; set BOT_TOKEN",
    ),
    (
        ("playground_listen", "playground_strict"),
        lambda settings: settings.bot_token is not None,
        "BOT_TOKEN is set, so no playground runs",
    ),
    (("webhook_secret",), lambda settings: settings.webhook_url is None, "set WEBHOOK_URL"),
    (("updates_age_limit",), lambda settings: settings.listen is None, "set LISTEN"),
    (("openai_sees_pictures",), lambda settings: settings.generator != "openai", "set GENERATOR=openai"),
    (("local_model",), lambda settings: not settings.embedded, "another generator answers"),
    (
        ("proxy", "aura_key", "aura_browser"),
        lambda settings: settings.embedded,
        "the model inside this program answers; set AURA_URL",
    ),
)


def review(settings: Settings, env_file: Path = Path(".env"), *, others: Collection[str] = ()) -> list[str]:
    """Say of each setting that does nothing why, a line each; values are never shown.

    `others` are names that are read besides the settings: those of keys in `models.toml`.
    """
    given = {name for name in settings.model_fields_set if _differs(settings, name)}
    return [*unknown_names(env_file, others), *unused_settings(settings, given), *_without_effect(settings, given)]


def unknown_names(env_file: Path, others: Collection[str] = ()) -> list[str]:
    """Name the lines of `.env` that no setting reads, with the name that was probably meant."""
    known = [name.upper() for name in Settings.model_fields]
    try:
        written = dotenv_values(env_file, interpolate=False) if env_file.is_file() else {}
    except (OSError, UnicodeDecodeError):
        return []  # reading the settings says so
    return [
        f"{env_file}: there is no setting {name}{_meant(name.upper(), known)}"
        for name in written
        if name.upper() not in known and name not in others and not name.upper().startswith(FOREIGN_PREFIXES)
    ]


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _without_effect(settings: Settings, given: AbstractSet[str]) -> Iterator[str]:
    for names, applies, reason in _CONDITIONS:
        for name in names:
            if name in given and applies(settings):
                yield f"{name.upper()} has no effect: {reason}"


def _differs(settings: Settings, name: str) -> bool:
    """Tell a value from the default, which a copy of .env.example names everywhere."""
    return bool(getattr(settings, name) != type(settings).model_fields[name].get_default())
