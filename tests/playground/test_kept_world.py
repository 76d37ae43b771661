"""The world over restarts, and after a crash."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from aiogram.types import BufferedInputFile

from playground.media.upload import Upload
from playground.world.files import MAX_STORED_BYTES, FileStore
from tests.playground.local_telegram import ANNA, TOKEN, local_telegram

ROOT = Path(__file__).resolve().parents[2]


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    keep = tmp_path / "world" / "playground.db"
    async with local_telegram(keep=keep) as telegram:
        await telegram.send("hello")
        sent = await telegram.bot.send_message(ANNA, "to be edited")
        await telegram.bot.edit_message_text("edited", chat_id=ANNA, message_id=sent.message_id)
        gone = await telegram.bot.send_message(ANNA, "to be deleted")
        await gone.delete()
        await telegram.bot.set_my_commands([])
        document = (await telegram.bot.send_document(ANNA, BufferedInputFile(b"bytes", "a.txt"))).document
        chat = await telegram.group(title="Kept", is_forum=True)
        await telegram.post(f"chats/{chat}/topics", name="Plans")
        before = await telegram.get("world")
        pending = (await telegram.raw("getUpdates"))["result"]
    async with local_telegram(keep=keep) as telegram:
        after = await telegram.get("world")
        for name in ("bot", "people", "chats", "commands"):
            assert after[name] == before[name], name
        assert after["seq"] >= before["seq"]
        assert (await telegram.raw("getUpdates"))["result"] == pending
        assert document is not None
        content = await telegram.bot.download(document)
        assert content is not None
        assert content.read() == b"bytes"
        new = await telegram.bot.send_message(ANNA, "goes on")
        assert new.message_id > gone.message_id


@contextmanager
def playground_process(keep: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "playground", "--port", "0", "--strict", "--token", TOKEN, "--keep", str(keep)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_after_a_crash_no_id_is_given_twice(tmp_path: Path) -> None:
    keep = tmp_path / "playground.db"
    with playground_process(keep) as (process, url):
        for number in range(3):
            httpx.post(f"{url}/people/{ANNA}/send", json={"text": str(number)}).raise_for_status()
        last = httpx.get(f"{url}/bot{TOKEN}/getUpdates").json()["result"][-1]
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    with playground_process(keep) as (process, url):
        sent = httpx.post(f"{url}/people/{ANNA}/send", json={"text": "after"}).json()["message"]
        assert sent["message_id"] > last["message"]["message_id"]
        newest = httpx.get(f"{url}/bot{TOKEN}/getUpdates", params={"offset": -1}).json()["result"][0]
        assert newest["update_id"] > last["update_id"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


async def test_odd_updates_outlive_a_restart_and_older_files_are_read(tmp_path: Path) -> None:
    keep = tmp_path / "playground.db"
    async with local_telegram(keep=keep) as telegram:
        await telegram.post("updates/raw", update=None, update_id=50)
        await telegram.post("updates/raw", update=["x"], update_id=51)
    async with local_telegram(keep=keep) as telegram:
        assert (await telegram.raw("getUpdates", offset=51))["result"] == [["x"]]
    with sqlite3.connect(keep) as database:
        old = {"next": 8, "allowed": [], "pending": [{"update_id": 7, "message": {}}], "webhook": ["", "", 40]}
        database.execute("REPLACE INTO facts VALUES ('updates', ?)", (json.dumps(old),))
    database.close()
    async with local_telegram(keep=keep) as telegram:
        assert (await telegram.raw("getUpdates", offset=7))["result"] == [{"update_id": 7, "message": {}}]


def test_the_oldest_files_go_when_there_are_too_many_bytes() -> None:
    files = FileStore()
    content = bytes(MAX_STORED_BYTES // 4)
    ids = [files.add(Upload(f"{number}.bin", "", content))["file_id"] for number in range(5)]
    assert [files.get(file_id) is None for file_id in ids] == [True, False, False, False, False]
    assert len(set(ids)) == 5
