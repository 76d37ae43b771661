"""The one who stands behind an update, and the chat it came from."""

from __future__ import annotations

from dataclasses import dataclass

from bot.conversation.messages import ChatKey
from bot.conversation.people import Chat, Person
from bot.people.access import AccessDecision


@dataclass(frozen=True, slots=True)
class Speaker:
    """A person, a channel or a group that said or pressed something, with the rights that are stored."""

    key: ChatKey
    id: int
    """The id that limits and rights hang on."""
    name: str
    chat: Chat
    """The chat as it is stored, or as it would be: the bot may not have stored it yet."""
    private: bool
    person: Person | None = None
    """None where a channel or a group speaks."""
    anonymous: bool = False
    """An administrator of this group who speaks as the group."""
    admin: bool = False
    """A bot admin."""
    access: AccessDecision = AccessDecision.WELCOME

    @property
    def language_code(self) -> str:
        """Telegram's code of their language, else of their group's; empty: unknown."""
        return (self.person.language if self.person else "") or self.chat.language
