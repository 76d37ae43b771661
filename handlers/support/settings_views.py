"""The pages of the settings keyboard: what they say and their buttons. No I/O; all state is in the buttons' data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.people.personas import Personas
from bot.preferences import COLDEST, HOTTEST, EffectivePreferences, PreferenceName, Source, StreamingWay, Thoughts
from bot.telegram.keyboard import Button, Keyboard
from bot.texts import LANGUAGES
from handlers.support.responders import Responder

HOME = "home"
DEFAULT = "-"
"""What a button sets to go back to the value that would count otherwise."""
PRESETS = (0.0, 0.3, 0.5, 0.7, 1.0, 1.5)
STEP = 0.1
WAYS: tuple[StreamingWay, ...] = ("edit", "draft", "off")
THOUGHTS: tuple[Thoughts, ...] = ("fold", "hide")
PAGES = (
    PreferenceName.LANGUAGE,
    PreferenceName.TEMPERATURE,
    PreferenceName.STREAMING,
    PreferenceName.THOUGHTS,
    PreferenceName.PERSONA,
)
"""What has a page of its own, in order."""

_DATA = re.compile(r"set:([a-z_]+)(?::(.{1,40}))?")


@dataclass(frozen=True, slots=True)
class SettingsCallback:
    """What a press of a settings button wants: a page, or a value first."""

    page: str
    value: str | None = None


def parse_settings_callback(data: str) -> SettingsCallback | None:
    """Understand callback data. None: it is not from a settings keyboard."""
    match = _DATA.fullmatch(data)
    if match is None or (match[1] not in PAGES and data != f"set:{HOME}"):
        return None
    return SettingsCallback(match[1], match[2])


def page(
    name: str, effective: EffectivePreferences, personas: Personas, say: Responder, *, admin: bool = False
) -> tuple[str, Keyboard]:
    """One page: its text and its buttons."""
    draw: dict[str, Callable[[], tuple[str, Keyboard]]] = {
        PreferenceName.LANGUAGE: lambda: _language(effective, say),
        PreferenceName.TEMPERATURE: lambda: _temperature(effective, say),
        PreferenceName.STREAMING: lambda: _choice(PreferenceName.STREAMING, WAYS, effective.streaming.value, say),
        PreferenceName.THOUGHTS: lambda: _choice(PreferenceName.THOUGHTS, THOUGHTS, effective.thoughts.value, say),
        PreferenceName.PERSONA: lambda: _persona(effective, personas, say),
    }
    return draw.get(name, lambda: _home(effective, personas, say, admin=admin))()


def _home(effective: EffectivePreferences, personas: Personas, say: Responder, *, admin: bool) -> tuple[str, Keyboard]:
    values = [
        (
            PreferenceName.LANGUAGE,
            say.text("option", name="language", value=effective.language.value),
            effective.language.source,
        ),
        (PreferenceName.TEMPERATURE, f"{effective.temperature.value:g}", effective.temperature.source),
        (
            PreferenceName.STREAMING,
            say.text("option", name="streaming", value=effective.streaming.value),
            effective.streaming.source,
        ),
        (
            PreferenceName.THOUGHTS,
            say.text("option", name="thoughts", value=effective.thoughts.value),
            effective.thoughts.source,
        ),
        (PreferenceName.PERSONA, _who_answers(effective, personas, say), effective.system_prompt.source),
        (PreferenceName.MODEL, effective.model.value or say.text("model-by-itself"), effective.model.source),
        (PreferenceName.MAX_TOKENS, str(effective.max_tokens.value), effective.max_tokens.source),
    ]
    if admin:
        proxy = effective.proxy.value.shown if effective.proxy.value else say.text("proxy-none")
        values.append((PreferenceName.PROXY, proxy, effective.proxy.source))
    lines = [say.text("setting", name=name.value, value=value, source=source.value) for name, value, source in values]
    buttons = [Button(say.text("button-setting", name=name.value), data=f"set:{name}") for name in PAGES]
    return "\n".join([say.text("settings-title"), "", *lines]), _rows(buttons, 2)


def _who_answers(effective: EffectivePreferences, personas: Personas, say: Responder) -> str:
    """The persona, or whether the system prompt is the chat's own or the usual one."""
    persona = personas.get(effective.persona.value)
    if persona is not None:
        return persona.name(say.language)
    own = effective.system_prompt.source in {Source.TOPIC, Source.CHAT}
    return say.text("option", name="persona", value="own" if own else "")


def _language(effective: EffectivePreferences, say: Responder) -> tuple[str, Keyboard]:
    chosen = effective.language.value
    buttons = [
        _option(
            say.text("option", name="language", value=language), PreferenceName.LANGUAGE, language, language == chosen
        )
        for language in LANGUAGES
    ]
    everyone = _option(say.text("option", name="language", value=""), PreferenceName.LANGUAGE, DEFAULT, not chosen)
    return say.text("settings-page", name="language"), (tuple(buttons), (everyone,), (_back(say),))


def _temperature(effective: EffectivePreferences, say: Responder) -> tuple[str, Keyboard]:
    now = effective.temperature.value
    presets = [_option(f"{preset:g}", PreferenceName.TEMPERATURE, f"{preset:g}", preset == now) for preset in PRESETS]
    colder, hotter = max(COLDEST, round(now - STEP, 3)), min(HOTTEST, round(now + STEP, 3))
    own = effective.temperature.source in {Source.TOPIC, Source.CHAT}
    steps = (
        Button(f"− {STEP:g}", data=f"set:{PreferenceName.TEMPERATURE}:{colder:g}"),
        Button(f"+ {STEP:g}", data=f"set:{PreferenceName.TEMPERATURE}:{hotter:g}"),
    )
    usual = _option(say.text("button-usual"), PreferenceName.TEMPERATURE, DEFAULT, not own)
    text = say.text("settings-page", name="temperature")
    shown = say.text("setting", name="temperature", value=f"{now:g}", source=effective.temperature.source.value)
    return f"{text}\n\n{shown}", (*_rows(presets, 3), steps, (usual,), (_back(say),))


def _choice(name: PreferenceName, values: Sequence[str], chosen: str, say: Responder) -> tuple[str, Keyboard]:
    rows = [
        (_option(say.text("option", name=name.value, value=value), name, value, value == chosen),) for value in values
    ]
    return say.text("settings-page", name=name.value), (*rows, (_back(say),))


def _persona(effective: EffectivePreferences, personas: Personas, say: Responder) -> tuple[str, Keyboard]:
    chosen = effective.persona.value
    buttons = [
        _option(
            persona.name(say.language), PreferenceName.PERSONA, f"{persona.id}:{say.language}", persona.id == chosen
        )
        for persona in personas.values()
    ]
    own = effective.system_prompt.source in {Source.TOPIC, Source.CHAT}
    nobody = _option(say.text("option", name="persona", value=""), PreferenceName.PERSONA, DEFAULT, not own)
    return say.text("settings-page", name="persona"), (*_rows(buttons, 2), (nobody,), (_back(say),))


def _option(text: str, name: PreferenceName, value: str, chosen: bool) -> Button:
    label = text[:1].upper() + text[1:]  # in a sentence the same words begin small
    return Button(f"✓ {label}" if chosen else label, data=f"set:{name}:{value}")


def _back(say: Responder) -> Button:
    return Button(say.text("button-back"), data=f"set:{HOME}")


def _rows(buttons: Sequence[Button], width: int) -> Keyboard:
    return tuple(tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))
