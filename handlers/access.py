"""The front door: the link that makes an admin, and people and groups that an admin has to let in first."""

from __future__ import annotations

from dataclasses import replace

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import Message, TelegramObject

from bot.conversation.people import Chat, Person
from bot.people.bot_admins import PREFIX, BotAdmins
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.people import PersonRepository
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button
from bot.texts import Texts, language_of
from handlers.support.bot_commands import publish_admin_menu
from handlers.support.filters import by_admin, is_newcomer, is_strange_group, unwelcome
from handlers.support.mapping import EventContext
from handlers.support.responders import AfterCommit, Responder


def router() -> Router:
    """Everything that comes before a conversation."""
    router = Router(name="access")
    admin_link = CommandStart(deep_link=True, magic=F.args.startswith(PREFIX))
    router.message.register(open_admin_link, admin_link, F.chat.type == "private")
    router.message.register(allow, Command("allow", ignore_case=True), by_admin)
    router.message.register(meet_newcomer, is_newcomer)
    router.message.register(turn_group_away, is_strange_group)
    for observer in (router.message, router.edited_message, router.callback_query, router.stopped_message_generation):
        observer.register(keep_silent, unwelcome)
    return router


async def open_admin_link(
    _: Message,
    command: CommandObject,
    person: Person,
    bot_admins: BotAdmins,
    say: Responder,
    later: AfterCommit,
    telegram: Telegram,
    texts: Texts,
) -> None:
    """Make the opener of a one-time link admin."""
    if not await bot_admins.take_link(command.args or "", person.id):
        say("admin-link-dead")
        return
    say("admin-link-taken", name=person.name)
    later("publish a menu", lambda: publish_admin_menu(telegram, texts, person.id))


async def allow(_: Message, origin: EventContext, group: Chat | None, chats: ChatRepository, say: Responder) -> None:
    """Let a group in."""
    if origin.private:
        say("allow-only-in-groups")
        return
    known = group or Chat(origin.key.chat, origin.kind, origin.title)
    await chats.put(origin.key.bot, replace(known, allowed=True, refused=False))
    say("group-allowed")


async def meet_newcomer(
    _: Message, origin: EventContext, person: Person, people: PersonRepository, bot_admins: BotAdmins, say: Responder
) -> None:
    """Ask the admins about somebody new, once."""
    if not await people.let_wait(origin.key.bot, person.id):
        return
    say("access-wait")
    for admin in await bot_admins.ids():
        known = await people.get(origin.key.bot, admin)
        to_admin = say.to(Destination(admin, private=True), language_of(known.language if known else None))
        keyboard = (
            (
                Button(to_admin.text("button-approve"), data=f"who:approve:{person.id}"),
                Button(to_admin.text("button-decline"), data=f"who:decline:{person.id}"),
            ),
        )
        to_admin("access-request", keyboard=keyboard, name=in_full(person))


async def turn_group_away(
    _: Message, origin: EventContext, group: Chat | None, chats: ChatRepository, say: Responder
) -> None:
    """Tell a group that an admin has to let it in, once."""
    known = group or Chat(origin.key.chat, origin.kind, origin.title)
    if await chats.refuse(origin.key.bot, known):
        say("group-not-allowed")


async def keep_silent(_: TelegramObject) -> None:
    """Do nothing."""


def in_full(person: Person) -> str:
    """A person for admins: name, @username, id."""
    parts = [person.name, f"@{person.username}" if person.username else "", f"({person.id})"]
    return " ".join(part for part in parts if part)
