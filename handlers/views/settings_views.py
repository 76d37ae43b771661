"""The pages of the settings keyboard: their texts and their buttons. No I/O; all state is in the buttons' data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import get_args

from bot.answering.reading_along import ReadAlongFacts
from bot.generators.client import AnswerLimit
from bot.people.personas import Personas
from bot.preference_readers import MAX_TEMPERATURE, MIN_TEMPERATURE, OFF
from bot.preferences import (
    CONVERSATIONS_WAYS,
    READ_ALONG_WAYS,
    STREAMING_WAYS,
    THOUGHTS_WAYS,
    EffectivePreferences,
    PreferenceName,
    Source,
    Value,
)
from bot.telegram.keyboard import Button, Keyboard
from handlers.support.callback_data import HomePageCallback, SettingsCallback
from handlers.support.responders import Responder

DEFAULT = "-"
"""The value of a button that goes back to the value that would count otherwise."""
PRESETS = (0.0, 0.3, 0.5, 0.7, 1.0, 1.5)
STEP = 0.1
PAGES: tuple[PreferenceName, ...] = get_args(SettingsCallback.model_fields["page"].annotation)
"""The preferences that have a page of their own, in order."""

GROUP_PAGES = frozenset({PreferenceName.CONVERSATIONS, PreferenceName.READ_ALONG})
"""Those that mean something in groups alone."""
_SHOWN = (PreferenceName.MODEL, PreferenceName.MAX_TOKENS)
_OWN = frozenset({Source.TOPIC, Source.CHAT})


def home(
    effective: EffectivePreferences,
    personas: Personas,
    say: Responder,
    limit: str,
    reading: ReadAlongFacts | None,
    *,
    admin: bool = False,
) -> tuple[str, Keyboard]:
    """The first page: every value in force, and where it comes from; the proxy for admins alone.

    `limit` says what the longest answer means on the model in force. `reading`: the bot may read along here.
    """
    absent = GROUP_PAGES if say.place.private else frozenset() if reading else {PreferenceName.READ_ALONG}
    pages = [name for name in PAGES if name not in absent]
    lines = []
    for name in (*pages, *_SHOWN, *((PreferenceName.PROXY,) if admin else ())):
        text, source = in_words(effective, name, say)
        if name is PreferenceName.PERSONA:
            text, source = _answerer(effective, personas, say), say.source(effective.system_prompt)
        line = say.text("setting", name=name.value, value=text, source=source)
        lines.append(f"{line}. {limit}" if limit and name is PreferenceName.MAX_TOKENS else line)
        hidden = reading is not None and not reading.sees_all and effective.read_along.value == "on"
        if name is PreferenceName.READ_ALONG and hidden:
            lines.append(say.text("read-along-hidden"))
    buttons = [
        Button(say.text("button-setting", name=name.value), SettingsCallback(page=name).pack()) for name in pages
    ]
    return "\n".join([say.text("settings-title", where=say.scope), "", *lines]), _rows(buttons, 2)


def read_along_page(
    effective: EffectivePreferences, reading: ReadAlongFacts | None, say: Responder
) -> tuple[str, Keyboard]:
    """The page of reading along, with whether Telegram shows the bot the messages at all."""
    if reading is None:
        return say.text("read-along-none"), ((_back(say),),)
    text, keyboard = _choice(PreferenceName.READ_ALONG, READ_ALONG_WAYS, effective.read_along.value, say)
    kept = say.text("read-along-kept", count=reading.messages, hours=reading.hours)
    return "\n\n".join([text, kept, say.text("read-along-seen" if reading.sees_all else "read-along-hidden")]), keyboard


def page(
    name: PreferenceName, effective: EffectivePreferences, personas: Personas, say: Responder
) -> tuple[str, Keyboard]:
    """One preference's page. Raises KeyError for one that has none of this kind."""
    draw: dict[PreferenceName, Callable[[], tuple[str, Keyboard]]] = {
        PreferenceName.LANGUAGE: lambda: _language(effective, say),
        PreferenceName.TEMPERATURE: lambda: _temperature(effective, say),
        PreferenceName.STREAMING: lambda: _streaming(effective, say),
        PreferenceName.THOUGHTS: lambda: _choice(PreferenceName.THOUGHTS, THOUGHTS_WAYS, effective.thoughts.value, say),
        PreferenceName.PERSONA: lambda: _persona(effective, personas, say),
        PreferenceName.CONVERSATIONS: lambda: _choice(
            PreferenceName.CONVERSATIONS, CONVERSATIONS_WAYS, effective.conversations.value, say
        ),
    }
    return draw[name]()


