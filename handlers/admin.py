"""Commands for bot admins: temperature, length, model and proxy of the whole bot, changed while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message

from bot.conversation.messages import ChatKey
from bot.errors import GeneratorProblem, ProxyRefused, ProxyUnreachable, StorageUnavailable
from bot.generators.client import GeneratorClient
from bot.net.proxy_url import ProxyURL, parse_proxy
from bot.preferences import OFF, EffectivePreferences, PreferenceName, Preferences, Source, WrongValue
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.database import Database
from bot.telegram.client import Telegram
from handlers.commands import RESET
from handlers.support.filters import by_admin, may_change
from handlers.support.mapping import EventContext
from handlers.support.responders import AfterCommit, Responder

PROXY_TRIAL_TIMEOUT = 60.0
"""How long the trial of a proxy may take in all."""

_ADMIN_ONLY = ("temperature", "maxtokens", "model", "proxy")
_VALUES = {
    "temperature": PreferenceName.TEMPERATURE,
    "maxtokens": PreferenceName.MAX_TOKENS,
    "model": PreferenceName.MODEL,
}
_OF_A_TRIAL = {ProxyUnreachable.key: "proxy-trial-unreachable", ProxyRefused.key: "proxy-trial-refused"}
"""What a trial says instead of sending the admin to `/proxy test`: that is what they are doing."""
_FOR_CHAT = F.args.lower().regexp(r"(?:chat|чат)\b")


def router() -> Router:
    """The commands that change the whole bot, and `/temperature chat`, which changes one chat."""
    router = Router(name="admin")
    message = router.message
    message.register(show, Command(*_VALUES, ignore_case=True, magic=~F.args), by_admin)
    message.register(set_in_chat, Command("temperature", ignore_case=True, magic=_FOR_CHAT), may_change)
    message.register(refuse_in_chat, Command("temperature", ignore_case=True, magic=_FOR_CHAT))
    message.register(reset, Command(*_VALUES, ignore_case=True, magic=F.args.lower().in_(RESET)), by_admin)
    message.register(change, Command(*_VALUES, ignore_case=True), by_admin)
    message.register(show_proxy, Command("proxy", ignore_case=True, magic=~F.args), by_admin)
    message.register(drop_proxy, Command("proxy", ignore_case=True, magic=F.args.lower() == OFF), by_admin)
    message.register(reset_proxy, Command("proxy", ignore_case=True, magic=F.args.lower().in_(RESET)), by_admin)
    message.register(probe_proxy, Command("proxy", ignore_case=True, magic=F.args.lower() == "test"), by_admin)
    message.register(try_proxy, Command("proxy", ignore_case=True), by_admin)
    message.register(refuse, Command(*_ADMIN_ONLY, ignore_case=True))
    return router


async def show(_: Message, command: CommandObject, effective: EffectivePreferences, say: Responder) -> None:
    """Show a value in force here, and how to change it."""
    name = _name(command)
    value, source = shown(effective, name, say)
    say("value-shown", name=name.value, value=value, source=source.value)


async def change(
    _: Message, command: CommandObject, origin: EventContext, preferences: Preferences, say: Responder
) -> None:
    """Set a value for the whole bot, from the next message on."""
    name = _name(command)
    await preferences.set(_whole_bot(origin), name, command.args or "")
    await _confirm("value-set", name, origin, preferences, say)


async def reset(
    _: Message, command: CommandObject, origin: EventContext, preferences: Preferences, say: Responder
) -> None:
    """Go back to what the environment says."""
    name = _name(command)
    await preferences.reset(_whole_bot(origin), name)
    await _confirm("value-reset", name, origin, preferences, say)


async def set_in_chat(
    _: Message, command: CommandObject, origin: EventContext, preferences: Preferences, say: Responder
) -> None:
    """Set or reset this chat's own temperature; without a value show it."""
    value = "".join((command.args or "").split(maxsplit=1)[1:])
    if value.lower() in RESET:
        await preferences.reset(_chat(origin), PreferenceName.TEMPERATURE)
    elif value:
        try:
            await preferences.set(_chat(origin), PreferenceName.TEMPERATURE, value)
        except WrongValue:
            say(WrongValue.key, name="chat_temperature")
            return
    text, source = shown(await preferences.effective(origin.key), PreferenceName.TEMPERATURE, say)
    say("value-shown-for-chat", value=text, source=source.value)


async def show_proxy(_: Message, effective: EffectivePreferences, say: Responder) -> None:
    """Show the generator's proxy, without its password."""
    value, source = shown(effective, PreferenceName.PROXY, say)
    say("value-shown", name=PreferenceName.PROXY.value, value=value, source=source.value)


async def drop_proxy(_: Message, origin: EventContext, preferences: Preferences, say: Responder) -> None:
    """Use no proxy, whatever the environment says."""
    await preferences.set(_whole_bot(origin), PreferenceName.PROXY, OFF)
    say("proxy-off")


async def reset_proxy(_: Message, origin: EventContext, preferences: Preferences, say: Responder) -> None:
    """Go back to the environment's proxy."""
    await preferences.reset(_whole_bot(origin), PreferenceName.PROXY)
    await _confirm("value-reset", PreferenceName.PROXY, origin, preferences, say)


