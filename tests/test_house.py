"""Rules of the house that no linter has: names, docstrings, who starts tasks."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = {"bot": ("bot", "handlers"), "playground": ("playground",), "local_model": ("local_model",)}
MAX_LINES = 400
"""Of one file, tests included."""
QUESTION_WORDS = frozenset({"What", "Who", "Whose", "Whom", "Whether", "Where", "When", "Which", "Why", "How"})
SHARED_NAMES = frozenset({"Json"})
"""Aliases of one type, so short that each file has its own."""


def modules(program: str) -> Iterator[tuple[Path, ast.Module]]:
    """Every module of a program, parsed; migrations are history."""
    for folder in PROGRAMS[program]:
        for file in sorted((ROOT / folder).rglob("*.py")):
            if "versions" not in file.parts:
                yield file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"))


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The docstrings of modules, classes, functions and constants, with their lines."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        for before, item in zip([None, *body], body, strict=False):
            follows = isinstance(before, ast.Assign | ast.AnnAssign) or (before is None and documented)
            text = item.value.value if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant) else None
            if follows and isinstance(text, str):
                yield item.lineno, text


@pytest.mark.parametrize("program", PROGRAMS)
def test_docstrings_begin_with_a_noun_phrase_or_a_verb(program: str) -> None:
    riddles = [
        f"{file}:{line}: {text.strip().splitlines()[0]}"
        for file, tree in modules(program)
        for line, text in docstrings(tree)
        if text.split()[0].strip(",:;") in QUESTION_WORDS
    ]
    assert riddles == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_public_name_of_a_module_stands_for_one_thing(program: str) -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for file, tree in modules(program):
        for node in tree.body:
            targets: list[ast.expr] = []
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(file))
            elif isinstance(node, ast.Assign):
                targets = node.targets
            elif isinstance(node, ast.AnnAssign):
                targets = [node.target]
            for target in targets:
                if isinstance(target, ast.Name) and len(target.id) > 1 and target.id[0].isupper():
                    places[target.id].append(str(file))
    twice = {name: files for name, files in places.items() if len(files) > 1 and name not in SHARED_NAMES}
    assert twice == {}


def test_only_the_supervisor_starts_tasks() -> None:
    starters = [
        f"{file}:{node.lineno}"
        for file, tree in modules("bot")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"create_task", "ensure_future", "TaskGroup"}
    ]
    assert [starter.rpartition(":")[0] for starter in starters] == ["bot/runtime/task_supervisor.py"], starters


def test_no_file_is_longer_than_anybody_reads_at_once() -> None:
    folders = [ROOT / "tests", *(ROOT / folder for program in PROGRAMS.values() for folder in program)]
    files = [file for folder in folders for file in folder.rglob("*.py") if "versions" not in file.parts]
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}
