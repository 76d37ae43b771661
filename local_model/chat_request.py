"""Request of `/api/chat` (openchat-ui's), and the choice of its messages that fit the model. No I/O."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from local_model.errors import LocalModelError

Role: TypeAlias = Literal["system", "user", "assistant"]
CountTokens: TypeAlias = Callable[[str], Awaitable[int]]

ANSWER_RESERVE_TOKENS = 768
"""Tokens that openchat-ui keeps free for the answer while it counts messages."""
MIN_ANSWER_TOKENS = 256
"""Tokens that the newest message has to leave free; where it leaves fewer than ANSWER_RESERVE_TOKENS, it goes alone."""
MESSAGE_OVERHEAD_TOKENS = 8
"""Tokens that a chat template puts around each message, at the most."""
MAX_TEMPERATURE = 2.0

_ROLES = ("system", "user", "assistant")
_CONTROL = re.compile(r"<\|(\w{1,40})\|>")


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message, as the model's chat template takes it."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A question with what was said before it, oldest first."""

    messages: tuple[ChatMessage, ...]
    prompt: str = ""
    """The system prompt; empty for the server's own."""
    temperature: float | None = None
    token_limit: int | None = None
    """Tokens that the client lets the model read and write; None for all that the model can."""


@dataclass(frozen=True, slots=True)
class ModelInput:
    """Messages that the model reads, and the limit of its answer in tokens."""

    messages: tuple[ChatMessage, ...]
    answer_tokens: int


def parse_request(body: bytes) -> ChatRequest:
    """Read openchat-ui's JSON. Raises LocalModelError for what its server would answer with 500.

    Any `model.id` will do: which model answers is the server's choice.
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise LocalModelError("bad request: the body is not JSON") from None
    model = asked.get("model") if isinstance(asked, dict) else None
    if not isinstance(model, dict) or not isinstance(model.get("id"), str) or not model["id"]:
        raise LocalModelError("bad request: model.id is missing")
    return ChatRequest(
        messages=_messages(asked.get("messages")),
        prompt=_prompt(asked.get("prompt")),
        temperature=_temperature(asked.get("temperature")),
        token_limit=_token_limit(model.get("tokenLimit")),
    )


async def fit_to_context(request: ChatRequest, *, system: str, context: int, count: CountTokens) -> ModelInput:
    """Keep the newest messages that leave room for an answer, as openchat-ui counts them, under the system prompt.

    `context` is what the model can read and write in tokens, `count` tells the tokens of a text. Unlike openchat-ui
    this never drops the newest message: raises LocalModelError where that one does not fit.
    """
    prompt = ChatMessage("system", _harmless(request.prompt.strip() or system))
    limit = context if request.token_limit is None else min(request.token_limit, context)
    reserve = min(ANSWER_RESERVE_TOKENS, context // 2)
    used = await count(prompt.content) + MESSAGE_OVERHEAD_TOKENS
    kept: list[ChatMessage] = []
    for message in reversed(request.messages):
        harmless = ChatMessage(message.role, _harmless(message.content))
        needed = used + await count(harmless.content) + MESSAGE_OVERHEAD_TOKENS
        if not kept:
            _check_newest(needed, limit, min(MIN_ANSWER_TOKENS, context // 4))
        elif needed + reserve > limit:
            break
        kept.append(harmless)
        used = needed
    return ModelInput((prompt, *reversed(kept)), limit - used)


def _check_newest(needed: int, limit: int, least: int) -> None:
    if needed + least > limit:
        raise LocalModelError(
            f"context too long: the question is too long for the model's context window"
            f" ({needed} tokens with the system prompt and {least} for the answer, of {limit})"
        )


def _harmless(text: str) -> str:
    """Break up what the model's tokenizer would take for a control token, so that nobody speaks in another's name."""
    return _CONTROL.sub(r"<| \1 |>", text)


def _messages(value: object) -> tuple[ChatMessage, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise LocalModelError("bad request: messages are missing")
    return tuple(_message(item) for item in value)


def _message(value: object) -> ChatMessage:
    role, content = (value.get("role"), value.get("content")) if isinstance(value, dict) else (None, None)
    if role not in _ROLES or not isinstance(content, str):
        raise LocalModelError("bad request: a message needs a role and its content as text")
    # JSON can name half a surrogate pair, which no UTF-8 can carry on to the engine.
    return ChatMessage(cast("Role", role), content.encode("utf-8", "replace").decode())


def _prompt(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise LocalModelError("bad request: prompt is not text")
    return (value or "").encode("utf-8", "replace").decode()


def _temperature(value: object) -> float | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= cast("float", value) <= MAX_TEMPERATURE:
        raise LocalModelError(f"bad request: temperature is not a number from 0 to {MAX_TEMPERATURE:g}")
    return float(cast("float", value))


def _token_limit(value: object) -> int | None:
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(cast("float", value)):
        raise LocalModelError("bad request: model.tokenLimit is not a number")
    return int(cast("float", value))
