"""One answer while it is being written and shown."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from bot.conversation.continuation import Continuation
from bot.conversation.messages import AnswerRecord, Ending
from bot.errors import GeneratorProblem, QuestionTooLong
from bot.generators.contract import Finish, Piece, Prefilled, Recast, Thought
from bot.rendering.entities import is_visible
from bot.rendering.reply import Reply
from bot.streaming.live_reply import LiveReply

_ENDINGS = {"stop": Ending.COMPLETE, "length": Ending.LENGTH, "filter": Ending.FILTERED}


@dataclass(slots=True)
class AnswerInProgress:
    """Takes the generator's pieces, and remembers how the answer ends."""

    reply: Reply
    live: LiveReply
    showing: asyncio.Task[None]
    seam: Continuation | None = None
    """Joins new text to the text that stood there before this turn, where the turn goes on with one."""
    thoughts: list[str] = field(default_factory=list)
    ending: Ending = Ending.COMPLETE
    note: str = ""
    model: str = ""
    """The name of the model that answers, once it has ended."""
    server: str = ""
    """The name by which admins hear of its server, once it has ended."""
    record: AnswerRecord | None = None
    """The model, tokens and times, once it has ended. None: nothing was written."""
    first_text_at: float | None = None
    """Unix time at which there was something to see."""

    def take(self, piece: Piece) -> None:
        """Put a piece where it belongs. Raises as `check` does: nobody reads what would be written."""
        if isinstance(piece, Thought):
            self.thoughts.append(piece.text)
            self.reply.think(piece.text)
        elif isinstance(piece, Recast):
            self.recast(piece)
        elif isinstance(piece, Finish):
            self.ending = _ENDINGS[piece.reason]
        elif isinstance(piece, str):
            self._write(piece)
        elif isinstance(piece, Prefilled) and self.seam is not None:
            self.seam.join_as_is()
        self.live.notify()
        self.check()

    def recast(self, piece: Recast) -> None:
        """Take what was written so far for thoughts, or the thoughts for the answer."""
        if piece.into == "answer":
            text = "".join(self.thoughts)
            self.thoughts.clear()
            self.reply.take_thoughts_for_text("" if self.seam else text)
            if self.seam:
                self._write(text)
        elif self.seam is None:
            text = self.reply.take_text_for_thoughts()
            self.thoughts += [text] if text else []

    def close(self) -> None:
        """Write what the seam holds back, however the answer ends."""
        if self.seam is not None:
            self.reply.write(self.seam.flush())

    def check(self) -> None:
        """Raise the error that ended the showing before its time."""
        if self.showing.done():
            self.showing.result()

    def fail(self, error: GeneratorProblem) -> None:
        """End with the generator's failure: what was written stays."""
        empty = Ending.TOO_LONG if isinstance(error, QuestionTooLong) else Ending.FAILED
        self.ending = Ending.BROKEN if self.is_visible else empty

    @property
    def is_visible(self) -> bool:
        """True where there is anything that Telegram would show."""
        return self.seam is not None or is_visible(self.reply.text)

    def _write(self, text: str) -> None:
        self.reply.write(self.seam.feed(text) if self.seam is not None else text)
