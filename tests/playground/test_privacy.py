"""Nobody but its own page and the bot gets at the playground; nothing leaves the machine; files are their owner's."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.errors import WorldFileError
from playground.server import Playground
from tests.playground.local_telegram import ANNA, TOKEN, LocalTelegram, local_telegram

ROOT = Path(__file__).resolve().parents[2]

FOREIGN = {
    "a foreign origin": {"Origin": "http://evil.example"},
    "an opaque origin": {"Origin": "null"},
    "an origin of the same name over TLS": {"Origin": "https://127.0.0.1"},
    "a foreign host": {"Host": "evil.example"},
    "a host that cannot be read": {"Host": "[::1"},
    "an image of another site": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "no-cors",
        "Sec-Fetch-Dest": "image",
    },
    "an image of another port": {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    "a form of another site": {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"},
    "the page in a frame": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
}
PATHS = ("", "page.js", "world", "calls", "events", f"bot{TOKEN}/getMe", f"file/bot{TOKEN}/documents/file_1.txt")


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN.keys())
async def test_every_path_refuses_what_another_page_makes(telegram: LocalTelegram, headers: dict[str, str]) -> None:
    for path in PATHS:
        async with telegram.session.get(f"{telegram.url}/{path}", headers=headers) as response:
            assert response.status == 403, path
    for path in (f"bot{TOKEN}/setWebhook", f"people/{ANNA}/send", "faults", "updates"):
        form = {"url": "http://127.0.0.1:9/", "text": "x"}
        async with telegram.session.post(f"{telegram.url}/{path}", data=form, headers=headers) as response:
            assert response.status == 403, path
    assert telegram.hub.updates.webhook.url == ""
    assert telegram.playground.calls.since(0) == []


async def test_a_link_to_the_page_may_be_followed_from_anywhere(telegram: LocalTelegram) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    async with telegram.session.get(telegram.url, headers=link) as response:
        assert response.status == 200
    async with telegram.session.get(f"{telegram.url}/bot{TOKEN}/getMe", headers=link) as response:
        assert response.status == 403


async def test_the_page_and_the_bot_get_through(telegram: LocalTelegram) -> None:
    page = {"Origin": telegram.url, "Sec-Fetch-Site": "same-origin"}
    async with telegram.session.post(
        f"{telegram.url}/people/{ANNA}/send", json={"text": "x"}, headers=page
    ) as response:
        assert response.status == 200
    assert (await telegram.bot.get_me()).id == 7000000001
    port = telegram.url.rpartition(":")[2]
    async with telegram.session.get(f"{telegram.url}/world", headers={"Host": f"localhost:{port}"}) as response:
        assert response.status == 200


async def test_each_start_draws_a_token_and_admits_no_other(tmp_path: Path) -> None:
    tokens = []
    for _ in range(2):
        playground = Playground(keep=tmp_path / "world.db")
        url = await playground.start()
        tokens.append(playground.token)
        async with aiohttp.ClientSession() as session:
            for token, status in ((playground.token, 200), (playground.token[:-1], 401), (TOKEN, 401), ("x", 404)):
                async with session.get(f"{url}/bot{token}/getMe") as response:
                    assert response.status == status
            async with session.get(f"{url}/world") as response:
                assert (await response.json())["bot"]["id"] == 7_000_000_001
        await playground.stop()
    assert tokens[0] != tokens[1]


@pytest.mark.parametrize(
    "url",
    [
        "http://thief.example/", "https://192.0.2.1/hook", "http://10.0.0.1:8080/", "http://127.0.0.1.evil.example/",
        "http://[2001:db8::1]/", "http://0.0.0.0:80/", "http://user@evil.example/", "http://[::1",
    ],
)  # fmt: skip
async def test_updates_are_delivered_to_this_machine_only(telegram: LocalTelegram, url: str) -> None:
    assert "bad webhook" in await telegram.complaint("setWebhook", url=url)
    assert telegram.hub.updates.webhook.url == ""


async def test_a_stored_webhook_that_leads_away_is_forgotten(tmp_path: Path) -> None:
    keep = tmp_path / "world.db"
    async with local_telegram(keep=keep) as telegram:
        telegram.hub.updates.set_webhook("http://thief.example/", "", 40)
    async with local_telegram(keep=keep) as telegram:
        assert telegram.hub.updates.webhook.url == ""


async def test_listening_for_others_is_warned_of_and_names_are_checked(caplog: pytest.LogCaptureFixture) -> None:
    playground = Playground(allowed_hosts=["aura.example"])
    with caplog.at_level(logging.WARNING):
        url = await playground.start("0.0.0.0")  # noqa: S104  # for a moment, to be warned of it
    try:
        assert "The playground listens on 0.0.0.0: whoever reaches that address reads along" in caplog.text
        assert url.startswith("http://127.0.0.1:")
        hosts = {
            "evil.example": 403,
            "evil.example:80": 403,
            "192.0.2.7:80": 200,
            "localhost": 200,
            "Aura.example": 200,
        }
        async with aiohttp.ClientSession() as session:
            for host, status in hosts.items():
                async with session.get(f"{url}/world", headers={"Host": host}) as response:
                    assert response.status == status, host
    finally:
        await playground.stop()


async def test_loopback_is_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    async with local_telegram():
        assert caplog.text == ""


@pytest.mark.parametrize("path", ["index.html%00.js", "%00", "a%2f..%2fpage.js", "files/%00", "calls?since=²", "é.js"])
async def test_odd_addresses_are_not_there(telegram: LocalTelegram, path: str) -> None:
    async with telegram.session.get(f"{telegram.url}/{path}") as response:
        assert response.status in {200, 400, 404}
        assert response.status != 200 or path.startswith("calls")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "chat_id",
    "text",
    "reply_to",
    "topic",
    "media",
    "document",
    "entities",
    "message_id",
    "members",
    "by",
    "fields",
)
ACTIONS = (
    f"people/{ANNA}/send", f"people/{ANNA}/edit", f"people/{ANNA}/delete", f"people/{ANNA}/react", "people", "chats",
    f"chats/{ANNA}/pin", "faults", "bot", "links", f"people/{'9' * 5000}/send", f"people/{ANNA}/stop_draft",
)  # fmt: skip


@given(path=st.text(max_size=12), action=st.sampled_from(ACTIONS), body=st.dictionaries(st.sampled_from(FIELDS), JSON))
@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
def test_no_request_makes_the_server_fail(path: str, action: str, body: dict[str, object]) -> None:
    async def ask() -> None:
        async with local_telegram() as telegram:
            async with telegram.session.get(f"{telegram.url}/{quote(path, safe='', errors='replace')}") as response:
                assert response.status < 500
            async with telegram.session.post(f"{telegram.url}/{action}", json=body) as response:
                assert response.status < 500, await response.text()

    asyncio.run(ask())


def has_content(file: Path) -> bool:
    return file.stat().st_size > 0


async def test_its_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.touch(mode=0o644)
    for keep in (tmp_path / "made" / "world.db", old):
        async with local_telegram(keep=keep) as telegram:
            await telegram.send("secret")
            await telegram.sees(functools.partial(has_content, keep))
            for file in keep.parent.iterdir():
                assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file


def unusable(folder: Path, kind: str) -> Path:
    if kind == "a folder":
        return folder
    if kind == "below a file":
        (folder / "file").touch()
        return folder / "file" / "world.db"
    path = folder / "world.db"
    path.write_bytes(b"this is no database, whatever it is" * 100)
    return path


@pytest.mark.parametrize("kind", ["a folder", "below a file", "not a database"])
async def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, kind: str) -> None:
    keep = unusable(tmp_path, kind)
    playground = Playground(keep=keep)
    with pytest.raises(WorldFileError, match=rf"^{keep} (cannot be opened|does not hold)"):
        await playground.start()
    await playground.stop()


@pytest.mark.parametrize("kind", ["a folder", "below a file", "not a database"])
def test_the_command_line_says_so_in_one_line(tmp_path: Path, kind: str) -> None:
    keep = unusable(tmp_path, kind)
    command = [sys.executable, "-m", "playground", "--port", "0", "--keep", str(keep)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert str(keep) in ended.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_may_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    await asyncio.to_thread(tmp_path.chmod, 0o500)
    with pytest.raises(WorldFileError, match="Permission denied"):
        await Playground(keep=tmp_path / "world.db").start()
