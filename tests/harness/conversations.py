"""Made-up conversations for the pure rules about them."""

from __future__ import annotations

from bot.conversation.messages import Message, Role


def said(*texts: str, group: bool = False) -> list[Message]:
    """A question, its answer, the next question, and so on."""
    return [
        Message(at, at - 1 or None, Role.ASSISTANT if at % 2 == 0 else Role.USER, text, author="Anna" if group else "")
        for at, text in enumerate(texts, 1)
    ]


def letters(tokens: int) -> str:
    """A text of exactly so many tokens, by the estimate and at the least."""
    return " ".join("a" * tokens)
