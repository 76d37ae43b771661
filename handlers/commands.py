"""Commands for everyone: what this is, what works here, starting over, and the system prompt."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram.filters import CommandObject
from aiogram.types import Message

from bot.answering.reading_along import ReadingAlong
from bot.answering.use_cases.prompt_files import PromptFiles
from bot.answering.use_cases.whole_conversation import WholeConversation
from bot.attachments.attachment import Attachment
from bot.people.directory import Directory
from bot.people.permissions import Permissions
from bot.people.personas import Personas
from bot.people.settings_changes import SettingsChanges
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences, PreferenceName
from bot.settings import Settings
from bot.streaming.acknowledgements import Acknowledgements
from handlers.support.bot_commands import CHAT_OWNERS, MEMBERS, NOBODY, Audience, CommandRouter, Menus
from handlers.support.bot_commands import command as declare
from handlers.support.bot_info import BotInfo
from handlers.support.mapping import document_of, is_long, reply_target
from handlers.support.responders import AfterCommit, Responder
from handlers.views.people_views import people_view

MAX_SHOWN_PROMPT = 3500
"""UTF-16 units of a system prompt that are shown; more would not fit a message."""


def router() -> CommandRouter:
    """The commands that everyone may give."""
    return CommandRouter("commands", start, explain, start_over, system)


@dataclass(frozen=True, slots=True)
class Greeting:
    """The first words to somebody: who answers here, and how to ask."""

    bot_info: BotInfo
    settings: Settings
    reading_along: ReadingAlong

    async def text(self, speaker: Speaker, effective: EffectivePreferences, say: Responder) -> str:
        """Put them together; how to connect a real model is for admins alone."""
        key = "start-private" if speaker.private else "start-group"
        hello = say.text(key, name=self.bot_info.name, username=self.bot_info.username)
        owner = speaker.admin and speaker.private
        along = await self._along(speaker, effective, say)
        reads = say.text("greeting-reads", kinds=kinds_read(self.settings, effective))
        return "\n\n".join([hello, reads, *along, *model_facts(self.settings, effective, say, owner=owner)])

    async def _along(self, speaker: Speaker, effective: EffectivePreferences, say: Responder) -> list[str]:
        """Lines about reading along, with whether Telegram lets the bot see what is said in the group."""
        facts = await self.reading_along.facts(speaker) if effective.read_along.value == "on" else None
        if facts is None:
            return []
        return [say.text("help-read-along"), say.text("read-along-seen" if facts.sees_all else "read-along-hidden")]

    def help(self, speaker: Speaker, effective: EffectivePreferences, say: Responder) -> list[str]:
        """Lines of /help about asking, and about files that are read."""
        parts = [say.text("help-private" if speaker.private else "help-group", username=self.bot_info.username)]
        if not speaker.private and effective.read_along.value == "on":
            parts.append(say.text("help-read-along"))
        if not speaker.private:
            parts.append(say.text("help-documents-group"))
        if effective.sees_pictures:
            parts.append(say.text("help-pictures"))
        if self.settings.transcription_url is not None:
            parts.append(say.text("help-recordings"))
        return [*parts, say.text("help-others")]


@declare("start", NOBODY)
async def start(
    _: Message,
    speaker: Speaker,
    greeting: Greeting,
    effective: EffectivePreferences,
    directory: Directory,
    menus: Menus,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Say hello: who answers here, and how to ask. Admins also see who waits, and get their menu."""
    say.say_text(await greeting.text(speaker, effective, say))
    if not (speaker.admin and speaker.private):
        return
    if await directory.waiting(speaker):
        text, keyboard = people_view(await directory.page(speaker, 0), say)
        say.say_text(text, keyboard=keyboard)
    later("publish a menu", lambda: menus.publish_to_admin(speaker.id))


@declare("help", MEMBERS, order=100)
async def explain(
    _: Message,
    speaker: Speaker,
    greeting: Greeting,
    permissions: Permissions,
    directory: Directory,
    say: Responder,
    menus: Menus,
    effective: EffectivePreferences,
) -> None:
    """Say what works here, for this person."""
    parts = greeting.help(speaker, effective, say)
    audience = Audience.GROUP
    if speaker.private:
        audience = Audience.PRIVATE
    elif await permissions.may_change(speaker):
        audience = Audience.GROUP_ADMINS
    shown = menus.of(audience)
    parts.append(menus.lines(shown, say.language))
    if audience is Audience.GROUP:
        of_owners = [f"/{name}" for name in menus.of(Audience.GROUP_ADMINS) if name not in shown]
        parts.append(say.text("help-group-admins", commands=", ".join(of_owners)))
    if speaker.admin:
        guarded = greeting.settings.access == "approved"
        here = Audience.ADMINS if speaker.private else Audience.ADMINS_IN_GROUP
        of_admins = menus.of(here, *([Audience.ADMINS_HELP] if guarded else []))
        own = [name for name in of_admins if name not in shown]
        parts.append(say.text("help-admins") + "\n" + menus.lines(own, say.language))
        if speaker.private and (waiting := await directory.waiting(speaker)):
            parts.append(say.text("people-waiting", count=waiting))
    say.say_text("\n\n".join([*parts, say.text("help-answers")]))


