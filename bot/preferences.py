"""What admins and chats have set: the value in force, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from bot.conversation.messages import ChatKey
from bot.errors import Problem
from bot.generators.factory import configured_model
from bot.net.proxy_url import ProxyURL, as_proxy, parse_proxy
from bot.people.personas import Personas
from bot.settings import Settings
from bot.storage.cache import InvalidatedCache
from bot.storage.repositories.preferences import CHANNEL, PreferenceRepository, concerns
from bot.texts import LANGUAGES

T = TypeVar("T")

StreamingWay = Literal["edit", "draft", "off"]
Thoughts = Literal["fold", "hide"]

COLDEST, HOTTEST = 0.0, 2.0
MAX_MAX_TOKENS = 1_000_000
MAX_PROMPT_LENGTH = 8000
MAX_MODEL_LENGTH = 100
OFF = "off"
"""How "no proxy at all" is stored: it wins over a proxy of the environment."""


class Source(StrEnum):
    """Where a value in force comes from, the nearest first."""

    TOPIC = "topic"
    CHAT = "chat"
    BOT = "bot"
    ENVIRONMENT = "environment"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Value(Generic[T]):
    """A value in force and where it comes from."""

    value: T
    source: Source


@dataclass(frozen=True, slots=True)
class EffectivePreferences:
    """Everything that counts for the next answer in one conversation."""

    temperature: Value[float]
    max_tokens: Value[int]
    model: Value[str]
    """Empty: whatever the generator takes by itself."""
    proxy: Value[ProxyURL | None]
    system_prompt: Value[str]
    """The conversation's own, else the persona's, else the environment's."""
    persona: Value[str]
    """A persona's id; empty: none, or the conversation has a system prompt of its own."""
    streaming: Value[StreamingWay]
    thoughts: Value[Thoughts]
    language: Value[str]
    """Empty: each person's own."""


class PreferenceName(StrEnum):
    """The names under which preferences are stored."""

    TEMPERATURE = "temperature"
    MAX_TOKENS = "max_tokens"
    MODEL = "model"
    PROXY = "proxy"
    SYSTEM_PROMPT = "system_prompt"
    PERSONA = "persona"
    STREAMING = "streaming"
    THOUGHTS = "thoughts"
    LANGUAGE = "language"


class WrongValue(Problem):
    """A preference cannot have this value; the person is told the range and an example."""

    key = "wrong-value"


def read_temperature(text: str) -> float:
    """Read 0 to 2, with a point or a comma. Raises ValueError."""
    value = float(text.strip().replace(",", "."))
    if not math.isfinite(value) or not COLDEST <= value <= HOTTEST:
        raise ValueError("outside 0 to 2")
    return round(value, 3) + 0.0  # a negative zero becomes a plain one


def read_max_tokens(text: str) -> int:
    """Read 1 to 1,000,000; spaces may separate thousands. Raises ValueError."""
    digits = "".join(text.split())
    if not digits.isascii() or not digits.isdigit() or not 1 <= int(digits[:9]) <= MAX_MAX_TOKENS:
        raise ValueError("outside 1 to 1000000")
    return int(digits[:9])


def _read_model(text: str) -> str:
    name = text.strip()
    if not 0 < len(name) <= MAX_MODEL_LENGTH or not name.isprintable():
        raise ValueError("not a model's name")
    return name


def _read_proxy(text: str) -> ProxyURL | None:
    return None if text.strip().lower() == OFF else parse_proxy(text)


def _read_prompt(text: str) -> str:
    if not 0 < len(text.strip()) <= MAX_PROMPT_LENGTH:
        raise ValueError("too long")
    return text.strip()


def _read_streaming(text: str) -> StreamingWay:
    ways: Mapping[str, StreamingWay] = {"edit": "edit", "draft": "draft", "off": "off"}
    return _one_of(ways, text)


def _read_thoughts(text: str) -> Thoughts:
    ways: Mapping[str, Thoughts] = {"fold": "fold", "hide": "hide"}
    return _one_of(ways, text)


def _read_language(text: str) -> str:
    return _one_of({language: language for language in LANGUAGES}, text)


def _one_of(allowed: Mapping[str, T], text: str) -> T:
    if text not in allowed:
        raise ValueError("not one of " + ", ".join(allowed))
    return allowed[text]


@dataclass(frozen=True, slots=True)
class _Scope:
    """What is stored at one level."""

    source: Source
    stored: Mapping[str, str]

    def read(self, name: PreferenceName, read: Callable[[str], T]) -> Value[T] | None:
        """The value stored here; what an older version stored and this one cannot read is not there."""
        text = self.stored.get(name)
        if text is None:
            return None
        try:
            return Value(read(text), self.source)
        except ValueError:
            return None


