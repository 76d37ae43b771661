"""Settings that do nothing are named, and the name that was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings, read_settings
from bot.settings_review import review
from tests.test_settings import EXAMPLE, TOKEN

URL = "http://127.0.0.1:8000/v1"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def notes(folder: Path, *lines: str) -> list[str]:
    file = folder / ".env"
    file.write_text("\n".join(lines), encoding="utf-8")
    return review(read_settings(file), file)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("ADMIN_ID=5", "there is no setting ADMIN_ID; did you mean ADMIN_IDS?"),
        ("OPENAI_URL=http://h", "there is no setting OPENAI_URL; did you mean OPENAI_BASE_URL?"),
        ("BOT_TOKN=5", "there is no setting BOT_TOKN; did you mean BOT_TOKEN?"),
        ("XYZZY=5", "there is no setting XYZZY"),
    ],
)
def test_a_name_that_no_setting_has_is_named_with_the_one_meant(tmp_path: Path, line: str, meant: str) -> None:
    assert [note.partition(": ")[2] for note in notes(tmp_path, line)] == [meant]


@pytest.mark.parametrize("line", ["admin_ids=5", "export ADMIN_IDS=5", "COMPOSE_PROJECT_NAME=aura", "# ADMIN_ID=5"])
def test_other_programs_names_and_other_spellings_are_left_alone(tmp_path: Path, line: str) -> None:
    assert notes(tmp_path, line) == []


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        (
            (f"OPENAI_BASE_URL={URL}",),
            "OPENAI_BASE_URL has no effect with GENERATOR=aura: AURA_URL counts, or GENERATOR=openai",
        ),
        (
            ("LOCAL_MODEL=x.gguf", "GENERATOR=openai", f"OPENAI_BASE_URL={URL}"),
            "LOCAL_MODEL has no effect: another generator answers",
        ),
        (("OPENAI_SEES_PICTURES=true",), "OPENAI_SEES_PICTURES has no effect: set GENERATOR=openai"),
        (("LOCAL_MODEL=x.gguf", f"AURA_URL={URL}"), "LOCAL_MODEL has no effect: another generator answers"),
        (("PROXY=http://proxy.example",), "PROXY has no effect: the model inside this program answers; set AURA_URL"),
        (("TELEGRAM_PROXY=http://proxy.example",), "TELEGRAM_PROXY has no effect: the playground runs; set BOT_TOKEN"),
        (
            (f"BOT_TOKEN={TOKEN}", "PLAYGROUND_STRICT=true"),
            "PLAYGROUND_STRICT has no effect: BOT_TOKEN is set, so no playground runs",
        ),
        (("WEBHOOK_SECRET=abc",), "WEBHOOK_SECRET has no effect: set WEBHOOK_URL"),
    ],
)
def test_a_setting_without_effect_is_named_with_the_reason(tmp_path: Path, lines: tuple[str, ...], note: str) -> None:
    assert notes(tmp_path, *lines) == [note]


def test_a_copy_of_the_example_is_no_reason_to_warn(tmp_path: Path) -> None:
    assert notes(tmp_path, EXAMPLE.read_text(encoding="utf-8")) == []


def test_a_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCAL_MODEL", "~/x.gguf")
    assert read_settings(None).local_model == tmp_path / "x.gguf"
