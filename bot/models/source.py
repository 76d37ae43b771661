"""The source of the models: `models.toml`, else the settings of the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from dotenv import dotenv_values

from bot.errors import SettingsProblem
from bot.generators.factory import GeneratorSettings, make_config, timeouts_of
from bot.models.catalog import ModelCatalog, NamedModel
from bot.models.entry import ModelEntry
from bot.models.file import read_models


class ModelSettings(GeneratorSettings, Protocol):
    """The part of the settings that is about models."""

    @property
    def models_file(self) -> Path | None:
        """The file of MODELS_FILE."""
        ...

    @property
    def openai_sees_pictures(self) -> bool:
        """True where the environment's model sees pictures."""
        ...

    @property
    def embedded(self) -> bool:
        """True where the environment names no generator."""
        ...


def entries_in_file(settings: ModelSettings, environment: Mapping[str, str] | None = None) -> tuple[ModelEntry, ...]:
    """Read `models.toml`, with keys from the environment and `.env`; nothing where there is none.

    Raises SettingsProblem.
    """
    timeouts = timeouts_of(settings)
    known = _environment() if environment is None else environment
    return read_models(settings.models_file, known, max_tokens=settings.max_tokens, timeouts=timeouts)


def needs_embedded(settings: ModelSettings, entries: tuple[ModelEntry, ...]) -> bool:
    """Tell whether the program's own model has to run."""
    return any(entry.is_embedded for entry in entries) if entries else settings.embedded


def make_catalog(
    settings: ModelSettings, entries: tuple[ModelEntry, ...], embedded: NamedModel | None = None
) -> ModelCatalog:
    """Make the catalog of the file's entries, or of the one that the settings describe."""
    if entries:
        return ModelCatalog(entries, embedded)
    config = make_config(settings, embedded)
    name = embedded.name if embedded else config.model
    return ModelCatalog([ModelEntry("", name, config, pictures=settings.openai_sees_pictures)])


def secrets_of(entries: tuple[ModelEntry, ...]) -> list[str]:
    """Give the keys and passwords among the entries, for the log to blot out."""
    keys = [entry.config.key.get_secret_value() for entry in entries]
    passwords = [text for entry in entries if entry.proxy for text in (entry.proxy.password, entry.proxy.url)]
    return [secret for secret in [*keys, *passwords] if secret]


def key_variables(entries: tuple[ModelEntry, ...]) -> list[str]:
    """Give the names of the variables that have keys."""
    return [entry.key_variable for entry in entries if entry.key_variable]


def _environment() -> Mapping[str, str]:
    read = {name: value for name, value in dotenv_values(".env").items() if value}
    return {**read, **os.environ}


def budget_currency(entries: tuple[ModelEntry, ...], budgets: Mapping[str, float]) -> str:
    """Give the currency of the prices; empty: there are none. `budgets` are the settings of money.

    Raises SettingsProblem where a budget could not be counted: without prices, or with several currencies.
    """
    currencies = sorted({entry.prices.currency for entry in entries if entry.prices is not None})
    named = next((name.upper() for name, amount in budgets.items() if amount), "")
    if named and not currencies:
        raise SettingsProblem(f"{named}: no model in models.toml has a price")
    if named and len(currencies) > 1:
        raise SettingsProblem(f"{named}: the prices in models.toml are in {', '.join(currencies)}; one is right")
    return currencies[0] if len(currencies) == 1 else ""
