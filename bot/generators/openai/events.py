"""The wire of OpenAI's chat protocol, in the wrappings that servers put around an answer.

    bytes ─▶ EventParser ─▶ JSON events ─▶ AnswerReader ─▶ text, thoughts, why it ended

Neither waits or reads: both are fed, wherever the bytes are cut.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import Any, TypeGuard

from bot.errors import GeneratorBroken, QuestionTooLong
from bot.generators.contract import Finish, Piece, Thought, Usage
from bot.generators.deadline import MAX_ANSWER_LENGTH
from bot.generators.error_classifier import error_text
from bot.generators.errors import from_words

MAX_EVENT_LENGTH = 8 * MAX_ANSWER_LENGTH
"""Characters of one event, which may hold the whole answer once more, each character escaped as six."""
MIN_REPEATED_LENGTH = 16
"""Characters of a delta that can be told to repeat the answer so far; a shorter one may well say the same again."""
MIN_DELTAS = 2
"""Deltas before one that can be told to repeat them all."""
MAX_COUNT = 100_000_000
"""Tokens of one answer that a server may be believed to have counted."""
_DONE = "[DONE]"
_CUT = {"length", "max_tokens", "MAX_TOKENS", "model_length"}
_FILTERED = {"content_filter", "content-filter", "SAFETY", "safety"}
_REASONING = ("reasoning_content", "reasoning", "thinking")


class EventParser:
    """Finds the JSON in a body, whatever its Content-Type says: server-sent events, or one JSON text.

    An event ends where its JSON does: a missing blank line, a missing line end, a byte order mark and any line end of
    the three change nothing. Raises GeneratorBroken for a page of HTML and for what does not end.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._text = ""
        self._data: list[str] = []
        self._is_json: bool | None = None
        self._told_line = False
        self.done = False
        """`[DONE]` came."""
        self.nonsense = False
        """There was data that is no JSON."""

    def feed(self, chunk: bytes) -> Iterator[Any]:
        """Take bytes, none at the end of the body; give the events that are complete."""
        self._text += self._decoder.decode(chunk, final=not chunk)
        if self._is_json is None and not self._look_at_beginning():
            return
        if self._is_json:
            if not chunk:
                yield from self._parsed(self._text)
        else:
            yield from self._lines(final=not chunk)
        self._bound(len(self._text) + sum(map(len, self._data)))

    @staticmethod
    def _bound(length: int) -> None:
        if length > MAX_EVENT_LENGTH:
            raise GeneratorBroken("the answer does not end")

    def _look_at_beginning(self) -> bool:
        """Tell JSON from events by the first character. Tells whether there is one."""
        start = self._text.lstrip()[:1]
        if start == "<":
            raise GeneratorBroken("the server sent a page of HTML instead of an answer")
        if start:
            self._is_json = start in "{["
        return bool(start)

    def _lines(self, *, final: bool) -> Iterator[Any]:
        while self._text and not self.done:
            end = _line_end(self._text)
            if end is None or (self._text[end] == "\r" and end + 1 == len(self._text) and not final):
                break
            line, rest = self._text[:end], self._text[end:]
            self._text = rest[2:] if rest.startswith("\r\n") else rest[1:]
            yield from self._line(line)
        if self._text.endswith(("}", "]", "}\r", "]\r")) or final:
            yield from self._unended(self._text.removesuffix("\r"), final=final)

    def _line(self, line: str) -> Iterator[Any]:
        """Take a whole line: a part of the event's data, or the event's end."""
        if self._told_line:  # its data was complete before it was
            self._told_line = False
            return
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
            yield from self._complete(final=False)
        elif not line:
            yield from self._complete(final=True)

    def _unended(self, line: str, *, final: bool) -> Iterator[Any]:
        """Take a line without an end: at the end of the body, or where its data is complete already."""
        if final:
            self._text = ""
            yield from self._line(line)
            yield from self._complete(final=True)
        elif not self._told_line and line.startswith("data:"):
            self._data.append(line.removeprefix("data:").removeprefix(" "))
            found = list(self._complete(final=False))
            if self._data:
                self._data.pop()
            else:
                self._told_line = True
            yield from found

    def _complete(self, *, final: bool) -> Iterator[Any]:
        """Give the event's JSON where it is complete; at the event's `final` end, what is no JSON is passed over."""
        data = "\n".join(self._data).strip()
        if data == _DONE:
            self.done = True
        elif data and not data.startswith(":"):  # a comment that somebody sends as data
            found = list(self._parsed(data))
            if not found and not final:
                return
            yield from found
        self._data = []

    def _parsed(self, text: str) -> Iterator[Any]:
        if not text.lstrip():
            return
        try:
            yield json.loads(text, strict=False)  # some leave tabs and line ends in strings as they are
        except ValueError:
            self.nonsense = True
        else:
            self.nonsense = False


def _line_end(text: str) -> int | None:
    """Find the first line end, of those that server-sent events have."""
    ends = [at for at in (text.find("\n"), text.find("\r")) if at >= 0]
    return min(ends, default=None)


