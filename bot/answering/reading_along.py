"""Reading along in groups that want it: the newest messages that were not written to the bot, as context."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.conversation.group_context import GroupMessage
from bot.conversation.messages import ChatKey, Message, Role, Turn
from bot.errors import StorageUnavailable, TelegramProblem
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences, Preferences
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.group_messages import GroupMessageRepository

logger = logging.getLogger(__name__)

MAX_READ_ALONG_LENGTH = 1000
"""Characters of one message that are kept; of a longer one the beginning."""
READ_ALONG_PRUNE_INTERVAL = 3600.0
"""Seconds between two looks for what has become too old."""
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class ReadAlongRules:
    """The owner's rules. No messages: no group may have the bot read along."""

    messages: int
    """The newest ones that are kept of a topic."""
    hours: int
    """Age of a message from which on it is forgotten."""
    approving: bool
    """Groups have to be let in."""


@dataclass(frozen=True, slots=True)
class ReadAlongFacts:
    """The facts that a group is told about reading along."""

    messages: int
    hours: int
    sees_all: bool
    """Telegram shows the bot every message of the group: privacy mode is off, or the bot is an administrator."""


@dataclass(frozen=True, slots=True)
class HeardMessage:
    """A message of a group that was not written to the bot."""

    message_id: int
    author: str
    text: str
    at: float
    """Unix time by Telegram's clock."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """The bot's view of groups as Telegram describes it."""

    bot: int
    reads_all: bool
    """Privacy mode is off."""
    administers: Callable[[int, int], Awaitable[bool]]
    """Tells whether a user administers a chat. Raises TelegramProblem."""


class ReadingAlong:
    """Keeps and gives what was said around the bot. Where it is off, nothing is read or written."""

    def __init__(
        self,
        preferences: Preferences,
        messages: GroupMessageRepository,
        chats: ChatRepository,
        view: GroupView,
        rules: ReadAlongRules,
        *,
        clock: Callable[[], float],
    ) -> None:
        """Take the parts; `clock` gives Unix times."""
        self._preferences = preferences
        self._messages = messages
        self._chats = chats
        self._view = view
        self._rules = rules
        self._clock = clock

    async def hear(self, key: ChatKey, heard: HeardMessage) -> None:
        """Keep a message where the group wants that; what cannot be stored is left out."""
        try:
            if heard.text.strip() and await self._reads_along(key) and not self._is_old(heard.at):
                words = GroupMessage(heard.author, heard.text[:MAX_READ_ALONG_LENGTH])
                at = min(heard.at, self._clock())
                await self._messages.add(key, heard.message_id, words, at=at, size=self._rules.messages)
        except StorageUnavailable as error:
            logger.debug("chat %d: a message was not read along: %s", key.chat, error)

    async def amend(self, key: ChatKey, heard: HeardMessage) -> None:
        """Change a message that was edited, if it is kept."""
        try:
            if await self._reads_along(key):
                await self._messages.amend(key, heard.message_id, heard.text[:MAX_READ_ALONG_LENGTH])
        except StorageUnavailable as error:
            logger.debug("chat %d: an edit was not read along: %s", key.chat, error)

    async def context(self, turn: Turn, path: Sequence[Message], chosen: EffectivePreferences) -> list[GroupMessage]:
        """Give what was said in the group before a turn's question, oldest first; nothing where it is off."""
        question = next((message for message in reversed(path) if message.role is Role.USER), None)
        if turn.private or question is None or chosen.read_along.value == "off" or not self._rules.messages:
            return []
        since = max(question.at, self._clock()) - self._rules.hours * HOUR
        try:
            found = await self._messages.newest(turn.key, since=since, until=question.at, limit=self._rules.messages)
        except StorageUnavailable as error:
            logger.info("turn %d is answered without what was read along: %s", turn.id, error)
            return []
        quoted = question.quote.text if question.quote is not None else None
        return [message for message in found if message.text != quoted]

    async def facts(self, speaker: Speaker) -> ReadAlongFacts | None:
        """Give what a group is told. None: there is no such thing here."""
        if speaker.private or not self._rules.messages:
            return None
        sees_all = self._view.reads_all or await self._administers(speaker.key.chat)
        return ReadAlongFacts(self._rules.messages, self._rules.hours, sees_all)

    async def forget(self, key: ChatKey) -> None:
        """Forget what was read along in a chat. Raises StorageUnavailable."""
        await self._messages.forget(key.bot, key.chat)

    async def forget_old(self) -> None:
        """Forget what has become too old. Raises StorageUnavailable."""
        await self._messages.prune(self._clock() - self._rules.hours * HOUR)

    async def keep_forgetting(self) -> None:
        """Forget what has become too old now and every hour, until cancelled."""
        while True:
            try:
                await self.forget_old()
            except StorageUnavailable as error:
                logger.warning("What was read along stays for now: %s", error)
            await asyncio.sleep(READ_ALONG_PRUNE_INTERVAL)

    async def _reads_along(self, key: ChatKey) -> bool:
        if key.chat > 0 or not self._rules.messages:
            return False
        if (await self._preferences.effective(key)).read_along.value == "off":
            return False
        if not self._rules.approving:
            return True
        group = await self._chats.get(key.bot, key.chat)
        return group is not None and group.allowed

    def _is_old(self, at: float) -> bool:
        return at < self._clock() - self._rules.hours * HOUR

    async def _administers(self, chat: int) -> bool:
        try:
            return await self._view.administers(chat, self._view.bot)
        except TelegramProblem:
            return False
