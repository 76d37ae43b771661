"""Files of a local Bot API server (`--local`), which names paths on its own disk."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import AmbiguousOutcome, MessageTooLong, TelegramProblem
from bot.telegram.file_download import download, read_local_file
from tests.harness.telegram_scene import TOKEN

SECRET = TOKEN.partition(":")[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder that the server keeps for this bot."""
    folder = tmp_path / TOKEN / "documents"
    folder.mkdir(parents=True)
    return folder


def local_bot() -> Bot:
    return Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base("http://127.0.0.1:1")))


async def test_a_file_is_read_from_the_servers_disk(folder: Path) -> None:
    (folder / "a.txt").write_bytes(b"content")
    assert await download(local_bot(), str(folder / "a.txt"), limit=7) == b"content"
    with pytest.raises(MessageTooLong):
        await download(local_bot(), str(folder / "a.txt"), limit=6)


async def test_a_server_on_windows_writes_the_folder_otherwise(tmp_path: Path) -> None:
    folder = tmp_path / TOKEN.replace(":", "~")
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"content")
    assert read_local_file(folder / "a.txt", token=TOKEN, limit=10) == b"content"


async def test_a_disk_that_is_not_here_is_one_clear_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), pytest.raises(TelegramProblem) as raised:
        await download(local_bot(), f"/var/lib/telegram-bot-api/{TOKEN}/documents/file_0.pdf", limit=10)
    (line,) = caplog.messages
    assert "--local" in line
    assert SECRET not in line + str(raised.value)


@pytest.mark.parametrize("name", ["outside", "up", "link", "folder", "pipe"])
async def test_nothing_outside_of_the_bots_own_folder_is_read(name: str, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "passwords"
    outside.write_bytes(b"secret")
    (folder / "link").symlink_to(outside)
    os.mkfifo(folder / "pipe")
    paths = {
        "outside": outside,
        "up": folder / ".." / ".." / "passwords",
        "link": folder / "link",
        "folder": folder,
        "pipe": folder / "pipe",
    }
    with pytest.raises(TelegramProblem):
        await download(local_bot(), str(paths[name]), limit=100)


@given(st.text(max_size=30) | st.sampled_from(["\0", "x" * 5000, "..", "%00", "?", "//host/x", "\r\n"]))
def test_whatever_a_server_calls_a_file_its_absence_is_a_problem(name: str) -> None:
    for path in (f"/{name}", f"/srv/{TOKEN}/{name}"):
        with pytest.raises(TelegramProblem) as raised:
            read_local_file(Path(path), token=TOKEN, limit=10)
        assert SECRET not in str(raised.value)


@pytest.mark.parametrize("name", ["", "\0", "../../x", "http://[::1", "?#%", "//host/x", "a\r\nHost: b"])
async def test_a_file_that_cannot_be_fetched_is_a_problem(name: str) -> None:
    bot = local_bot()
    with pytest.raises(TelegramProblem) as raised:
        await download(bot, name, limit=10)
    await bot.session.close()
    assert SECRET not in str(raised.value)


async def test_telegram_itself_never_names_a_file_of_this_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a.txt").write_bytes(b"content")
    asked: list[str] = []

    async def stream(_session: AiohttpSession, url: str, **_more: Any) -> Any:
        asked.append(url)
        for nothing in list[bytes]():
            yield nothing
        raise OSError

    monkeypatch.setattr(AiohttpSession, "stream_content", stream)
    with pytest.raises(AmbiguousOutcome):
        await download(Bot(TOKEN), str(folder / "a.txt"), limit=100)
    assert asked[0].startswith("https://api.telegram.org/file/")
