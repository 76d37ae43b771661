"""Thoughts and control tokens that a model writes into its answer, told apart while the text streams in.

    <think>…</think>  <thinking>  <thought>  <reasoning>  <seed:think>  [THINK]…[/THINK]  ◁think▷…◁/think▷
    <|START_THINKING|>…<|END_THINKING|>             Cohere
    <|channel>thought…<channel|>                    Gemma
    <|channel|>analysis<|message|>…<|end|>          Harmony (gpt-oss); its channel `final` is the answer
    </think> alone                                  the chat template had written the beginning: all before is thought

In code and in quotations all of these are words like any other.
"""

from __future__ import annotations

from enum import Enum, auto

import regex  # type: ignore[import-untyped]  # it ships no type information

from bot.generators.contract import Recast, Thought

MAX_MARGIN = 256
"""Characters of white space that may stand before the thoughts."""
MAX_LINE_START = 16
"""Characters of a line that are kept to see whether it begins a block of code or a quotation."""
MIN_FENCE = 3
"""Backticks or tildes that open a block of code."""

_TAGS = "think|thinking|thought|reasoning|seed:think"
_OPENING = regex.compile(
    rf"<(?P<tag>{_TAGS})>|(?P<brackets>\[THINK\])|(?P<triangles>◁think▷)|(?P<cohere><\|START_THINKING\|>)"
    r"|(?P<gemma><\|channel>thought)|(?P<header><\|(?:start|im_start)\|>assistant)"
    r"|<\|channel\|>(?P<channel>\w{1,20})[^<]{0,100}<\|message\|>"
)
_CLOSING = rf"</(?:{_TAGS})>|\[/THINK\]|◁/think▷|<\|END_THINKING\|>"
_ANY_CLOSING = regex.compile(_CLOSING)
_CLOSING_OF = {
    "brackets": regex.compile(r"\[/THINK\]"),
    "triangles": regex.compile("◁/think▷"),
    "cohere": regex.compile(r"<\|END_THINKING\|>"),
    "gemma": regex.compile(r"<channel\|>"),
    "channel": regex.compile(r"<\|(?:end|return|call)\|>|(?=<\|(?:start|channel)\|>)"),
}
_MARK = regex.compile(
    rf"(?P<newline>\n)|(?P<fence>`+|~{{3,}})|(?P<closing>{_CLOSING})|(?P<opening><(?:{_TAGS})>|\[THINK\]|◁think▷)"
    r"|<\|channel\|>(?P<channel>\w{1,20})[^<]{0,100}<\|message\|>"
    r"|(?P<token><\|(?:start|im_start)\|>assistant|<\|[a-z][a-z0-9_]{1,31}\|>|<(?:start|end)_of_turn>)"
)
_MARK_START = regex.compile("[\n`~<\\[◁]")
"""First characters of all of these marks: text without any of them passes as it is."""
_LONGER = regex.compile(r"<\|channel\|>\w{1,20}[^<]{0,100}<\|message\|>|<\|(?:start|im_start)\|>assistant")
"""Marks that begin as a token does."""
_BLOCK_START = regex.compile(r"[\s>*+\-.\d]*")
"""The beginning of a line in which a block of code may open: indentation, marks of lists and quotations."""
_QUOTATION_MARKS = frozenset("\"'`“”„«»‘’")


class _Mode(Enum):
    START = auto()
    """Before anything but white space, or right after a thought."""
    THOUGHT = auto()
    ANSWER = auto()


class _CodeTracker:
    """Follows an answer's Markdown as far as it decides what is code or a quotation."""

    def __init__(self) -> None:
        self._fence = ""
        self._inline = 0
        self._line = ""
        self.last = ""
        """The newest character."""

    @property
    def literal(self) -> bool:
        """True while what comes is code, or stands in a quotation."""
        return bool(self._fence or self._inline) or self._line.lstrip().startswith(">")

    @property
    def at_line_start(self) -> bool:
        """True while nothing but white space stands in this line."""
        return not self._line.strip()

    def add(self, text: str) -> None:
        """Take text without line ends and runs of backticks."""
        if text:
            self._line = (self._line + text)[:MAX_LINE_START]
            self.last = text[-1]

    def end_line(self) -> None:
        """Take a line end; code within a line ends with its paragraph."""
        if self.at_line_start:
            self._inline = 0
        self._line = ""
        self.last = "\n"

    def add_fence(self, run: str) -> None:
        """Take a whole run of backticks or tildes."""
        if self._fence:
            if self.at_line_start and run.startswith(self._fence):
                self._fence = ""
        elif self._inline:
            if run[0] == "`" and len(run) == self._inline:
                self._inline = 0
        elif len(run) >= MIN_FENCE and _BLOCK_START.fullmatch(self._line):
            self._fence = run
        elif run[0] == "`":
            self._inline = len(run)
        self.add(run)


