"""The pages of the settings keyboard: what they say and their buttons. No I/O; all state is in the buttons' data."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.delivery.place import Button, Keyboard
from bot.people.personas import Personas
from bot.preferences import COLDEST, HOTTEST, InForce, Name, Source, StreamingWay, Thoughts
from bot.texts import LANGUAGES
from handlers.speaking import Say

HOME = "home"
DEFAULT = "-"
"""What a button sets to go back to the value that would count otherwise."""
PRESETS = (0.0, 0.3, 0.5, 0.7, 1.0, 1.5)
STEP = 0.1
WAYS: tuple[StreamingWay, ...] = ("edit", "draft", "off")
THOUGHTS: tuple[Thoughts, ...] = ("fold", "hide")
PAGES = (Name.LANGUAGE, Name.TEMPERATURE, Name.STREAMING, Name.THOUGHTS, Name.PERSONA)
"""What has a page of its own, in order."""

_DATA = re.compile(r"set:([a-z_]+)(?::(.{1,40}))?")


@dataclass(frozen=True, slots=True)
class Step:
    """What a press of a settings button wants: a page, or a value first."""

    page: str
    value: str | None = None


def read_step(data: str) -> Step | None:
    """Understand callback data. None: it is not from a settings keyboard."""
    match = _DATA.fullmatch(data)
    if match is None or (match[1] not in PAGES and data != f"set:{HOME}"):
        return None
    return Step(match[1], match[2])


def page(name: str, in_force: InForce, personas: Personas, say: Say, *, admin: bool = False) -> tuple[str, Keyboard]:
    """One page: its text and its buttons."""
    draw: dict[str, Callable[[], tuple[str, Keyboard]]] = {
        Name.LANGUAGE: lambda: _language(in_force, say),
        Name.TEMPERATURE: lambda: _temperature(in_force, say),
        Name.STREAMING: lambda: _choice(Name.STREAMING, WAYS, in_force.streaming.value, say),
        Name.THOUGHTS: lambda: _choice(Name.THOUGHTS, THOUGHTS, in_force.thoughts.value, say),
        Name.PERSONA: lambda: _persona(in_force, personas, say),
    }
    return draw.get(name, lambda: _home(in_force, personas, say, admin=admin))()


def _home(in_force: InForce, personas: Personas, say: Say, *, admin: bool) -> tuple[str, Keyboard]:
    values = [
        (Name.LANGUAGE, say.text("option", name="language", value=in_force.language.value), in_force.language.source),
        (Name.TEMPERATURE, f"{in_force.temperature.value:g}", in_force.temperature.source),
        (
            Name.STREAMING,
            say.text("option", name="streaming", value=in_force.streaming.value),
            in_force.streaming.source,
        ),
        (Name.THOUGHTS, say.text("option", name="thoughts", value=in_force.thoughts.value), in_force.thoughts.source),
        (Name.PERSONA, _who_answers(in_force, personas, say), in_force.system_prompt.source),
        (Name.MODEL, in_force.model.value or say.text("model-by-itself"), in_force.model.source),
        (Name.MAX_TOKENS, str(in_force.max_tokens.value), in_force.max_tokens.source),
    ]
    if admin:
        proxy = in_force.proxy.value.shown if in_force.proxy.value else say.text("proxy-none")
        values.append((Name.PROXY, proxy, in_force.proxy.source))
    lines = [say.text("setting", name=name.value, value=value, source=source.value) for name, value, source in values]
    buttons = [Button(say.text("button-setting", name=name.value), data=f"set:{name}") for name in PAGES]
    return "\n".join([say.text("settings-title"), "", *lines]), _rows(buttons, 2)


def _who_answers(in_force: InForce, personas: Personas, say: Say) -> str:
    """The persona, or whether the system prompt is the chat's own or the usual one."""
    persona = personas.get(in_force.persona.value)
    if persona is not None:
        return persona.name(say.language)
    own = in_force.system_prompt.source in {Source.TOPIC, Source.CHAT}
    return say.text("option", name="persona", value="own" if own else "")


def _language(in_force: InForce, say: Say) -> tuple[str, Keyboard]:
    chosen = in_force.language.value
    buttons = [
        _option(say.text("option", name="language", value=language), Name.LANGUAGE, language, language == chosen)
        for language in LANGUAGES
    ]
    everyone = _option(say.text("option", name="language", value=""), Name.LANGUAGE, DEFAULT, not chosen)
    return say.text("settings-page", name="language"), (tuple(buttons), (everyone,), (_back(say),))


def _temperature(in_force: InForce, say: Say) -> tuple[str, Keyboard]:
    now = in_force.temperature.value
    presets = [_option(f"{preset:g}", Name.TEMPERATURE, f"{preset:g}", preset == now) for preset in PRESETS]
    colder, hotter = max(COLDEST, round(now - STEP, 3)), min(HOTTEST, round(now + STEP, 3))
    own = in_force.temperature.source in {Source.TOPIC, Source.CHAT}
    steps = (
        Button(f"− {STEP:g}", data=f"set:{Name.TEMPERATURE}:{colder:g}"),
        Button(f"+ {STEP:g}", data=f"set:{Name.TEMPERATURE}:{hotter:g}"),
    )
    usual = _option(say.text("button-usual"), Name.TEMPERATURE, DEFAULT, not own)
    text = say.text("settings-page", name="temperature")
    shown = say.text("setting", name="temperature", value=f"{now:g}", source=in_force.temperature.source.value)
    return f"{text}\n\n{shown}", (*_rows(presets, 3), steps, (usual,), (_back(say),))


def _choice(name: Name, values: Sequence[str], chosen: str, say: Say) -> tuple[str, Keyboard]:
    rows = [
        (_option(say.text("option", name=name.value, value=value), name, value, value == chosen),) for value in values
    ]
    return say.text("settings-page", name=name.value), (*rows, (_back(say),))


def _persona(in_force: InForce, personas: Personas, say: Say) -> tuple[str, Keyboard]:
    chosen = in_force.persona.value
    buttons = [
        _option(persona.name(say.language), Name.PERSONA, f"{persona.id}:{say.language}", persona.id == chosen)
        for persona in personas.values()
    ]
    own = in_force.system_prompt.source in {Source.TOPIC, Source.CHAT}
    nobody = _option(say.text("option", name="persona", value=""), Name.PERSONA, DEFAULT, not own)
    return say.text("settings-page", name="persona"), (*_rows(buttons, 2), (nobody,), (_back(say),))


def _option(text: str, name: Name, value: str, chosen: bool) -> Button:
    label = text[:1].upper() + text[1:]  # in a sentence the same words begin small
    return Button(f"✓ {label}" if chosen else label, data=f"set:{name}:{value}")


def _back(say: Say) -> Button:
    return Button(say.text("button-back"), data=f"set:{HOME}")


def _rows(buttons: Sequence[Button], width: int) -> Keyboard:
    return tuple(tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))
