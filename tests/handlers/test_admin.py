"""What bot admins change while the bot runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiogram import methods

from bot.errors import StorageUnavailable
from bot.preferences import Source
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Actor, Harness, open_harness


async def test_the_temperature_of_the_whole_bot(harness: Harness) -> None:
    await harness.message(OWNER, "/temperature")
    assert harness.last.startswith("Temperature: 0.5 (the default).")
    await harness.message(OWNER, "/temperature 0,7")
    assert harness.last == "The temperature is 0.7 for the whole bot, from the next message on."
    assert (await harness.preferences.effective(harness.key(ANNA.id))).temperature.value == 0.7
    await harness.message(OWNER, "/temperature reset")
    assert harness.last == "The temperature is back to 0.5 (the default)."


async def test_a_chats_own_temperature_wins_and_is_named(harness: Harness) -> None:
    await harness.message(ANNA, "/temperature chat 0.9")
    assert harness.last.startswith("The temperature of this chat: 0.9 (set for this chat).")
    await harness.message(ANNA, "/temperature chat")
    assert harness.last.startswith("The temperature of this chat: 0.9 (set for this chat).")
    assert (await harness.preferences.effective(harness.key(OWNER.id))).temperature.value == 0.5
    await harness.message(OWNER, "/temperature chat 1.5")
    await harness.message(OWNER, "/temperature 0.2")
    assert harness.last.startswith("Changed for the whole bot, but this chat keeps a temperature of its own: 1.5")
    await harness.message(OWNER, "/temperature chat reset")
    assert harness.last.startswith("The temperature of this chat: 0.2 (set for the whole bot).")


@pytest.mark.parametrize("was_set", [False, True])
async def test_a_reset_of_the_whole_bot_says_that_the_chats_own_value_stays(harness: Harness, was_set: bool) -> None:
    await harness.message(OWNER, "/temperature chat 1.1")
    if was_set:
        await harness.message(OWNER, "/temperature 0.2")
    await harness.message(OWNER, "/temperature reset")
    assert harness.last == (
        "The whole bot has its usual temperature, but this chat keeps one of its own: 1.1 (set for this chat)."
    )
    await harness.message(OWNER, "/audit")
    assert ("reset the temperature" in harness.last) is was_set
    await harness.message(Actor(OWNER.id, "Ольга", language="ru"), "/temperature reset")
    assert harness.last == (
        "Для всего бота действует обычная температура, а у этого чата остаётся своя: 1,1 (задано для этого чата)."
    )


@pytest.mark.parametrize("command", ["/temperature chat reset", "/system reset", "/maxtokens reset", "/proxy reset"])
async def test_a_reset_that_changes_nothing_is_not_recorded(harness: Harness, command: str) -> None:
    await harness.message(OWNER, command)
    await harness.message(OWNER, "/audit")
    assert harness.last == "Nothing was changed in the last 90 days."


WRONG = {
    "/temperature 2.1": "The temperature is a number from 0 to 2, for example /temperature 0.7",
    "/temperature hot": "The temperature is a number from 0 to 2, for example /temperature 0.7",
    "/temperature nan": "The temperature is a number from 0 to 2, for example /temperature 0.7",
    "/temperature chat -1": "The temperature is a number from 0 to 2, for example /temperature chat 0.7",
    "/maxtokens 0": "The longest answer is a number of tokens from 1 to 1000000, for example /maxtokens 2000",
    "/maxtokens 1e9": "The longest answer is a number of tokens from 1 to 1000000, for example /maxtokens 2000",
    "/model a\nb": "A model's name is one line of up to 100 characters, for example /model openchat_3.6",
    "/proxy ftp://x": "A proxy's address begins with http://, https:// or socks5://, for example "
    "/proxy socks5://proxy.example:1080",
}


@pytest.mark.parametrize(("command", "line"), WRONG.items())
async def test_a_bad_value_gets_the_range_and_an_example(harness: Harness, command: str, line: str) -> None:
    await harness.message(OWNER, command)
    assert harness.said == [line]


NO_LIMIT = "It limits nothing here: the model reads only 2048 tokens in all."
COUNTED_HERE = (
    "I count the tokens myself, roughly, and stop there. openchat's server ends every answer after 1000 tokens."
)
MODELS = """
[foreign]
generator = "tests.harness.actors:EchoThroughProxies"
context = 2048

[aura]
generator = "aura"
address = "http://127.0.0.1:9"
context = 4096

