"""Who administers a group, asked seldom."""

from __future__ import annotations

import pytest

from bot.errors import TelegramProblem
from bot.people.group_admins import MAX_STATUSES, GroupAdmins


class Group:
    """Telegram's answers, and how often it was asked."""

    def __init__(self, status: str) -> None:
        self.status = status
        self.asked = 0
        self.now = 0.0
        self.group_admins = GroupAdmins(self.member, clock=lambda: self.now)

    async def member(self, chat: int, user: int) -> str:
        del chat, user
        self.asked += 1
        if self.status == "broken":
            raise TelegramProblem
        return self.status


@pytest.mark.parametrize(
    ("status", "administers"),
    [("creator", True), ("administrator", True), ("member", False), ("restricted", False), ("left", False)],
)
async def test_telegrams_word_counts(status: str, administers: bool) -> None:
    assert await Group(status).group_admins.administers(-1, 1) is administers


async def test_an_answer_counts_for_a_minute() -> None:
    group = Group("member")
    for now in (0.0, 59.0, 61.0):
        group.now = now
        await group.group_admins.administers(-1, 1)
    assert group.asked == 2


async def test_a_change_of_membership_asks_anew_and_no_answer_is_not_remembered() -> None:
    group = Group("member")
    await group.group_admins.administers(-1, 1)
    group.group_admins.forget(-1)
    group.status = "broken"
    with pytest.raises(TelegramProblem):
        await group.group_admins.administers(-1, 1)
    group.status = "creator"
    assert await group.group_admins.administers(-1, 1)


async def test_not_everybody_is_remembered() -> None:
    group = Group("member")
    for user in range(MAX_STATUSES + 1):
        await group.group_admins.administers(-1, user)
    await group.group_admins.administers(-1, 0)
    assert group.asked == MAX_STATUSES + 2
