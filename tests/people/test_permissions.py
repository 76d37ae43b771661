"""The rights in a chat, in one place."""

from __future__ import annotations

import pytest

from bot.conversation.messages import ChatKey
from bot.conversation.people import Chat, Person
from bot.people.group_admins import GroupAdmins
from bot.people.permissions import OnlyBotAdmins, OnlyGroupAdmins, Permissions
from bot.people.speaker import Speaker

ANNA, BORIS, CHANNEL, GROUP = 1001, 1002, -5, -1001
ADMINISTRATOR = 1003


async def status(chat: int, user: int) -> str:
    return "administrator" if (chat, user) == (GROUP, ADMINISTRATOR) else "member"


def permissions() -> Permissions:
    return Permissions(GroupAdmins(status, clock=lambda: 0.0))


def speaks(
    who: int, *, chat: int = GROUP, person: bool = True, anonymous: bool = False, admin: bool = False
) -> Speaker:
    known = Person(who, "Somebody") if person else None
    kind = "private" if chat > 0 else "supergroup"
    return Speaker(ChatKey(7, chat), who, "", Chat(chat, kind), chat > 0, known, anonymous, admin)


@pytest.mark.parametrize(
    ("speaker", "changes", "acts"),
    [
        (speaks(ANNA, chat=ANNA), True, True),
        (speaks(ANNA), False, True),
        (speaks(BORIS), False, False),
        (speaks(ADMINISTRATOR), True, True),
        (speaks(BORIS, admin=True), True, True),
        (speaks(CHANNEL, person=False), False, False),
        (speaks(GROUP, person=False, anonymous=True), True, True),
    ],
    ids=["private", "the asker", "a member", "an administrator", "a bot admin", "a channel", "an anonymous one"],
)
async def test_who_may_change_a_chat_and_who_may_act_on_annas_answer(
    speaker: Speaker, changes: bool, acts: bool
) -> None:
    rules = permissions()
    assert await rules.may_change(speaker) is changes
    assert await rules.may_act_on(speaker, ANNA) is acts
    if changes:
        await rules.require_change(speaker)
    else:
        with pytest.raises(OnlyGroupAdmins):
            await rules.require_change(speaker)


def test_only_bot_admins_change_the_whole_bot() -> None:
    permissions().require_bot_admin(speaks(ANNA, admin=True))
    with pytest.raises(OnlyBotAdmins):
        permissions().require_bot_admin(speaks(ADMINISTRATOR))
