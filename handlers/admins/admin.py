"""Commands for bot admins: temperature and length of answers of the whole bot, changed while it runs."""

from __future__ import annotations

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.answering.use_cases.model_choice import ModelChoice
from bot.people.settings_changes import SettingsChanges
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences, PreferenceName, Source, Value, WrongValue
from bot.texts import Texts
from handlers.support.bot_commands import BOT_ADMINS, CHAT_OWNERS, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.responders import Responder
from handlers.views.settings_views import in_words, limit_note


def router() -> CommandRouter:
    """The commands that change the whole bot, and `/temperature chat`, which changes one chat."""
    return CommandRouter("admin", temperature, max_tokens)


@declare("temperature", CHAT_OWNERS, order=55)
async def temperature(
    _: Message, command: CommandObject, speaker: Speaker, changes: SettingsChanges, texts: Texts, say: Responder
) -> None:
    """`/temperature 0.7` for the whole bot, `/temperature chat 0.9` for this chat."""
    first, *rest = (command.args or "").split(maxsplit=1)[:2] or [""]
    if texts.means("word-chat", first) or not (first or speaker.admin):
        await _change_chat("".join(rest), speaker, changes, texts, say)
    elif not speaker.admin:
        say("temperature-for-bot")
    else:
        name = PreferenceName.TEMPERATURE
        key, effective = await _change_bot(name, command.args or "", speaker, changes, texts)
        say_value(key, name, effective, say)


@declare("maxtokens", BOT_ADMINS, order=120)
async def max_tokens(
    _: Message,
    command: CommandObject,
    speaker: Speaker,
    changes: SettingsChanges,
    model_choice: ModelChoice,
    texts: Texts,
    say: Responder,
) -> None:
    """The most tokens of an answer, and what that means on the model in force."""
    name = PreferenceName.MAX_TOKENS
    key, effective = await _change_bot(name, command.args or "", speaker, changes, texts)
    say_value(key, name, effective, say, note=limit_note(model_choice.limit_of(effective), say))


async def _change_bot(
    name: PreferenceName, args: str, speaker: Speaker, changes: SettingsChanges, texts: Texts
) -> tuple[str, EffectivePreferences]:
    """Without a value look at the one in force, with a word for it reset it, else set it. Gives the text to say."""
    if not args:
        return "value-shown", await changes.look_for_bot(speaker)
    if texts.means("word-reset", args):
        effective = await changes.reset_for_bot(speaker, name)
        return _of_change("value-reset", name, effective), effective
    effective = await changes.set_for_bot(speaker, name, args)
    return _of_change("value-set", name, effective), effective


async def _change_chat(value: str, speaker: Speaker, changes: SettingsChanges, texts: Texts, say: Responder) -> None:
    """Set or reset this chat's own temperature; without a value show it."""
    name = PreferenceName.TEMPERATURE
    try:
        if not value:
            effective = await changes.look(speaker)
        elif texts.means("word-reset", value):
            effective = await changes.reset_here(speaker, name)
        else:
            effective = await changes.set_here(speaker, name, value)
    except WrongValue:
        say(WrongValue.key, name="chat_temperature")
        return
    text, source = in_words(effective, name, say)
    say("value-shown-for-chat", value=text, source=source)


def say_change(key: str, name: PreferenceName, effective: EffectivePreferences, say: Responder) -> None:
    """Say what is in force now; a chat's own value goes on winning here, and that is said, too."""
    say_value(_of_change(key, name, effective), name, effective, say)


def say_value(
    key: str, name: PreferenceName, effective: EffectivePreferences, say: Responder, *, note: str = ""
) -> None:
    """Say one value in force, and where it comes from; and a note about it, where there is one."""
    value, source = in_words(effective, name, say)
    text = say.text(key, name=name.value, value=value, source=source)
    say.say_text("\n".join([text, *([note] if note else [])]))


def _of_change(key: str, name: PreferenceName, effective: EffectivePreferences) -> str:
    """The text about a change for the whole bot: another one where this chat keeps a value of its own."""
    value: Value[object] = getattr(effective, name.value)
    if value.source not in {Source.CHAT, Source.TOPIC}:
        return key
    return "value-reset-own-here" if key == "value-reset" else "value-own-here"
