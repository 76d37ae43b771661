"""Prefill: a server that goes on with a last message of the assistant's as if the model had not stopped.

llama.cpp, vLLM, SGLang and others do so, some of them when asked; others refuse such a message, or begin a new one
after it. No protocol tells which, so each server is tried once, with a word that is cut: `Thurs` goes on with `day`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.generators.contract import Messages, Piece, Thought, Timeouts

TRIAL: Messages = [
    {"role": "user", "content": "Name the days of the week in order, separated by commas."},
    {"role": "assistant", "content": "Monday, Tuesday, Wednesday, Thurs"},
]
TRIAL_END = "day"
"""The beginning of an answer that goes on within the word; a new message would not begin so."""
TRIAL_TOKENS = 8
TRIAL_TIMEOUTS = Timeouts(headers=20, silence=20, answer=30)
PREFILL_PARAMETERS = {"continue_final_message": True, "add_generation_prompt": False}
"""Words by which vLLM and SGLang are asked for it; others ignore or refuse them."""


def is_prefilled(messages: Messages) -> bool:
    """Tell whether an answer is to be gone on with: the assistant has the last word."""
    return bool(messages) and messages[-1]["role"] == "assistant"


async def goes_on(pieces: AsyncIterator[Piece]) -> bool:
    """Tell from the answer to `TRIAL` whether the server goes on. Raises GeneratorProblem."""
    text = ""
    async for piece in pieces:
        if isinstance(piece, Thought):
            return False  # its template puts thoughts before each answer
        if isinstance(piece, str):
            text += piece
        if len(text) >= len(TRIAL_END):
            break
    return text.startswith(TRIAL_END)
