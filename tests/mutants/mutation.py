"""Making of mutants: pure rooms, random changes in them, and the tests beside each."""

from __future__ import annotations

import difflib
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path

import cosmic_ray.plugins
import pytest
from cosmic_ray.commands.init import _all_work_items
from cosmic_ray.mutating import use_mutation
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).parents[2]
MAX_SLOWDOWN = 3
"""Times the processor's time of the unchanged tests that those of a mutant may take; one that hangs is noticed, too."""
MIN_CPU_LIMIT = 10.0
"""Seconds of the processor that every mutant has."""
OUR_OWN = ("bot", "handlers", "playground", "local_model", "tests")
"""Packages that are imported anew from the copy for each mutant."""
PRELOADED = ("hypothesis", "aiogram", "sqlalchemy.ext.asyncio", "pydantic_settings", "cachetools")
"""Packages that each mutant's tests find imported already: it takes longer than most tests."""
UNTOUCHED = ("core/ReplaceBinaryOperator_BitOr_", "core/RemoveDecorator", "core/Variable", "core/KeywordOnly")
"""Operators without a meaning here: `int | None` in an annotation, decorators of dataclasses, names to insert, and
the `*` before keyword arguments."""
UNLIKELY_FROM = ("core/ReplaceComparisonOperator_Is_", "core/ReplaceComparisonOperator_IsNot_")
"""Replacements of `is` by an order: only the opposite is typed by mistake."""
NO_RULES = ("@", "def ", "async def ", "logger.")
"""Beginnings of lines whose change alters no rule: decorators, signatures, words for the log."""
KEYWORD_ONLY = "*,"
"""The `*` before keyword arguments in a signature of several lines, which some operators take for a product."""
UNLIKELY = ("_BitOr", "_BitAnd", "_BitXor", "_LShift", "_RShift", "_Pow", "_Mod", "_FloorDiv", "_Is", "_IsNot")
"""Replacements that nobody types by mistake: of `+` by `<<`, of `==` by `is`."""


@dataclass(frozen=True, slots=True)
class Room:
    """Pure modules, and the tests that state their rules; those of `first` notice most changes soonest."""

    name: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    first: tuple[str, ...] = ()


