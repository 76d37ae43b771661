"""Messages, questions, answers and turns: the values that every part of the program shares."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class ChatKey:
    """One conversation's address: a bot, a chat and, in forums, a topic (0: none, or General)."""

    bot: int
    chat: int
    topic: int = 0
    person: int = 0
    """The one whose own conversation it is, in groups where each has one. 0: it is everybody's."""

    @property
    def place(self) -> ChatKey:
        """The chat or topic where the conversation is, whoever's it is: what settings belong to."""
        return replace(self, person=0) if self.person else self


class Role(StrEnum):
    """Speaker of a message, in the generators' words."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class Ending(StrEnum):
    """End of an answer; it decides which buttons and which line stand under it."""

    COMPLETE = "complete"
    LENGTH = "length"
    """The generator's own limit cut it; it can go on."""
    STOPPED = "stopped"
    """A person stopped it; what was written counts."""
    BROKEN = "broken"
    """The generator failed in the middle; it can go on."""
    FILTERED = "filtered"
    """The server's filter ended it; what was written counts."""
    FAILED = "failed"
    """Nothing was written: the text is empty."""
    TOO_LONG = "too_long"
    """Nothing was written, because the question does not fit the model: it is sent with no later one."""

    @property
    def is_empty(self) -> bool:
        """True where nothing was written."""
        return self in {Ending.FAILED, Ending.TOO_LONG}


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
class Picture:
    """A picture that came with a question, by what fetches it again from Telegram."""

    file_id: str
    unique_id: str
    """Names the same file for ever, whoever sends it."""
    name: str
    """The name for people."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that came with a question, by what Telegram says of it: it is read when the question's turn begins."""

    kind: str
    file_id: str
    unique_id: str
    name: str = ""
    mime_type: str = ""
    size: int | None = None
    duration: float | None = None
    author: str | None = None
    """The sender of a file that was forwarded or replied to. None: it is the person's own."""
    corrected: str = ""
    """The words of a recording, as its speaker has put them right. Empty: it is heard."""


@dataclass(frozen=True, slots=True)
class QuestionPart:
    """One Telegram message of a question, as it was sent."""

    message_id: int
    text: str = ""
    """The person's own words."""
    quote: Quote | None = None
    files: tuple[SentFile, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True where nothing was said or shown."""
        return not (self.text or self.quote or self.files)


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
    """Telegram message that it replies to; one of this conversation's tree is where the question goes on from."""
    quote: Quote | None = None
    may_continue: bool = False
    """A message of the same author within a moment belongs to it: the app splits a long paste, or sends an album."""
    parts: tuple[QuestionPart, ...] = ()
    """Messages that have to be read first; then `text` and `quote` are empty."""
    album: str | None = None
    """Name of the group of messages that this one came in."""
    is_forwarded: bool = False
    """Its words are somebody else's: a comment sent in the same moment belongs to it."""
    sent_at: int = 0
    """Unix time at which Telegram got it, in whole seconds."""


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """The model that wrote an answer, its tokens and its times (Unix seconds)."""

    model: str
    """The name that people read."""
    input_tokens: int
    output_tokens: int
    """Thoughts included."""
    estimated: bool
    """The server did not say how many tokens there were."""
    cost: float | None
    """None: the model has no price."""
    currency: str
    asked_at: float
    first_at: float
    ended_at: float
    choice: str = ""
    """The choice by which the model is found again."""
    of_cut: bool = False
    """It stands for an earlier attempt that was cut, and is all estimated: this attempt wrote nothing."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation's tree. `parent` is None at a beginning."""

    id: int
    parent: int | None
    role: Role
    text: str
    author: str = ""
    """Name of the speaker in groups; empty in private chats."""
    quote: Quote | None = None
    ending: Ending = Ending.COMPLETE
    thoughts: str = ""
    at: float = 0.0
    """Unix time in seconds."""
    model: str = ""
    """The name of the model that wrote an answer, where it is known."""
    pictures: tuple[Picture, ...] = ()
    parts: tuple[QuestionPart, ...] = ()
    """Telegram messages of a question that came with files, or in several messages."""
    unread: bool = False
    """Its text is still to be made of its parts."""
    model_choice: str | None = None
    """The choice by which that model is found again, where it is known."""


class TurnKind(StrEnum):
    """Task of a turn for its question."""

    ANSWER = "answer"
    """Write an answer to a question (new, or edited: then into the messages of the old answer)."""
    GO_ON = "go_on"
    """Go on with an answer that was cut, below or in its last message."""
    SHOW = "show"
    """Put another stored version of an answer on the screen; nothing is generated."""


class TurnState(StrEnum):
    """State of a turn, stored; exactly one at any time."""

    ASKED = "asked"
    WRITING = "writing"
    SHOWING = "showing"
    """The whole text is stored; some of it still has to reach the chat."""
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def finished(self) -> bool:
        """True where nothing is left to do."""
        return self in {TurnState.DONE, TurnState.STOPPED, TurnState.FAILED}


@dataclass(frozen=True, slots=True)
class Shown:
    """One Telegram message of an answer: noted before it is sent (`message_id` None), and after.

    `sealed`: it is full and has had its last edit; `part` is the journal's own small dict: a fingerprint of what a full
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
    """Claims so far, this one included."""
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
    """Failures of its work, and deaths of its process while it ran alone and had just begun."""
    waited: bool = False
    """Its question was asked behind another one, and was acknowledged."""
    model: str | None = None
    """The choice of a model for this answer alone. None: the model in force answers."""
    begun: int = 0
    """Times that its writing began, this one included."""
    unfinished: str = ""
    """Text of an earlier attempt that failed, which stays where the answer is given up."""
