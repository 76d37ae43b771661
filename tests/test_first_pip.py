"""A new environment gets on without a pip of its own: the one that Python carries along runs in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parent.parent / "requirements" / "first_pip.py"


def test_pip_runs_in_an_environment_that_has_none(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    python = tmp_path / "bin" / "python"
    assert subprocess.run([python, "-m", "pip"], check=False, capture_output=True).returncode == 1, "there is none"
    ran = subprocess.run([python, SCRIPT, "list", "--format=freeze"], check=True, capture_output=True, encoding="utf-8")
    assert ran.stdout.strip() == "", "it sees this environment, where nothing is installed"
