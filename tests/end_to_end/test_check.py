"""`python -m bot check` says of each part whether it works, which variable is wrong, and never shows a traceback."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from tests.harness.program_process import TOKEN, running_program
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Refusal, failing
from tests.harness.telegram_people import ANNA
from tests.harness.wire_server import Exchange, serve

BOT = int(TOKEN.partition(":")[0])


async def checked(scene: Scene, **settings: str) -> tuple[int, str]:
    """The exit status and what was printed."""
    environment = {**scene.environment, **settings}
    async with running_program(scene.folder, environment, command="check", ready="", nursery=scene.nursery) as program:
        status = await program.ends(seconds=60)
    return status, program.log


async def test_with_right_settings_every_part_works(scene: Scene) -> None:
    status, log = await checked(scene)
    assert status == 0
    assert log.count("works") == 6
    assert "no second program with BOT_TOKEN" in log
    assert "WRONG" not in log


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"BOT_TOKEN": "7000000001:another-token-0123456789-0123456789"}, "BOT_TOKEN"),
        ({"TELEGRAM_API_URL": "http://127.0.0.1:9"}, "; check TELEGRAM_API_URL (127.0.0.1:9), or set TELEGRAM_PROXY\n"),
        (
            {"TELEGRAM_PROXY": "socks5://anna:s3cret-word@127.0.0.1:9"},
            "; check TELEGRAM_PROXY (socks5://anna:***@127.0.0.1:9)\n",
        ),
        ({"AURA_URL": "http://127.0.0.1:9"}, "; check AURA_URL, and whether its server runs\n"),
        ({"PROXY": "http://anna:s3cret-word@127.0.0.1:9"}, "; check PROXY, or /proxy in the chat\n"),
        ({"DATABASE_URL": "sqlite+aiosqlite:////dev/null/aura.db"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://anna:s3cret-word@127.0.0.1:9/aura"}, "DATABASE_URL"),
        ({"GENERATOR": "no.such.module:Class"}, "GENERATOR"),
        ({"GENERATOR": "openai"}, "OPENAI_BASE_URL"),
        ({"TEMPERATURE": "hot"}, "TEMPERATURE"),
        ({"PERSONAS_FILE": "missing.toml"}, "missing.toml"),
    ],
)
async def test_a_wrong_setting_is_named_in_one_line(scene: Scene, settings: dict[str, str], named: str) -> None:
    status, log = await checked(scene, **settings)
    assert status == 1
    assert named in log
    assert "Traceback" not in log
    assert "s3cret-word" not in log


async def until_held(scene: Scene) -> None:
    """Wait until the running bot has stored a hold."""
    with closing(sqlite3.connect(scene.folder / "aura.db")) as database:
        while True:
            if database.execute("SELECT count(*) FROM chats WHERE hold_until > 0").fetchone()[0]:
                return
            await asyncio.sleep(0.05)


async def test_a_second_program_that_the_running_bot_has_met_and_holds_are_told(scene: Scene) -> None:
    await scene.telegram.fault(method="sendMessage", chat_id=ANNA, retry_after=600)
    async with scene.program() as program:
        await scene.telegram.send("Hello")
        await program.says("Telegram wants a pause of 600 s")
        async with asyncio.timeout(60):
            await until_held(scene)
    with closing(sqlite3.connect(scene.folder / "aura.db")) as database, database:
        database.execute("INSERT INTO alerts VALUES (?, 'down', '', 1764158400)", [BOT])
    status, log = await checked(scene)
    assert status == 0
    assert (
        "look   noted: the model did not answer (noted 2025-11-26 12:00 UTC); Telegram wants 1 chat left alone" in log
    )
    async with scene.program():
        with closing(sqlite3.connect(scene.folder / "aura.db")) as database, database:
            database.execute("INSERT INTO alerts VALUES (?, 'conflict', '', 1764158400)", [BOT])
        status, log = await checked(scene)
    assert status == 1
    assert "WRONG  noted: a second program uses BOT_TOKEN" in log


async def test_where_updates_go_and_how_many_wait_is_told_and_none_is_taken(scene: Scene) -> None:
    await scene.telegram.send("Hello")
    async with scene.telegram.session.post(
        f"{scene.telegram.url}/bot{TOKEN}/setWebhook", json={"url": "http://127.0.0.1:9/hook/secret-path"}
    ) as response:
        assert response.status == 200
    status, log = await checked(scene)
    assert status == 0
    assert "look   updates: Telegram delivers to a webhook at 127.0.0.1, and WEBHOOK_URL is not set" in log
    assert "1 wait at Telegram" in log
    assert "secret-path" not in log
    async with scene.program():
        await scene.telegram.reads_answer("You said: Hello")


async def test_a_generator_that_wants_another_key_is_told_with_its_reason(scene: Scene) -> None:
    scene.generator.script = failing(Refusal(500, "Incorrect API key provided"))
    status, log = await checked(scene, AURA_KEY="sk-the-wrong-key-0123456789")
    assert status == 1
    assert "AURA_KEY" in log
    assert "Incorrect API key" in log
    assert "sk-the-wrong-key" not in log


async def test_the_generator_is_asked_as_a_question_asks_it(scene: Scene) -> None:
    status, _ = await checked(scene, SYSTEM_PROMPT="Be brief.", TEMPERATURE="1.5")
    assert status == 0
    assert scene.generator.requests[-1].prompt == "Be brief."
    assert scene.generator.requests[-1].body["temperature"] == 1.5


async def test_what_admins_have_set_in_the_chat_is_asked_with(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/temperature 1.25")
        await scene.telegram.reads("1.25")
        await scene.telegram.send("/maxtokens 700")
        await scene.telegram.reads("700")
        await scene.telegram.send("/model other")
        asked = await scene.generator.asked()
        assert asked.body["temperature"] == 1.25, "a new name is tried as this chat asks"
        await scene.telegram.until(
            lambda: "other" in scene.telegram.texts()[-1] and "…" not in scene.telegram.texts()[-1]
        )
    status, log = await checked(scene)
    assert status == 0
    assert scene.generator.requests[-1].body["model"]["id"] == "other"
    assert scene.generator.requests[-1].body["temperature"] == 1.25
    assert "as set in the chat: model, temperature, max_tokens" in log
    before = len(scene.generator.requests)
    async with scene.program(PROBE_GENERATOR="true", SYSTEM_PROMPT="Be brief."):
        asked = await scene.generator.asked(before + 1)
        assert (asked.prompt, asked.body["model"]["id"]) == ("Be brief.", "other")


async def test_a_context_that_is_too_small_is_told_with_its_setting(scene: Scene) -> None:
    scene.generator.script = failing(Refusal(400, "This model's maximum context length is 1024 tokens"))
    status, log = await checked(scene)
    assert status == 1
    assert "This model's maximum context length is 1024 tokens" in log
    assert "CONTEXT_TOKENS is 8192; check CONTEXT_TOKENS and SYSTEM_PROMPT" in log


async def test_every_model_of_the_file_is_asked_and_the_one_that_fails_is_named(scene: Scene) -> None:
    file = scene.folder / "models.toml"
    file.write_text(
        f'[near]\ngenerator = "aura"\naddress = "{scene.generator.url}"\nmodel = "one"\n'
        '[far]\naddress = "http://127.0.0.1:9/v1"\nkey = "FAR_KEY"\nmodel = "two"\n',
        encoding="utf-8",
    )
    (scene.folder / ".env").write_text("FAR_KEY=sk-never-shown-0123456789\n")
    status, log = await checked(scene, MODELS_FILE=str(file))
    assert status == 1
    assert "[far]" in log
    assert "check [far] of models.toml" in log
    assert "there is no setting" not in log
    assert f"[near] {scene.generator.url} answers" in log
    assert "sk-never-shown" not in log
    assert [request.body["model"]["id"] for request in scene.generator.requests] == ["one"]


async def test_a_mistake_in_the_file_of_models_is_said_with_its_line(scene: Scene) -> None:
    file = scene.folder / "models.toml"
    file.write_text('[near]\ngenerator = "aura"\naddress = "nowhere"\n', encoding="utf-8")
    status, log = await checked(scene, MODELS_FILE=str(file))
    assert status == 1
    assert "MODELS_FILE: models.toml, line 3, [near]: address: write a whole address" in log
    assert "Traceback" not in log


async def test_the_database_of_this_run_is_looked_at_and_nothing_is_made(scene: Scene) -> None:
    environment = {
        name: value for name, value in scene.environment.items() if name not in {"BOT_TOKEN", "DATABASE_URL"}
    }
    before = sorted(file.name for file in scene.folder.iterdir())
    async with running_program(scene.folder, environment, command="check", ready="", nursery=scene.nursery) as program:
        await program.ends(seconds=60)
    assert "aura-playground.db is not there yet" in program.log
    assert sorted(file.name for file in scene.folder.iterdir()) == before


async def test_settings_without_effect_are_named(scene: Scene) -> None:
    (scene.folder / ".env").write_text("ADMIN_ID=5\n")
    status, log = await checked(scene, OPENAI_BASE_URL="http://127.0.0.1:9")
    assert status == 0
    assert "ADMIN_ID; did you mean ADMIN_IDS?" in log
    assert "OPENAI_BASE_URL has no effect with GENERATOR=aura" in log


async def test_a_remote_generator_that_cannot_answer_is_a_warning_at_the_start(scene: Scene) -> None:
    scene.generator.script = failing(Refusal(500, "Incorrect API key provided"))
    async with scene.program(PROBE_GENERATOR="true") as program:
        await program.says("does not answer")
        assert "Incorrect API key" in program.log
        assert "AURA_KEY" in program.log


async def test_a_server_tells_its_context_its_sight_and_what_it_takes(scene: Scene) -> None:
    told = {
        "id": "m",
        "context_length": 16384,
        "architecture": {"input_modalities": ["text"]},
        "supported_parameters": ["max_tokens"],
    }

    async def script(exchange: Exchange) -> None:
        if exchange.request.path.endswith("/models"):
            await exchange.reply(json.dumps({"data": [told]}).encode())
            return
        sees = isinstance(exchange.request.json["messages"][-1]["content"], list)
        if sees:
            refusal = {"error": {"message": "This model does not support image input"}}
            await exchange.reply(json.dumps(refusal).encode(), "400 Bad Request")
        else:
            await exchange.reply(b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\n\n')

    async with serve(script) as server:
        file = scene.folder / "models.toml"
        file.write_text(
            f'[a]\naddress = "{server.url}/v1"\nmodel = "m"\npictures = true\n'
            f'[b]\naddress = "{server.url}/v1"\nmodel = "m"\n',
            encoding="utf-8",
        )
        status, log = await checked(scene, MODELS_FILE=str(file), TEMPERATURE="0.7", SYSTEM_PROMPT="Be brief.")
    assert status == 0
    asked = [request.json for request in server.requests if request.method == "POST"]
    assert {one["temperature"] for one in asked} == {0.7}
    assert {one["messages"][0]["content"] for one in asked} == {"Be brief."}
    facts = 'it could read 16384 tokens: set context=16384; {}it takes no temperature: set not_taken = ["temperature"]'
    answers = [part.partition(" s to the first piece); ")[2] for part in log.split("[a]")[1].split("[b]")]
    assert answers[0].removesuffix("; ") == facts.format("it sees no pictures: set pictures=false; ")
    assert answers[1].splitlines()[0] == facts.format("")
