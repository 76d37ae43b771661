"""`/settings` and `/persona`: everything that a chat can set, by buttons."""

from __future__ import annotations

from aiogram import F
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from bot.answering.reading_along import ReadingAlong
from bot.answering.use_cases.model_choice import ModelChoice
from bot.people.permissions import Permissions
from bot.people.personas import Personas, find_persona
from bot.people.settings_changes import SettingsChanges
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences, PreferenceName
from handlers.support.bot_commands import CHAT_OWNERS, MEMBERS, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.callback_data import HomePageCallback, SettingsCallback
from handlers.support.responders import MessageEditor, Responder
from handlers.views.settings_views import DEFAULT, home, limit_note, page, read_along_page


def router() -> CommandRouter:
    """The settings keyboard."""
    router = CommandRouter("settings", show, show_personas)
    router.callback_query.register(go_home, HomePageCallback.filter())
    router.callback_query.register(read_along, SettingsCallback.filter(F.page == PreferenceName.READ_ALONG))
    router.callback_query.register(press, SettingsCallback.filter())
    return router


@declare("settings", MEMBERS, order=50)
async def show(
    _: Message,
    effective: EffectivePreferences,
    personas: Personas,
    speaker: Speaker,
    permissions: Permissions,
    model_choice: ModelChoice,
    reading_along: ReadingAlong,
    say: Responder,
) -> None:
    """Show what is in force here and where it comes from; buttons are for those who may change it."""
    limit = limit_note(model_choice.limit_of(effective), say)
    reading = await reading_along.facts(speaker)
    text, keyboard = home(effective, personas, say, limit, reading, admin=speaker.admin and speaker.private)
    if await permissions.may_change(speaker):
        say.say_text(text, keyboard=keyboard)
    else:
        say.say_text("\n\n".join([text, say.text("only-group-admins")]))


@declare("persona", CHAT_OWNERS, order=60)
async def show_personas(
    _: Message,
    command: CommandObject,
    speaker: Speaker,
    effective: EffectivePreferences,
    personas: Personas,
    changes: SettingsChanges,
    permissions: Permissions,
    say: Responder,
) -> None:
    """Offer the personas, or take the one that is named: `/persona teacher`."""
    wanted = (command.args or "").strip()
    named = find_persona(personas, wanted)
    if named is not None:
        await changes.set_here(speaker, PreferenceName.PERSONA, f"{named.id}:{say.language}")
        say.say_text(say.of_topics(say.text("persona-set", persona=named.name(say.language))))
        return
    text, keyboard = page(PreferenceName.PERSONA, effective, personas, say)
    if wanted:
        text = f"{say.text('persona-unknown', wanted=wanted)}\n\n{text}"
    if await permissions.may_change(speaker):
        say.say_text(text, keyboard=keyboard)
    else:
        say("only-group-admins")


async def go_home(
    _: CallbackQuery,
    speaker: Speaker,
    changes: SettingsChanges,
    personas: Personas,
    model_choice: ModelChoice,
    reading_along: ReadingAlong,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Show the first page again."""
    effective = await changes.look(speaker)
    limit = limit_note(model_choice.limit_of(effective), say)
    reading = await reading_along.facts(speaker)
    redraw(*home(effective, personas, say, limit, reading, admin=speaker.admin and speaker.private))


async def read_along(
    _: CallbackQuery,
    callback_data: SettingsCallback,
    speaker: Speaker,
    changes: SettingsChanges,
    reading_along: ReadingAlong,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Show the page of reading along, or switch it: everybody in the group hears that it begins."""
    reading = await reading_along.facts(speaker)
    before = await changes.look(speaker)
    effective = before
    if reading is not None and callback_data.value is not None:
        effective = await changes.set_here(speaker, PreferenceName.READ_ALONG, callback_data.value)
    if effective.read_along.value == "off":
        await reading_along.forget(speaker.key)
    elif before.read_along.value == "off" and reading is not None:
        say("read-along-begins", count=reading.messages, hours=reading.hours)
    redraw(*read_along_page(effective, reading, say))


async def press(
    _: CallbackQuery,
    callback_data: SettingsCallback,
    speaker: Speaker,
    changes: SettingsChanges,
    personas: Personas,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Set a value if the button has one, and show the page again as it is now."""
    name = callback_data.page
    if callback_data.value is None:
        effective = await changes.look(speaker)
    elif callback_data.value == DEFAULT:
        effective = await changes.reset_here(speaker, name)
    else:
        effective = await changes.set_here(speaker, name, callback_data.text)
    spoken = effective.language.value or say.speech.texts.language_of(speaker.language_code)
    redraw(*page(name, effective, personas, say.to(say.place, spoken)))
