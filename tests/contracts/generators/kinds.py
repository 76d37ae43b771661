"""The generators that the contract suite runs over, each with the wire that it reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.contract import Timeouts
from bot.generators.factory import kind_of
from tests.harness.wire_server import Exchange

PATIENT = Timeouts(headers=60, silence=60, answer=100)


def _event(**choice: object) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, **choice}]}, ensure_ascii=False).encode() + b"\n\n"


@dataclass(frozen=True)
class Kind:
    name: str
    config_kind: str
    headers: dict[str, str]
    encode: Callable[[str], bytes]
    """The bytes of a piece of the answer."""
    ending: bytes = b""
    """What stands on the wire after the last piece."""

    def client(self, url: str, timeouts: Timeouts = PATIENT) -> GeneratorClient:
        return GeneratorClient(
            GeneratorConfig(kind=kind_of(self.config_kind), url=url, model="some-model", timeouts=timeouts)
        )

    async def begin(self, exchange: Exchange) -> None:
        await exchange.chunked(**self.headers)

    async def finish(self, exchange: Exchange) -> None:
        await exchange.chunk(self.ending)
        await exchange.end()

    def __str__(self) -> str:
        return self.name


AURA = Kind("aura", "aura", {}, str.encode)
OPENAI = Kind(
    "openai",
    "openai",
    {"Content_Type": "text/event-stream"},
    lambda text: _event(delta={"content": text}),
    _event(delta={}, finish_reason="stop") + b"data: [DONE]\n\n",
)
FOREIGN = Kind("foreign", "tests.contracts.generators.g4f_style:Backend", {}, str.encode)

OURS = [AURA, OPENAI]
ALL = [*OURS, FOREIGN]