@declare("new", CHAT_OWNERS, order=10)
async def start_over(
    _: Message,
    speaker: Speaker,
    conversation: WholeConversation,
    effective: EffectivePreferences,
    personas: Personas,
    acknowledgements: Acknowledgements,
    say: Responder,
) -> None:
    """Begin a new conversation, and say what became of the questions of the old one."""
    ended = await conversation.start_over(speaker)
    lines = [say.text("new-stopped")] if ended.stopped else []
    if ended.dropped:
        lines.append(say.text("new-dropped", count=ended.dropped))
    persona = personas.get(effective.persona.value)
    if persona is None:
        lines.append(say.text("new-begun"))
    else:
        lines.append(say.text("new-begun-as", persona=persona.name(say.language)))
    say.say_text("\n".join(lines))
    if ended.acknowledged:
        acknowledgements.take_back(speaker.key.chat, ended.acknowledged)


@declare("system", CHAT_OWNERS, order=70)
async def system(
    message: Message,
    command: CommandObject,
    speaker: Speaker,
    effective: EffectivePreferences,
    changes: SettingsChanges,
    prompt_files: PromptFiles,
    permissions: Permissions,
    say: Responder,
) -> None:
    """Show the system prompt in force, set one for this chat or topic, or take it (or the persona) away.

    One may come as a file, with the command in its caption or in a reply to it.
    """
    file = None if command.args else prompt_file_of(message)
    if is_long(message):
        say("system-cut")
    elif file is not None:
        await changes.look(speaker)
        await changes.set_here(speaker, PreferenceName.SYSTEM_PROMPT, await prompt_files.read(file))
        say.say_text(say.of_topics(say.text("system-set", where=say.scope)))
    elif not command.args:
        prompt = effective.system_prompt
        may = "yes" if await permissions.may_change(speaker) else "no"
        say("system-shown", prompt=_in_words(prompt.value, say), source=say.source(prompt), may=may)
    elif say.speech.texts.means("word-reset", command.args):
        effective = await changes.reset_here(speaker, PreferenceName.SYSTEM_PROMPT)
        say("system-reset", prompt=_in_words(effective.system_prompt.value, say))
    else:
        await changes.set_here(speaker, PreferenceName.SYSTEM_PROMPT, command.args)
        say.say_text(say.of_topics(say.text("system-set", where=say.scope)))


def prompt_file_of(message: Message) -> Attachment | None:
    """The document that comes with a command, or that the command replies to."""
    target = reply_target(message)
    return document_of(message) or (document_of(target) if target is not None else None)


def kinds_read(settings: Settings, effective: EffectivePreferences) -> str:
    """The kinds of files that are read here besides documents, as the Fluent files know them."""
    hears = settings.transcription_url is not None
    if effective.sees_pictures:
        return "both" if hears else "pictures"
    return "recordings" if hears else "documents"


def model_facts(settings: Settings, effective: EffectivePreferences, say: Responder, *, owner: bool) -> list[str]:
    """The model that answers; of the packaged one also what it can do, and for an `owner` how to connect a real one."""
    if effective.model_label != effective.model.value or not settings.embedded:
        return [say.text("model-connected", model=effective.model_label or settings.generator)]
    if settings.local_model is not None:
        return [say.text("model-local", model=settings.local_model.stem)]
    return [say.text("model-packaged"), *([say.text("model-connect")] if owner else [])]


def _in_words(prompt: str, say: Responder) -> str:
    """A system prompt, or that there is none: the packaged model has one of its own."""
    return _beginning(prompt) or say.text("system-none")


def _beginning(text: str) -> str:
    units = text.encode("utf-16-le", "surrogatepass")
    if len(units) <= MAX_SHOWN_PROMPT * 2:
        return text
    return units[: MAX_SHOWN_PROMPT * 2].decode("utf-16-le", "ignore") + "…"
