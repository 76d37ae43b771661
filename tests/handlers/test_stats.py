"""`/stats`: admins see how the bot was used."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aiogram import methods
from aiogram.exceptions import TelegramNotFound
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, InputMediaPhoto
from PIL import Image

from bot.operating.statistics_chart import HEIGHT, WIDTH
from tests.handlers.test_usage import RECORD, ask
from tests.harness.bot_scene import ANNA, BORIS, GROUP, OWNER, Actor, Harness
from tests.harness.recording_session import Recording


def size_of(content: object) -> tuple[int, int]:
    """The size of a picture that was sent."""
    assert isinstance(content, BufferedInputFile)
    with Image.open(io.BytesIO(content.data)) as picture:
        picture.verify()
        assert picture.format == "PNG"
        return picture.size


def periods(markup: object) -> dict[str, str]:
    assert isinstance(markup, InlineKeyboardMarkup)
    return {button.text: button.callback_data or "" for row in markup.inline_keyboard for button in row}


async def test_an_admin_gets_a_picture_with_its_numbers(harness: Harness) -> None:
    await ask(harness)
    await ask(harness, BORIS)
    await harness.message(OWNER, "/stats")
    [sent] = harness.recording.made(methods.SendPhoto)
    assert size_of(sent.photo) == (WIDTH, HEIGHT)
    lines = (sent.caption or "").splitlines()
    assert lines[:6] == [
        "The last 30 days (UTC)",
        "1 · Requests a day (questions, ↻ and ▸): 2 in all, 2 at most",
        "in red, failed answers: 0 (0.0 %)",
        "2 · People a day: 2 in all, 2 at most",
        "3 · Time to the first text, median: 1.0 s",
        "4 · Answers by model:",
    ]
    assert lines[6] == "A · Fast: 2"
    assert lines[7].startswith("5 · Busiest hours: ")
    assert periods(sent.reply_markup) == {"7 days": "sta:7", "• 30 days": "sta:30", "90 days": "sta:90"}


async def test_a_button_puts_another_period_in_the_place_of_the_picture(harness: Harness) -> None:
    await harness.press(OWNER, "sta:90", 9)
    [replaced] = harness.recording.made(methods.EditMessageMedia)
    assert replaced.message_id == 9
    assert isinstance(replaced.media, InputMediaPhoto)
    assert size_of(replaced.media.media) == (WIDTH, HEIGHT)
    assert (replaced.media.caption or "").startswith("The last 90 days (UTC)\n")
    assert "• 90 days" in periods(replaced.reply_markup)
    assert len(harness.toasts) == 1


async def test_figures_are_written_as_the_reader_writes_them(harness: Harness) -> None:
    await ask(harness, record=replace(RECORD, first_at=0.0))
    await harness.message(Actor(OWNER.id, "Ольга", language="ru"), "/stats")
    [sent] = harness.recording.made(methods.SendPhoto)
    lines = (sent.caption or "").splitlines()
    assert lines[2] == "красным — ответы с ошибкой: 0 (0,0 %)"
    assert lines[4] == "3 · Время до первого текста, медиана: 1,0 с"


async def test_the_caption_is_in_the_language_of_the_one_who_asks(harness: Harness) -> None:
    await harness.message(Actor(OWNER.id, "Ольга", language="ru"), "/stats")
    [sent] = harness.recording.made(methods.SendPhoto)
    assert (sent.caption or "").startswith("Последние 30 дней (UTC)\n1 · Обращения по дням (вопросы, ↻ и ▸): всего 0")
    assert "• 30 дней" in periods(sent.reply_markup)


async def test_others_than_admins_get_nothing(harness: Harness) -> None:
    await harness.message(ANNA, "/stats")
    await harness.press(ANNA, "sta:7", 9)
    assert not harness.recording.made(methods.SendPhoto)
    assert not harness.recording.made(methods.EditMessageMedia)


async def test_a_group_does_not_see_them(harness: Harness) -> None:
    await harness.message(OWNER, "/stats@Aura_Bot", chat=GROUP)
    assert harness.last == "Ask me that in our private chat."
    assert not harness.recording.made(methods.SendPhoto)


@pytest.mark.parametrize("days", ["8", "", "-7", "7777777777777"])
async def test_a_made_up_period_does_nothing(harness: Harness, days: str) -> None:
    await harness.press(OWNER, f"sta:{days}", 9)
    assert not harness.recording.made(methods.EditMessageMedia)


async def test_the_longest_names_of_models_fit_the_caption(harness: Harness) -> None:
    for number in range(7):
        record = replace(RECORD, model=f"{number}" + "модель " * 60)
        await ask(harness, record=record)
    await harness.message(Actor(OWNER.id, "Ольга", language="ru"), "/stats")
    [sent] = harness.recording.made(methods.SendPhoto)
    assert len(sent.caption or "") < 1024
    assert "F · " in (sent.caption or "") and "G · " not in (sent.caption or "")


async def test_where_nothing_can_be_drawn_the_numbers_come_alone(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python-here"))
    await harness.message(OWNER, "/stats")
    assert harness.last.startswith("The last 30 days (UTC)\n1 · Requests a day (questions, ↻ and ▸): 0 in all")
    assert "sta:7" in harness.buttons().values()


async def test_where_pictures_are_refused_the_numbers_come_alone(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Recording._answer

    def refuse(recording: Recording, method: methods.TelegramMethod[object]) -> object:
        if isinstance(method, methods.SendPhoto):
            raise TelegramNotFound(method, "Not Found: method not found")
        return answer(recording, method)

    monkeypatch.setattr(Recording, "_answer", refuse)
    await harness.message(OWNER, "/stats")
    assert harness.last.startswith("The last 30 days (UTC)\n")
