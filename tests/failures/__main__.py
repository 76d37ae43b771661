"""`python -m tests.failures FOLDER [NAME …]`: provokes the failures and keeps what an administrator sees of each.

Each gets a folder with `chat`, `log` and `check`; the folders are numbered in random order and the key lies beside
them, so that somebody who has not seen it can say what happened.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.failures.evidence import Evidence, evidence_of
from tests.failures.scenes import FAILURES
from tests.harness.scene import Scene, running_telegram
from tests.harness.scripted_generator import running_generator

KEY = "key.txt"


def main(arguments: Sequence[str]) -> int:
    if not arguments:
        _say("give a folder")
        return 1
    folder = Path(arguments[0])
    names = list(arguments[1:]) or list(FAILURES)
    random.shuffle(names)
    key = []
    for number, name in enumerate(names, 1):
        evidence = asyncio.run(_seen(name))
        place = folder / f"{number:02}"
        place.mkdir(parents=True, exist_ok=True)
        for kind in ("chat", "log", "check"):
            (place / f"{kind}.txt").write_text(f"{getattr(evidence, kind)}\n", encoding="utf-8")
        key.append(f"{number:02} {name}")
        _say(f"{number} of {len(names)}")
    (folder / KEY).write_text("\n".join([*key, ""]), encoding="utf-8")
    return 0


async def _seen(name: str) -> Evidence:
    with tempfile.TemporaryDirectory(prefix="aura-failure-") as folder:
        async with running_telegram() as telegram, running_generator() as generator:
            return await evidence_of(FAILURES[name], Scene(Path(folder), telegram, generator))


def _say(words: str) -> None:
    print(f"failures: {words}", file=sys.stderr, flush=True)  # noqa: T201  # what this command is for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