[local]
generator = "openai"
address = "http://127.0.0.1:9/v1"
model = "llama"
context = 2048
"""


@pytest.mark.parametrize(
    ("model", "tokens", "note"),
    [
        ("foreign", 2000, ""),
        ("foreign", 2048, NO_LIMIT),
        ("aura", 2000, COUNTED_HERE),
        ("aura", 5000, "4096 tokens in"),
        ("local", 2000, ""),
        ("local", 5000, NO_LIMIT),
    ],
)
async def test_the_longest_answer_is_told_as_it_is_on_the_model_in_force(
    folder: Path, model: str, tokens: int, note: str
) -> None:
    models = folder / "models.toml"
    models.write_text(MODELS)
    async with open_harness(folder, models_file=models) as harness:
        await harness.message(OWNER, f"/model {model}")
        await harness.message(OWNER, f"/maxtokens {tokens}")
        said, _, more = harness.last.partition("\n")
        assert said == f"Answers may be up to {tokens} tokens long, from the next message on."
        assert note in more
        assert bool(note) is bool(more)
        assert ("openchat" in more) is (model == "aura"), "nothing is said of a server that is not there"
        await harness.message(ANNA, "/settings")
        line = next(line for line in harness.last.splitlines() if line.startswith("Longest answer"))
        assert line.endswith(more or f"Longest answer: {tokens} tokens (set for the whole bot)")


async def test_length_and_model(harness: Harness) -> None:
    await harness.message(OWNER, "/maxtokens 2 000")
    assert harness.last == "Answers may be up to 2000 tokens long, from the next message on."
    await harness.message(OWNER, "/model gpt-4")
    assert harness.last == "gpt-4 answers from the next message on."
    effective = await harness.preferences.effective(harness.key())
    assert (effective.max_tokens.value, effective.model.value) == (2000, "gpt-4")


@pytest.mark.parametrize("command", ["/maxtokens 5", "/model x", "/proxy off", "/people", "/admin"])
async def test_everybody_else_is_told_whose_command_it_is(harness: Harness, command: str) -> None:
    await harness.message(BORIS, command)
    assert harness.said == ["Это может делать только администратор бота."]


async def test_a_proxy_is_tried_before_it_counts(harness: Harness) -> None:
    await harness.message(OWNER, "/proxy socks5://proxy.example:1080")
    assert harness.said == [
        "Trying socks5://proxy.example:1080 …",
        "It works: socks5://proxy.example:1080 is the proxy to the model from the next message on.",
    ]
    effective = await harness.preferences.effective(harness.key())
    assert effective.proxy.value is not None
    assert effective.proxy.value.address == "socks5://proxy.example:1080"
    await harness.message(OWNER, "/proxy off")
    effective = await harness.preferences.effective(harness.key())
    assert (effective.proxy.value, effective.proxy.source) == (None, Source.BOT)


async def test_a_dead_proxy_changes_nothing(harness: Harness) -> None:
    await harness.message(OWNER, "/proxy http://proxy.example")
    await harness.message(OWNER, "/proxy http://dead.example:3128")
    assert harness.last.splitlines() == [
        "That did not work: The model cannot be reached through this proxy. Nothing was changed.",
        "For you as an admin: only the way through the proxy fails: nobody there",
    ]
    proxy = (await harness.preferences.effective(harness.key())).proxy.value
    assert proxy is not None
    assert proxy.host == "proxy.example"


async def test_a_proxy_that_works_but_cannot_be_stored_does_not_count_and_that_is_said(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(*_: object) -> None:
        raise StorageUnavailable("a full disk")

    monkeypatch.setattr(harness.preferences, "set", unavailable)
    await harness.message(OWNER, "/proxy http://proxy.example")
    assert harness.last == (
        "That did not work: Something went wrong on my side. Please try again. Nothing was changed."
    )
    assert (await harness.preferences.effective(harness.key())).proxy.value is None


async def test_the_proxy_in_force_can_be_tested(folder: Path) -> None:
    async with open_harness(folder, proxy="http://dead.example:3128") as harness:
        await harness.message(OWNER, "/proxy test")
        assert harness.said[0] == "Asking the model (proxy: http://dead.example:3128) …"
        assert harness.said[1].startswith("That did not work: ")
        await harness.message(OWNER, "/proxy off")
        await harness.message(OWNER, "/proxy test")
        assert harness.last == "The model answers (proxy: none)."
        await harness.message(OWNER, "/proxy reset")
        assert harness.last == "The proxy is back to: http://dead.example:3128 (from the bot's environment)."


async def test_a_proxys_password_is_deleted_and_shown_nowhere(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    for ours in ("bot", "handlers", "aiogram"):
        caplog.set_level("DEBUG", logger=ours)
    command = await harness.message(OWNER, "/proxy socks5://user:geheim@proxy.example:1080")
    await harness.message(OWNER, "/proxy")
    await harness.message(OWNER, "/settings")
    assert [call.message_ids for call in harness.recording.made(methods.DeleteMessages)] == [[command]]
    assert "socks5://user:***@proxy.example:1080" in harness.last
    assert "geheim" not in "".join(harness.said) + caplog.text
    proxy = (await harness.preferences.effective(harness.key())).proxy.value
    assert proxy is not None
    assert proxy.password == "geheim"


async def test_a_proxys_password_does_not_belong_into_a_group(harness: Harness) -> None:
    command = await harness.message(OWNER, "/proxy socks5://user:geheim@proxy.example:1080", chat=GROUP)
    assert harness.recording.made(methods.DeleteMessages)[0].message_ids == [command]
    assert harness.last.startswith("A proxy with a password belongs in our private chat.")
    assert (await harness.preferences.effective(harness.key())).proxy.value is None


async def test_a_mistyped_proxy_with_a_password_is_deleted_too(harness: Harness) -> None:
    command = await harness.message(OWNER, "/proxy socks4://user:geheim@proxy.example")
    assert harness.recording.made(methods.DeleteMessages)[0].message_ids == [command]


async def test_a_persons_own_chat_has_a_temperature_that_they_are_told_how_to_change(harness: Harness) -> None:
    await harness.message(BORIS, "/temperature")
    assert harness.last.startswith("Температура этого чата: 0,5")
    assert "/temperature chat 0.9" in harness.last


async def test_whoever_may_not_change_the_whole_bot_hears_what_is_theirs(harness: Harness) -> None:
    await harness.message(ANNA, "/temperature 0.9")
    assert harness.last.endswith("For this chat: /temperature chat 0.9")
    await harness.message(ANNA, "/help")
    assert "/temperature: " in harness.last
    assert "/maxtokens" not in harness.last
