"""`models.toml`, checked when it is read: what an entry can say, and what is said of a mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import SettingsProblem
from bot.models.entry import ModelEntry
from bot.models.file import read_models

ROOT = Path(__file__).parents[2]
KEYS = {"FAST_KEY": "sk-secret-1", "OPENAI_API_KEY": "sk-secret-2"}
ENTRY = '[a]\naddress = "http://127.0.0.1:8000/v1"\n'


def read(folder: Path, content: str) -> tuple[ModelEntry, ...]:
    file = folder / "mine.toml"
    file.write_text(content, encoding="utf-8")
    return read_models(file, KEYS)


def test_the_example_that_comes_along_is_right() -> None:
    fast, clever, small = read_models(ROOT / "models.example.toml", KEYS)
    assert (fast.id, fast.name, fast.config.model, fast.fallback) == ("fast", "Fast", "qwen3-8b", "small")
    assert clever.config.key.get_secret_value() == "sk-secret-2"
    assert clever.pictures
    assert clever.not_taken == {"temperature"}
    assert clever.users == "admins"
    assert clever.prices is not None
    assert clever.prices.cost(1_000_000, 500_000) == pytest.approx(6.25)
    assert small.is_embedded


def test_without_the_file_there_are_no_entries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("bot.models.file.MODELS_FILE", tmp_path / "models.toml")
    assert read_models(None, {}) == ()


def test_a_key_is_shown_nowhere(tmp_path: Path) -> None:
    (entry,) = read(tmp_path, ENTRY + 'key = "FAST_KEY"')
    assert entry.config.key.get_secret_value() == "sk-secret-1"
    assert "sk-secret" not in repr(entry)


def test_an_entry_without_a_proxy_goes_by_the_bots_own(tmp_path: Path) -> None:
    ours, direct = read(tmp_path, ENTRY + '[b]\naddress = "http://127.0.0.1:1"\nproxy = "off"')
    assert not ours.has_proxy
    assert (direct.has_proxy, direct.proxy) == (True, None)


WRONG = {
    "no TOML": ("[a", "mine.toml cannot be read"),
    "nothing": ("", "has 0 models"),
    "too many": ("\n".join(ENTRY.replace("[a]", f"[a{n}]") for n in range(101)), "has 101 models; 1 to 100"),
    "a bad id": ('["a b"]\n', "line 1, [a b]: a name in brackets"),
    "no table": ("a = 1", "line 1, [a]: write it as a table"),
    "a stranger": (ENTRY + "colour = 1", "line 3, [a]: colour: there is no such field; the fields are name,"),
    "no address": ('[a]\nmodel = "m"', "line 1, [a]: address: openai needs it, for example http"),
    "no URL": ('[a]\naddress = "here"', "line 2, [a]: address: write a whole address"),
    "half an address": ('[a]\naddress = "http://[::1"', "line 2, [a]: address: write a whole address"),
    "a bad generator": (ENTRY + 'generator = "opnai"', "line 3, [a]: generator: write aura, openai, or an import path"),
    "a lost class": ('[a]\ngenerator = "nowhere:At"', "line 2, [a]: generator: cannot import nowhere"),
    "a key itself": (ENTRY + 'key = "sk-abc"', "line 3, [a]: key: write the name of the environment variable"),
    "a missing key": (ENTRY + 'key = "GONE"', "line 3, [a]: key: the environment (or .env) has no GONE"),
    "a small context": (ENTRY + "context = 10", "line 3, [a]: context: write a number of 512 to 10000000"),
    "half a token": (ENTRY + "context = 600.5", "line 3, [a]: context: write a number"),
    "endless": (ENTRY + "context = inf", "line 3, [a]: context: write a number"),
    "yes": (ENTRY + 'pictures = "yes"', "line 3, [a]: pictures: write true or false"),
    "messages": (ENTRY + 'not_taken = ["messages"]', "line 3, [a]: not_taken: write a list of parameters"),
    "a word": (ENTRY + 'not_taken = "temperature"', "line 3, [a]: not_taken: write a list of parameters"),
    "a price alone": (ENTRY + "price = 3", "line 3, [a]: price: write the prices of a million tokens"),
    "a negative price": (ENTRY + "price.input = -1", "line 3, [a]: price: write the prices of a million tokens"),
    "a stranger in prices": (ENTRY + "price = { inn = 1 }", "line 3, [a]: price: write the prices"),
    "nobody": (ENTRY + 'users = "nobody"', "line 3, [a]: users: write everyone or admins"),
    "no proxy": (ENTRY + 'proxy = "here"', "line 3, [a]: proxy: write socks5://host:port, http://host:port or off"),
    "itself": (ENTRY + 'fallback = "a"', "line 3, [a]: fallback: there is no other entry"),
    "a lost fallback": (
        ENTRY + '[b]\naddress = "http://127.0.0.1"\nfallback = "c"',
        "line 5, [b]: fallback: name another entry: a",
    ),
    "a long name": (ENTRY + f'name = "{"x" * 41}"', "line 3, [a]: name: write a text of up to 40 characters"),
}


@pytest.mark.parametrize(("content", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_mistake_names_the_line_the_entry_and_what_would_be_right(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(SettingsProblem, match=r"^MODELS_FILE: mine\.toml") as caught:
        read(tmp_path, content)
    assert said in str(caught.value)
    assert "sk-" not in str(caught.value)


def test_a_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsProblem, match=r"MODELS_FILE: gone\.toml cannot be read"):
        read_models(tmp_path / "gone.toml", {})
