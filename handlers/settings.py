"""`/settings` and `/persona`: everything that a chat can set, by buttons."""

from __future__ import annotations

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.conversation.messages import ChatKey
from bot.people.personas import Personas
from bot.preferences import EffectivePreferences, PreferenceName, Preferences
from handlers.support.filters import may_change
from handlers.support.mapping import EventContext
from handlers.support.responders import CallbackAnswer, MessageEditor, Responder
from handlers.support.settings_views import DEFAULT, HOME, SettingsCallback, page, parse_settings_callback


def router() -> Router:
    """The settings keyboard."""
    router = Router(name="settings")
    router.message.register(show, Command("settings", ignore_case=True))
    router.message.register(show_personas, Command("persona", ignore_case=True))
    router.callback_query.register(press, pressed_setting, may_change)
    router.callback_query.register(refuse, pressed_setting)
    return router


async def pressed_setting(query: CallbackQuery) -> dict[str, SettingsCallback] | bool:
    """A button of a settings keyboard, however old."""
    step = parse_settings_callback(query.data or "")
    return {"step": step} if step else False


async def show(_: Message, effective: EffectivePreferences, personas: Personas, admin: bool, say: Responder) -> None:
    """Show what is in force here and where it comes from."""
    text, keyboard = page(HOME, effective, personas, say, admin=admin and say.place.private)
    say.say_text(text, keyboard=keyboard)


async def show_personas(_: Message, effective: EffectivePreferences, personas: Personas, say: Responder) -> None:
    """Offer the personas."""
    text, keyboard = page(PreferenceName.PERSONA, effective, personas, say)
    say.say_text(text, keyboard=keyboard)


async def press(
    _: CallbackQuery,
    step: SettingsCallback,
    origin: EventContext,
    spoken: str,
    preferences: Preferences,
    personas: Personas,
    admin: bool,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Set a value if the button has one, and show the page again as it is now."""
    if step.value is not None:
        await _set(preferences, origin, PreferenceName(step.page), step.value)
    effective = await preferences.effective(origin.key)
    say = say.to(say.place, effective.language.value or spoken)
    redraw(*page(step.page, effective, personas, say, admin=admin and origin.private))


async def refuse(_: CallbackQuery, answer: CallbackAnswer) -> None:
    """Tell a member who may change this."""
    answer("only-group-admins", alert=True)


async def _set(preferences: Preferences, origin: EventContext, name: PreferenceName, value: str) -> None:
    """Personas belong to the topic, like system prompts; everything else to the chat."""
    if name is PreferenceName.PERSONA:
        scope = origin.key
        await preferences.reset(scope, PreferenceName.SYSTEM_PROMPT)
    else:
        scope = ChatKey(origin.key.bot, origin.key.chat)
    if value == DEFAULT:
        await preferences.reset(scope, name)
    else:
        await preferences.set(scope, name, value)
