"""Questions that ended before their files were read: what stays of them in the conversation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from bot.conversation.messages import QuestionPart, Quote, SentFile
from bot.conversation.names import framed

MAX_FILE_NAME = 80
"""Characters of a file name that stand for the file."""


class WrittenWords(NamedTuple):
    """The words of a question without the contents of its files."""

    text: str
    quote: Quote | None


def as_written(parts: Sequence[QuestionPart]) -> WrittenWords:
    """Give the words of a question, and a name for each file; of one without words, nothing.

    `/stop` while a file is read, or a file that cannot be read, must not take the words beside it along.
    """
    words = [part.text for part in parts if part.text]
    quotes = [part.quote for part in parts if part.quote is not None]
    if not words:
        return WrittenWords("", None)
    files = dict.fromkeys(f"[not read: {_name_of(file)}]" for part in parts for file in part.files)
    quoted = "\n\n".join(quote.text for quote in quotes)
    quote = Quote(", ".join(dict.fromkeys(quote.author for quote in quotes)), quoted) if quotes else None
    return WrittenWords("\n\n".join(["\n".join(files), *words] if files else words), quote)


def _name_of(file: SentFile) -> str:
    return framed(file.name)[:MAX_FILE_NAME] or file.kind.replace("_", " ")
