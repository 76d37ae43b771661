"""Begin anew, export, forget: what is done with a conversation as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from bot.answering.turns.service import TurnService
from bot.answering.use_cases.conversation_choice import ConversationChoice
from bot.conversation.export import OtherVersions
from bot.conversation.messages import Message, Role
from bot.people.permissions import OnlyGroupAdmins, Permissions
from bot.people.speaker import Speaker
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.conversations import ConversationRepository
from bot.storage.turn_queue.cancel import EndedTurns


@dataclass(frozen=True, slots=True)
class Exported:
    """The conversation in force, oldest message first, as it was at a Unix time; no messages: nothing was said."""

    messages: list[Message]
    others: OtherVersions
    at: float


class Erasable(Enum):
    """Parts of a chat that somebody may erase."""

    CHAT = auto()
    """Everything about the chat."""
    OWN = auto()
    """The speaker's own conversations."""


class WholeConversation:
    """Acts on whole conversations; `clock` gives Unix time. Raises OnlyGroupAdmins, StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        conversations: ConversationRepository,
        turns: TurnService,
        permissions: Permissions,
        choice: ConversationChoice,
        *,
        clock: Callable[[], float],
    ) -> None:
        self._unit = unit
        self._conversations = conversations
        self._turns = turns
        self._permissions = permissions
        self._choice = choice
        self._clock = clock

    async def start_over(self, speaker: Speaker) -> EndedTurns:
        """Let the next plain message begin a new conversation; what was asked in the old one ends."""
        key = await self._choice.of_speaker(speaker)
        if not key.person:
            await self._permissions.require_change(speaker)
        async with self._unit.transaction():
            ended = await self._turns.end_all(key)
            await self._conversations.start_over(key)
        return ended

    async def export(self, speaker: Speaker) -> Exported:
        """Give the conversation to anybody in the chat: they have seen it. Where each has one, their own."""
        key = await self._choice.of_speaker(speaker)
        messages = await self._conversations.history(key)
        answers = [one.id for one in messages if one.role is Role.ASSISTANT]
        return Exported(messages, await self._conversations.other_answers(answers), self._clock())

    async def erasable(self, speaker: Speaker) -> Erasable:
        """Tell what the speaker may erase here."""
        if await self._permissions.may_change(speaker):
            return Erasable.CHAT
        if speaker.person is not None and (await self._choice.of_speaker(speaker)).person:
            return Erasable.OWN
        raise OnlyGroupAdmins(f"{speaker.id} may not change this chat")

    async def forget(self, speaker: Speaker) -> None:
        """Erase everything about the chat; what runs there ends silently."""
        await self._permissions.require_change(speaker)
        async with self._unit.transaction():
            await self._turns.forget(speaker.key.bot, speaker.key.chat)

    async def forget_own(self, speaker: Speaker) -> None:
        """Erase the speaker's own conversations in a group; what runs there ends silently."""
        async with self._unit.transaction():
            await self._turns.forget_person(speaker.key.bot, speaker.key.chat, speaker.id)
