"""A real Prometheus scrapes the running bot: it answers everything that the dashboard asks, and takes the alerts."""

from __future__ import annotations

import asyncio
import math
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.end_to_end.test_metrics import DEPLOY, events, expressions, script_of_events
from tests.harness.local_proxy import reserved_port
from tests.harness.scene import Scene

INTERVAL = 1
"""Seconds between two scrapes."""
START = 90.0
"""Seconds that Prometheus may take to answer on a slow machine."""

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="prometheus and promtool are not here (apt-get install prometheus)",
)


def scraping(folder: Path, target: str) -> Path:
    """The configuration of a Prometheus that scrapes one bot, as docs/operating.md has it, and judges the alerts."""
    shutil.copy(DEPLOY / "alerts.yaml", folder)
    file = folder / "prometheus.yml"
    job = f"{{job_name: aura, scrape_interval: {INTERVAL}s, static_configs: [{{targets: ['{target}']}}]}}"
    file.write_text(f"global: {{evaluation_interval: 1s}}\nrule_files: [alerts.yaml]\nscrape_configs: [{job}]\n")
    return file


@asynccontextmanager
async def prometheus(folder: Path, port: int, target: str) -> AsyncIterator[str]:
    """Run it on a port. Gives its address."""
    address = f"127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={scraping(folder, target)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
        "--log.level=error",
    )
    try:
        yield f"http://{address}"
    finally:
        process.kill()
        await process.wait()


class NotReadyYet(Exception):
    """Prometheus listens, and still reads what it has stored."""


async def asked(url: str, path: str, **query: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/api/v1/{path}", params=query) as response:
        if response.status == 503:
            raise NotReadyYet
        answer = await response.json()
        assert answer["status"] == "success", answer
        return answer["data"]


async def until_scraped(url: str, expression: str) -> None:
    """Wait until an expression has a value."""
    async with asyncio.timeout(START):
        while True:
            if await numbers(url, expression):
                return
            await asyncio.sleep(0.2)


async def judged(url: str) -> list[dict[str, Any]]:
    """Every rule, once all of them have been looked at."""
    async with asyncio.timeout(START):
        while True:
            rules = [rule for group in (await asked(url, "rules"))["groups"] for rule in group["rules"]]
            if rules and all(rule["health"] != "unknown" for rule in rules):
                return rules
            await asyncio.sleep(0.2)


async def numbers(url: str, expression: str) -> list[float]:
    """The values of an expression, as far as they are numbers."""
    try:
        found = await asked(url, "query", query=expression)
    except (aiohttp.ClientConnectionError, NotReadyYet):
        return []
    values = [float(sample["value"][1]) for sample in found["result"]]
    return [number for number in values if math.isfinite(number)]


def measured(expression: str) -> str:
    """An expression as a person fills it in; of an alert what it measures, without the threshold."""
    filled = expression.replace("$__rate_interval", "5m").replace("$job", "aura")
    return re.sub(r"\s+(?:>|<|==)\s+[\d.e]+\s*$", "", filled)


@needs_prometheus
def test_promtool_finds_nothing_wrong_with_the_alerts() -> None:
    done = subprocess.run(
        ["promtool", "check", "rules", "--lint-fatal", str(DEPLOY / "alerts.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout


@needs_prometheus
async def test_every_panel_shows_something_and_every_alert_is_judged(scene: Scene, tmp_path: Path) -> None:
    scene.generator.script = script_of_events(scene)
    with reserved_port() as port, reserved_port() as ours:
        async with (
            prometheus(tmp_path, ours, f"127.0.0.1:{port}") as url,
            scene.program(LISTEN=f"127.0.0.1:{port}"),
        ):
            await events(scene)
            await until_scraped(url, "sum(aura_answers_total) >= 4")
            await events(scene, again=" again")  # a rate needs what was there before
            await until_scraped(url, "sum(aura_answers_total) >= 8")
            empty = {
                title: asking
                for title, expression in expressions().items()
                if not await numbers(url, asking := measured(expression))
            }
            rules = await judged(url)
    assert empty == {}
    assert {rule["name"]: rule["lastError"] for rule in rules if rule["health"] != "ok"} == {}
    assert len(rules) >= 9
