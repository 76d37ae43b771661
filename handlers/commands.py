"""Commands for everyone: what this is, what works here, starting over, and the system prompt."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import Message

from bot.people.group_admins import GroupAdmins
from bot.people.personas import Personas
from bot.preferences import EffectivePreferences, PreferenceName, Preferences
from bot.settings import Settings
from bot.storage.repositories.conversations import ConversationRepository
from bot.texts import Texts
from handlers.support.bot_commands import MENUS, Audience, lines
from handlers.support.bot_info import BotInfo
from handlers.support.filters import administers, may_change
from handlers.support.mapping import EventContext
from handlers.support.responders import Responder

RESET = frozenset({"reset", "сброс"})
"""What resets a value, in each language."""
MAX_SHOWN_PROMPT = 3500
"""UTF-16 units of a system prompt that are shown; more would not fit a message."""


def router() -> Router:
    """The commands that everyone may give."""
    router = Router(name="commands")
    router.message.register(start, CommandStart(ignore_case=True))
    router.message.register(explain, Command("help", ignore_case=True), group_administrator)
    router.message.register(start_over, Command("new", ignore_case=True), may_change)
    router.message.register(show_prompt, Command("system", ignore_case=True, magic=~F.args))
    router.message.register(
        reset_prompt, Command("system", ignore_case=True, magic=F.args.lower().in_(RESET)), may_change
    )
    router.message.register(set_prompt, Command("system", ignore_case=True), may_change)
    router.message.register(refuse, Command("new", "system", ignore_case=True))
    return router


async def group_administrator(_: Message, origin: EventContext, group_admins: GroupAdmins) -> dict[str, bool]:
    """Find out whether the speaker administers the group."""
    return {"administrator": await administers(origin, group_admins)}


async def start(
    _: Message,
    origin: EventContext,
    bot_info: BotInfo,
    settings: Settings,
    effective: EffectivePreferences,
    say: Responder,
) -> None:
    """Say hello: who answers here, and how to ask."""
    hello = say.text(
        "start-private" if origin.private else "start-group", name=bot_info.name, username=bot_info.username
    )
    say.say_text("\n\n".join([hello, *model_facts(settings, effective, say)]))


async def explain(
    _: Message,
    origin: EventContext,
    bot_info: BotInfo,
    admin: bool,
    administrator: bool,
    say: Responder,
    texts: Texts,
) -> None:
    """Say what works here, for this person."""
    parts = [say.text("help-private" if origin.private else "help-group", username=bot_info.username)]
    audience = (
        Audience.PRIVATE if origin.private else Audience.GROUP_ADMINS if admin or administrator else Audience.GROUP
    )
    parts.append(lines(MENUS[audience], say.language, texts))
    if audience is Audience.GROUP:
        parts.append(say.text("help-group-admins"))
    if admin:
        own = [command for command in MENUS[Audience.ADMINS] if command not in MENUS[audience]]
        parts.append(say.text("help-admins") + "\n" + lines([*own, "allow"], say.language, texts))
    say.say_text("\n\n".join([*parts, say.text("help-answers")]))


async def start_over(
    _: Message,
    origin: EventContext,
    conversations: ConversationRepository,
    effective: EffectivePreferences,
    personas: Personas,
    say: Responder,
) -> None:
    """Begin a new conversation."""
    await conversations.start_over(origin.key)
    persona = personas.get(effective.persona.value)
    if persona is None:
        say("new-begun")
    else:
        say("new-begun-as", persona=persona.name(say.language))


async def show_prompt(_: Message, effective: EffectivePreferences, say: Responder) -> None:
    """Show the system prompt in force."""
    prompt = effective.system_prompt
    say("system-shown", prompt=_in_words(prompt.value, say), source=prompt.source.value)


async def set_prompt(
    _: Message, command: CommandObject, origin: EventContext, preferences: Preferences, say: Responder
) -> None:
    """Give this chat, or this topic, a system prompt of its own."""
    await preferences.set(origin.key, PreferenceName.SYSTEM_PROMPT, command.args or "")
    say("system-set", where="topic" if origin.key.topic else "chat")


async def reset_prompt(_: Message, origin: EventContext, preferences: Preferences, say: Responder) -> None:
    """Take this chat's own system prompt, or persona, away."""
    await preferences.reset(origin.key, PreferenceName.SYSTEM_PROMPT)
    await preferences.reset(origin.key, PreferenceName.PERSONA)
    effective = await preferences.effective(origin.key)
    say("system-reset", prompt=_in_words(effective.system_prompt.value, say))


async def refuse(_: Message, say: Responder) -> None:
    """Tell a member who may change this chat."""
    say("only-group-admins")


def model_facts(settings: Settings, effective: EffectivePreferences, say: Responder) -> list[str]:
    """Which model answers; of the packaged one also what it can do, and how to connect a real one."""
    if not settings.embedded:
        return [say.text("model-connected", model=effective.model.value or settings.generator)]
    if settings.local_model is not None:
        return [say.text("model-local", model=settings.local_model.stem)]
    return [say.text("model-packaged"), say.text("model-connect")]


def _in_words(prompt: str, say: Responder) -> str:
    """A system prompt, or that there is none: the packaged model's server has one of its own."""
    return _beginning(prompt) or say.text("system-none")


def _beginning(text: str) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= MAX_SHOWN_PROMPT * 2:
        return text
    return units[: MAX_SHOWN_PROMPT * 2].decode("utf-16-le", "ignore") + "…"