class AnswerReader:
    """Reads the events of one answer. Raises GeneratorProblem for errors in events, and for events without sense."""

    def __init__(self) -> None:
        self._parser = EventParser()
        self._said = ""
        self._deltas = 0
        self._repeated = ""
        """A delta that repeats the whole answer, held back until it is known whether more comes."""
        self._finish: str | None = None
        self.begun = False
        """True once anything of an answer has been given."""
        self.usage: Usage | None = None
        """The tokens of the answer, where the server has said them; some say them with every event."""

    @property
    def finished(self) -> bool:
        """True once the server has said why the answer ended: whatever breaks afterwards changes nothing."""
        return self._finish is not None or self._parser.done

    @property
    def done(self) -> bool:
        """True when nothing more can come."""
        return self._parser.done

    def feed(self, chunk: bytes) -> Iterator[Piece]:
        """Take bytes, none at the end of the body."""
        for event in self._parser.feed(chunk):
            for piece in self._event(event):
                self.begun = True
                yield piece
            if self._parser.done:
                return

    def finish(self) -> Finish:
        """Give the reason of the end. Raises GeneratorBroken where the answer just stopped."""
        if not self.finished:
            if self.begun or not self._parser.nonsense:
                raise GeneratorBroken("the answer was cut off" if self.begun else "the answer is empty")
            raise GeneratorBroken("the server sent something else than JSON")
        if self._finish in _CUT:
            return Finish("length")
        return Finish("filter" if self._finish in _FILTERED else "stop")

    def _event(self, event: Any) -> Iterator[Piece]:  # noqa: ANN401  # whatever JSON a server sends
        words = error_text(event)
        if words is not None:
            raise from_words(words)
        if isinstance(event, list):  # imoneoi/openchat's way to say that input and answer exceed the context
            raise QuestionTooLong("the server sent a list instead of an answer")
        if not isinstance(event, dict):
            raise GeneratorBroken("the server sent something else than an object")
        self.usage = _usage(event.get("usage")) or self.usage
        choices = event.get("choices")
        if isinstance(choices, list) and choices:
            yield from self._choice(choices[0])

    def _choice(self, choice: Any) -> Iterator[Piece]:  # noqa: ANN401  # the same
        if not isinstance(choice, dict):
            raise GeneratorBroken("the server's events make no sense")
        delta, message = choice.get("delta") or {}, choice.get("message") or {}
        if not isinstance(delta, dict) or not isinstance(message, dict):
            raise GeneratorBroken("the server's events make no sense")
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self._finish = finish
        yield from map(Thought, _thoughts(delta))
        yield from self._delta(_text(delta) or _plain(choice.get("text")), ends=bool(finish))
        if message:
            yield from self._whole(message)
        if choice.get("error") or finish == "error":
            raise from_words(error_text({"error": choice.get("error")}) or "the server broke the answer off")

    def _delta(self, text: str, *, ends: bool) -> Iterator[str]:
        """Give a delta's text, unless it repeats the whole answer and nothing follows."""
        if not text:
            return
        if self._repeated:  # it was the answer's own word
            yield from self._say(self._repeated)
            self._repeated = ""
        is_repeated = text == self._said and len(text) >= MIN_REPEATED_LENGTH
        if is_repeated and (ends or self._deltas >= MIN_DELTAS):
            self._repeated = text
        else:
            yield from self._say(text)

    def _whole(self, message: dict[str, Any]) -> Iterator[Piece]:
        """Give what a whole message has beyond what was streamed."""
        if not self.begun:
            yield from map(Thought, _thoughts(message))
        text = _text(message)
        if text.startswith(self._said):
            yield from self._say(text[len(self._said) :])

    def _say(self, text: str) -> Iterator[str]:
        if text:
            self._said += text
            self._deltas += 1
            yield text


def _usage(said: object) -> Usage | None:
    """Read a server's count of tokens; what cannot be one is none."""
    if not isinstance(said, dict):
        return None
    read, written = said.get("prompt_tokens"), said.get("completion_tokens")
    return Usage(read, written) if _is_count(read) and _is_count(written) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


def _text(said: dict[str, Any]) -> str:
    return _plain(said.get("content")) + _plain(said.get("refusal"))


def _plain(content: object) -> str:
    """Give the text of a content: plain, or in parts, of which those of thoughts are left out."""
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, dict) and part.get("type") != "thinking"]
        return "".join(_plain(part.get("text")) for part in parts)
    return content if isinstance(content, str) else ""


def _thoughts(said: dict[str, Any]) -> Iterator[str]:
    """Give the thoughts of a message or a delta, in the first form that it has; several forms say the same."""
    for name in _REASONING:
        if isinstance(said.get(name), str) and said[name]:
            yield said[name]
            return
    content, details = said.get("content"), said.get("reasoning_details")
    for part in [*(content if isinstance(content, list) else []), *(details if isinstance(details, list) else [])]:
        if not isinstance(part, dict):
            continue
        if part.get("type") == "thinking":
            yield _plain(part.get("thinking"))
        elif str(part.get("type", "")).startswith("reasoning."):
            yield _plain(part.get("text")) or _plain(part.get("summary"))
