"""What people saw of an answer, and when: from the playground's log of the bot's calls.

A text is visible from the moment at which the playground accepted the call that shows it, by the playground's clock
(CLOCK_MONOTONIC, which all processes of a machine share). The answers are plain text, so each message shows the answer
from where the message begins; white space that is trimmed at an end counts as visible with the character after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks.scripts import Script
from tests.benchmarks.source import Written

Json = dict[str, Any]
_SENDS, _EDITS, _DRAFTS = "sendMessage", ("editMessageText", "editMessageReplyMarkup"), "sendMessageDraft"


class NotWhole(Exception):
    """What stands on the screen is not what was written."""


@dataclass
class _Message:
    states: list[tuple[float, str]] = field(default_factory=list)
    """When it showed which text, drafts of it included."""
    calls: int = 0
    last: float = 0.0
    text: str = ""


@dataclass
class Observed:
    """One answer on the screen."""

    written: Written
    visible: list[tuple[float, int]] = field(default_factory=list)
    """When how many characters were visible."""
    changes: int = 0
    complete: float = 0.0
    """When its last change was accepted: the whole text, with its last keyboard."""
    cuts: list[int] = field(default_factory=list)

    @property
    def first(self) -> float:
        """Seconds from the generator's first byte to the first visible text."""
        return self.visible[0][0] - self.written.times[0]

    @property
    def late(self) -> float:
        """Seconds from the generator's last byte to the complete answer."""
        return self.complete - self.written.times[-1]

    @property
    def mean_delay(self) -> float:
        """Seconds from writing to visibility, on average over the characters."""
        times, total, seen = self.written.characters, 0.0, 0
        for at, count in self.visible:
            total += sum(at - written for written in times[seen:count])
            seen = max(seen, count)
        return total / len(times)


def observe(calls: Sequence[Json], chat: int, ids: Sequence[int], answers: Sequence[Written]) -> list[Observed]:
    """Read what one chat saw of the answers written into it one after another.

    `ids` are the bot's messages there. Raises NotWhole where the messages, put together, are not the answers.
    """
    observed = [Observed(written) for written in answers]
    number, cursor = 0, 0
    for message in _messages([call for call in calls if call["ok"] and _chat(call) == chat], sorted(ids)):
        if number < len(answers) and cursor >= len(answers[number].script.text):
            number, cursor = number + 1, 0
        if number == len(answers):
            raise NotWhole(f"chat {chat}: a message too many: {message.text[:60]!r}")
        cursor = _place(message, observed[number], answers[number].script, cursor)
    if number != len(answers) - 1 or cursor != len(answers[-1].script.text):
        raise NotWhole(f"chat {chat}: the end of an answer is missing")
    return observed


def _messages(calls: Sequence[Json], ids: Sequence[int]) -> list[_Message]:
    """Put a chat's calls together by message. The n-th message sent is the one with the n-th id."""
    messages: list[_Message] = []
    coming = _Message()
    for call in calls:
        method, parameters, at = call["method"], call["parameters"], call["time"]
        if method == _DRAFTS:
            message = coming
        elif method == _SENDS:
            message = coming
            messages.append(message)
            coming = _Message()
        elif method in _EDITS:
            message = messages[ids.index(parameters["message_id"])]
        else:
            continue
        message.calls += 1
        message.last = at
        message.text = parameters.get("text", message.text)
        if message.text:
            message.states.append((at, message.text))
    if len(messages) != len(ids):
        raise NotWhole(f"{len(messages)} messages were sent, {len(ids)} stand there")
    return messages


def _place(message: _Message, observed: Observed, script: Script, cursor: int) -> int:
    """Find a message's share of the answer and note what of it was visible when. Gives where the share ends."""
    text = script.text
    begin = text.find(message.text, cursor)
    if not message.text or begin < 0 or text[cursor:begin].strip():
        raise NotWhole(f"not a part of the answer from {text[cursor : cursor + 40]!r}: {message.text[:60]!r}")
    if begin:
        observed.cuts.append(begin)
    for at, state in message.states:
        if not text.startswith(state, begin):  # it may be longer than the message became: that was cut before its end
            raise NotWhole(f"what was shown is not what was written: {state[-40:]!r}")
        observed.visible.append((at, begin + len(state)))
    observed.changes += message.calls
    observed.complete = max(observed.complete, message.last)
    return begin + len(message.text)


def _chat(call: Json) -> int:
    chat: int = call["parameters"].get("chat_id", 0)
    return chat
