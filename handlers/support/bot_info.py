"""The bot's own account, as Telegram describes it."""

from __future__ import annotations

from dataclasses import dataclass

from aiogram.types import User

from bot.conversation.addressing import BotIdentity


@dataclass(frozen=True, slots=True)
class BotInfo:
    """The answer to getMe when the program started."""

    id: int
    username: str
    name: str
    reads_all: bool
    """Privacy mode is off (`can_read_all_group_messages`)."""

    @classmethod
    def of(cls, me: User) -> BotInfo:
        """Take them from getMe's answer."""
        return cls(me.id, me.username or "", me.full_name, bool(me.can_read_all_group_messages))

    @property
    def me(self) -> BotIdentity:
        """The bot as others write it."""
        return BotIdentity(self.id, self.username)
