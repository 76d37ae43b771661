"""Which generator answers, and which settings reach it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Finish, Messages, Piece, Timeouts
from bot.generators.factory import (
    configured_model,
    context_tokens,
    is_embedded,
    kind_of,
    make_config,
    unused_settings,
)
from bot.models.source import entries_in_file
from tests.harness.given_settings import given

FOREIGN = "tests.contracts.generators.g4f_style:Talkative"
KEEN = "tests.generators.test_generator_client:Keen"
HELLO: Messages = [{"role": "user", "content": "Hello"}]


class Embedded:
    url = "http://127.0.0.1:1"
    context_tokens = 2048


@pytest.mark.parametrize(
    ("environment", "model"),
    [
        ({}, "openchat_3.6"),
        ({"aura_model": "m"}, "m"),
        ({"generator": "openai", "openai_base_url": "http://h/v1"}, ""),
        ({"generator": "openai", "openai_base_url": "http://h/v1", "openai_model": "m", "aura_model": "other"}, "m"),
        ({"generator": FOREIGN}, ""),
        ({"generator": FOREIGN, "aura_model": "m", "openai_model": "other"}, "m"),
    ],
)
def test_the_model_is_that_of_the_generator(environment: dict[str, str], model: str) -> None:
    assert configured_model(given(**environment))[1] == model


@pytest.mark.parametrize(
    ("environment", "destination"),
    [
        ({"aura_url": "http://h"}, "http://h"),
        ({"aura_url": "http://h", "openai_base_url": "http://other"}, "http://h"),
        ({"generator": "openai", "openai_base_url": "http://h/v1", "aura_url": "http://other"}, "http://h/v1"),
        ({"generator": FOREIGN, "openai_base_url": "http://other"}, FOREIGN),
        ({"generator": FOREIGN, "aura_url": "http://h"}, "http://h"),
    ],
)
def test_it_says_where_questions_really_go(environment: dict[str, str], destination: str) -> None:
    client = GeneratorClient(make_config(given(**environment)))
    assert client.destination == destination
    assert client.config.url in {destination, ""}


def test_settings_that_do_not_reach_the_generator_are_named() -> None:
    settings = given(generator=FOREIGN, openai_base_url="http://h", openai_api_key="sk-1", aura_model="m")
    assert unused_settings(settings, settings.model_fields_set) == [
        f"OPENAI_BASE_URL has no effect with GENERATOR={FOREIGN}: AURA_URL counts, or GENERATOR=openai",
        f"OPENAI_API_KEY has no effect with GENERATOR={FOREIGN}: AURA_KEY counts, or GENERATOR=openai",
    ]
    for reaching in (
        given(generator=FOREIGN, aura_url="http://h", aura_model="m"),
        given(generator="openai", openai_base_url="http://h", openai_model="m"),
    ):
        assert unused_settings(reaching, reaching.model_fields_set) == []


@pytest.mark.parametrize(
    ("environment", "embedded"),
    [
        ({}, True),
        ({"aura_url": "http://h"}, False),
        ({"generator": "openai", "openai_base_url": "http://h"}, False),
        ({"generator": FOREIGN}, False),
    ],
)
def test_the_program_answers_itself_where_nobody_is_named(environment: dict[str, str], *, embedded: bool) -> None:
    assert is_embedded(given(**environment)) == embedded


def test_the_embedded_model_is_asked_at_its_address_within_its_context() -> None:
    config = make_config(given(aura_browser=True), Embedded())
    assert (config.url, config.context_tokens, config.browser) == (Embedded.url, 2048, False)
    assert context_tokens(given(context_tokens=4096), Embedded()) == 4096
    assert context_tokens(given(), None) == 8192


def test_who_fails_is_looked_for_where_it_can_be_mended() -> None:
    assert {"AURA_URL", "AURA_BROWSER"} <= set(kind_of("aura").variables)
    assert {"OPENAI_BASE_URL", "OPENAI_MODEL", "OPENAI_API_KEY"} == set(kind_of("openai").variables)
    assert {"GENERATOR", "AURA_URL", "AURA_MODEL", "AURA_KEY"} == set(kind_of(FOREIGN).variables)


async def ask(client: GeneratorClient, **more: object) -> list[Piece]:
    arguments = {"temperature": 0.5, "max_tokens": 8192, **more}
    return [piece async for piece in client.answer(HELLO, **arguments)]  # type: ignore[arg-type]  # any of them


@pytest.mark.parametrize(("max_tokens", "passed"), [(8192, False), (10_000, False), (8191, True), (None, True)])
async def test_a_foreign_class_is_told_a_limit_only_where_it_limits(max_tokens: int | None, *, passed: bool) -> None:
    [said] = await ask(GeneratorClient(GeneratorConfig(kind=kind_of(KEEN))), max_tokens=max_tokens)
    assert ("max_tokens" in str(said)) == passed


async def test_a_foreign_class_may_end_by_its_own_limit() -> None:
    pieces = await ask(GeneratorClient(GeneratorConfig(kind=kind_of(FOREIGN), model="m")))
    assert pieces[-1] == Finish("length")


def test_each_time_limit_goes_where_its_setting_says(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text('[a]\naddress = "http://127.0.0.1:1"\n', encoding="utf-8")
    settings = given(headers_timeout=11, silence_timeout=12, answer_timeout=13, models_file=file)
    (entry,) = entries_in_file(settings, {})
    for timeouts in (make_config(settings).timeouts, entry.config.timeouts):
        assert (timeouts.headers, timeouts.silence, timeouts.answer) == (11, 12, 13)
        assert timeouts.connect == Timeouts().connect
