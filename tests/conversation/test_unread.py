"""Questions whose files were never read."""

from __future__ import annotations

from bot.conversation.messages import QuestionPart, Quote, SentFile
from bot.conversation.unread import as_written

PLAN = SentFile("document", "f", "u", "plan\n.pdf")


def test_the_words_stay_below_the_names_of_the_files() -> None:
    parts = (
        QuestionPart(1, "Compare", files=(PLAN,)),
        QuestionPart(2, "these", files=(SentFile("video_note", "g", "v"),)),
    )
    assert as_written(parts) == ("[not read: plan .pdf]\n[not read: video note]\n\nCompare\n\nthese", None)


def test_the_words_of_others_stay_with_their_names() -> None:
    parts = QuestionPart(1, "Well?", Quote("Clara", "BOO")), QuestionPart(2, quote=Quote("Borís", "no"), files=(PLAN,))
    assert as_written(parts) == ("[not read: plan .pdf]\n\nWell?", Quote("Clara, Borís", "BOO\n\nno"))


def test_of_files_alone_nothing_stays() -> None:
    assert as_written((QuestionPart(1, files=(PLAN,)),)) == ("", None)
