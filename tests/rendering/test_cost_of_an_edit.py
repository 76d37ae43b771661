"""The cost of an edit of an ordinary answer, in calls: what no machine is slower or faster at."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from bot.rendering.reply import Reply

STEP = 40
"""Characters between two edits."""
PROSE = "Budapest is the capital of Hungary. It lies on the Danube and has some two million people. " * 3
MIXED = (
    "The answer is that a bot edits a message while it grows. It has to be quick, and **bold** words, `code` and "
    "[links](https://example.org/a) are common. Nobody wants to wait; most of the text is plain.\n\n"
)
ANSWERS = {
    "a sentence": (PROSE[:200], 372),
    "paragraphs": ((PROSE.strip() + "\n\n") * 3, 366),
    "marked up": ((MIXED * 2)[:400], 1230),
    "long and marked up": ((MIXED * 8)[:1500], 1548),
    "a list": (
        "Steps:\n\n" + "".join(f"{n}. **Step {n}**: do the thing, then check `file{n}.py`.\n" for n in range(1, 17)),
        7644,
    ),
    "code": (
        "Here is it:\n\n```python\n"
        + "".join(f"def f{n}(x):\n    return x ** {n}\n\n" for n in range(20))
        + "```\n\nDone.",
        1473,
    ),
    "Russian": ("Ответ такой: бот правит сообщение, пока оно растёт. Это **важно** и быстро.\n\n" * 8, 1331),
    "one paragraph": (("The answer is that a bot edits *a* message while it grows. " * 26)[:1500], 3933),
}
"""Answers, and the calls that an edit of each took before any markup but CommonMark's was understood."""


def shown(text: str) -> str:
    """Write an answer piece by piece, and show it after each."""
    reply = Reply()
    for at in range(0, len(text), STEP):
        reply.write(text[at : at + STEP])
        reply.advance()
        if (part := reply.tail()) is not None:
            reply.show(part)
    reply.end()
    reply.advance()
    part = reply.tail()
    return "" if part is None else reply.show(part).text


def calls_of(text: str) -> float:
    """Count the calls that an edit takes, of Python's own functions, too."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        shown(text)
    finally:
        sys.setprofile(before)
    return calls / (len(text) / STEP)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_edit_takes_no_more_calls_than_when_less_was_understood(name: str) -> None:
    text, most = ANSWERS[name]
    assert shown(text)  # what is loaded at the first use
    assert calls_of(text) <= most
