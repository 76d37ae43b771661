"""The conversation that somebody's words belong to: everybody's, or in groups that want it their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.conversation.messages import ChatKey, Question
from bot.people.speaker import Speaker
from bot.preferences import Preferences
from bot.storage.repositories.conversations import ConversationRepository


@dataclass(frozen=True, slots=True)
class ChosenConversation:
    """The conversation of a question; `elsewhere`: it replies to a message of another one."""

    key: ChatKey
    elsewhere: bool = False


class ConversationChoice:
    """Chooses conversations by what the group has set, and by the message that is replied to."""

    def __init__(self, preferences: Preferences, conversations: ConversationRepository) -> None:
        self._preferences = preferences
        self._conversations = conversations

    async def of_speaker(self, speaker: Speaker) -> ChatKey:
        """The conversation in which this person's plain messages are asked."""
        return await self._usual(speaker.key, speaker.id, private=speaker.private)

    async def of_question(self, question: Question) -> ChosenConversation:
        """The conversation in which a new question is asked.

        A reply goes on in the conversation that it replies to, unless that is somebody else's own one.
        """
        usual = await self._usual(question.key, question.author.id, private=question.private)
        if question.private or question.reply_to is None:
            return ChosenConversation(usual)
        target = await self._conversations.key_at(question.key, question.reply_to)
        if target is None:
            return ChosenConversation(usual)
        is_anothers = usual.person != 0 and target.person not in {0, usual.person}
        if is_anothers or target.topic != usual.topic:
            return ChosenConversation(usual, elsewhere=True)
        return ChosenConversation(target)

    async def of_edit(self, question: Question) -> ChatKey:
        """The conversation in which an edited question was asked, whatever the group has set since."""
        if question.private:
            return question.key
        return await self._conversations.key_at(question.key, question.message_id) or question.key

    async def _usual(self, place: ChatKey, person: int, *, private: bool) -> ChatKey:
        if private:
            return place
        effective = await self._preferences.effective(place)
        return replace(place, person=person) if effective.conversations.value == "person" else place
