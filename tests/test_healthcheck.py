"""The container's HEALTHCHECK: a light question to `/readyz`."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from aiohttp import web

from bot import healthcheck
from bot.updates.health import Readiness, health_app, server_runner


async def checked(listen: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setenv("LISTEN", listen)
    return await asyncio.to_thread(healthcheck.main)


@pytest.mark.parametrize(("works", "status"), [(True, 0), (False, 1)])
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])  # noqa: S104  # asked, not bound
async def test_it_is_healthy_exactly_where_everything_is_ready(
    works: bool, status: int, host: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ready() -> Readiness:
        return Readiness({"database": works})

    runner = server_runner(health_app(ready), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        assert await checked(f"{host}:{port}", monkeypatch) == status
    finally:
        await runner.cleanup()
    assert "database" in capsys.readouterr().out


@pytest.mark.parametrize("listen", ["", "127.0.0.1:1", "8443"])
async def test_nobody_there_is_not_healthy(listen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await checked(listen, monkeypatch) == 1


def test_it_loads_nothing_heavy() -> None:
    loaded = "import sys, bot.healthcheck; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], check=True, capture_output=True, text=True).stdout.split()
    assert not {"aiogram", "aiohttp", "pydantic", "asyncio"} & set(modules)
