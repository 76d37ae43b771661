"""The models that an endpoint lists are offered beside its entry: filtered, bounded, asked for seldom."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from bot.answering.keyboards import other_models, read_press
from bot.errors import SettingsProblem
from bot.models.catalog import ModelCatalog
from bot.models.entry import MAX_SHOWN_NAME
from bot.models.file import read_models
from bot.models.listing import LIST_LIFETIME, LIST_RETRY_DELAY, MAX_OFFERED, ModelLists
from bot.preference_readers import read_model
from bot.runtime.task_supervisor import TaskSupervisor
from handlers.support.callback_data import ModelCallback


@dataclass
class Endpoint:
    """A server that lists models."""

    url: str = ""
    status: int = 200
    body: object = field(default_factory=lambda: {"data": [{"id": name} for name in ("base", "qwen-8b", "gpt-5")]})
    keys: list[str] = field(default_factory=list)

    async def list(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Authorization", ""))
        return web.json_response(self.body, status=self.status)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    served = Endpoint()
    app = web.Application()
    app.router.add_get("/v1/models", served.list)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield served
    finally:
        await runner.cleanup()


class Played:
    """The lists of one entry, and a clock that a test moves."""

    def __init__(self, folder: Path, url: str, patterns: str = '["*"]') -> None:
        file = folder / "models.toml"
        text = f'[router]\nname = "Router"\naddress = "{url}"\nkey = "K"\nmodel = "base"\nmodels = {patterns}\n'
        file.write_text(text, encoding="utf-8")
        self.models = ModelCatalog(read_models(file, {"K": "sesame"}))
        self.tasks = TaskSupervisor()
        self.now = 0.0
        self.lists = ModelLists(self.models, self.tasks.start, clock=lambda: self.now)

    async def refresh(self) -> list[str]:
        """Ask where it is due, wait for the answer, and give the names that are offered."""
        self.lists.refresh(None)
        while len(self.tasks):
            await asyncio.wait(set(self.tasks._running))
        return [offer.name for offer in self.models.offers(admin=False)]


async def test_listed_models_follow_their_entry_and_each_choice_finds_its_model(
    tmp_path: Path, endpoint: Endpoint
) -> None:
    played = Played(tmp_path, endpoint.url)
    assert await played.refresh() == ["Router", "qwen-8b", "gpt-5"], "the entry's own model is the entry"
    assert endpoint.keys == ["Bearer sesame"]
    for offer in played.models.offers(admin=False):
        chosen = played.models.resolve(offer.choice)
        assert (chosen.label, chosen.choice, chosen.missing) == (offer.name, offer.choice, "")


@pytest.mark.parametrize(
    ("patterns", "offered"), [('["qwen*", "gpt-?"]', ["qwen-8b", "gpt-5"]), ('["*-8b"]', ["qwen-8b"]), ('["x"]', [])]
)
async def test_patterns_say_which_are_offered(
    tmp_path: Path, endpoint: Endpoint, patterns: str, offered: list[str]
) -> None:
    assert await Played(tmp_path, endpoint.url, patterns).refresh() == ["Router", *offered]


async def test_a_choice_that_the_patterns_no_longer_allow_is_gone(tmp_path: Path, endpoint: Endpoint) -> None:
    played = Played(tmp_path, endpoint.url, '["qwen*"]')
    assert played.models.resolve("@router:qwen-8b").model == "qwen-8b", "whether or not the list is there yet"
    assert played.models.resolve("@router:gpt-5").missing == "router"


async def test_a_path_is_offered_by_its_end_and_chosen_whole(tmp_path: Path, endpoint: Endpoint) -> None:
    path = "/cache/hub/" + "x" * 150 + "/SmolLM2-135M-Instruct-Q4_K_M.gguf"
    endpoint.body = {"data": [{"id": path}]}
    played = Played(tmp_path, endpoint.url)
    _, shown = await played.refresh()
    assert shown.startswith("…")
    assert shown.endswith("/SmolLM2-135M-Instruct-Q4_K_M.gguf")
    _, offer = played.models.offers(admin=False)
    chosen = played.models.resolve(read_model(offer.choice))
    assert (chosen.model, chosen.label, chosen.missing) == (path, shown, "")
    assert len(ModelCallback(verb="use", scope="here", page=25, id=offer.id).pack()) <= 64
    assert read_press(other_models(10**17, [(offer.id, shown)], 0, str)[0][0].data) is not None


async def test_the_list_is_asked_for_seldom(tmp_path: Path, endpoint: Endpoint) -> None:
    played = Played(tmp_path, endpoint.url)
    for played.now in (0.0, 1.0, LIST_LIFETIME - 1):
        await played.refresh()
    assert len(endpoint.keys) == 1
    played.now = LIST_LIFETIME
    await played.refresh()
    assert len(endpoint.keys) == 2


@pytest.mark.parametrize(
    "body",
    [
        "text",
        {"data": "none"},
        {"data": [{"id": 5}, {"name": "x"}, "y", {"id": ""}, {"id": "a\nb"}, {"id": "z" * 201}]},
        {"data": [{"id": f"m{number}"} for number in range(1500)]},
        [{"id": "bare"}, {"id": "bare"}],
    ],
    ids=["a text", "no list", "no names", "too many", "a bare list"],
)
async def test_whatever_it_lists_stays_within_bounds(tmp_path: Path, endpoint: Endpoint, body: object) -> None:
    endpoint.body = body
    names = await Played(tmp_path, endpoint.url).refresh()
    assert names[0] == "Router"
    assert len(names) <= 1 + MAX_OFFERED
    assert len(set(names)) == len(names)
    assert all(name.isprintable() and 0 < len(name) <= MAX_SHOWN_NAME for name in names)


@pytest.mark.parametrize("status", [401, 404, 500])
async def test_a_failure_is_one_line_and_the_former_list_counts(
    tmp_path: Path, endpoint: Endpoint, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    played = Played(tmp_path, endpoint.url)
    before = await played.refresh()
    endpoint.status = status
    with caplog.at_level(logging.WARNING, logger="bot.models.listing"):
        for step in range(3):
            played.now = LIST_LIFETIME + step * LIST_RETRY_DELAY
            assert await played.refresh() == before
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["[router] does not list its models"]
    assert "sesame" not in caplog.text


@pytest.mark.parametrize("value", ['"*"', "[1]", '[""]', "true"])
def test_patterns_of_another_form_are_refused_with_their_line(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingsProblem, match=r"line 6, \[router\]: models: write patterns"):
        Played(tmp_path, "http://127.0.0.1:1", value)
