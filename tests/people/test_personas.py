"""The library of personas, checked when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import SettingsProblem
from bot.people.personas import check_models, read_personas


def test_the_library_that_comes_along_speaks_both_languages() -> None:
    personas = read_personas(None)
    assert len(personas) >= 6
    for persona in personas.values():
        assert persona.name("en") != persona.name("ru")
        assert persona.prompt("en") != persona.prompt("ru")
        assert "\n" not in persona.prompt("en") + persona.prompt("ru"), "the file's own line ends are not the prompt's"


def test_a_plain_text_serves_every_language(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[pirate]\nname = "Pirate"\nprompt = "Talk like a pirate."\n', encoding="utf-8")
    assert read_personas(file)["pirate"].prompt("ru") == "Talk like a pirate."


def test_a_persona_may_do_without_a_prompt(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[bare]\nname = "Bare"\nprompt = ""\n\n[half]\nname = "Half"\nprompt = {en = "p", ru = ""}\n')
    personas = read_personas(file)
    assert [personas["bare"].prompt(language) for language in ("en", "ru")] == ["", ""]
    assert [personas["half"].prompt(language) for language in ("en", "ru")] == ["p", ""]


WRONG = {
    "no TOML": ("[pirate", "mine.toml cannot be read"),
    "no prompt": ('[pirate]\nname = "P"', "[pirate]: prompt is missing"),
    "an empty name": ('[pirate]\nname = " "\nprompt = "p"', "[pirate]: name has to be a text of 1 to 40 characters"),
    "a number": ('[pirate]\nname = "P"\nprompt.en = 1', "[pirate]: prompt has to be a text"),
    "a stranger": ('[pirate]\nname = "P"\nprompt = "p"\ncolour = "x"', "[pirate]: there is no colour"),
    "a bad id": ('["a b"]\nname = "P"\nprompt = "p"', "[a b]: a name in brackets"),
    "no table": ('pirate = "x"', "[pirate]: write it as a table"),
    "too many": ("\n".join(f'[p{n}]\nname = "P"\nprompt = "p"' for n in range(31)), "more than 30"),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_names_the_file_and_the_entry(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsProblem, match=r"^PERSONAS_FILE: /.*/mine\.toml") as caught:
        read_personas(file)
    assert said in str(caught.value)


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match=r"PERSONAS_FILE: .*/gone\.toml cannot be read"):
        read_personas(tmp_path / "gone.toml")


def test_the_owners_copy_counts_and_without_one_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "personas.toml"
    monkeypatch.chdir(tmp_path)
    assert "teacher" in read_personas(None)
    copy.write_text('[pirate]\nname = "Pirate"\nprompt = "You are a pirate."\n')
    assert list(read_personas(None)) == ["pirate"]


@pytest.mark.parametrize(
    ("models", "said"), [(["fast"], "there is no model slow; name one of fast"), ([], "it needs models.toml")]
)
def test_a_persona_with_an_unknown_model_is_named(tmp_path: Path, models: list[str], said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[pirate]\nname = "Pirate"\nprompt = "p"\nmodel = "slow"\n', encoding="utf-8")
    personas = read_personas(file)
    with pytest.raises(SettingsProblem, match=r"\[pirate\]") as caught:
        check_models(personas, models)
    assert said in str(caught.value)
    check_models(personas, ["slow"])
