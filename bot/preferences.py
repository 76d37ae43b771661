"""Preferences that admins and chats set: the value in force, and its source."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar, get_args

from bot.conversation.messages import ChatKey
from bot.errors import Problem
from bot.generators.client import ProbeManner
from bot.generators.factory import configured_model
from bot.models.catalog import ModelCatalog
from bot.net.proxy_url import ProxyURL, as_proxy
from bot.people.personas import Personas
from bot.preference_readers import (
    MAX_MAX_TOKENS,
    MAX_MODEL_LENGTH,
    MAX_PROMPT_LENGTH,
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    OFF,
    one_of,
    persona_in,
    read_max_tokens,
    read_model,
    read_prompt,
    read_proxy,
    read_temperature,
)
from bot.settings import Settings
from bot.storage.cache import InvalidatedCache
from bot.storage.repositories.preferences import PREFERENCE_CHANNEL, PreferenceRepository, concerns

T = TypeVar("T")

StreamingWay = Literal["edit", "draft", "off"]
ThoughtsWay = Literal["fold", "hide"]
ModelChoosers = Literal["everyone", "admins"]
ConversationsWay = Literal["together", "person"]
ReadAlongWay = Literal["off", "on"]

STREAMING_WAYS: tuple[StreamingWay, ...] = get_args(StreamingWay)
CONVERSATIONS_WAYS: tuple[ConversationsWay, ...] = get_args(ConversationsWay)
READ_ALONG_WAYS: tuple[ReadAlongWay, ...] = get_args(ReadAlongWay)
MODEL_CHOOSERS: tuple[ModelChoosers, ...] = get_args(ModelChoosers)
THOUGHTS_WAYS: tuple[ThoughtsWay, ...] = get_args(ThoughtsWay)


class Source(StrEnum):
    """The source of a value in force, the nearest first."""

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
    """A choice as `ModelCatalog` reads it. Empty: the default entry, with whatever its generator takes by itself."""
    proxy: Value[ProxyURL | None]
    system_prompt: Value[str]
    """The conversation's own, else the persona's, else the environment's."""
    persona: Value[str]
    """A persona's id; empty: none, or the conversation has a system prompt of its own."""
    streaming: Value[StreamingWay]
    thoughts: Value[ThoughtsWay]
    language: Value[str]
    """Empty: each person's own."""
    model_choice: Value[ModelChoosers]
    """Those who may choose a model for their chat."""
    conversations: Value[ConversationsWay]
    """In a group: one conversation of everybody, or each person's own."""
    read_along: Value[ReadAlongWay]
    """In a group: messages that were not written to the bot are read as context."""
    model_label: str = ""
    """The model as people read it. Empty: whatever the generator takes by itself."""
    sees_pictures: bool = False
    """The model sees pictures."""

    @property
    def manner(self) -> ProbeManner:
        """The values that a trial is asked with, as a question is."""
        return ProbeManner(self.temperature.value, self.max_tokens.value, self.system_prompt.value)


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
    MODEL_CHOICE = "model_choice"
    CONVERSATIONS = "conversations"
    READ_ALONG = "read_along"


class WrongValue(Problem):
    """A preference cannot have this value; the person is told the range and an example."""

    key = "wrong-value"


@dataclass(frozen=True, slots=True)
class Preference(Generic[T]):
    """One row of the table: everything that is particular to one preference."""

    name: PreferenceName
    """Also the field of `EffectivePreferences`."""
    range: str
    """The values it can have, for the log."""
    read: Callable[[str], T]
    """The text that is stored or typed → the value. Raises ValueError."""
    usual: Callable[[Settings], Value[T]]
    """The value where nobody has set one: the environment's, or the default."""
    write: Callable[[T], str] = str
    """The value → what is stored."""
    scope: Source = Source.CHAT
    """The nearest scope at which a chat sets it."""


