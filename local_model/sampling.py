"""Sampling: the default system prompt and the engine's parameters for an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local_model.chat_request import ModelInput

SYSTEM_PROMPT = "You are a helpful assistant. Answer in the language of the question, clearly and briefly."
PACKAGED_SYSTEM_PROMPT = "You are a helpful, friendly assistant. Answer in short, simple and correct sentences."

# So small a model falls into loops easily: a repetition gets less likely the longer it is, over line ends too. Stricter
# figures make it avoid the words of the question.
_PACKAGED_PARAMETERS: dict[str, Any] = {
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.1,
    "repeat_penalty": 1.05,
    "repeat_last_n": 64,
    "dry_multiplier": 0.8,
    "dry_base": 1.75,
    "dry_allowed_length": 5,
    "dry_sequence_breakers": ['"', "*"],
    "dry_penalty_last_n": 1024,
    "stop": ["<|im_end|>", "<|im_start|>", "<|endoftext|>"],
}


@dataclass(frozen=True, slots=True)
class SamplingStyle:
    """Defaults that suit one model."""

    system_prompt: str = SYSTEM_PROMPT
    temperature: float = 0.5
    """Used if the request names none."""
    longest_answer: int | None = None
    """Tokens; None for all that the context leaves."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """Further fields of llama.cpp's /v1/chat/completions."""


def sampling_style(*, packaged: bool) -> SamplingStyle:
    """Choose the style: the packaged model needs more guidance than others do."""
    if not packaged:
        return SamplingStyle()
    return SamplingStyle(PACKAGED_SYSTEM_PROMPT, 0.2, 1000, _PACKAGED_PARAMETERS)


def completion_request(
    model_input: ModelInput, style: SamplingStyle, *, temperature: float | None, seed: int | None
) -> dict[str, Any]:
    """Make the JSON for the engine. With a seed the same question gets the same answer, whatever came before it."""
    limits = (model_input.answer_tokens, style.longest_answer)
    longest = min(limit for limit in limits if limit is not None)
    request = style.parameters | {
        "messages": [{"role": message.role, "content": message.content} for message in model_input.messages],
        "temperature": style.temperature if temperature is None else temperature,
        "max_tokens": longest,
        "stream": True,
        # Also writes while it reads the prompt, and so notices early that nobody listens any more.
        "return_progress": True,
    }
    if seed is not None:
        request |= {"seed": seed, "cache_prompt": False}
    return request