async def probe_proxy(
    _: Message,
    effective: EffectivePreferences,
    registry: GeneratorClient,
    tasks: TaskSupervisor,
    database: Database,
    say: Responder,
) -> None:
    """Ask the generator through the proxy in force, and say how it went."""
    say("proxy-testing", proxy=_proxy_in_words(effective.proxy.value, say))
    trial = _Trial(registry, effective.proxy.value, effective.model.value, say)
    database.after_commit(lambda: _start(tasks, trial.report))


async def try_proxy(
    message: Message,
    command: CommandObject,
    origin: EventContext,
    effective: EffectivePreferences,
    preferences: Preferences,
    registry: GeneratorClient,
    database: Database,
    tasks: TaskSupervisor,
    telegram: Telegram,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Try a proxy; it takes effect if the generator answers through it."""
    if "@" in (command.args or ""):  # there may be a password, whatever else is wrong with it
        later("delete a password", lambda: telegram.delete(message.chat.id, [message.message_id]))
        say = say.to(replace(say.place, reply_to=None), say.language)
    try:
        proxy = parse_proxy(command.args or "")
    except ValueError:
        say(WrongValue.key, name=PreferenceName.PROXY.value)
        return
    if proxy.user and not origin.private:
        say("proxy-password-in-group")
        return
    say("proxy-trying", proxy=proxy.shown)
    trial = _Trial(registry, proxy, effective.model.value, say)

    async def keep() -> None:
        async with database.transaction():
            await preferences.set(_whole_bot(origin), PreferenceName.PROXY, proxy.url)

    database.after_commit(lambda: _start(tasks, lambda: trial.keep_if_it_works(keep)))


async def refuse_in_chat(_: Message, say: Responder) -> None:
    """Tell a member who may change this chat."""
    say("only-group-admins")


async def refuse(_: Message, say: Responder) -> None:
    """Tell everybody else whose command this is."""
    say("only-bot-admins")


class _Trial:
    """One try of the generator through a proxy, with a time limit."""

    def __init__(self, registry: GeneratorClient, proxy: ProxyURL | None, model: str, say: Responder) -> None:
        self._registry = registry
        self._proxy = proxy
        self._model = model
        self._say = say

    async def report(self) -> None:
        """Say whether it works."""
        if await self._works():
            self._say("proxy-works", proxy=_proxy_in_words(self._proxy, self._say))

    async def keep_if_it_works(self, keep: Callable[[], Awaitable[None]]) -> None:
        """Make it count if it works; otherwise, and where the program ends meanwhile, everything stays as it was."""
        if not await self._works():
            return
        try:
            await keep()
        except StorageUnavailable:
            self._say("proxy-failed", reason=self._say.text("problem"))
        else:
            self._say("proxy-set", proxy=_proxy_in_words(self._proxy, self._say))

    async def _works(self) -> bool:
        try:
            async with asyncio.timeout(PROXY_TRIAL_TIMEOUT):
                await self._registry.probe(proxy=self._proxy, model=self._model or None)
        except TimeoutError:
            self._say("proxy-failed", reason=self._say.text("problem-generator-silent"))
        except GeneratorProblem as problem:
            key = _OF_A_TRIAL.get(problem.key, problem.key)
            self._say("proxy-failed", reason=self._say.text(key, **problem.details))
        else:
            return True
        return False


def shown(effective: EffectivePreferences, name: PreferenceName, say: Responder) -> tuple[str, Source]:
    """A value in force in words, and where it comes from."""
    match name:
        case PreferenceName.TEMPERATURE:
            return f"{effective.temperature.value:g}", effective.temperature.source
        case PreferenceName.MAX_TOKENS:
            return str(effective.max_tokens.value), effective.max_tokens.source
        case PreferenceName.MODEL:
            return effective.model.value or say.text("model-by-itself"), effective.model.source
        case _:
            return _proxy_in_words(effective.proxy.value, say), effective.proxy.source


async def _confirm(
    key: str, name: PreferenceName, origin: EventContext, preferences: Preferences, say: Responder
) -> None:
    """Say what is in force now; a chat's own value goes on winning here, and that is said, too."""
    value, source = shown(await preferences.effective(origin.key), name, say)
    own = source in {Source.CHAT, Source.TOPIC}
    say("value-own-here" if own else key, name=name.value, value=value, source=source.value)


def _proxy_in_words(proxy: ProxyURL | None, say: Responder) -> str:
    return proxy.shown if proxy else say.text("proxy-none")


def _start(tasks: TaskSupervisor, work: Callable[[], Awaitable[None]]) -> None:
    async def trial() -> None:
        await work()

    tasks.start(trial(), name="try a proxy")


def _name(command: CommandObject) -> PreferenceName:
    return _VALUES[command.command.lower()]


def _whole_bot(origin: EventContext) -> ChatKey:
    return ChatKey(origin.key.bot, 0)


def _chat(origin: EventContext) -> ChatKey:
    return ChatKey(origin.key.bot, origin.key.chat)
