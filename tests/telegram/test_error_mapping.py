"""A method that a server does not know is a refusal of drafts where the method is one, and nothing else."""

from __future__ import annotations

import pytest
from aiogram import exceptions, methods
from aiogram.methods.base import TelegramMethod

from bot.errors import DraftRefused, TelegramProblem
from bot.telegram.error_mapping import problem_of


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (methods.SendMessageDraft(chat_id=1, draft_id=1, text="a"), DraftRefused),
        (methods.SendMessage(chat_id=1, text="a"), TelegramProblem),
        (methods.SendPhoto(chat_id=1, photo="a"), TelegramProblem),
        (methods.GetMe(), TelegramProblem),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_an_unknown_method(method: TelegramMethod[object], expected: type[TelegramProblem]) -> None:
    error = exceptions.TelegramNotFound(method, "Not Found: method not found")
    assert type(problem_of(error)) is expected
