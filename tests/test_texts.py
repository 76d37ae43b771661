"""The Fluent files: complete, the same in every language, and everything in them is used."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as fluent

import handlers
from bot import errors
from bot.texts import LOCALES, Texts
from handlers.support.bot_commands import declared_commands

ROOT = Path(__file__).parents[1]


@cache
def arguments(language: str) -> dict[str, frozenset[str]]:
    """Each text with the arguments that it takes, those of the texts that it refers to included."""
    resource = FluentParser().parse((LOCALES / f"{language}.ftl").read_text(encoding="utf-8"))
    assert not [entry for entry in resource.body if isinstance(entry, fluent.Junk)]
    own: dict[str, tuple[set[str], set[str]]] = {}
    for entry in resource.body:
        if isinstance(entry, fluent.Message):
            assert entry.id.name not in own, f"{entry.id.name} is there twice"
            own[entry.id.name] = (
                set(names(entry, fluent.VariableReference)),
                set(names(entry, fluent.MessageReference)),
            )
    return {
        key: frozenset(variables.union(*(own[reference][0] for reference in references)))
        for key, (variables, references) in own.items()
    }


def names(node: object, kind: type[fluent.VariableReference | fluent.MessageReference]) -> Iterator[str]:
    """The references of one kind below a node."""
    if isinstance(node, kind):
        yield node.id.name
    if isinstance(node, fluent.BaseNode):
        for value in vars(node).values():
            yield from names(value, kind)
    elif isinstance(node, list):
        for value in node:
            yield from names(value, kind)


@cache
def words_of_the_code() -> frozenset[str]:
    """Every string in the program, and the beginnings of those that are put together, with `*`."""
    found: set[str] = set()
    for file in [*ROOT.glob("bot/**/*.py"), *ROOT.glob("handlers/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                found.add(f"{node.values[0].value!s}*")
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


@cache
def texts() -> Texts:
    return Texts()


@pytest.mark.parametrize("language", [file.stem for file in LOCALES.glob("*.ftl")])
def test_every_language_has_the_same_texts_with_the_same_arguments(language: str) -> None:
    assert arguments(language) == arguments("en")


def test_english_and_russian_are_spoken() -> None:
    assert {"en": "English", "ru": "Русский"}.items() <= texts().languages.items()


def test_every_text_is_used() -> None:
    words = words_of_the_code()
    beginnings = tuple(word[:-1] for word in words if word.endswith("-*"))
    referred = {"source"}
    unused = [key for key in arguments("en") if key not in words | referred and not key.startswith(beginnings)]
    assert unused == []


def test_every_text_that_the_program_says_exists() -> None:
    said = set()
    for file in [
        *ROOT.glob("handlers/**/*.py"),
        *(ROOT / "bot/answering" / name for name in ("answerer.py", "keyboards.py")),
    ]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            said |= set(_keys_of_call(node))
    assert said - set(arguments("en")) == set()
    assert len(said) > 60


def _keys_of_call(node: ast.AST) -> Iterator[str]:
    """The keys in `say("key")`, `answer("key")`, `say.text("key")`, `texts.get(language, "key")`, also with `if`."""
    if not isinstance(node, ast.Call):
        return
    name = ast.unparse(node.func)
    if not re.fullmatch(r"(say|answer|to_them|to_admin|self\._say)(\.text)?|(self\._)?texts\.get", name):
        return
    where = node.args[1:2] if name.endswith("texts.get") else node.args[:1]
    for argument in where:
        choices = [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]
        yield from (c.value for c in choices if isinstance(c, ast.Constant) and isinstance(c.value, str))


def test_every_problem_has_a_sentence() -> None:
    problems = [
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, errors.Problem)
    ]
    assert {problem.key for problem in problems} <= set(arguments("en"))


def test_every_command_is_described() -> None:
    described = {one.name for one in declared_commands(handlers.routers())} - {"start"}
    assert {f"menu-{command}" for command in described} <= set(arguments("en"))
    for language in texts().languages:
        for command in described:
            assert 3 <= len(texts().get(language, f"menu-{command}")) <= 256


def test_a_file_is_a_language(tmp_path: Path) -> None:
    shutil.copytree(LOCALES, tmp_path, dirs_exist_ok=True)
    klingon = (LOCALES / "en.ftl").read_text(encoding="utf-8")
    for old, new in (("-name = English", "-name = Test"), ("-codes = en", "-codes = tlh, qaa"), ("= reset", "= weg")):
        assert old in klingon
        klingon = klingon.replace(old, new)
    (tmp_path / "tlh.ftl").write_text(klingon, encoding="utf-8")
    known = Texts(tmp_path)
    assert known.languages == {**texts().languages, "tlh": "Test"}
    assert [known.language_of(code) for code in ("tlh-KX", "QAA", "xx", "en")] == ["tlh", "tlh", "en", "en"]
    assert all(known.means("word-reset", word) for word in ("weg", "Weg", "reset", "сброс"))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("word-reset", ("reset", "сброс", "RESET")),
        ("word-chat", ("chat", "чат")),
        ("word-off", ("off", "OFF", "выкл")),
        ("word-test", ("test", "тест")),
    ],
)
def test_words_of_commands_are_understood_in_every_language(key: str, words: tuple[str, ...]) -> None:
    assert all(texts().means(key, word) for word in words)
    assert not any(texts().means(key, word) for word in ("", "resets", "chat 1", "off,"))


@pytest.mark.parametrize(
    ("code", "language"),
    [("ru", "ru"), ("be-BY", "ru"), ("kk", "ru"), ("en-GB", "en"), ("pt-br", "en"), ("", "en"), (None, "en")],
)
def test_the_language_of_a_telegram_app(code: str | None, language: str) -> None:
    assert texts().language_of(code) == language


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 минуту"), (3, "3 минуты"), (5, "5 минут"), (21, "21 минуту"), (112, "112 минут")]
)
def test_russian_counts_as_russians_do(count: int, words: str) -> None:
    assert words in texts().get("ru", "too-many-questions", whose="person", unit="minutes", count=count)


def test_numbers_are_shown_as_they_are_typed() -> None:
    assert "8192" in texts().get("en", "attachment-cut", name="a.txt", unit="lines", kept=8192, total=10_000)


def test_an_unknown_language_gets_english_and_an_unknown_text_its_name(caplog: pytest.LogCaptureFixture) -> None:
    assert texts().get("xx", "answer-stopped") == "Stopped."
    assert texts().get("en", "no-such-text") == "no-such-text"
    assert "no-such-text" in caplog.text


def test_a_missing_argument_is_logged_and_shows_a_text_nevertheless(caplog: pytest.LogCaptureFixture) -> None:
    assert "your question" in texts().get("en", "called-without-question")
    assert "called-without-question" in caplog.text


def test_what_a_translation_does_not_have_yet_is_english(tmp_path: Path) -> None:
    (tmp_path / "en.ftl").write_text(
        "language-name = English\nlanguage-codes = en\nhello = Hello\nbye = Bye\n", "utf-8"
    )
    (tmp_path / "de.ftl").write_text("language-name = Deutsch\nlanguage-codes = de\nhello = Hallo\n", "utf-8")
    texts = Texts(tmp_path)
    assert [texts.get("de", key) for key in ("hello", "bye")] == ["Hallo", "Bye"]