ROOMS = (
    Room("conversation", ("bot/conversation/*.py",), ("tests/conversation",)),
    Room("rate_limits", ("bot/rate_limits/*.py",), ("tests/rate_limits",), ("tests/rate_limits/test_pacing_rules.py",)),
    Room(
        "rendering",
        ("bot/rendering/split_point.py", "bot/rendering/reply.py", "bot/rendering/formatted_slice.py"),
        ("tests/rendering",),
        ("tests/rendering/test_split_point.py", "tests/rendering/test_reply.py"),
    ),
    Room("people", ("bot/people/access.py", "bot/people/limits/question_limits.py"), ("tests/people",)),
    Room("playground", ("playground/**/budgets.py",), ("tests/playground/test_flood_limits.py",)),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change, and the tests that should notice it: portion by portion, the whole room's at last."""

    spec: MutationSpec
    portions: tuple[tuple[str, ...], ...]

    @property
    def with_later_tests(self) -> Mutant | None:
        """The same change for the tests that come next. None: there are no more."""
        return replace(self, portions=self.portions[1:]) if self.portions[1:] else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """One change of a line, and the way in which it was noticed."""

    mutant: Mutant
    module: str
    before: str
    after: str
    failed: bool
    """A test failed."""
    too_slow: bool
    """The tests did not end in the time that they have."""

    @property
    def survived(self) -> bool:
        """True where no test noticed it."""
        return not self.failed and not self.too_slow


def mutants_of(room: Room) -> Iterator[Mutant]:
    """Give every change that can be made in a room."""
    modules = sorted({file for pattern in room.modules for file in ROOT.glob(pattern)})
    for item in _all_work_items(modules, {}):
        spec = item.mutations[0]
        row, column = spec.start_pos
        line = Path(spec.module_path).read_text(encoding="utf-8").splitlines()[row - 1]
        if line.startswith(KEYWORD_ONLY, column):
            continue
        if spec.operator_name.endswith(("_Is_IsNot", "_IsNot_Is")) or (
            not spec.operator_name.startswith((*UNTOUCHED, *UNLIKELY_FROM))
            and not spec.operator_name.endswith(UNLIKELY)
            and not line.lstrip().startswith(NO_RULES)
        ):
            yield Mutant(spec, portions_of(spec.module_path, room))


def portions_of(module: Path, room: Room) -> tuple[tuple[str, ...], ...]:
    """Give the tests of a room, those that notice most and those named after the module first."""
    named = [path.relative_to(ROOT) for folder in room.tests for path in (ROOT / folder).glob(f"test_{module.stem}.py")]
    first = tuple(dict.fromkeys([*room.first, *map(str, named)]))
    return (first, room.tests) if first else (room.tests,)


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
    sys.path[:] = [str(copy), *(path for path in sys.path if path and Path(path).resolve() != ROOT)]
    sys.dont_write_bytecode = False  # what does not change is compiled once
    for package in PRELOADED:
        import_module(package)


def verdict_of(mutant: Mutant) -> Verdict:
    """Make the change in this process's copy and run the first portion of the tests."""
    spec, tests = mutant.spec, mutant.portions[0]
    limit = cpu_limit(tests)
    module = spec.module_path.relative_to(ROOT)
    operator = cosmic_ray.plugins.get_operator(spec.operator_name)(**spec.operator_args)
    with use_mutation(Path.cwd() / module, operator, spec.occurrence) as (old, new):
        _forget_bytecode(Path.cwd() / module)
        status, _ = run_tests(tests, limit)
    _forget_bytecode(Path.cwd() / module)
    before, after = _changed_lines(old, new)
    failed, too_slow = os.WIFEXITED(status) and status != 0, os.WIFSIGNALED(status)
    return Verdict(mutant, str(module), before, after, failed, too_slow)


@cache
def cpu_limit(tests: tuple[str, ...]) -> float:
    """Run the unchanged tests; give the seconds of the processor that a mutant has. Raises where they fail."""
    status, seconds = run_tests(tests, resource.RLIM_INFINITY)
    if status:
        raise RuntimeError(f"the tests fail without any change: {tests}")
    return MIN_CPU_LIMIT + MAX_SLOWDOWN * seconds


def run_tests(tests: Sequence[str], limit: float) -> tuple[int, float]:
    """Run tests in a fork of this process; give its status as `wait` does, and the seconds of the processor it took.

    Counted is the processor's time, not the clock's: on a busy machine no mutant may pass for one that hangs.
    """
    child = os.fork()
    if not child:
        try:
            if limit != resource.RLIM_INFINITY:
                resource.setrlimit(resource.RLIMIT_CPU, (int(limit) + 1, int(limit) + 1))
            silence = os.open(os.devnull, os.O_RDWR)
            for descriptor in range(3):
                os.dup2(silence, descriptor)
            for name in [name for name in sys.modules if name.partition(".")[0] in OUR_OWN]:
                del sys.modules[name]
            options = "-x -q --no-header -p no:cacheprovider --timeout=600 --hypothesis-profile=mutants"
            options += " -W ignore::pytest.PytestAssertRewriteWarning"  # of what is preloaded
            os._exit(int(pytest.main([*options.split(), *tests])))
        finally:
            os._exit(1)
    _, status, used = os.wait4(child, 0)
    return status, used.ru_utime + used.ru_stime


def _forget_bytecode(module: Path) -> None:
    """Remove the compiled module: one changed within the same second to the same size would pass for it."""
    Path(cache_from_source(str(module))).unlink(missing_ok=True)


def _changed_lines(old: str, new: str) -> tuple[str, str]:
    changed = [line for line in difflib.ndiff(old.splitlines(), new.splitlines()) if line[:2] in {"- ", "+ "}]
    before = next((line[2:].strip() for line in changed if line.startswith("-")), "")
    return before, next((line[2:].strip() for line in changed if line.startswith("+")), "")
