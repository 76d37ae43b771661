"""What servers tell of a model, each in its own way, is read; whatever else they say is nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import ModelCard
from bot.generators.factory import kind_of
from bot.generators.openai.model_card import listed_card, props_card
from tests.harness.wire_server import Exchange, serve

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "data",
                    "id",
                    "capabilities",
                    "architecture",
                    "input_modalities",
                    "modalities",
                    "vision",
                    "max_model_len",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
LISTED: dict[str, tuple[dict[str, Any], ModelCard]] = {
    "vLLM": ({"max_model_len": 32768}, ModelCard(32768)),
    "Groq": ({"context_window": 131072, "active": True}, ModelCard(131072)),
    "Mistral": (
        {"max_context_length": 128000, "capabilities": {"completion_chat": True, "vision": True}},
        ModelCard(128000, sees_pictures=True),
    ),
    "OpenRouter": (
        {
            "context_length": 400000,
            "architecture": {"input_modalities": ["text", "image"]},
            "supported_parameters": ["max_tokens", "tools"],
        },
        ModelCard(400000, sees_pictures=True, parameters=frozenset({"max_tokens", "tools"})),
    ),
    "a blind one": ({"architecture": {"input_modalities": ["text"]}}, ModelCard(sees_pictures=False)),
    "OpenAI": ({"owned_by": "openai"}, ModelCard()),
    "nonsense": ({"max_model_len": "many", "capabilities": 5, "architecture": []}, ModelCard()),
    "a lie": ({"max_model_len": 10**12, "context_length": True}, ModelCard()),
}


@pytest.mark.parametrize(("entry", "card"), LISTED.values(), ids=LISTED.keys())
def test_each_server_has_its_own_fields(entry: dict[str, Any], card: ModelCard) -> None:
    others = [{"id": "other", "max_model_len": 1000}, {"id": "third"}]
    assert listed_card({"data": [*others, {"id": "m", **entry}]}, "m") == card
    assert listed_card({"data": [{"id": "/a/path", **entry}]}, "m") == card, "the only one has any name"
    assert listed_card({"data": others}, "m") == ModelCard()


@given(JSON)
def test_whatever_a_server_says_is_a_card(body: object) -> None:
    assert isinstance(listed_card(body, "m"), ModelCard)
    assert isinstance(props_card(body), ModelCard)


@pytest.mark.parametrize("path", ["/v1", "", "/v1/chat/completions"])
async def test_llama_cpp_tells_in_its_properties(path: str) -> None:
    told = {"default_generation_settings": {"n_ctx": 2048}, "modalities": {"vision": False, "audio": False}}
    answers = {"/v1/models": {"data": [{"id": "x.gguf", "meta": {"n_ctx_train": 8192}}]}, "/props": told}

    async def script(exchange: Exchange) -> None:
        body = answers.get(exchange.request.path)
        await exchange.reply(json.dumps(body).encode(), "200 OK" if body else "404 Not Found")

    async with serve(script) as server:
        config = GeneratorConfig(kind=kind_of("openai"), url=server.url + path, model="m")
        assert await GeneratorClient(config).card() == ModelCard(2048, sees_pictures=False)


async def test_a_server_that_tells_nothing_or_nonsense_is_no_failure() -> None:
    async def script(exchange: Exchange) -> None:
        await exchange.reply(b"[" * 100_000, "200 OK")

    async with serve(script) as server:
        config = GeneratorConfig(kind=kind_of("openai"), url=server.url, model="m")
        assert await GeneratorClient(config).card() == ModelCard()
    assert await GeneratorClient(config).card() == ModelCard()
