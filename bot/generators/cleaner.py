"""The one stage between what a generator yields and what an answer is made of."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation.window import beginning_of, estimate
from bot.errors import AnswerFiltered, CutInThoughts, GeneratorEmpty
from bot.generators.contract import Finish, Piece, Recast, Thought, Unseen, Usage
from bot.generators.deadline import SizeLimit
from bot.generators.thoughts import ThoughtSplitter

MAX_WORD_LENGTH = 64
"""Characters of a word that are counted anew with each piece; what is longer is counted as it comes."""


class AnswerCleaner:
    """Takes raw pieces, tells thoughts from the answer, counts its size and watches how it ends."""

    def __init__(self, *, max_tokens: int | None = None, begins_in_thought: bool = False) -> None:
        """Take the limit of tokens that has to be kept here, by the estimate; None where the server keeps it."""
        self._splitter = ThoughtSplitter(begins_in_thought=begins_in_thought)
        self._size = SizeLimit()
        self._tokens = None if max_tokens is None else _TokenLimit(max_tokens)
        self._end: Finish | None = None
        self._has_text = False
        self._has_thoughts = False

    @property
    def is_full(self) -> bool:
        """True when the limit of tokens is reached: nothing more is taken, and `finish` is due."""
        return self._tokens is not None and self._tokens.is_reached

    @property
    def begins_in_thought(self) -> bool:
        """True when this answer began with thoughts whose beginning the server's chat template writes."""
        return self._splitter.closed_unopened

    def feed(self, piece: Piece) -> list[Piece]:
        """Take a raw piece; give what is certain by now. Raises GeneratorBroken: no answer is that long."""
        if isinstance(piece, str):
            self._size.add(piece)
            return self._pass(self._splitter.feed(self._limited(piece)))
        if isinstance(piece, Usage | Unseen):
            return [piece]
        # What is no text comes after all the text before it.
        ready: list[Piece] = [*self._splitter.flush()]
        if isinstance(piece, Finish):
            self._end = piece
        elif isinstance(piece, Thought):
            self._size.add(piece.text)
            ready.append(Thought(self._limited(piece.text)))
        else:
            ready.append(piece)
        return self._pass(ready)

    def finish(self) -> list[Piece]:
        """Give what is left when no more comes, the reason of the end last.

        Thoughts alone are the answer where the model ended by itself. Raises CutInThoughts, AnswerFiltered or
        GeneratorBroken where there is no answer.
        """
        end = Finish("length") if self.is_full else self._end
        last = self._pass(self._splitter.flush())
        if not self._has_text:
            self._check_thoughts(end)
            last += self._pass([Recast("answer")])
        return last if end is None else [*last, end]

    def _check_thoughts(self, end: Finish | None) -> None:
        """Raise what is wrong with an answer without any text, unless its thoughts are the answer."""
        if end == Finish("length"):
            raise CutInThoughts("the limit of tokens was used up before the answer began")
        if end == Finish("filter"):
            raise AnswerFiltered("the server's filter held the answer back")
        if end is None or not self._has_thoughts:
            raise GeneratorEmpty("the answer is empty")

    def _limited(self, text: str) -> str:
        return text if self._tokens is None else self._tokens.take(text)

    def _pass(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Note what the answer has by now; give the pieces that say something."""
        passed: list[Piece] = []
        for piece in pieces:
            if isinstance(piece, str):
                if not piece:
                    continue
                self._has_text = self._has_text or not piece.isspace()
            elif isinstance(piece, Thought):
                if not piece.text:
                    continue
                self._has_thoughts = self._has_thoughts or not piece.text.isspace()
            elif isinstance(piece, Recast):
                self._has_text, self._has_thoughts = piece.into == "answer", piece.into == "thoughts"
            passed.append(piece)
        return passed


class _TokenLimit:
    """A number of tokens by the estimate, counted word by word."""

    def __init__(self, tokens: int) -> None:
        self._left = tokens
        self._word = ""
        self.is_reached = False

    def take(self, text: str) -> str:
        """Give as much of a text as still fits."""
        if self.is_reached:
            return ""
        whole = self._word + text
        if estimate(whole) >= self._left:
            self.is_reached = True
            return beginning_of(whole, self._left)[len(self._word) :]
        words = max(whole.rfind(" "), whole.rfind("\n"), 0)
        if len(whole) - words > MAX_WORD_LENGTH:
            words = len(whole)
        self._left -= estimate(whole[:words])
        self._word = whole[words:]
        return text