class Preferences:
    """Reads and changes what admins and chats have set. What is set wins over the environment, the nearest first."""

    def __init__(self, settings: Settings, table: PreferenceRepository, personas: Personas) -> None:
        self._settings = settings
        self._table = table
        self._personas = personas
        self._known: InvalidatedCache[ChatKey, EffectivePreferences] = InvalidatedCache(
            table.database, CHANNEL, concerns
        )

    async def effective(self, key: ChatKey) -> EffectivePreferences:
        """What counts in a conversation now: known, or found with one query."""
        return await self._known.get(key, lambda: self._find(key))

    async def _find(self, key: ChatKey) -> EffectivePreferences:
        scopes = self._nearest_first(key, await self._table.scopes(key))
        settings = self._settings
        prompt, persona = self._system_prompt(scopes)
        return EffectivePreferences(
            temperature=_first(scopes, PreferenceName.TEMPERATURE, read_temperature)
            or self._from_environment("temperature", settings.temperature),
            max_tokens=_first(scopes, PreferenceName.MAX_TOKENS, read_max_tokens)
            or self._from_environment("max_tokens", settings.max_tokens),
            model=_first(scopes, PreferenceName.MODEL, _read_model) or self._model(),
            proxy=_first(scopes, PreferenceName.PROXY, _read_proxy) or self._proxy(),
            system_prompt=prompt,
            persona=persona,
            streaming=_first(scopes, PreferenceName.STREAMING, _read_streaming)
            or self._from_environment("streaming", _read_streaming(settings.streaming.value)),
            thoughts=_first(scopes, PreferenceName.THOUGHTS, _read_thoughts) or Value("fold", Source.DEFAULT),
            language=_first(scopes, PreferenceName.LANGUAGE, _read_language) or Value("", Source.DEFAULT),
        )

    async def set(self, scope: ChatKey, name: PreferenceName, text: str) -> None:
        """Store a value, in a transaction of the caller's or its own. Raises WrongValue.

        `scope` is a conversation, its chat (topic 0) or the whole bot (chat 0).
        """
        stored = self._checked(name, text)
        await self._table.put(scope, name, stored)
        if name is PreferenceName.PERSONA:
            await self._table.put(scope, PreferenceName.SYSTEM_PROMPT, None)  # whoever picks a persona wants to hear it

    async def reset(self, scope: ChatKey, name: PreferenceName) -> None:
        """Forget what is set there, so that the next farther value counts."""
        await self._table.put(scope, name, None)

    def _checked(self, name: PreferenceName, text: str) -> str:
        """The text as it is stored."""
        try:
            match name:
                case PreferenceName.TEMPERATURE:
                    return f"{read_temperature(text):g}"
                case PreferenceName.MAX_TOKENS:
                    return str(read_max_tokens(text))
                case PreferenceName.PROXY:
                    proxy = _read_proxy(text)
                    return proxy.url if proxy else OFF
                case PreferenceName.PERSONA:
                    self._read_persona(text)
                    return text
                case _:
                    return _READERS[name](text)
        except ValueError:
            raise WrongValue(f"{name} cannot have this value", name=name.value) from None

    def _system_prompt(self, scopes: Sequence[_Scope]) -> tuple[Value[str], Value[str]]:
        """The system prompt in force, and the persona that it comes from."""
        for scope in scopes:
            if (own := scope.read(PreferenceName.SYSTEM_PROMPT, _read_prompt)) is not None:
                return own, Value("", scope.source)
            if (persona := scope.read(PreferenceName.PERSONA, self._read_persona)) is not None:
                id_, prompt = persona.value
                return Value(prompt, scope.source), Value(id_, scope.source)
        return self._from_environment("system_prompt", self._settings.system_prompt), Value("", Source.DEFAULT)

    def _read_persona(self, text: str) -> tuple[str, str]:
        """`teacher:ru` → its id and its prompt in that language. Raises ValueError when the library has it no more."""
        id_, _, language = text.partition(":")
        if id_ not in self._personas:
            raise ValueError("no such persona")
        return id_, self._personas[id_].prompt(language)

    def _model(self) -> Value[str]:
        """The model that the settings name for this generator."""
        name, model = configured_model(self._settings)
        return self._from_environment(name, model)

    def _proxy(self) -> Value[ProxyURL | None]:
        proxy = self._settings.proxy
        return self._from_environment("proxy", as_proxy(proxy.get_secret_value()) if proxy else None)

    def _from_environment(self, name: str, value: T) -> Value[T]:
        """The environment's value, or its default."""
        given = name in self._settings.model_fields_set
        return Value(value, Source.ENVIRONMENT if given else Source.DEFAULT)

    def _nearest_first(self, key: ChatKey, stored: Mapping[ChatKey, Mapping[str, str]]) -> list[_Scope]:
        scopes = [
            (Source.CHAT, ChatKey(key.bot, key.chat)),
            (Source.BOT, ChatKey(key.bot, 0)),
        ]
        if key.topic:
            scopes.insert(0, (Source.TOPIC, key))
        return [_Scope(source, stored.get(scope, {})) for source, scope in scopes]


_READERS: Mapping[PreferenceName, Callable[[str], str]] = {
    PreferenceName.MODEL: _read_model,
    PreferenceName.SYSTEM_PROMPT: _read_prompt,
    PreferenceName.STREAMING: _read_streaming,
    PreferenceName.THOUGHTS: _read_thoughts,
    PreferenceName.LANGUAGE: _read_language,
}


def _first(scopes: Sequence[_Scope], name: PreferenceName, read: Callable[[str], T]) -> Value[T] | None:
    """The nearest stored value."""
    return next((value for scope in scopes if (value := scope.read(name, read)) is not None), None)
