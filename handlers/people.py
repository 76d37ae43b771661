"""Bot admins decide who may use the bot: requests, `/people`, `/admin`, `/allow`."""

from __future__ import annotations

import re

from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from bot.conversation.people import Person, Standing
from bot.people.admin_rights import AdminOutcome, AdminRights
from bot.people.admission import Admission, Decided
from bot.people.speaker import Speaker
from bot.telegram.keyboard import Button, Keyboard
from handlers.access import in_full
from handlers.support.bot_commands import BOT_ADMINS, Audience, CommandRouter, Menus
from handlers.support.bot_commands import command as declare
from handlers.support.callback_data import PeoplePageCallback, RequestCallback, StandingCallback
from handlers.support.mapping import reply_target
from handlers.support.responders import AfterCommit, MessageEditor, Responder

PAGE_SIZE = 8
"""People on one page of the list."""

_CHANGES = {
    AdminOutcome.ADDED: "admin-added",
    AdminOutcome.NEVER_MET: "admin-never-met",
    AdminOutcome.REMOVED: "admin-removed",
    AdminOutcome.IS_NONE: "admin-is-none",
    AdminOutcome.IN_ENVIRONMENT: "admin-in-environment",
}


def router() -> CommandRouter:
    """Commands and buttons for bot admins."""
    router = CommandRouter("people", show_people, change_admins, allow)
    router.callback_query.register(answer_request, RequestCallback.filter())
    router.callback_query.register(change, StandingCallback.filter())
    router.callback_query.register(turn_page, PeoplePageCallback.filter())
    return router


@declare("allow", frozenset({Audience.ADMINS_HELP}), order=170)
async def allow(_: Message, speaker: Speaker, admission: Admission, say: Responder) -> None:
    """Let a group in."""
    allowed = await admission.allow_group(speaker)
    say("group-allowed" if allowed else "allow-only-in-groups")


@declare("people", BOT_ADMINS, order=150)
async def show_people(
    _: Message, speaker: Speaker, admission: Admission, admin_rights: AdminRights, say: Responder
) -> None:
    """List everybody the bot knows."""
    everyone = await admission.everyone(speaker)
    if not speaker.private:
        say("people-only-in-private")
        return
    text, keyboard = listing(everyone, 0, admin_rights, say)
    say.say_text(text, keyboard=keyboard)


async def answer_request(
    _: CallbackQuery,
    callback_data: RequestCallback,
    speaker: Speaker,
    admission: Admission,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Let a newcomer in, or not, and tell them; another admin may have been faster."""
    decided = await admission.answer_request(speaker, callback_data.person, approve=callback_data.verb == "approve")
    if decided is None:
        redraw(say.text("person-unknown"))
        return
    await _tell(decided, say)
    redraw(say.text("access-decided", name=in_full(decided.person), standing=decided.standing.value))


async def change(
    _: CallbackQuery,
    callback_data: StandingCallback,
    speaker: Speaker,
    admission: Admission,
    admin_rights: AdminRights,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Block somebody, or let them in: for the first time, or again."""
    standing = Standing.BLOCKED if callback_data.verb == "block" else Standing.APPROVED
    decided = await admission.set_standing(speaker, callback_data.person, standing)
    if decided is not None:
        await _tell(decided, say)
    redraw(*listing(await admission.everyone(speaker), callback_data.page, admin_rights, say))


async def turn_page(
    _: CallbackQuery,
    callback_data: PeoplePageCallback,
    speaker: Speaker,
    admission: Admission,
    admin_rights: AdminRights,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Show another page of the list."""
    redraw(*listing(await admission.everyone(speaker), callback_data.page, admin_rights, say))


@declare("admin", BOT_ADMINS, order=160)
async def change_admins(
    message: Message,
    command: CommandObject,
    speaker: Speaker,
    admin_rights: AdminRights,
    menus: Menus,
    say: Responder,
    later: AfterCommit,
) -> None:
    """`/admin add 1000`, `/admin remove 1000`, or as a reply to a message of theirs; alone it lists the admins."""
    verb, _, rest = (command.args or "").strip().lower().partition(" ")
    target = _target(message, rest.strip())
    if verb not in {"add", "remove"} or target is None:
        say("admin-usage", admins="\n".join(in_full(admin) for admin in await admin_rights.admins(speaker)))
        return
    changed = await (admin_rights.add if verb == "add" else admin_rights.remove)(speaker, target)
    say(_CHANGES[changed.outcome], name=in_full(changed.person))
    if changed.outcome is AdminOutcome.ADDED:
        later("publish a menu", lambda: menus.publish_to_admin(target))
    elif changed.outcome is AdminOutcome.REMOVED:
        later("publish a menu", lambda: menus.publish_to_person(target))


def listing(everyone: list[Person], page: int, admin_rights: AdminRights, say: Responder) -> tuple[str, Keyboard]:
    """One page of the list: each person with their standing, and a button to change it."""
    pages = max(1, -(-len(everyone) // PAGE_SIZE))
    page = min(page, pages - 1)
    here = everyone[page * PAGE_SIZE : (page + 1) * PAGE_SIZE]
    lines = [say.text("people-title", count=len(everyone), page=page + 1, pages=pages), ""]
    rows: list[tuple[Button, ...]] = []
    for person in here:
        admin = admin_rights.includes(person)
        lines.append(say.text("person", name=in_full(person), standing="admin" if admin else person.standing.value))
        if not admin:
            rows.append((_standing_button(person, page, say),))
    turns = [
        Button(arrow, PeoplePageCallback(verb="page", page=to).pack())
        for arrow, to in (("‹", page - 1), ("›", page + 1))
        if 0 <= to < pages
    ]
    return "\n".join(lines), (*rows, *([tuple(turns)] if turns else []))


def _standing_button(person: Person, page: int, say: Responder) -> Button:
    name = person.name or str(person.id)
    if person.standing in {Standing.BLOCKED, Standing.WAITING}:
        data = StandingCallback(verb="unblock", person=person.id, page=page)
        return Button(say.text("button-unblock", name=name), data.pack())
    return Button(
        say.text("button-block", name=name), StandingCallback(verb="block", person=person.id, page=page).pack()
    )


def _target(message: Message, text: str) -> int | None:
    """The person whom a command means: the id in it, else the author of the message that it replies to."""
    if text:
        return int(text) if re.fullmatch(r"\d{1,16}", text) else None
    target = reply_target(message)
    sender = target.from_user if target and target.sender_chat is None else None
    return sender.id if sender and not sender.is_bot else None


async def _tell(decided: Decided, say: Responder) -> None:
    """Tell the person, if they waited for the decision."""
    if decided.informs:
        to_them = say.to_person(decided.person)
        await to_them.say_durably("access-granted" if decided.standing is Standing.APPROVED else "access-denied")
