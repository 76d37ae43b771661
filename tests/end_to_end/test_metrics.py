"""What a monitor reads at /metrics after a run, and that dashboard and alerts ask for nothing else."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.harness.local_proxy import reserved_port
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Cut, Refusal, Request, Script
from tests.harness.telegram_people import BORIS, PATIENCE

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NAMES = re.compile(r"\b(?:aura|process)_\w+")
SELECTORS = re.compile(r"\b((?:aura|process)_\w+)\{([^}]*)\}")
GROUPINGS = re.compile(r"\bby \(([^)]*)\)")
FROM_PROMETHEUS = {"job", "instance"}
"""Labels that the monitor adds."""

Scraped = dict[str, list[tuple[dict[str, str], float]]]


@pytest.fixture
def port() -> Iterator[int]:
    """Where the program will serve its figures."""
    with reserved_port() as port:
        yield port


async def scraped(port: int, **headers: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics", headers=headers) as answer,
    ):
        return answer.status, await answer.text()


def read(text: str) -> Scraped:
    found: Scraped = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def value(scraped: Scraped, name: str, **labels: str) -> float:
    return sum(number for found, number in scraped.get(name, []) if labels.items() <= found.items())


def script_of_events(scene: Scene) -> Script:
    """A script that answers, breaks off once that is read, or refuses, as the question wants it."""
    breaks = 0

    async def script(request: Request) -> AsyncIterator[str]:
        nonlocal breaks
        if request.question == "refuse":
            raise Refusal(401, "Unauthorized")
        yield f"You said: {request.question}. This is the beginning of a longer answer"
        if request.question == "break":
            breaks += 1
            await scene.telegram.until(lambda: sum("said: break" in one for one in scene.telegram.texts()) >= breaks)
            raise Cut
        yield " and here is its end."

    return script


async def events(scene: Scene, *, again: str = "") -> None:
    """A whole answer, one that breaks off, one that is refused; a call that fails, and one that meets flood control."""
    telegram = scene.telegram
    await telegram.fault(method="sendMessage", error_code=502)
    await telegram.send(f"whole{again}")
    await telegram.reads_answer(f"whole{again}. This is the beginning of a longer answer and here is its end")
    annas, boris = len(telegram.said()), len(telegram.said(BORIS))
    await telegram.send("break")
    await telegram.until(lambda: len(telegram.said()) > annas)
    await telegram.fault(method="sendMessage", retry_after=1)
    await telegram.send("refuse", by=BORIS)
    await telegram.until(lambda: len(telegram.said(BORIS)) > boris)
    await telegram.send(f"once more{again}", by=BORIS)
    await telegram.reads_answer(f"once more{again}. This", chat=BORIS)


async def an_eventful_run(scene: Scene, **settings: str) -> Scraped:
    """The figures of a run with these events."""
    scene.generator.script = script_of_events(scene)
    with reserved_port() as port:
        async with scene.program(LISTEN=f"127.0.0.1:{port}", **settings):
            await events(scene)
            return await counted(port, answers=4)


async def counted(port: int, *, answers: int) -> Scraped:
    """Scrape until so many answers are counted and none is in progress: each stands before its turn is finished."""
    async with asyncio.timeout(PATIENCE):
        while True:
            status, text = await scraped(port)
            assert status == 200
            run = read(text)
            if value(run, "aura_answers_total") >= answers and value(run, "aura_answers_in_progress") == 0:
                return run
            await asyncio.sleep(0.05)


def expressions() -> dict[str, str]:
    """Every expression of the dashboard and of the alerts, by its title."""
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    found = {
        f"{panel['title']} {target['refId']}": target["expr"]
        for panel in board["panels"]
        for target in panel["targets"]
    }
    panels = len(found)
    alerts = (DEPLOY / "alerts.yaml").read_text(encoding="utf-8")
    found |= dict(re.findall(r"- alert: (\w+)\n +expr: (?:\|\n +)?(.*?)\n {8}(?:for|labels):", alerts, re.DOTALL))
    assert len(found) >= panels + alerts.count("- alert:")
    return found


def unknown(expression: str, run: Scraped) -> list[str]:
    """What an expression asks for that the run does not have: metrics, labels, values of labels."""
    missing = [name for name in NAMES.findall(expression) if name not in run]
    labels = {name: {key for found, _ in run.get(name, []) for key in found} for name in NAMES.findall(expression)}
    everything = set().union(FROM_PROMETHEUS, *labels.values())
    for name, selector in SELECTORS.findall(expression):
        selected = set(re.findall(r"(\w+)[!=]~?=?\"", selector))
        missing += [f"{name}{{{label}}}" for label in selected - labels[name] - FROM_PROMETHEUS]
    for grouping in GROUPINGS.findall(expression):
        missing += [label for label in re.split(r",\s*", grouping) if label not in everything]
    return missing


async def test_a_run_is_counted_and_the_dashboard_asks_for_what_is_there(scene: Scene) -> None:
    run = await an_eventful_run(scene)
    assert value(run, "aura_questions_total", kind="answer") == 4
    assert value(run, "aura_answers_total", ending="complete") == 2
    assert value(run, "aura_answers_total", ending="broken") == 1
    assert value(run, "aura_answers_total", ending="failed") == 1
    assert value(run, "aura_first_text_seconds_count") == 3
    assert value(run, "aura_answer_seconds_count") == 4
    assert value(run, "aura_generator_failures_total", kind="GeneratorRefused", tried_again="false") == 1
    assert value(run, "aura_generator_failures_total", kind="GeneratorBroken", tried_again="false") == 1
    assert value(run, "aura_telegram_calls_total", method="sendMessage", outcome="flood") == 1
    assert value(run, "aura_telegram_hold_seconds_total", method="sendMessage") == 1
    assert value(run, "aura_telegram_calls_total", method="sendMessage", outcome="ok") >= 4
    assert value(run, "aura_slot_wait_seconds_count", resource="message") >= 4
    assert value(run, "aura_database_seconds_count", purpose="write") >= 4
    assert value(run, "aura_questions_waiting") == 0
    assert value(run, "aura_answers_in_progress") == 0
    assert 0 <= value(run, "aura_updates_age_seconds") < 60
    assert value(run, "process_resident_memory_bytes") > 10_000_000
    labels = {label for samples in run.values() for found, _ in samples for label in found.items()}
    assert not {text for _, text in labels if "1001" in text or "1002" in text or "Anna" in text}, (
        "nobody is counted apart"
    )
    asked = expressions()
    assert len(asked) >= 25
    assert {title: lacking for title, one in asked.items() if (lacking := unknown(one, run))} == {}


@pytest.mark.parametrize(
    ("authorization", "status"), [("", 401), ("Bearer wrong", 401), ("Basic scrape-me", 401), ("Bearer scrape-me", 200)]
)
async def test_a_token_is_asked_for(scene: Scene, port: int, authorization: str, status: int) -> None:
    async with scene.program(LISTEN=f"0.0.0.0:{port}", METRICS_TOKEN="scrape-me"):
        found, _ = await scraped(port, Authorization=authorization)
        assert found == status


async def test_others_read_nothing_where_there_is_no_token(scene: Scene, port: int) -> None:
    async with scene.program(LISTEN=f"0.0.0.0:{port}") as program:
        assert (await scraped(port))[0] == 404
        await program.says("METRICS_TOKEN")