def limit_note(limit: AnswerLimit, say: Responder) -> str:
    """The meaning of the longest answer on the model in force; empty: its server keeps it as it is."""
    if limit.keeper == "server":
        return ""
    return say.text("limit-kept", keeper=limit.keeper, context=str(limit.context_tokens), openchat=limit.server_limit)


def in_words(effective: EffectivePreferences, name: PreferenceName, say: Responder) -> tuple[str, str]:
    """A value in force as people read it, and where it comes from."""
    value: Value[object] = getattr(effective, name.value)
    return _WORDS[name](effective, say), say.source(value)


_WORDS: dict[PreferenceName, Callable[[EffectivePreferences, Responder], str]] = {
    PreferenceName.LANGUAGE: lambda effective, say: _named(effective.language.value, say),
    PreferenceName.TEMPERATURE: lambda effective, say: _number(effective.temperature.value, say),
    PreferenceName.STREAMING: lambda effective, say: say.text(
        "option", name="streaming", value=effective.streaming.value
    ),
    PreferenceName.THOUGHTS: lambda effective, say: say.text("option", name="thoughts", value=effective.thoughts.value),
    PreferenceName.PERSONA: lambda effective, _: effective.persona.value,
    PreferenceName.CONVERSATIONS: lambda effective, say: say.text(
        "option", name="conversations", value=effective.conversations.value
    ),
    PreferenceName.READ_ALONG: lambda effective, say: say.text(
        "option", name="read_along", value=effective.read_along.value
    ),
    PreferenceName.MODEL: lambda effective, say: effective.model_label or say.text("model-by-itself"),
    PreferenceName.MAX_TOKENS: lambda effective, _: str(effective.max_tokens.value),
    PreferenceName.PROXY: lambda effective, say: (
        effective.proxy.value.shown if effective.proxy.value else say.text("proxy-none")
    ),
}


def stored_in_words(name: str, stored: str, personas: Personas, say: Responder) -> str:
    """A value as it is stored, in the words of the settings page."""
    words = stored
    match name:
        case PreferenceName.LANGUAGE:
            words = _named(stored, say)
        case PreferenceName.TEMPERATURE:
            words = stored.replace(".", say.text("decimal-mark"))
        case PreferenceName.MAX_TOKENS if stored.isdecimal():
            words = say.text("audit-tokens", count=int(stored))
        case PreferenceName.PERSONA:
            persona = personas.get(stored.partition(":")[0])
            words = persona.name(say.language) if persona is not None else stored
        case (
            PreferenceName.STREAMING
            | PreferenceName.THOUGHTS
            | PreferenceName.READ_ALONG
            | PreferenceName.CONVERSATIONS
        ):
            words = say.text("option", name=name, value=stored)
        case PreferenceName.MODEL_CHOICE:
            words = say.text("audit-model-choosers", who=stored)
        case PreferenceName.PROXY if stored == OFF:
            words = say.text("proxy-none")
    return words


def _number(value: float, say: Responder) -> str:
    return f"{value:g}".replace(".", say.text("decimal-mark"))


def _named(language: str, say: Responder) -> str:
    """A language's own name; empty: each person's own."""
    return say.speech.texts.languages.get(language) or say.text("option", name="language", value=language)