def preference_table(
    personas: Personas, languages: Collection[str], *, models_in_file: bool = False
) -> Mapping[PreferenceName, Preference[Any]]:
    """Every preference; a new one is a row here and a field of `EffectivePreferences`.

    Where `models_in_file`, the environment names no model.
    """
    rows: tuple[Preference[Any], ...] = (
        Preference(
            PreferenceName.TEMPERATURE,
            f"{MIN_TEMPERATURE:g} to {MAX_TEMPERATURE:g}",
            read_temperature,
            lambda settings: _given(settings, "temperature", settings.temperature),
            write="{:g}".format,
        ),
        Preference(
            PreferenceName.MAX_TOKENS,
            f"1 to {MAX_MAX_TOKENS}",
            read_max_tokens,
            lambda settings: _given(settings, "max_tokens", settings.max_tokens),
            scope=Source.BOT,
        ),
        Preference(
            PreferenceName.MODEL,
            f"a line of 1 to {MAX_MODEL_LENGTH} characters",
            read_model,
            (lambda _: Value("", Source.DEFAULT)) if models_in_file else _usual_model,
            scope=Source.TOPIC,
        ),
        Preference(
            PreferenceName.PROXY,
            f"an address, or {OFF}",
            read_proxy,
            lambda settings: _given(
                settings, "proxy", as_proxy(settings.proxy.get_secret_value()) if settings.proxy else None
            ),
            write=lambda proxy: proxy.url if proxy else OFF,
            scope=Source.BOT,
        ),
        Preference(
            PreferenceName.SYSTEM_PROMPT,
            f"1 to {MAX_PROMPT_LENGTH} characters",
            read_prompt,
            lambda settings: _given(settings, "system_prompt", settings.system_prompt),
            scope=Source.TOPIC,
        ),
        Preference(
            PreferenceName.PERSONA,
            "an id of the library, and a language",
            persona_in(personas),
            lambda _: Value("", Source.DEFAULT),
            scope=Source.TOPIC,
        ),
        Preference(
            PreferenceName.STREAMING,
            ", ".join(STREAMING_WAYS),
            one_of(STREAMING_WAYS),
            lambda settings: _given(settings, "streaming", settings.streaming.value),
        ),
        Preference(
            PreferenceName.THOUGHTS,
            ", ".join(THOUGHTS_WAYS),
            one_of(THOUGHTS_WAYS),
            lambda _: Value("fold", Source.DEFAULT),
        ),
        Preference(
            PreferenceName.LANGUAGE,
            ", ".join(languages),
            one_of(languages),
            lambda _: Value("", Source.DEFAULT),
        ),
        Preference(
            PreferenceName.MODEL_CHOICE,
            ", ".join(MODEL_CHOOSERS),
            one_of(MODEL_CHOOSERS),
            lambda _: Value("everyone", Source.DEFAULT),
            scope=Source.BOT,
        ),
        Preference(
            PreferenceName.CONVERSATIONS,
            ", ".join(CONVERSATIONS_WAYS),
            one_of(CONVERSATIONS_WAYS),
            lambda settings: _given(settings, "group_conversations", settings.group_conversations),
        ),
        Preference(
            PreferenceName.READ_ALONG,
            ", ".join(READ_ALONG_WAYS),
            one_of(READ_ALONG_WAYS),
            lambda _: Value("off", Source.DEFAULT),
        ),
    )
    return {row.name: row for row in rows}


@dataclass(frozen=True, slots=True)
class _Scope:
    """The values stored at one level."""

    source: Source
    stored: Mapping[str, str]

    def read(self, row: Preference[T]) -> Value[T] | None:
        """The value stored here; what an older version stored and this one cannot read is not there."""
        text = self.stored.get(row.name)
        if text is None:
            return None
        try:
            return Value(row.read(text), self.source)
        except ValueError:
            return None


class Preferences:
    """Reads and changes what admins and chats have set. What is set wins over the environment, the nearest first.

    `languages` are those in which the bot can speak; `models` those that can be chosen.
    """

    def __init__(
        self,
        settings: Settings,
        table: PreferenceRepository,
        personas: Personas,
        languages: Collection[str],
        *,
        models: ModelCatalog | None = None,
    ) -> None:
        self._stored = table
        self._resolver = PreferenceResolver(settings, personas, languages, models)
        self._rows = self._resolver.rows
        self._known: InvalidatedCache[ChatKey, EffectivePreferences] = InvalidatedCache(
            table.database, PREFERENCE_CHANNEL, concerns
        )

    async def effective(self, key: ChatKey) -> EffectivePreferences:
        """The values that count in a conversation now: known, or found with one query."""
        place = key.place
        return await self._known.get(place, lambda: self._find(place))

    async def sees_pictures(self, key: ChatKey) -> bool:
        """Tell whether a conversation's model sees pictures."""
        return (await self.effective(key)).sees_pictures

    def scope(self, key: ChatKey, name: PreferenceName) -> ChatKey:
        """The scope at which a conversation sets a value of its own: its topic, or its whole chat."""
        return key.place if self._rows[name].scope is Source.TOPIC else ChatKey(key.bot, key.chat)

    async def set(self, scope: ChatKey, name: PreferenceName, text: str) -> None:
        """Store a value, in a transaction of the caller's or its own. Raises WrongValue.

        `scope` is a conversation, its chat (topic 0) or the whole bot (chat 0).
        """
        row = self._rows[name]
        try:
            value = row.read(text)
        except ValueError:
            raise WrongValue(f"{name} can be: {row.range}", name=name.value) from None
        # a persona is stored as it was chosen, in its language; its prompt is read from the library each time
        await self._stored.put(scope, name, text if name is PreferenceName.PERSONA else row.write(value))
        if name is PreferenceName.PERSONA:
            await self._stored.put(scope, PreferenceName.SYSTEM_PROMPT, None)  # whoever picks one wants to hear it

    async def reset(self, scope: ChatKey, name: PreferenceName) -> bool:
        """Forget what is set there, so that the next farther value counts. False: nothing was set."""
        return await self._stored.put(scope, name, None)

    async def _find(self, key: ChatKey) -> EffectivePreferences:
        return self._resolver.resolve(key, await self._stored.scopes(key))


