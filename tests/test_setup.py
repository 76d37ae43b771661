"""`python -m bot setup` asks, tries, and writes an `.env` that the program reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.command_line import setup
from bot.command_line.findings import Wrong
from bot.settings import Settings
from tests.test_settings import TOKEN


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


class Keyboard:
    """Somebody who types prepared answers."""

    def __init__(self, *answers: str) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.shown: list[str] = []
        self.secret: list[str] = []

    def terminal(self) -> setup.Terminal:
        return setup.Terminal(self._ask, self._ask_secretly, self.shown.append)

    def _ask(self, question: str) -> str:
        self.shown.append(question)
        try:
            return next(self._answers)
        except StopIteration:
            raise EOFError from None

    def _ask_secretly(self, question: str) -> str:
        self.secret.append(question)
        return self._ask(question)


async def works(_: Settings) -> str:
    return "it answers"


async def set_up(keyboard: Keyboard, file: Path, telegram: setup.Trial = works, model: setup.Trial = works) -> int:
    return await setup.run(keyboard.terminal(), file, (telegram, model))


async def test_what_is_typed_is_tried_and_written_for_its_owner_alone(tmp_path: Path) -> None:
    keyboard, file = Keyboard(TOKEN, "5, 6", "3", "http://127.0.0.1:11434/v1", "", "llama3.2"), tmp_path / ".env"
    assert await set_up(keyboard, file) == 0
    assert {name: value for name, value in dotenv_values(file).items() if value} == {
        "BOT_TOKEN": TOKEN,
        "ADMIN_IDS": "5, 6",
        "GENERATOR": "openai",
        "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1",
        "OPENAI_MODEL": "llama3.2",
    }
    assert file.stat().st_mode & 0o777 == 0o600
    assert TOKEN not in "".join(keyboard.shown)
    assert len(keyboard.secret) == 2, "the token and the key"


async def test_what_is_mistyped_is_asked_for_again(tmp_path: Path) -> None:
    keyboard, file = Keyboard("my token", TOKEN, "@boris", "", "9", "1"), tmp_path / ".env"
    assert await set_up(keyboard, file) == 0
    assert [line for line in keyboard.shown if line.startswith("  BOT_TOKEN")]
    assert [line for line in keyboard.shown if line.startswith("  ADMIN_IDS")]
    assert dotenv_values(file)["BOT_TOKEN"] == TOKEN


async def test_what_does_not_work_is_asked_for_again_unless_it_is_kept(tmp_path: Path) -> None:
    async def refuses(settings: Settings) -> str:
        if settings.openai_model != "good":
            raise Wrong("no such model")
        return "it answers"

    one = ("3", "http://h/v1", "", "bad")
    again = Keyboard(TOKEN, "", *one, "n", "3", "http://h/v1", "", "good")
    assert await set_up(again, tmp_path / "one", model=refuses) == 0
    assert dotenv_values(tmp_path / "one")["OPENAI_MODEL"] == "good"
    kept = Keyboard(TOKEN, "", *one, "y")
    assert await set_up(kept, tmp_path / "two", model=refuses) == 0
    assert dotenv_values(tmp_path / "two")["OPENAI_MODEL"] == "bad"
    assert "  does not work: no such model" in kept.shown


async def test_what_else_stands_in_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# mine\nHISTORY_DAYS=30\nOPENAI_MODEL=old\nGENERATOR=openai\n")
    assert await set_up(Keyboard(TOKEN, "", "1"), file) == 0
    assert file.read_text() == f"# mine\nHISTORY_DAYS=30\nOPENAI_MODEL=\nGENERATOR=aura\nBOT_TOKEN={TOKEN}\n"


async def test_where_nobody_answers_nothing_is_written(tmp_path: Path) -> None:
    assert await set_up(Keyboard(TOKEN), tmp_path / ".env") == 1
    assert not (tmp_path / ".env").exists()


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40))
def test_any_value_is_read_back_as_it_was_typed(value: str) -> None:
    written = setup.updated("", {"AURA_KEY": value.strip()})
    assert (dotenv_values(stream=io.StringIO(written), interpolate=False).get("AURA_KEY") or "") == value.strip()
