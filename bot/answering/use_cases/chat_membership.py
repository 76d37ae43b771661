"""The bot's own membership: added, muted, removed, blocked; groups that become supergroups."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.answering.turns.service import TurnService
from bot.conversation.people import Chat
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.chats import ChatRepository


@dataclass(frozen=True, slots=True)
class Followed:
    """A chat after the change; `greets`: it is a group that has to hear how the bot works, once."""

    chat: Chat
    greets: bool


class ChatMembership:
    """Keeps what is known of a chat in step with Telegram. Raises StorageUnavailable."""

    def __init__(self, unit: UnitOfWork, chats: ChatRepository, turns: TurnService, permissions: Permissions) -> None:
        self._unit = unit
        self._chats = chats
        self._turns = turns
        self._permissions = permissions

    async def follow(self, speaker: Speaker, seen: Chat) -> Followed:
        """Remember whether the bot can write there; end what waits where it cannot. `seen`: as Telegram says now."""
        self._permissions.forget(seen.id)
        async with self._unit.transaction():
            known = await self._chats.get(speaker.key.bot, seen.id) or seen
            now = replace(known, kind=seen.kind, title=seen.title, writable=seen.writable, present=seen.present)
            if now.writable and speaker.admin and not speaker.private:
                now = replace(now, allowed=True)
            greets = now.writable and not now.greeted and not speaker.private
            await self._chats.put(speaker.key.bot, replace(now, greeted=now.greeted or greets))
            if not now.writable:
                await self._turns.drop_chat(speaker.key.bot, seen.id)
        return Followed(now, greets)

    async def migrate(self, bot: int, old: int, new: int) -> None:
        """Move everything about a group to the supergroup that it became."""
        async with self._unit.transaction():
            await self._turns.migrate(bot, old, new)
