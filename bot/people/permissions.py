"""The rights in a chat: who may act on an answer, change the chat, administer the bot."""

from __future__ import annotations

from bot.errors import Problem
from bot.people.group_admins import GroupAdmins
from bot.people.speaker import Speaker


class NotPermitted(Problem):
    """The speaker has no right to do this."""


class OnlyGroupAdmins(NotPermitted):
    """Group administrators and bot admins may do this."""

    key = "only-group-admins"


class OnlyBotAdmins(NotPermitted):
    """Bot admins may do this."""

    key = "only-bot-admins"


class OnlyAsker(NotPermitted):
    """The asker, group administrators and bot admins may do this."""

    key = "only-asker"


class Permissions:
    """The rules about rights. Telegram may be asked for an answer: never inside of a transaction."""

    def __init__(self, group_admins: GroupAdmins) -> None:
        self._group_admins = group_admins

    async def administers(self, speaker: Speaker) -> bool:
        """Anybody administers their private chat, anonymous administrators their group. Raises TelegramProblem."""
        if speaker.private or speaker.anonymous:
            return True
        person = speaker.person
        return person is not None and await self._group_admins.administers(speaker.key.chat, person.id)

    async def may_change(self, speaker: Speaker) -> bool:
        """Bot admins may change every chat, others the chats that they administer. Raises TelegramProblem."""
        return speaker.admin or await self.administers(speaker)

    async def may_act_on(self, speaker: Speaker, asker: int | None) -> bool:
        """The asker may stop, repeat and take back an answer, and whoever may change the chat."""
        return speaker.id == asker or await self.may_change(speaker)

    async def require_change(self, speaker: Speaker) -> None:
        """Raise OnlyGroupAdmins unless the speaker may change the chat; TelegramProblem."""
        if not await self.may_change(speaker):
            raise OnlyGroupAdmins(f"{speaker.id} may not change this chat")

    def require_bot_admin(self, speaker: Speaker) -> None:
        """Raise OnlyBotAdmins for everybody else."""
        if not speaker.admin:
            raise OnlyBotAdmins(f"{speaker.id} is no bot admin")

    def forget(self, chat: int) -> None:
        """Ask Telegram anew: something about the members of this chat has changed."""
        self._group_admins.forget(chat)
