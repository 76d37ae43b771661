"""Transcripts that their speaker puts right by a reply to what the bot heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.conversation.messages import Message, QuestionPart, SentFile

RECORDING_KINDS = frozenset({"voice", "audio", "video_note"})
"""Kinds of files that are heard."""
_CUT = "…"


def with_right_words(question: Message, heard: str, words: str) -> QuestionPart | None:
    """Give the part of a question whose recording says `words` instead of what was `heard`.

    None: this was not heard in it, or it has several recordings, and nobody can tell which one is meant.
    """
    spoken = [part for part in question.parts for file in part.files if _is_own_recording(file)]
    known = " ".join(question.text.split())
    if len(spoken) != 1 or question.unread or " ".join(heard.split()).removesuffix(_CUT) not in known:
        return None
    return replace(spoken[0], files=_corrected(spoken[0].files, words))


def _corrected(files: Sequence[SentFile], words: str) -> tuple[SentFile, ...]:
    return tuple(replace(file, corrected=words) if _is_own_recording(file) else file for file in files)


def _is_own_recording(file: SentFile) -> bool:
    return file.kind in RECORDING_KINDS and file.author is None
