"""`/settings` and `/persona`: everything that a chat can set, by buttons."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.conversation.messages import ChatKey
from bot.people.personas import Personas
from bot.preferences import InForce, Name, Preferences
from handlers.filters import may_change
from handlers.pages import DEFAULT, HOME, Step, page, read_step
from handlers.reading import Origin
from handlers.speaking import PressAnswer, Redraw, Say


def router() -> Router:
    """The settings keyboard."""
    router = Router(name="settings")
    router.message.register(show, Command("settings", ignore_case=True))
    router.message.register(show_personas, Command("persona", ignore_case=True))
    router.callback_query.register(press, pressed_setting, may_change)
    router.callback_query.register(refuse, pressed_setting)
    return router


async def pressed_setting(query: CallbackQuery) -> dict[str, Step] | bool:
    """A button of a settings keyboard, however old."""
    step = read_step(query.data or "")
    return {"step": step} if step else False


async def show(_: Message, in_force: InForce, personas: Personas, admin: bool, say: Say) -> None:
    """Show what is in force here and where it comes from."""
    text, keyboard = page(HOME, in_force, personas, say, admin=admin and say.place.private)
    say.aloud(text, keyboard=keyboard)


async def show_personas(_: Message, in_force: InForce, personas: Personas, say: Say) -> None:
    """Offer the personas."""
    text, keyboard = page(Name.PERSONA, in_force, personas, say)
    say.aloud(text, keyboard=keyboard)


async def press(
    _: CallbackQuery,
    step: Step,
    origin: Origin,
    spoken: str,
    preferences: Preferences,
    personas: Personas,
    admin: bool,
    say: Say,
    redraw: Redraw,
) -> None:
    """Set a value if the button has one, and show the page again as it is now."""
    if step.value is not None:
        await _set(preferences, origin, Name(step.page), step.value)
    in_force = await preferences.in_force(origin.key)
    say = say.to(say.place, in_force.language.value or spoken)
    redraw(*page(step.page, in_force, personas, say, admin=admin and origin.private))


async def refuse(_: CallbackQuery, answer: PressAnswer) -> None:
    """Tell a member who may change this."""
    answer("only-group-admins", alert=True)


async def _set(preferences: Preferences, origin: Origin, name: Name, value: str) -> None:
    """Personas belong to the topic, like system prompts; everything else to the chat."""
    if name is Name.PERSONA:
        scope = origin.key
        await preferences.reset(scope, Name.SYSTEM_PROMPT)
    else:
        scope = ChatKey(origin.key.bot, origin.key.chat)
    if value == DEFAULT:
        await preferences.reset(scope, name)
    else:
        await preferences.set(scope, name, value)
