"""The picture of `/stats`, whatever the numbers are."""

from __future__ import annotations

import io
import subprocess
import sys
from typing import Any

import pytest
from PIL import Image

from bot.operating.statistics_chart import HEIGHT, WIDTH, StatisticsChart

PAPER = (255, 255, 255)
RED = (229, 72, 77)


def numbers(days: int, value: int, **more: Any) -> dict[str, Any]:  # any of the numbers
    return {
        "decimal_mark": ".",
        "first_day": "2026-02-27",
        "questions": [value] * days,
        "people": [value] * days,
        "failed": [0] * days,
        "first_text": [None] * days,
        "hours": [value] * 24,
        "models": [],
        **more,
    }


def drawn(given: dict[str, Any]) -> Image.Image:
    content = StatisticsChart().draw(given)
    assert len(content) < 100_000
    picture = Image.open(io.BytesIO(content))
    assert picture.format == "PNG" and picture.size == (WIDTH, HEIGHT)
    return picture.convert("RGB")


def nearly(picture: Image.Image, colour: tuple[int, int, int]) -> int:
    """Count the points of about this colour: a palette shifts it a little."""
    pixels = picture.load()
    assert pixels is not None
    found = 0
    for x in range(0, WIDTH, 3):
        for y in range(0, HEIGHT, 3):
            point = pixels[x, y]
            assert isinstance(point, tuple)
            found += all(abs(have - want) < 12 for have, want in zip(point, colour, strict=True))
    return found


@pytest.mark.parametrize("days", [7, 30, 90])
@pytest.mark.parametrize("value", [0, 1, 12_345_678])
def test_any_numbers_make_a_light_picture_of_one_size(days: int, value: int) -> None:
    picture = drawn(numbers(days, value, models=[value] * 6, first_text=[0.0, *[None] * (days - 1)]))
    assert nearly(picture, PAPER) > 0


def test_failed_answers_stand_out() -> None:
    assert nearly(drawn(numbers(7, 10)), RED) == 0
    few, many = (nearly(drawn(numbers(7, 10, failed=[count] * 7)), RED) for count in (1, 9))
    assert 0 < few < many


def test_the_bot_itself_does_not_load_what_draws() -> None:
    script = "import sys, bot.operating.bot_statistics; print('PIL' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