def _answerer(effective: EffectivePreferences, personas: Personas, say: Responder) -> str:
    """The persona, or whether the system prompt is the chat's own or the usual one."""
    persona = personas.get(effective.persona.value)
    if persona is not None:
        return persona.name(say.language)
    own = effective.system_prompt.source in _OWN
    return say.text("option", name="persona", value="own" if own else "")


def _language(effective: EffectivePreferences, say: Responder) -> tuple[str, Keyboard]:
    chosen = effective.language.value
    buttons = [
        _option(name, PreferenceName.LANGUAGE, language, chosen=language == chosen)
        for language, name in say.speech.texts.languages.items()
    ]
    everyone = _option(_named("", say), PreferenceName.LANGUAGE, DEFAULT, chosen=not chosen)
    return say.text("settings-page", name="language"), (*_rows(buttons, 2), (everyone,), (_back(say),))


def _temperature(effective: EffectivePreferences, say: Responder) -> tuple[str, Keyboard]:
    name, now = PreferenceName.TEMPERATURE, effective.temperature.value
    presets = [_option(_number(preset, say), name, f"{preset:g}", chosen=preset == now) for preset in PRESETS]
    colder, hotter = max(MIN_TEMPERATURE, round(now - STEP, 3)), min(MAX_TEMPERATURE, round(now + STEP, 3))
    steps = (
        Button(f"− {_number(STEP, say)}", SettingsCallback(page=name, value=f"{colder:g}").pack()),
        Button(f"+ {_number(STEP, say)}", SettingsCallback(page=name, value=f"{hotter:g}").pack()),
    )
    usual = _option(say.text("button-usual"), name, DEFAULT, chosen=effective.temperature.source not in _OWN)
    text = say.text("settings-page", name="temperature")
    shown = say.text("setting", name="temperature", value=_number(now, say), source=say.source(effective.temperature))
    return f"{text}\n\n{shown}", (*_rows(presets, 3), steps, (usual,), (_back(say),))


def _choice(name: PreferenceName, values: Sequence[str], chosen: str, say: Responder) -> tuple[str, Keyboard]:
    rows = [
        (_option(say.text("option", name=name.value, value=value), name, value, chosen=value == chosen),)
        for value in values
    ]
    return say.text("settings-page", name=name.value), (*rows, (_back(say),))


def _streaming(effective: EffectivePreferences, say: Responder) -> tuple[str, Keyboard]:
    """The page of streaming; in groups there are no drafts, and whoever sets them gets edits."""
    ways = [way for way in STREAMING_WAYS if way != "draft" or say.place.private]
    chosen = effective.streaming.value
    return _choice(PreferenceName.STREAMING, ways, chosen if chosen in ways else "edit", say)


def _persona(effective: EffectivePreferences, personas: Personas, say: Responder) -> tuple[str, Keyboard]:
    chosen = effective.persona.value
    buttons = [
        _option(
            persona.name(say.language), PreferenceName.PERSONA, persona.id, say.language, chosen=persona.id == chosen
        )
        for persona in personas.values()
    ]
    own = effective.system_prompt.source in _OWN
    nobody = _option(say.text("option", name="persona", value=""), PreferenceName.PERSONA, DEFAULT, chosen=not own)
    text = say.text("settings-page", name="persona")
    if own and not any(persona.id == chosen for persona in personas.values()):  # no button stands for it
        in_force = _answerer(effective, personas, say), say.source(effective.system_prompt)
        text += "\n\n" + say.text("setting", name="persona", value=in_force[0], source=in_force[1])
    return say.of_topics(text), (*_rows(buttons, 2), (nobody,), (_back(say),))


def _option(text: str, name: PreferenceName, value: str, language: str | None = None, *, chosen: bool) -> Button:
    label = text[:1].upper() + text[1:]  # in a sentence the same words begin small
    data = SettingsCallback.model_validate({"page": name, "value": value, "language": language})
    return Button(f"✓ {label}" if chosen else label, data.pack())


def _back(say: Responder) -> Button:
    return Button(say.text("button-back"), HomePageCallback(page="home").pack())


def _rows(buttons: Sequence[Button], width: int) -> Keyboard:
    return tuple(tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))
