"""The choice of the generator: the only place that knows generators by name.

name      class                                   its settings
aura      bot.generators.aura:Aura                AURA_*; without AURA_URL the embedded model answers
openai    bot.generators.openai.generator:OpenAI  OPENAI_*
a:b.C     C of the module a, to g4f's contract    AURA_URL, AURA_MODEL and AURA_KEY, where they are given

Everybody else asks the `GeneratorKind` for what a generator can do. A new generator is one class and one entry here.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Protocol

from pydantic import SecretStr

from bot.generators.aura import Aura
from bot.generators.client import GeneratorConfig
from bot.generators.contract import GeneratorKind, Timeouts
from bot.generators.g4f_adapter import load
from bot.generators.openai.generator import OpenAI
from bot.generators.openai.model_card import read_card
from bot.generators.openai.model_list import list_models

DEFAULT_CONTEXT = 8192
"""Tokens that OpenChat 3.6 can read."""
_IMPORT_PATH = re.compile(r"[\w.]+:[\w.]+")

OPENCHAT_ANSWER_LIMIT = 1000
"""Tokens: openchat-ui's `/api/chat` asks its upstream for no more than so many."""

_OWN = {
    "aura": GeneratorKind(
        name="aura",
        load=lambda: Aura,
        url_setting="aura_url",
        model_setting="aura_model",
        key_setting="aura_key",
        limits_answers=False,
        server_limit=OPENCHAT_ANSWER_LIMIT,
        has_default_model=True,
        may_be_embedded=True,
        more_variables=("AURA_BROWSER",),
    ),
    "openai": GeneratorKind(
        name="openai",
        load=lambda: OpenAI,
        url_setting="openai_base_url",
        model_setting="openai_model",
        key_setting="openai_api_key",
        has_default_model=True,
        sends_pictures=True,
        lister=list_models,
        describer=read_card,
        needs_url="http://127.0.0.1:8000/v1",
    ),
}


class GeneratorSettings(Protocol):
    """The part of the settings that is about the generator."""

    @property
    def generator(self) -> str: ...
    @property
    def aura_url(self) -> str | None: ...
    @property
    def aura_model(self) -> str: ...
    @property
    def aura_model_name(self) -> str: ...
    @property
    def aura_key(self) -> SecretStr: ...
    @property
    def aura_browser(self) -> bool: ...
    @property
    def openai_base_url(self) -> str | None: ...
    @property
    def openai_api_key(self) -> SecretStr: ...
    @property
    def openai_model(self) -> str | None: ...
    @property
    def context_tokens(self) -> int | None: ...
    @property
    def max_tokens(self) -> int: ...
    @property
    def headers_timeout(self) -> float: ...
    @property
    def silence_timeout(self) -> float: ...
    @property
    def answer_timeout(self) -> float: ...
    @property
    def model_fields_set(self) -> AbstractSet[str]: ...


class EmbeddedModel(Protocol):
    """The part of the embedded model that a generator has to know."""

    @property
    def url(self) -> str: ...
    @property
    def context_tokens(self) -> int: ...


def kind_of(name: str) -> GeneratorKind:
    """Find a kind by the name that GENERATOR gives it. Whether an import path leads to a class, `load` says."""
    return _OWN.get(name) or GeneratorKind(
        name=name,
        load=lambda: load(name),
        isolated=True,
        url_setting="aura_url",
        model_setting="aura_model",
        key_setting="aura_key",
        more_variables=("GENERATOR",),
    )


def check_name(name: str) -> str:
    """Give a name that may stand in GENERATOR. Raises ValueError, whose text says what may."""
    if name not in _OWN and not _IMPORT_PATH.fullmatch(name):
        raise ValueError(f"write {', '.join(_OWN)}, or an import path such as g4f.Provider:Name")
    return name


def check_companions(settings: GeneratorSettings) -> None:
    """Raise ValueError where the generator needs a setting that is missing."""
    kind = kind_of(settings.generator)
    if kind.needs_url and not _url(settings, kind):
        name = kind.url_setting.upper()
        raise ValueError(f"{name}: GENERATOR={kind.name} needs it, for example {kind.needs_url}")


def is_embedded(settings: GeneratorSettings) -> bool:
    """Tell whether the program brings its own generator: nobody named another one."""
    kind = kind_of(settings.generator)
    return kind.may_be_embedded and _url(settings, kind) is None


def unused_settings(settings: GeneratorSettings, given: AbstractSet[str]) -> list[str]:
    """Say of each `given` setting of another generator that it does not reach this one."""
    used = kind_of(settings.generator)
    reaching = (used.url_setting, used.model_setting, used.key_setting)
    return [
        f"{theirs.upper()} has no effect with GENERATOR={used.name}: {ours.upper()} counts, or GENERATOR={other.name}"
        for other in _OWN.values()
        for theirs, ours in zip((other.url_setting, other.model_setting, other.key_setting), reaching, strict=True)
        if theirs not in reaching and theirs in given
    ]


def configured_model(settings: GeneratorSettings) -> tuple[str, str]:
    """Name the setting that names the model, and the model: empty where the class has a default of its own."""
    kind = kind_of(settings.generator)
    model = getattr(settings, kind.model_setting) or ""
    counts = kind.has_default_model or kind.model_setting in settings.model_fields_set
    return kind.model_setting, model if counts else ""


def context_tokens(settings: GeneratorSettings, embedded: EmbeddedModel | None) -> int:
    """Tokens that the generator can read: as set, else what the embedded model was made for, else 8192."""
    if settings.context_tokens is not None:
        return settings.context_tokens
    return embedded.context_tokens if embedded is not None else DEFAULT_CONTEXT


def timeouts_of(settings: GeneratorSettings) -> Timeouts:
    """Give the time limits of an answer."""
    return Timeouts(headers=settings.headers_timeout, silence=settings.silence_timeout, answer=settings.answer_timeout)


def make_config(settings: GeneratorSettings, embedded: EmbeddedModel | None = None) -> GeneratorConfig:
    """Describe the generator that the settings name, or the embedded one."""
    kind = kind_of(settings.generator)
    return GeneratorConfig(
        kind=kind,
        url=(embedded.url if embedded is not None and kind.may_be_embedded else _url(settings, kind)) or "",
        model=configured_model(settings)[1],
        model_name=settings.aura_model_name,
        key=getattr(settings, kind.key_setting),
        browser=settings.aura_browser and embedded is None,
        context_tokens=context_tokens(settings, embedded),
        max_tokens=settings.max_tokens,
        timeouts=timeouts_of(settings),
        embedded=embedded is not None and kind.may_be_embedded,
    )


def _url(settings: GeneratorSettings, kind: GeneratorKind) -> str | None:
    url: str | None = getattr(settings, kind.url_setting)
    return url
