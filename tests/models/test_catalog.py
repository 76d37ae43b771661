"""The catalog: which model a stored choice means, and clients that have one owner."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.models.catalog import ModelCatalog, chosen_form
from bot.models.file import read_models
from bot.models.source import entries_in_file, make_catalog, needs_embedded, secrets_of
from tests.harness.given_settings import given

TWO = """
[big]
name = "Big"
address = "http://127.0.0.1:1/v1"
model = "big-1"
not_taken = ["temperature"]
[small]
generator = "aura"
context = 4096
proxy = "socks5://me:hidden@127.0.0.1:1080"
users = "admins"
"""


class Embedded:
    url = "http://127.0.0.1:9"
    context_tokens = 2048
    name = "pocket"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "models.toml"
    path.write_text(TWO, encoding="utf-8")
    return path


def catalog(file: Path) -> ModelCatalog:
    return ModelCatalog(read_models(file, {}), Embedded())


@pytest.mark.parametrize(
    ("chosen", "entry", "model", "missing", "label"),
    [
        ("", "big", "big-1", "", "Big"),
        ("@small", "small", "pocket", "", "small"),
        ("@gone", "big", "big-1", "gone", "Big"),
        ("big-2", "big", "big-2", "", "big-2"),
        ("@cf/meta/llama", "big", "@cf/meta/llama", "", "@cf/meta/llama"),
    ],
)
def test_a_stored_choice_means_one_model(  # a row of the table
    file: Path, chosen: str, entry: str, model: str, missing: str, label: str
) -> None:
    found = catalog(file).resolve(chosen)
    assert (found.entry.id, found.model, found.missing, found.label) == (entry, model, missing, label)


def test_every_entry_is_found_by_the_form_in_which_it_is_stored(file: Path) -> None:
    models = catalog(file)
    assert [models.resolve(chosen_form(entry)).entry for entry in models.entries] == list(models.entries)


def test_an_entry_without_an_address_is_answered_by_the_embedded_model(file: Path) -> None:
    entry = catalog(file).find("small")
    assert entry is not None
    assert (entry.config.url, entry.config.context_tokens) == (Embedded.url, 2048)
    assert entry.route(None) is None
    assert catalog(file).limit_of("@small", 8192).server_limit == 0, "it is no openchat server"


def test_only_admins_are_offered_what_is_theirs(file: Path) -> None:
    models = catalog(file)
    assert [entry.id for entry in models.offered(admin=False)] == ["big"]
    assert [entry.id for entry in models.offered(admin=True)] == ["big", "small"]


async def test_clients_are_made_when_they_are_needed_and_closed_by_the_catalog(file: Path) -> None:
    made: list[str] = []
    closed: list[str] = []

    class Client(GeneratorClient):
        async def aclose(self) -> None:
            closed.append(self.config.model)

    def make(config: GeneratorConfig) -> GeneratorClient:
        made.append(config.model)
        return Client(config)

    models = ModelCatalog(read_models(file, {}), Embedded(), make=make)
    assert made == []
    assert models.client(models.default) is models.client(models.default)
    assert made == ["big-1"]
    await models.aclose()
    assert closed == ["big-1"]


def test_without_the_file_the_environment_is_the_one_entry() -> None:
    settings = given(generator="openai", openai_base_url="http://127.0.0.1:1/v1", openai_model="mine")
    models = make_catalog(settings, ())
    assert not models.is_from_file
    assert [entry.config.model for entry in models.entries] == ["mine"]
    assert models.resolve("other").model == "other"
    assert models.resolve("@small").model == "@small"
    assert not needs_embedded(settings, ())


def test_the_embedded_model_runs_where_an_entry_needs_it(file: Path) -> None:
    settings = given(generator="openai", openai_base_url="http://127.0.0.1:1/v1", models_file=file)
    assert needs_embedded(settings, entries_in_file(settings, {}))


def test_passwords_among_the_entries_are_known_to_the_log(file: Path) -> None:
    assert "hidden" in secrets_of(read_models(file, {}))
