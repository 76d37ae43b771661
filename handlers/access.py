"""The front door: the link that makes an admin, and people and groups that an admin has to let in first."""

from __future__ import annotations

from aiogram import F
from aiogram.filters import CommandObject, CommandStart
from aiogram.types import Message, TelegramObject

from bot.people.access import AccessDecision
from bot.people.admin_rights import AdminRights
from bot.people.admission import Admission
from bot.people.audit import described
from bot.people.bot_admins import LINK_PREFIX
from bot.people.groups import Groups
from bot.people.speaker import Speaker
from bot.telegram.keyboard import Button
from handlers.support.bot_commands import CommandRouter, Menus
from handlers.support.callback_data import RequestCallback
from handlers.support.event_context import EventContext
from handlers.support.held_messages import to_be_held
from handlers.support.magic import Matches
from handlers.support.responders import AfterCommit, Responder


def router() -> CommandRouter:
    """Everything that comes before a conversation."""
    router = CommandRouter("access")
    admin_link = CommandStart(deep_link=True, magic=F.args.startswith(LINK_PREFIX))
    router.message.register(open_admin_link, admin_link, Matches(F.chat.type == "private"), is_not_blocked)
    router.message.register(meet_newcomer, is_newcomer)
    router.message.register(turn_group_away, is_strange_group)
    for observer in (router.message, router.edited_message, router.callback_query, router.stopped_message_generation):
        observer.register(keep_silent, is_unwelcome)
    return router


async def is_not_blocked(_: TelegramObject, speaker: Speaker) -> bool:
    """Somebody wrote who may hear something."""
    return speaker.access is not AccessDecision.SILENCE


async def is_newcomer(_: TelegramObject, speaker: Speaker) -> bool:
    """Somebody new wrote, whom an admin has to let in first."""
    return speaker.access is AccessDecision.NEWCOMER


async def is_strange_group(_: TelegramObject, speaker: Speaker) -> bool:
    """It came from a group that an admin has to let in first."""
    return speaker.access is AccessDecision.STRANGE_GROUP


async def is_unwelcome(_: TelegramObject, speaker: Speaker) -> bool:
    """An admin has not let this person or group in, or has blocked them."""
    return speaker.access is not AccessDecision.WELCOME


async def open_admin_link(
    _: Message,
    command: CommandObject,
    speaker: Speaker,
    admin_rights: AdminRights,
    menus: Menus,
    say: Responder,
    later: AfterCommit,
) -> None:
    """Make the opener of a one-time link admin."""
    if not await admin_rights.open_link(speaker, command.args or ""):
        say("admin-link-dead")
        return
    say("admin-link-taken", name=speaker.name)
    later("publish a menu", lambda: menus.publish_to_admin(speaker.id))


async def meet_newcomer(
    message: Message, origin: EventContext, speaker: Speaker, admission: Admission, say: Responder
) -> None:
    """Ask the admins about somebody new, once a day, and keep what they ask for later."""
    request = await admission.request(speaker, origin.update_id, to_be_held(message))
    if request is None or speaker.person is None:
        return
    say("access-wait-longer" if request.again else "access-wait")
    name = described(speaker.person)
    for admin in request.admins:
        to_admin = say.to_person(admin)
        if request.waiting:
            to_admin.say_digest("requests", to_admin.text("access-digest", name=name, count=request.waiting))
            continue
        keyboard = (
            (
                Button(to_admin.text("button-approve"), RequestCallback(verb="approve", person=speaker.id).pack()),
                Button(to_admin.text("button-decline"), RequestCallback(verb="decline", person=speaker.id).pack()),
            ),
        )
        to_admin("access-request", keyboard=keyboard, name=name)


async def turn_group_away(_: Message, speaker: Speaker, groups: Groups, say: Responder) -> None:
    """Tell a group that an admin has to let it in, once."""
    if await groups.turn_away(speaker):
        say("group-not-allowed")


async def keep_silent(_: TelegramObject) -> None:
    """Leave the update without a reply."""
