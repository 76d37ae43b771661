"""Calls that never left, told from calls whose outcome is unknown."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import GetUpdates, Response, SendMessage, TelegramMethod
from pydantic import SecretStr

from bot.telegram.bot_session import NotConnected, TolerantSession, make_bot
from bot.telegram.call_rules import may_repeat
from bot.updates.polling import GetRawUpdates
from tests.harness.local_proxy import closed_port, local_proxy

TOKEN = SecretStr("7000000001:playground-token-for-tests-0123456789")
GREETING = SendMessage(chat_id=1, text="Hello")


async def call(api_url: str, proxy: str | None = None) -> Exception:
    bot = make_bot(TOKEN, api_url=api_url, proxy=SecretStr(proxy) if proxy else None)
    try:
        with pytest.raises(TelegramNetworkError) as caught:
            await bot(GREETING)
    finally:
        await bot.session.close()
    return caught.value


async def test_a_call_to_nobody_may_be_made_again() -> None:
    with closed_port() as port:
        error = await call(f"http://127.0.0.1:{port}")
    assert isinstance(error, NotConnected) and may_repeat(GREETING, error)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_call_that_gets_no_further_than_the_proxy_may_be_made_again(scheme: str) -> None:
    async with local_proxy(scheme) as proxy:
        with closed_port() as port:
            error = await call(f"https://localhost:{port}", proxy.url)
    assert isinstance(error, NotConnected) and may_repeat(GREETING, error)


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_a_call_to_a_proxy_that_is_not_there_may_be_made_again(scheme: str) -> None:
    with closed_port() as port:
        error = await call("https://localhost:1", f"{scheme}://127.0.0.1:{port}")
    assert isinstance(error, NotConnected) and may_repeat(GREETING, error)


async def test_a_call_whose_connection_breaks_may_have_happened() -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(cut, "127.0.0.1", 0) as server:
        error = await call(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert not isinstance(error, NotConnected) and not may_repeat(GREETING, error)


@pytest.mark.parametrize("method", [GetUpdates(), GetRawUpdates()], ids=lambda method: type(method).__name__)
def test_the_class_that_reads_an_answer_is_built_once(method: TelegramMethod[object]) -> None:
    session = TolerantSession()
    session.check_response(Bot(TOKEN.get_secret_value()), method, 200, '{"ok": true, "result": []}')
    built = weakref.ref(Response.__class_getitem__(method.__returning__))
    gc.collect()
    assert built() is not None
