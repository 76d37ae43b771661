"""Bot admins decide which groups may use the bot: `/allow`, also for people, and `/groups`."""

from __future__ import annotations

from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from bot.conversation.people import Chat, Standing
from bot.people.admission import Admission
from bot.people.audit import described
from bot.people.directory import Directory
from bot.people.groups import Groups
from bot.people.speaker import Speaker
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from handlers.admins.people import meant
from handlers.support.bot_commands import BOT_ADMINS_IN_PRIVATE, Audience, CommandRouter
from handlers.support.bot_commands import command as declare
from handlers.support.callback_data import GroupCallback, GroupsPageCallback
from handlers.support.herald import Herald
from handlers.support.responders import AfterCommit, MessageEditor, Responder
from handlers.views.people_views import groups_view, leave_view


def router() -> CommandRouter:
    """Commands and buttons about groups."""
    router = CommandRouter("groups", allow, show_groups)
    router.callback_query.register(change, GroupCallback.filter())
    router.callback_query.register(turn_page, GroupsPageCallback.filter())
    return router


@declare("allow", frozenset({Audience.ADMINS_HELP}), order=170)
async def allow(
    message: Message,
    command: CommandObject,
    speaker: Speaker,
    admission: Admission,
    directory: Directory,
    groups: Groups,
    herald: Herald,
    say: Responder,
) -> None:
    """`/allow` lets a group in, `/allow off` takes that back; `/allow @boris`, or as a reply, lets a person in."""
    if say.speech.texts.means("word-off", (command.args or "").strip()):
        await _allow_group(speaker, groups, say, allowed=False)
        return
    person = await meant(message, command.args, speaker, directory)
    if person is None:
        await _allow_group(speaker, groups, say, allowed=True)
    elif isinstance(person, str):
        say("person-not-found", who=person)
    else:
        decided = await admission.set_standing(speaker, person.id, Standing.APPROVED, herald.tell)
        if decided is None:
            say("person-not-found", who=described(person))
            return
        say("access-decided", name=described(decided.person), standing=decided.standing.value)


@declare("groups", BOT_ADMINS_IN_PRIVATE, order=165)
async def show_groups(_: Message, speaker: Speaker, groups: Groups, say: Responder) -> None:
    """List the groups that the bot is in."""
    listed = await groups.page(speaker, 0)
    if not speaker.private:
        say("groups-only-in-private")
        return
    text, keyboard = groups_view(listed, say)
    say.say_text(text, keyboard=keyboard)


async def change(
    _: CallbackQuery,
    callback_data: GroupCallback,
    speaker: Speaker,
    groups: Groups,
    telegram: Telegram,
    say: Responder,
    later: AfterCommit,
    redraw: MessageEditor,
) -> None:
    """Let a group in, take that back, or leave it, after a question; the group hears of the first two."""
    group = await groups.get(speaker, callback_data.group)
    if group is not None and callback_data.verb == "ask":
        redraw(*leave_view(group, callback_data.page, say))
        return
    if group is not None and callback_data.verb == "leave":
        await groups.leave(speaker, group.id)
        later("leave a group", lambda: telegram.leave(group.id))
    elif group is not None:
        allowed = callback_data.verb == "allow"
        if await groups.allow(speaker, group, allowed=allowed):
            _to_group(group, say)("group-allowed" if allowed else "group-taken-back")
    listed = await groups.page(speaker, callback_data.page)
    redraw(*groups_view(listed, say))


async def turn_page(
    _: CallbackQuery,
    callback_data: GroupsPageCallback,
    speaker: Speaker,
    groups: Groups,
    say: Responder,
    redraw: MessageEditor,
) -> None:
    """Show another page of the list."""
    listed = await groups.page(speaker, callback_data.page)
    redraw(*groups_view(listed, say))


async def _allow_group(speaker: Speaker, groups: Groups, say: Responder, *, allowed: bool) -> None:
    if speaker.private:
        await groups.page(speaker, 0)  # only admins read how it is done
        say("allow-only-in-groups")
        return
    await groups.allow(speaker, speaker.chat, allowed=allowed)
    say("group-allowed" if allowed else "group-taken-back")


def _to_group(group: Chat, say: Responder) -> Responder:
    return say.to(Destination(group.id), say.speech.texts.language_of(group.language))
