"""One answer in every wrapping that servers put around it: the same text, wherever the bytes are cut."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import GeneratorBroken
from bot.generators.contract import Finish, Piece, Thought, Timeouts
from bot.generators.openai.events import AnswerReader
from tests.generators.test_openai import answer_of, joined
from tests.harness.wire_server import GENEROUS, Exchange, serve

EOL = ["\n", "\r\n", "\r"]


@dataclass(frozen=True)
class Wrapping:
    """How a server writes an answer that it streams."""

    eol: str = "\n"
    blank_lines: bool = True
    last_line_end: bool = True
    mark: bool = False
    done: bool = True
    finish: str = "apart"
    """`apart`, `with the text`, `missing` (then there is `[DONE]`)."""
    comments: str = ""
    """Nothing, or what stands between the events."""
    whole: str = ""
    """`message` or `delta`: the whole text once more at the end."""
    escaped: bool = False
    space: bool = True

    def bytes(self, pieces: list[str]) -> bytes:
        events = [self._choice({"content": piece}) for piece in pieces]
        last: dict[str, Any] = {"delta": {}, "finish_reason": "stop"}
        if self.whole == "message":
            last["message"] = {"role": "assistant", "content": "".join(pieces)}
        elif self.whole == "delta":
            last["delta"] = {"content": "".join(pieces)}
        if self.finish == "with the text" and not self.whole:
            events[-1] = events[-1] | {"finish_reason": "stop"}
        elif self.finish != "missing" or self.whole:
            events.append(last)
        data = [json.dumps({"choices": [event]}, ensure_ascii=self.escaped) for event in events]
        between = f"{self.comments}{self.eol}" if self.comments else ""
        end = self.eol * (2 if self.blank_lines else 1)
        if self.comments and self.blank_lines:
            between += self.eol
        if self.done or self.finish == "missing":
            data.append("[DONE]")
        lines = [f"{between}data:{' ' * self.space}{one}{end}" for one in data]
        text = "".join(lines)
        body = (text if self.last_line_end else text.rstrip("\r\n")).encode()
        return b"\xef\xbb\xbf" * self.mark + body

    @staticmethod
    def _choice(delta: dict[str, Any]) -> dict[str, Any]:
        return {"index": 0, "delta": delta, "finish_reason": None}


wrappings = st.builds(
    Wrapping,
    eol=st.sampled_from(EOL),
    blank_lines=st.booleans(),
    last_line_end=st.booleans(),
    mark=st.booleans(),
    done=st.booleans(),
    finish=st.sampled_from(["apart", "with the text", "missing"]),
    comments=st.sampled_from(
        ["", ": OPENROUTER PROCESSING", "data: : OPENROUTER PROCESSING", "event: ping", "data:", "id: 3"]
    ),
    whole=st.sampled_from(["", "message", "delta"]),
    escaped=st.booleans(),
    space=st.booleans(),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
answers = st.lists(texts, min_size=3, max_size=6).filter(lambda pieces: len("".join(pieces)) >= 20)


def read(body: bytes, cuts: list[int], *, ended: bool = True) -> tuple[str, Finish]:
    """What the reader makes of a body that is cut there; where it is not `ended`, the connection stays open."""
    reader = AnswerReader()
    pieces: list[Piece] = []
    places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    for start, end in pairwise(places):
        pieces += reader.feed(body[start:end])
    if ended and not reader.done:
        pieces += reader.feed(b"")
    assert reader.finished
    return "".join(map(str, pieces)), reader.finish()


@given(pieces=answers, wrapping=wrappings, cuts=st.lists(st.integers(0, 10_000), max_size=30))
@settings(max_examples=300, deadline=None)
def test_any_wrapping_gives_the_same_text_wherever_it_is_cut(
    pieces: list[str], wrapping: Wrapping, cuts: list[int]
) -> None:
    assert read(wrapping.bytes(pieces), cuts) == ("".join(pieces), Finish("stop"))


@given(pieces=answers, wrapping=wrappings)
@settings(max_examples=60, deadline=None)
def test_every_byte_may_come_alone_and_the_connection_stay_open(pieces: list[str], wrapping: Wrapping) -> None:
    body = wrapping.bytes(pieces)
    assert read(body, list(range(len(body))), ended=wrapping.done) == ("".join(pieces), Finish("stop"))


@given(pieces=answers, indent=st.sampled_from([None, 2]), mark=st.booleans())
def test_an_answer_that_is_no_stream_is_understood(pieces: list[str], indent: int | None, mark: bool) -> None:
    text = "".join(pieces)
    body = {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}
    written = b"\xef\xbb\xbf" * mark + b"\n" + json.dumps(body, indent=indent).encode()
    assert read(written, [3, 10, 50]) == (text, Finish("stop"))


HALVES = [
    b"data: " + json.dumps({"choices": [{"delta": {"content": text}, "finish_reason": end}]}).encode()
    for text, end in (("Budapest is ", None), ("the capital.", "stop"))
]
TYPES = ["text/event-stream", "Text/Event-Stream", "application/json", "text/plain", "application/octet-stream", ""]


@pytest.mark.parametrize("kind", TYPES)
async def test_the_content_type_decides_nothing(kind: str) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.chunked(**({"Content_Type": kind} if kind else {}))
        await exchange.chunk(b"\n\n".join(HALVES))
        await exchange.end()

    async with serve(script) as server:
        assert joined(await answer_of(server.url)) == ("Budapest is the capital.", "", [Finish("stop")])


@pytest.mark.parametrize("ending", [b"\n\n", b"\n", b""], ids=["blank line", "line end", "nothing"])
@pytest.mark.parametrize("after", [Exchange.wait_gone, Exchange.reset], ids=["stays open", "breaks"])
async def test_after_the_finish_neither_silence_nor_a_break_matters(
    after: Callable[[Exchange], Any], ending: bytes
) -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.chunked(Content_Type="text/event-stream")
        await exchange.chunk(b"\n\n".join(HALVES) + ending)
        if after is Exchange.reset:
            await exchange.writer.drain()
            exchange.writer.close()  # not the hard way: the client may not have read yet
        else:
            await exchange.wait_gone()

    timeouts = Timeouts(headers=GENEROUS, silence=GENEROUS, answer=GENEROUS, after_finish=0.1)
    async with serve(script) as server:
        assert joined(await answer_of(server.url, timeouts)) == ("Budapest is the capital.", "", [Finish("stop")])


def test_what_the_answer_says_twice_stays() -> None:
    line = "I love programming. "
    for deltas in ([line, line, line], [line, line], ["ha", "ha"], ["1", "1"], [*line.split(" "), line, line]):
        body = Wrapping().bytes(deltas)
        assert read(body, [])[0] == "".join(deltas), deltas
    for short in (["ha", "ha"], ["h", "a", "ha"]):
        assert read(Wrapping(finish="with the text").bytes(short), [])[0] == "".join(short), short


def test_the_whole_once_more_and_only_then_the_finish_is_said_once() -> None:
    text = "Budapest is the capital."
    assert read(Wrapping().bytes(["Budapest is ", "the capital.", text]), [])[0] == text


def test_tabs_and_line_ends_within_a_string_may_stand_as_they_are() -> None:
    body = Wrapping(done=False).bytes(["a\tb"]).replace(rb"\t", b"\t")
    assert b"\t" in body
    assert read(body, [])[0] == "a\tb"


REASONS = {
    "stop": ["stop", "eos", "end_turn"],
    "length": ["length", "max_tokens", "MAX_TOKENS", "model_length"],
    "filter": ["content_filter", "content-filter", "SAFETY", "safety"],
}


@pytest.mark.parametrize(("said", "reason"), [(word, reason) for reason, words in REASONS.items() for word in words])
def test_every_word_for_the_end_is_known(said: str, reason: str) -> None:
    body = Wrapping().bytes(["Budapest is ", "the capital."]).replace(b'"stop"', json.dumps(said).encode())
    assert read(body, [])[1] == Finish(reason)  # type: ignore[arg-type]  # a literal of these


@pytest.mark.parametrize(
    "body", [b"data: {broken\n\ndata: [DONE", b"nonsense\n\n", b"data: {broken\n\ndata: more}\n\n"]
)
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    reader = AnswerReader()
    assert list(reader.feed(body)) + list(reader.feed(b"")) == []
    with pytest.raises(GeneratorBroken):
        reader.finish()


def test_a_whole_message_after_deltas_brings_only_what_is_missing() -> None:
    message = {"content": "Hello", "reasoning": "hm"}
    events = [{"delta": {"reasoning": "hm"}}, {"delta": {"content": "Hel"}}, {"delta": {}, "message": message}]
    reader = AnswerReader()
    body = b"".join(b"data: " + json.dumps({"choices": [one]}).encode() + b"\n\n" for one in events)
    assert list(reader.feed(body)) == [Thought("hm"), "Hel", "lo"]
