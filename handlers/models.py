"""`/model`: the model that answers, by buttons in one message."""

from __future__ import annotations

from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from bot.answering.use_cases.model_choice import ModelChoice, ModelChoices
from bot.people.settings_changes import SettingsChanges
from bot.people.speaker import Speaker
from bot.preference_readers import MAX_MODEL_LENGTH
from bot.preferences import EffectivePreferences, PreferenceName, WrongValue
from handlers.admins.admin import say_change, say_value
from handlers.support.bot_commands import CHAT_OWNERS, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.callback_data import ChooserCallback, ModelCallback, ModelPageCallback
from handlers.support.responders import AfterCommit, MessageEditor, Responder
from handlers.views.model_views import page_for_bot, page_here


def router() -> CommandRouter:
    """The command and its buttons."""
    router = CommandRouter("models", model)
    router.callback_query.register(turn_page, ModelPageCallback.filter())
    router.callback_query.register(choose, ModelCallback.filter())
    router.callback_query.register(let_choose, ChooserCallback.filter())
    return router


@declare("model", CHAT_OWNERS, order=65)
async def model(
    _: Message,
    command: CommandObject,
    speaker: Speaker,
    model_choice: ModelChoice,
    changes: SettingsChanges,
    effective: EffectivePreferences,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Offer the models; `/model name` chooses one, for an admin in the whole bot."""
    wanted = command.args or ""
    if not wanted:
        await _offer(speaker, model_choice, effective, say)
    elif speaker.admin:
        await _change_bot(wanted, speaker, model_choice, changes, say, later)
    elif say.speech.texts.means("word-reset", wanted):
        _say_here(await model_choice.reset_here(speaker), say)
    else:
        entry = model_choice.named(wanted)
        _say_here(await model_choice.choose_here(speaker, entry.id if entry else wanted), say)


async def turn_page(
    _: CallbackQuery,
    callback_data: ModelPageCallback,
    speaker: Speaker,
    model_choice: ModelChoice,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Show another page, of this chat's models or of the whole bot's."""
    if callback_data.scope == "bot":
        choices = await model_choice.look_for_bot(speaker)
        redraw(*page_for_bot(choices, callback_data.page, say))
    else:
        choices = await model_choice.look_here(speaker)
        redraw(*page_here(choices, callback_data.page, say, admin=speaker.admin))


async def choose(
    _: CallbackQuery,
    callback_data: ModelCallback,
    speaker: Speaker,
    model_choice: ModelChoice,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Choose what the button says, and show the page as it is now."""
    if callback_data.scope == "bot":
        choices = await model_choice.choose_for_bot(speaker, callback_data.id)
        redraw(*page_for_bot(choices, callback_data.page, say))
        return
    if callback_data.id:
        choices = await model_choice.choose_here(speaker, callback_data.id)
    else:
        choices = await model_choice.reset_here(speaker)
    redraw(*page_here(choices, callback_data.page, say, admin=speaker.admin))


async def let_choose(
    _: CallbackQuery,
    callback_data: ChooserCallback,
    speaker: Speaker,
    model_choice: ModelChoice,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Say who may choose."""
    redraw(*page_for_bot(await model_choice.let_choose(speaker, callback_data.who), 0, say))


async def _offer(speaker: Speaker, model_choice: ModelChoice, effective: EffectivePreferences, say: Responder) -> None:
    choices = await model_choice.look_here(speaker)
    if choices.entries:
        text, keyboard = page_here(choices, 0, say, admin=speaker.admin)
        say.say_text(text, keyboard=keyboard)
    elif speaker.admin:
        model_choice.require_others()
        say_value("value-shown", PreferenceName.MODEL, effective, say)
    else:
        say("model-connected", model=_label(choices, say))


async def _change_bot(
    wanted: str,
    speaker: Speaker,
    model_choice: ModelChoice,
    changes: SettingsChanges,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Reset the whole bot's model, choose an entry, or try a name that the default entry's server may know."""
    if say.speech.texts.means("word-reset", wanted):
        say_change("value-reset", PreferenceName.MODEL, await changes.reset_for_bot(speaker, PreferenceName.MODEL), say)
        return
    entry = model_choice.named(wanted)
    if entry is not None:
        chosen = await model_choice.choose_for_bot(speaker, entry.id)
        say("value-set", name=PreferenceName.MODEL.value, value=_label(chosen, say))
        return
    name = wanted.strip()
    if not 0 < len(name) <= MAX_MODEL_LENGTH or not name.isprintable():
        raise WrongValue("not a model's name", name=PreferenceName.MODEL.value)
    model_choice.require_others()
    say("model-trying", model=name)

    async def adopt() -> None:
        trial = await model_choice.adopt(speaker, name)
        if trial.effective is not None:
            say_change("value-set", PreferenceName.MODEL, trial.effective, say)
        else:
            say("model-failed", model=name, reason=say.text(trial.reason, **trial.details))

    later.change("try a model", adopt, say)


def _say_here(choices: ModelChoices, say: Responder) -> None:
    say.say_text(say.of_topics(say.text("model-here", model=_label(choices, say))))


def _label(choices: ModelChoices, say: Responder) -> str:
    return choices.effective.model_label or say.text("model-by-itself")