class ThoughtSplitter:
    """Takes text in pieces cut anywhere and gives thoughts and answer apart, without control tokens.

    Thoughts begin only where the answer has not begun: later, `<think>` is something that the answer talks about. White
    space between thoughts and answer belongs to neither. Text without marks comes out exactly as it went in.
    """

    def __init__(self, *, begins_in_thought: bool = False) -> None:
        """Take whether the answer begins with thoughts whose beginning the chat template writes."""
        self._held = ""
        self._mode = _Mode.START
        self._unmarked = begins_in_thought
        self._began_unmarked = False
        self._closing = _ANY_CLOSING
        self._opened = False
        self._code = _CodeTracker()
        self._out: list[str | Thought | Recast] = []
        self._texts: list[str] = []
        """Text that comes after all of `_out`."""
        self._has_text = False
        self.closed_unopened = False
        """A thought ended that had no beginning: this model's template writes it."""

    def feed(self, text: str) -> list[str | Thought | Recast]:
        """Take a piece; give what is certain by now."""
        if self._mode is _Mode.ANSWER and text and not self._held and not _MARK_START.search(text):
            self._code.add(text)
            self._has_text = self._has_text or not text.isspace()
            return [text]
        self._held += text
        return self._work(final=False)

    def flush(self) -> list[str | Thought | Recast]:
        """Give what was held back, when no more text comes."""
        return self._work(final=True)

    def _work(self, *, final: bool) -> list[str | Thought | Recast]:
        steps = {_Mode.START: self._start, _Mode.THOUGHT: self._think, _Mode.ANSWER: self._answer}
        while self._held and steps[self._mode](final=final):
            pass
        out = [*self._out, *(["".join(self._texts)] if self._texts else [])]
        self._out.clear()
        self._texts.clear()
        return out

    def _start(self, *, final: bool) -> bool:
        """Look for a thought's beginning. Tells whether to look again at what is held."""
        text = self._held.lstrip()
        found = _OPENING.match(text, partial=not final)
        if found is None or not text:
            undecided = not text and not final and len(self._held) <= MAX_MARGIN
            return not undecided and self._begin_unmarked(text)
        if found.partial:
            return False
        self._held = text[found.end() :]
        if found["header"]:
            return True
        if found["channel"] == "final":
            self._opened = True
        else:
            self._begin_thought(found)
        return True

    def _begin_unmarked(self, text: str) -> bool:
        """Begin with what has no mark: the answer, or the thoughts of a template that writes their beginning."""
        if self._unmarked and not self._opened:
            self._closing, self._mode, self._opened = _ANY_CLOSING, _Mode.THOUGHT, True
            self._began_unmarked = True
            return True
        if self._opened:
            self._held = text
        self._mode = _Mode.ANSWER if self._held else _Mode.START
        return bool(self._held)

    def _begin_thought(self, opening: regex.Match[str]) -> None:
        tag = opening.groupdict().get("tag")
        kind = next(name for name, value in opening.groupdict().items() if value)
        self._closing = regex.compile(regex.escape(f"</{tag}>")) if tag else _CLOSING_OF[kind]
        self._opened, self._mode = True, _Mode.THOUGHT

    def _think(self, *, final: bool) -> bool:
        found = self._closing.search(self._held, partial=not final)
        end = len(self._held) if found is None else found.start()
        if end:
            self._put(Thought(self._held[:end]))
        if found is None or found.partial:
            self._held = self._held[end:]
            return False
        if self._began_unmarked:
            self.closed_unopened = True
        self._held = self._held[found.end() :]
        self._mode = _Mode.START
        return True

    def _answer(self, *, final: bool) -> bool:
        """Pass the answer on, mark by mark. Tells whether thoughts come now."""
        held, at = self._held, 0
        while self._mode is _Mode.ANSWER:
            found = _MARK.search(held, at, partial=not final)
            end = len(held) if found is None else found.start()
            self._code.add(held[at:end])
            self._give(held[at:end])
            at = end
            if found is None or found.partial or end == len(held) or (not final and _is_undecided(found, held)):
                break
            at = found.end()
            self._take_mark(found, held[at : at + 1])
        self._held = held[at:]
        return self._mode is not _Mode.ANSWER

    def _take_mark(self, found: regex.Match[str], following: str) -> None:
        """Take a whole mark; `following` is the character after it, if there is one."""
        code, mark = self._code, found[0]
        if found["newline"]:
            code.end_line()
            self._give(mark)
        elif found["fence"]:
            code.add_fence(mark)
            self._give(mark)
        elif self._is_word(found, following):
            self._opened = self._opened or found["opening"] is not None
            code.add(mark)
            self._give(mark)
        elif found["closing"]:
            self._end_unopened()
        elif found["channel"] not in {None, "final"}:
            self._begin_thought(found)

    def _is_word(self, found: regex.Match[str], following: str) -> bool:
        """Tell whether a mark is something that the answer talks about."""
        if found["opening"] or self._code.literal or self._code.last in _QUOTATION_MARKS:
            return True
        return found["closing"] is not None and not self._ends_thought(following)

    def _ends_thought(self, following: str) -> bool:
        """Tell whether a closing mark in the answer ends thoughts, and is not a word of the answer."""
        if self._opened or following in _QUOTATION_MARKS:
            return False
        if self._code.at_line_start or following in {"", "\n"}:
            return True
        return not self._code.last.isspace() and not following.isspace()

    def _end_unopened(self) -> None:
        """Take all text so far for thoughts."""
        if self._has_text:
            self._put(Recast("thoughts"))
            self.closed_unopened = True
        self._opened, self._mode = True, _Mode.START
        self._code = _CodeTracker()

    def _give(self, text: str) -> None:
        if text:
            self._has_text = self._has_text or not text.isspace()
            self._texts.append(text)

    def _put(self, piece: Thought | Recast) -> None:
        """Put what is no text behind all the text before it."""
        self._out += self._texts and ["".join(self._texts)]
        self._out.append(piece)
        self._texts.clear()


def _is_undecided(found: regex.Match[str], held: str) -> bool:
    """Tell whether what comes next decides what this mark is."""
    if found["token"]:
        longer = _LONGER.match(held, found.start(), partial=True)
        return longer is not None and longer.partial
    return found.end() == len(held) and bool(found["fence"] or found["closing"])
