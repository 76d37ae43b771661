"""Updates come by webhook: confirmed once stored, from Telegram alone, and the program says how it is."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from bot.updates.webhook import webhook_path
from tests.harness.local_proxy import reserved_port
from tests.harness.program_process import TOKEN
from tests.harness.scene import Scene

SECRET = "a-secret-of-the-scene"
BOT = int(TOKEN.partition(":")[0])


@pytest.fixture
def address() -> Iterator[str]:
    with reserved_port() as port:
        yield f"127.0.0.1:{port}"


def webhook(address: str) -> dict[str, str]:
    return {"WEBHOOK_URL": f"http://{address}", "WEBHOOK_SECRET": SECRET, "LISTEN": address}


async def posted(
    scene: Scene, address: str, body: str | io.BytesIO, secret: str | None = SECRET, path: str = ""
) -> int:
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["X-Telegram-Bot-Api-Secret-Token"] = secret
    url = f"http://{address}{path or webhook_path(BOT, SECRET)}"
    async with scene.telegram.session.post(url, data=body, headers=headers) as response:
        return response.status


async def seen(scene: Scene, url: str) -> tuple[int, Any]:
    async with scene.telegram.session.get(url) as response:
        return response.status, await response.json()


async def ready(scene: Scene, address: str) -> Any:
    """Wait until every part is said to work, Telegram asked in time among them; gives what is said."""
    async with asyncio.timeout(60):
        while True:
            status, parts = await seen(scene, f"http://{address}/readyz")
            if status == 200:
                return parts
            await asyncio.sleep(0.1)


async def refused(scene: Scene) -> None:
    """Wait until Telegram has been told that an update was not stored."""
    async with asyncio.timeout(60):
        while True:
            _, info = await seen(scene, f"{scene.telegram.url}/bot{TOKEN}/getWebhookInfo")
            if "503" in info["result"].get("last_error_message", ""):
                return
            await asyncio.sleep(0.1)


async def test_questions_come_by_webhook_and_are_answered(scene: Scene, address: str) -> None:
    async with scene.program(**webhook(address)) as program:
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        methods = [call["method"] for call in await scene.telegram.calls()]
        assert "setWebhook" in methods and "getUpdates" not in methods
        assert await program.stop() == 0


async def test_only_who_knows_the_secret_is_heard(scene: Scene, address: str) -> None:
    update = json.dumps({"update_id": 1})
    async with scene.program(**webhook(address)) as program:
        assert await posted(scene, address, update) == 200
        assert await posted(scene, address, update, secret="wrong") == 401
        assert await posted(scene, address, update, secret=None) == 401
        assert await posted(scene, address, update, path="/") == 404
        assert await posted(scene, address, update, path=f"/{TOKEN}") == 404
        assert await posted(scene, address, io.BytesIO(b"x" * 2_000_000)) == 413
        assert SECRET not in program.log and TOKEN not in program.log


async def test_what_could_not_be_stored_comes_again(scene: Scene, address: str) -> None:
    """Another program holds the database for longer than the bot waits for it."""
    async with scene.program(**webhook(address)) as program:
        with sqlite3.connect(scene.folder / "aura.db", isolation_level=None, timeout=10) as other:
            other.execute("BEGIN IMMEDIATE")
            await scene.telegram.send("Hello")
            await program.says("The database cannot be used")
            await refused(scene)
            other.execute("ROLLBACK")
        other.close()
        await scene.telegram.reads_answer("You said: Hello", seconds=60)
        assert "Traceback" not in program.log
    assert len(scene.telegram.said()) <= 2


async def test_the_same_update_twice_acts_once(scene: Scene, address: str) -> None:
    async with scene.program(**webhook(address)):
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        person = {"id": 1001, "is_bot": False, "first_name": "Anna", "language_code": "en"}
        message = {"message_id": 77, "date": 1, "chat": {"id": 1001, "type": "private", "first_name": "Anna"}}
        update = json.dumps({"update_id": 990_000_000, "message": {**message, "from": person, "text": "Twice"}})
        answers = await asyncio.gather(*(posted(scene, address, update) for _ in range(4)))
        assert answers == [200] * 4
        await scene.telegram.reads_answer("You said: Twice")
        await scene.telegram.send("Thrice")
        await scene.telegram.reads_answer("You said: Thrice")
        assert [text for text in scene.telegram.texts() if "Twice" in text] == ["You said: Twice"]


async def test_health_is_told_on_the_same_server(scene: Scene, address: str) -> None:
    async with scene.program(**webhook(address)):
        assert (await seen(scene, f"http://{address}/healthz"))[0] == 200
        parts = await ready(scene, address)
        assert all(parts.values()), parts
        await scene.telegram.fault(method="getMe", error_code=500, count=1000)
        status, parts = await seen(scene, f"http://{address}/readyz")
        assert status == 503 and parts["database"] and not parts["telegram"]
        assert (await seen(scene, f"http://{address}/healthz"))[0] == 200


async def test_health_is_told_while_polling_too(scene: Scene, address: str) -> None:
    async with scene.program(LISTEN=address):
        assert (await seen(scene, f"http://{address}/healthz"))[0] == 200
        await ready(scene, address)


async def test_questions_come_by_webhook_below_a_path(scene: Scene, address: str) -> None:
    async with scene.program(**{**webhook(address), "WEBHOOK_URL": f"http://{address}/bots/aura/"}) as program:
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        assert await posted(scene, address, "{}", path="/bots/aura/elsewhere") == 404
        line = await program.says("is answered 404")
        assert "from Telegram" in line and webhook_path(BOT, SECRET) in line


async def test_requests_that_cannot_be_read_cost_a_line_each(scene: Scene, address: str) -> None:
    async with scene.program(**webhook(address)) as program:
        for body in ("", "{", "null", "[" * 100_000, '{"update_id": 5, "brand_new_kind": {}}'):
            assert await posted(scene, address, body) == 200
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        await program.says("is passed over", times=5)
        assert sum("is passed over" in line for line in program.lines) == 5
        assert "Traceback" not in program.log


async def test_readiness_tells_how_deliveries_go(scene: Scene, address: str) -> None:
    async with scene.program(**webhook(address)):
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        parts = await ready(scene, address)
        assert parts["details"]["updates_by"] == "webhook" and parts["details"]["last_delivery_age"] is not None


async def test_readiness_tells_the_age_of_the_last_poll(scene: Scene, address: str) -> None:
    async with scene.program(LISTEN=address):
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        parts = await ready(scene, address)
        assert parts["updates"] is True and parts["details"]["last_answer_age"] < 60


async def test_polling_works_after_a_webhook_was_set(scene: Scene, address: str) -> None:
    async with scene.program(**webhook(address)) as program:
        await program.says("The webhook is announced")
        assert await program.stop() == 0
    await scene.telegram.send("Are you there?")
    async with scene.program() as program:
        await scene.telegram.reads_answer("You said: Are you there?")
        await program.says("it is taken back")


async def test_the_webhook_is_announced_once_telegram_can_be_reached(scene: Scene, address: str) -> None:
    await scene.telegram.fault(method="setWebhook", error_code=502, count=2)
    async with scene.program(**webhook(address)):
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")


async def test_a_webhook_that_telegram_does_not_take_ends_the_program_with_a_clear_line(
    scene: Scene, address: str
) -> None:
    refusal = "Bad Request: bad webhook: HTTPS url must be provided for webhook"
    await scene.telegram.fault(method="setWebhook", error_code=400, description=refusal)
    async with scene.program(**webhook(address), ready="") as program:
        assert await program.ends(seconds=60) == 1
        assert "WEBHOOK_URL: Telegram does not take it" in program.log
        assert "HTTPS url must be provided" in program.log
        assert "Traceback" not in program.log and SECRET not in program.log


async def test_a_flood_of_announcements_is_waited_out(scene: Scene, address: str) -> None:
    await scene.telegram.fault(method="setWebhook", error_code=429, retry_after=1)
    async with scene.program(**webhook(address)) as program:
        await program.says("asks to announce the webhook again in 1 s")
        await program.says("The webhook is announced")


async def test_an_address_in_use_is_named(scene: Scene, address: str) -> None:
    host, port = address.split(":")
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), host, int(port))
    async with server, scene.program(**webhook(address), ready="") as program:
        assert await program.ends(seconds=60) == 1
        assert "LISTEN: cannot listen on" in program.log and "Traceback" not in program.log
        assert "handlers" not in program.log and "Aura is ready" not in program.log, "nothing has begun before"
        assert len(program.log.strip().splitlines()) == 2
