"""Bot admins decide who may use the bot: requests, `/people`, `/block`, `/admin`."""

from __future__ import annotations

from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from bot.conversation.names import framed
from bot.conversation.people import Person, Standing
from bot.people.admin_rights import AdminOutcome, AdminRights
from bot.people.admission import Admission
from bot.people.audit import described
from bot.people.directory import PERSON_ID, Directory
from bot.people.speaker import Speaker
from handlers.support.bot_commands import BOT_ADMINS, BOT_ADMINS_IN_PRIVATE, CommandRouter, Menus
from handlers.support.bot_commands import command as declare
from handlers.support.callback_data import (
    EverybodyCallback,
    PeoplePageCallback,
    RequestCallback,
    StandingCallback,
)
from handlers.support.herald import Herald
from handlers.support.mapping import reply_target
from handlers.support.responders import AfterCommit, MessageEditor, Responder
from handlers.views.people_views import everybody_view, people_view

_CHANGES = {
    AdminOutcome.ADDED: "admin-added",
    AdminOutcome.NEVER_MET: "admin-never-met",
    AdminOutcome.REMOVED: "admin-removed",
    AdminOutcome.IS_NONE: "admin-is-none",
    AdminOutcome.IN_ENVIRONMENT: "admin-in-environment",
}


def router() -> CommandRouter:
    """Commands and buttons for bot admins."""
    router = CommandRouter("people", show_people, block, change_admins)
    router.callback_query.register(answer_request, RequestCallback.filter())
    router.callback_query.register(change, StandingCallback.filter())
    router.callback_query.register(turn_page, PeoplePageCallback.filter())
    router.callback_query.register(let_everybody_in, EverybodyCallback.filter())
    return router


@declare("people", BOT_ADMINS_IN_PRIVATE, order=150)
async def show_people(
    _: Message, command: CommandObject, speaker: Speaker, directory: Directory, say: Responder
) -> None:
    """List everybody the bot knows, or those whose name, username or id has the words in it."""
    listed = await directory.page(speaker, 0, (command.args or "").strip())
    if not speaker.private:
        say("people-only-in-private")
        return
    text, keyboard = people_view(listed, say)
    say.say_text(text, keyboard=keyboard)


@declare("block", BOT_ADMINS, order=155)
async def block(
    message: Message,
    command: CommandObject,
    speaker: Speaker,
    admission: Admission,
    directory: Directory,
    herald: Herald,
    say: Responder,
) -> None:
    """`/block @boris`, `/block 1000`, or as a reply to a message of theirs."""
    person = await meant(message, command.args, speaker, directory)
    if person is None:
        say("block-usage")
        return
    if isinstance(person, str):
        say("person-not-found", who=person)
        return
    decided = await admission.set_standing(speaker, person.id, Standing.BLOCKED, herald.tell)
    if decided is None:
        say("person-is-admin", name=described(person))
        return
    say("access-decided", name=described(decided.person), standing=decided.standing.value)


async def answer_request(
    _: CallbackQuery,
    callback_data: RequestCallback,
    speaker: Speaker,
    admission: Admission,
    herald: Herald,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Let a newcomer in, or not, and tell them; another admin may have been faster."""
    approve = callback_data.verb == "approve"
    decided = await admission.answer_request(speaker, callback_data.person, approve=approve, tell=herald.tell)
    if decided is None:
        redraw(say.text("person-unknown"))
        return
    redraw(say.text("access-decided", name=described(decided.person), standing=decided.standing.value))


async def change(
    _: CallbackQuery,
    callback_data: StandingCallback,
    speaker: Speaker,
    admission: Admission,
    directory: Directory,
    herald: Herald,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Block somebody, or let them in: for the first time, or again."""
    standing = Standing.BLOCKED if callback_data.verb == "block" else Standing.APPROVED
    await admission.set_standing(speaker, callback_data.person, standing, herald.tell)
    listed = await directory.page(speaker, callback_data.page, callback_data.sought or "")
    redraw(*people_view(listed, say))


async def turn_page(
    _: CallbackQuery,
    callback_data: PeoplePageCallback,
    speaker: Speaker,
    directory: Directory,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Show another page of the list."""
    listed = await directory.page(speaker, callback_data.page, callback_data.sought or "")
    redraw(*people_view(listed, say))


async def let_everybody_in(
    _: CallbackQuery,
    callback_data: EverybodyCallback,
    speaker: Speaker,
    admission: Admission,
    directory: Directory,
    herald: Herald,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Let in everybody who was met, once the admin has said so twice."""
    if callback_data.answer == "ask":
        redraw(*everybody_view(await directory.page(speaker, 0), say))
        return
    await admission.let_everybody_in(speaker, herald.tell)
    redraw(*people_view(await directory.page(speaker, 0), say))


@declare("admin", BOT_ADMINS, order=160)
async def change_admins(
    message: Message,
    command: CommandObject,
    speaker: Speaker,
    admin_rights: AdminRights,
    directory: Directory,
    menus: Menus,
    say: Responder,
    later: AfterCommit,
) -> None:
    """`/admin add @boris`, `/admin remove 1000`, or as a reply to a message of theirs; alone it lists the admins."""
    verb, _, rest = (command.args or "").strip().partition(" ")
    person = await meant(message, rest, speaker, directory)
    if verb.lower() not in {"add", "remove"} or person is None:
        say("admin-usage", admins="\n".join(described(admin) for admin in await admin_rights.admins(speaker)))
        return
    if isinstance(person, str):
        say("person-not-found", who=person)
        return
    changed = await (admin_rights.add if verb.lower() == "add" else admin_rights.remove)(speaker, person.id)
    say(_CHANGES[changed.outcome], name=described(changed.person))
    if changed.outcome is AdminOutcome.ADDED:
        later("publish a menu", lambda: menus.publish_to_admin(person.id))
    elif changed.outcome is AdminOutcome.REMOVED:
        later("publish a menu", lambda: menus.publish_to_person(person.id))


async def meant(message: Message, text: str | None, speaker: Speaker, directory: Directory) -> Person | str | None:
    """The person whom a command means: the one it names, else the author of the message that it replies to.

    A text is a name that nobody has, or several people. None: nobody is named.
    """
    who = (text or "").strip()
    if who:
        return await directory.find(speaker, who) or (Person(int(who), "") if PERSON_ID.fullmatch(who) else who)
    target = reply_target(message)
    sender = target.from_user if target and target.sender_chat is None else None
    return Person(sender.id, framed(sender.full_name), sender.username or "") if sender and not sender.is_bot else None
