"""`make mutants`: change the pure rules at random, one place at a time, and see whether a test notices.

Environment: MUTANTS (how many, 200), SEED (1), ROOM (one room's name), WORKERS (2). Each mutant is tested by the tests
beside its room in a copy of the tree, so the tree itself is never touched. Ends with 1 where a survivor is not listed
in `equivalent.toml`, which says of each listed one why it changes nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from multiprocessing.pool import Pool
from pathlib import Path

from tests.mutants.mutation import ROOMS, Mutant, Verdict, enter_copy, mutants_of, verdict_of

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def is_listed(survivor: Verdict) -> bool:
    """Say whether the list explains why this change alters nothing."""
    listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("mutant", [])
    return any(
        (entry["module"], entry["before"]) == (survivor.module, survivor.before)
        and entry.get("after", survivor.after) == survivor.after
        for entry in listed
    )


def judged(sample: Sequence[Mutant], pool: Pool) -> Iterator[Verdict]:
    """Run the tests named after each module first, for all; then those of the whole room for what they let pass.

    Whoever survives is told at once.
    """
    left = list(sample)
    while left:
        later: list[Mutant] = []
        for verdict in pool.imap_unordered(verdict_of, left):
            if verdict.survived and (again := verdict.mutant.with_later_tests):
                later.append(again)
                continue
            yield verdict
            if verdict.survived and not is_listed(verdict):
                say(f"{verdict.module}\n  - {verdict.before}\n  + {verdict.after}")
        say(f"{len(left)} tested, {len(later)} of them go on to the whole room's tests")
        left = later


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Test a sample of all mutants and print the survivors."""
    began = time.monotonic()
    wanted = os.environ.get("ROOM")
    rooms = [room for room in ROOMS if wanted in {None, "", room.name}]
    everything = [mutant for room in rooms for mutant in mutants_of(room)]
    count = min(int(os.environ.get("MUTANTS", "200")), len(everything))
    sample = random.Random(int(os.environ.get("SEED", "1"))).sample(everything, count)
    with tempfile.TemporaryDirectory() as folder:
        workers = int(os.environ.get("WORKERS", "2"))
        with multiprocessing.get_context("spawn").Pool(workers, enter_copy, (folder,)) as pool:
            verdicts = list(judged(sample, pool))
    survivors = [verdict for verdict in verdicts if verdict.survived]
    unexplained = [survivor for survivor in survivors if not is_listed(survivor)]
    noticed = count - len(survivors)
    say(
        f"{count} of {len(everything)} mutants: {noticed} noticed ({noticed / max(1, count):.0%}), "
        f"{sum(verdict.too_slow for verdict in verdicts)} of them because they hang, "
        f"{len(survivors) - len(unexplained)} change nothing, {len(unexplained)} unnoticed, "
        f"in {time.monotonic() - began:.0f} seconds"
    )
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
