"""Every problem and every omission has a sentence in both languages."""

from __future__ import annotations

import pytest

from bot.attachments.parts import Unit
from bot.attachments.problems import AttachmentProblem, AttachmentTooLarge, kinds, problem_for
from bot.texts import Texts

LANGUAGES = tuple(Texts().languages)

DETAILS: dict[str, str | float] = {"name": "report.pdf", "megabytes": 20, "pages": 3, "megapixels": 50, "minutes": 15}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", list(kinds()))
def test_a_problem_is_told_in_a_sentence(
    kind: type[AttachmentProblem], language: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = Texts().get(language, kind.key, **DETAILS)
    assert text.endswith((".", ")")) and text != kind.key
    assert not caplog.records


def test_every_problem_has_a_sentence_of_its_own() -> None:
    keys = [kind.key for kind in kinds()]
    assert len(keys) == len(set(keys)) >= 14


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", list(Unit))
@pytest.mark.parametrize("kept", [0, 1, 2, 5, 21])
def test_what_was_left_out_is_told_in_a_line(language: str, unit: Unit, kept: int) -> None:
    text = Texts().get(language, "attachment-cut", name="a.pdf", unit=unit.value, kept=kept, total=340)
    assert text.startswith("a.pdf") and "\n" not in text
    assert ("340" in text) == (kept > 0)


def test_a_problem_from_the_child_process_is_the_same_here() -> None:
    sent = AttachmentTooLarge("too large", megabytes=20)
    problem = problem_for(sent.key, sent.details)
    assert type(problem) is AttachmentTooLarge and problem.details == sent.details


def test_a_key_that_nobody_knows_is_an_unreadable_file() -> None:
    assert problem_for("no-such-key", {}).key == "attachment-unreadable"
