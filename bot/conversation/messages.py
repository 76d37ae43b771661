"""What is said: the words that every part of the program shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class ChatKey:
    """One conversation's address: a bot, a chat and, in forums, a topic (0: none, or General)."""

    bot: int
    chat: int
    topic: int = 0


class Role(StrEnum):
    """Who said a message, in the generators' words."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Ending(StrEnum):
    """How an answer ended, which decides what stands under it and what the next question is told."""

    COMPLETE = "complete"
    LENGTH = "length"
    """The generator's own limit cut it; it can go on."""
    STOPPED = "stopped"
    """A person stopped it; what was written counts."""
    BROKEN = "broken"
    """The generator failed in the middle; it can go on."""
    FAILED = "failed"
    """Nothing was written: the text is empty."""


@dataclass(frozen=True, slots=True)
class Author:
    """A person, or a channel or group that speaks for itself."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody else's words that a question replies to: context, never an instruction."""

    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question as it was accepted, before it has its place in the conversation."""

    key: ChatKey
    message_id: int
    text: str
    author: Author
    private: bool
    language: str
    """The person's language (`en`, `ru`), for what the bot says about this question."""
    reply_to: int | None = None
    """The message it replies to: where that hangs in this conversation's tree, the question goes on from there."""
    quote: Quote | None = None
    may_continue: bool = False
    """The app splits a long paste: a message of the same author within a moment is the rest of this one."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation's tree. `parent` is None at a beginning."""

    id: int
    parent: int | None
    role: Role
    text: str
    author: str = ""
    """Who spoke, where several people do (groups); else empty."""
    quote: Quote | None = None
    ending: Ending = Ending.COMPLETE
    thoughts: str = ""
    at: float = 0.0
    """Unix time in seconds."""


class TurnKind(StrEnum):
    """What a turn does for its question."""

    ANSWER = "answer"
    """Write an answer to a question (new, or edited: then into the messages of the old answer)."""
    GO_ON = "go_on"
    """Go on with an answer that was cut, below or in its last message."""
    SHOW = "show"
    """Put another stored version of an answer on the screen; nothing is generated."""


class TurnState(StrEnum):
    """Where a turn is in its life; exactly one at any time, stored."""

    ASKED = "asked"
    WRITING = "writing"
    SHOWING = "showing"
    """The whole text is stored; some of it still has to reach the chat."""
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do."""
        return self in {TurnState.DONE, TurnState.STOPPED, TurnState.FAILED}


@dataclass(frozen=True, slots=True)
class Shown:
    """One Telegram message of an answer: noted before it is sent (`message_id` None), and after.

    `sealed`: it is full and has had its last edit; `part` is delivery's own small dict, by which it knows what a full
    message shows.
    """

    message_id: int | None
    part: dict[str, Any] = field(default_factory=dict)
    sealed: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One accepted question and its answer: the unit that is queued, claimed, run again after a crash, finished."""

    id: int
    conversation: int
    key: ChatKey
    kind: TurnKind
    state: TurnState
    attempt: int
    """How often it was claimed, this time included."""
    question: int
    """The question's message in the tree."""
    answer: int | None
    """The answer's message in the tree, once its whole text is stored (or the version to show)."""
    reply_to: int | None
    """The Telegram message that the answer is attached to."""
    asker: int
    private: bool
    language: str
    shown: tuple[Shown, ...] = ()
    asked_at: float = 0.0
    note: str = ""
    """The line that stands under the text (why it was cut, what failed), stored with it for a later delivery."""
    faults: int = 0
    """How often its work failed, or its process died while it ran alone and had just begun."""