class PreferenceResolver:
    """Finds the values in force among those that are stored and those of the environment."""

    def __init__(
        self, settings: Settings, personas: Personas, languages: Collection[str], models: ModelCatalog | None
    ) -> None:
        self._settings = settings
        self._personas = personas
        self._catalog = models
        self._models = models if models is not None and models.is_from_file else None
        self.rows = preference_table(personas, languages, models_in_file=self._models is not None)

    def resolve(self, key: ChatKey, stored: Mapping[ChatKey, Mapping[str, str]]) -> EffectivePreferences:
        """Give the values of a conversation; `stored` has those of its scopes."""
        scopes = _nearest_first(key, stored)
        values: dict[str, Any] = {name.value: self._value(row, scopes) for name, row in self.rows.items()}
        values |= self._answerer(scopes)
        values["model"] = self._model(values["model"], values["persona"])
        model = values["model"].value
        label = self._models.resolve(model).label if self._models is not None else model
        sees = self._catalog is not None and self._catalog.resolve(model).entry.sees_pictures
        return EffectivePreferences(**values, model_label=label, sees_pictures=sees)

    def _model(self, chosen: Value[str], persona: Value[str]) -> Value[str]:
        """The model in force: the chat's own choice, else the persona's, else the bot's."""
        if self._catalog is not None and self._catalog.answers_alone:
            return _usual_model(self._settings)
        own = self._personas[persona.value].model if persona.value in self._personas else ""
        if self._models is None or chosen.source in {Source.TOPIC, Source.CHAT} or self._models.find(own) is None:
            return chosen
        return Value(f"@{own}", persona.source)

    def _value(self, row: Preference[T], scopes: Sequence[_Scope]) -> Value[T]:
        """The nearest stored value, else the usual one."""
        stored = (value for scope in scopes if (value := scope.read(row)) is not None)
        return next(stored, None) or row.usual(self._settings)

    def _answerer(self, scopes: Sequence[_Scope]) -> dict[str, Value[str]]:
        """The system prompt in force, and the persona that it comes from: whichever of the two is set nearest."""
        prompt, persona = self.rows[PreferenceName.SYSTEM_PROMPT], self.rows[PreferenceName.PERSONA]
        for scope in scopes:
            if (own := scope.read(prompt)) is not None:
                return {"system_prompt": own, "persona": Value("", scope.source)}
            if (chosen := scope.read(persona)) is not None:
                id_, text = chosen.value
                return {"system_prompt": Value(text, scope.source), "persona": Value(id_, scope.source)}
        return {"system_prompt": prompt.usual(self._settings), "persona": persona.usual(self._settings)}


def _usual_model(settings: Settings) -> Value[str]:
    """Give the model that the settings name for this generator."""
    return _given(settings, *configured_model(settings))


def _given(settings: Settings, name: str, value: T) -> Value[T]:
    """The environment's value, or its default."""
    return Value(value, Source.ENVIRONMENT if name in settings.model_fields_set else Source.DEFAULT)


def _nearest_first(key: ChatKey, stored: Mapping[ChatKey, Mapping[str, str]]) -> list[_Scope]:
    scopes = [(Source.CHAT, ChatKey(key.bot, key.chat)), (Source.BOT, ChatKey(key.bot, 0))]
    if key.topic:
        scopes.insert(0, (Source.TOPIC, key))
    return [_Scope(source, stored.get(scope, {})) for source, scope in scopes]
