"""`/proxy`: the generator's proxy, tried before it counts."""

from __future__ import annotations

from dataclasses import replace

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.answering.use_cases.proxy_trial import ProxyTrial, TrialOutcome
from bot.errors import Problem
from bot.people.settings_changes import SettingsChanges
from bot.people.speaker import Speaker
from bot.preference_readers import OFF
from bot.preferences import EffectivePreferences, PreferenceName
from bot.telegram.client import Telegram
from handlers.admins.admin import say_change, say_value
from handlers.support.bot_commands import BOT_ADMINS, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.responders import AfterCommit, Responder

NAME = PreferenceName.PROXY


def router() -> CommandRouter:
    """The one command about the proxy."""
    return CommandRouter("proxy", proxy)


@declare("proxy", BOT_ADMINS, order=140)
async def proxy(
    message: Message,
    command: CommandObject,
    speaker: Speaker,
    changes: SettingsChanges,
    proxy_trial: ProxyTrial,
    telegram: Telegram,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Show the proxy, test it, reset it, do without one, or try another."""
    args, means = command.args or "", say.speech.texts.means
    effective = await changes.look_for_bot(speaker)
    if not args:
        say_value("value-shown", NAME, effective, say)
    elif means("word-off", args):
        await changes.set_for_bot(speaker, NAME, OFF)
        say("proxy-off")
    elif means("word-reset", args):
        say_change("value-reset", NAME, await changes.reset_for_bot(speaker, NAME), say)
    elif means("word-test", args):
        _test(speaker, effective, proxy_trial, say, later)
    else:
        if "@" in args:  # there may be a password, whatever else is wrong with it
            later("delete a password", lambda: telegram.delete(message.chat.id, [message.message_id]))
            say = say.to(replace(say.place, reply_to=None), say.language)
        _try(args, speaker, effective, proxy_trial, say, later)


def _test(
    speaker: Speaker, effective: EffectivePreferences, proxy_trial: ProxyTrial, say: Responder, later: AfterCommit
) -> None:
    """Ask the generator through the proxy in force, and say how it went."""
    now = effective.proxy.value
    say("proxy-testing", proxy=now.shown if now else say.text("proxy-none"))

    async def test() -> None:
        _report("proxy-works", speaker, await proxy_trial.probe(now, effective), say)

    later("try a proxy", test)


def _try(
    args: str,
    speaker: Speaker,
    effective: EffectivePreferences,
    proxy_trial: ProxyTrial,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Try a proxy; it takes effect if the generator answers through it."""
    try:
        wanted = proxy_trial.read(speaker, args)
    except Problem as problem:  # said here: raised, it would leave the password in the chat
        say.say_text(say.text(problem.key, **problem.details))
        return
    say("proxy-trying", proxy=wanted.shown)

    async def adopt() -> None:
        _report("proxy-set", speaker, await proxy_trial.adopt(speaker, wanted, effective), say)

    later.change("try a proxy", adopt, say)


def _report(works: str, speaker: Speaker, outcome: TrialOutcome, say: Responder) -> None:
    """Say how it went; the reason in the server's words only where nobody else reads it."""
    if outcome.works:
        say(works, proxy=outcome.proxy.shown if outcome.proxy else say.text("proxy-none"))
    else:
        text = say.text("proxy-failed", reason=say.text(outcome.reason, **outcome.details))
        shown = [say.text("answer-cause", cause=outcome.cause)] if outcome.cause and speaker.private else []
        say.say_text("\n".join([text, *shown]))
