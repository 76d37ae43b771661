"""Making of mutants: pure rooms, random changes in them, and the tests beside each."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.commands.init import _all_work_items
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_item import MutationSpec, TestOutcome

ROOT = Path(__file__).parents[2]
TEST_TIMEOUT = 90.0
"""Seconds that the tests of one mutant may take; a mutant that hangs is noticed, too."""
UNTOUCHED = ("core/ReplaceBinaryOperator_BitOr_", "core/RemoveDecorator", "core/Variable", "core/KeywordOnly")
"""Operators without a meaning here: `int | None` in an annotation, decorators of dataclasses, names to insert, and
the `*` before keyword arguments."""
UNLIKELY_FROM = ("core/ReplaceComparisonOperator_Is_", "core/ReplaceComparisonOperator_IsNot_")
"""Replacements of `is` by an order: only the opposite is typed by mistake."""
NO_RULES = ("@", "def ", "async def ", "logger.")
"""Beginnings of lines whose change alters no rule: decorators, signatures, words for the log."""
UNLIKELY = ("_BitOr", "_BitAnd", "_BitXor", "_LShift", "_RShift", "_Pow", "_Mod", "_FloorDiv", "_Is", "_IsNot")
"""Replacements that nobody types by mistake: of `+` by `<<`, of `==` by `is`."""


@dataclass(frozen=True, slots=True)
class Room:
    """Pure modules, and the tests that state their rules."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = (
    Room("conversation", ("bot/conversation/*.py",), ("tests/conversation",)),
    Room("rate_limits", ("bot/rate_limits/*.py",), ("tests/rate_limits",)),
    Room(
        "rendering",
        ("bot/rendering/split_point.py", "bot/rendering/reply.py", "bot/rendering/formatted_slice.py"),
        ("tests/rendering",),
    ),
    Room("people", ("bot/people/access.py", "bot/people/limits/question_limits.py"), ("tests/people",)),
    Room("playground", ("playground/**/budgets.py",), ("tests/playground/test_flood_limits.py",)),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change, and the tests that should notice it."""

    spec: MutationSpec
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survivor:
    """A change that no test noticed."""

    module: str
    before: str
    after: str


def mutants_of(room: Room) -> Iterator[Mutant]:
    """Give every change that can be made in a room."""
    modules = sorted({file for pattern in room.modules for file in ROOT.glob(pattern)})
    for item in _all_work_items(modules, {}):
        spec = item.mutations[0]
        line = Path(spec.module_path).read_text(encoding="utf-8").splitlines()[spec.start_pos[0] - 1]
        if spec.operator_name.endswith(("_Is_IsNot", "_IsNot_Is")) or (
            not spec.operator_name.startswith((*UNTOUCHED, *UNLIKELY_FROM))
            and not spec.operator_name.endswith(UNLIKELY)
            and not line.lstrip().startswith(NO_RULES)
        ):
            yield Mutant(spec, tests_of(spec.module_path, room))


def tests_of(module: Path, room: Room) -> tuple[str, ...]:
    """Give the tests of a room, those named after the module first: they notice most changes, and soonest."""
    named = [path.relative_to(ROOT) for folder in room.tests for path in (ROOT / folder).glob(f"test_{module.stem}.py")]
    return (*map(str, named), *room.tests)


def enter_copy(folder: str) -> None:
    """Give this process a copy of the tree to work in."""
    copy = Path(folder) / str(os.getpid())
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    for name in names.stdout.decode().splitlines():
        source, target = ROOT / name, copy / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    os.chdir(copy)


def survivor_of(mutant: Mutant) -> Survivor | None:
    """Make the change in this process's copy and run the tests. None: they noticed."""
    spec = mutant.spec
    module = Path(spec.module_path).relative_to(ROOT)
    here = MutationSpec(
        module_path=Path.cwd() / module,
        operator_name=spec.operator_name,
        occurrence=spec.occurrence,
        start_pos=spec.start_pos,
        end_pos=spec.end_pos,
        operator_args=spec.operator_args,
    )
    tests = " ".join(mutant.tests)
    command = f"{sys.executable} -m pytest -x -q --no-header -p no:cacheprovider --hypothesis-profile=mutants {tests}"
    result = mutate_and_test([here], command, TEST_TIMEOUT)
    if result.test_outcome is not TestOutcome.SURVIVED:
        return None
    changed = [line for line in (result.diff or "").splitlines() if line[:1] in "+-" and line[:3] not in {"+++", "---"}]
    before = next((line[1:].strip() for line in changed if line.startswith("-")), "")
    after = next((line[1:].strip() for line in changed if line.startswith("+")), "")
    return Survivor(str(module), before, after)
