"""Entry of the child process that draws statistics: `python -m bot.operating.statistics_chart`, JSON in, PNG out.

The picture has numbers and marks and no words, because Pillow's own font, the only one that is certain to be there, has
Latin letters alone; the caption says in the reader's language what the panels 1 to 5 are.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1080, 1280
"""Pixels: upright as a phone is; Telegram scales photos with a longer side than 1280 down."""
LOWERED_PRIORITY = 10
"""Added to the niceness of the process: answers come first."""
MAX_COLOURS = 48
"""Colours of the PNG, which keeps it at some 30 KB."""

_MARGIN, _LEFT, _RIGHT = 36, 210, 1040
_PANEL, _GAP = 212, 36
_PAPER, _INK, _FAINT, _LINE = "#ffffff", "#1f2933", "#5f6c7b", "#d9dee4"
_BLUE, _RED, _GREEN, _ORANGE, _VIOLET, _TEAL = "#2f80ed", "#e5484d", "#2e9e6b", "#e58a00", "#7c5cd6", "#12909c"
_LETTERS = "ABCDEFGHIJ"

Values = Sequence[float | None]


class StatisticsChart:
    """Five panels, one below another."""

    def __init__(self) -> None:
        self._picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
        self._draw = ImageDraw.Draw(self._picture)
        self._decimal_mark = "."
        self._big, self._small = ImageFont.load_default(40), ImageFont.load_default(28)

    def draw(self, numbers: dict[str, Any]) -> bytes:
        """Draw everything. Gives a PNG."""
        self._decimal_mark = numbers["decimal_mark"]
        days = _day_labels(date.fromisoformat(numbers["first_day"]), len(numbers["questions"]))
        self._bars(0, numbers["questions"], _BLUE, days, front=(numbers["failed"], _RED))
        self._bars(1, numbers["people"], _GREEN, days)
        self._bars(2, numbers["first_text"], _ORANGE, days)
        self._models(3, numbers["models"])
        self._bars(4, numbers["hours"], _TEAL, {hour: f"{hour}" for hour in range(0, 24, 3)})
        file = io.BytesIO()
        self._picture.quantize(MAX_COLOURS).save(file, "PNG", optimize=True)
        return file.getvalue()

    def _begin(self, panel: int, colour: str) -> tuple[int, int]:
        """Draw a panel's mark. Gives the top and the ground of what stands in it."""
        top = _MARGIN + panel * (_PANEL + _GAP)
        self._draw.rounded_rectangle((_MARGIN, top, _MARGIN + 56, top + 56), 14, fill=colour)
        self._draw.text((_MARGIN + 28, top + 28), str(panel + 1), fill=_PAPER, font=self._big, anchor="mm")
        return top, top + _PANEL - 36

    def _bars(
        self,
        panel: int,
        values: Values,
        colour: str,
        labels: dict[int, str],
        *,
        front: tuple[Values, str] | None = None,
    ) -> None:
        """Draw bars from a ground line, the highest value beside them; `front` has parts of them in another colour."""
        top, ground = self._begin(panel, colour)
        most = max((value or 0 for value in values), default=0)
        self._draw.line((_LEFT, top, _RIGHT, top), fill=_LINE, width=2)
        self._draw.line((_LEFT, ground, _RIGHT, ground), fill=_LINE, width=2)
        if most:
            self._draw.text((_LEFT - 10, top), self._number(most), fill=_INK, font=self._small, anchor="ra")
        self._draw.text((_LEFT - 10, ground), "0", fill=_FAINT, font=self._small, anchor="rs")
        step = (_RIGHT - _LEFT) / max(1, len(values))
        for shown, paint in ((values, colour), front or ((), "")):
            for at, value in enumerate(shown):
                if value and most:
                    height = max(3.0, (ground - top) * min(1.0, value / most))
                    left = _LEFT + at * step
                    box = (left + step * 0.12, ground - height, left + max(step * 0.88, step * 0.12 + 2), ground)
                    self._draw.rectangle(box, fill=paint)
        for at, label in labels.items():
            middle = _LEFT + (at + 0.5) * step
            self._draw.text((middle, ground + 6), label, fill=_FAINT, font=self._small, anchor="ma")

    def _models(self, panel: int, answers: Sequence[int]) -> None:
        """Draw a line for each model, by letters that the caption explains."""
        top, ground = self._begin(panel, _VIOLET)
        most = max(answers, default=0)
        row = (ground + 36 - top) / max(4, len(answers))
        widest = _RIGHT - _LEFT - 210
        for at, (letter, count) in enumerate(zip(_LETTERS, answers, strict=False)):
            middle = top + (at + 0.5) * row
            end = _LEFT + 40 + max(3.0, widest * count / max(1, most))
            self._draw.text((_LEFT, middle), letter, fill=_INK, font=self._small, anchor="lm")
            self._draw.rectangle((_LEFT + 40, middle - row * 0.36, end, middle + row * 0.36), fill=_VIOLET)
            self._draw.text((end + 12, middle), self._number(count), fill=_INK, font=self._small, anchor="lm")

    def _number(self, value: float) -> str:
        """A number of few digits: 7, 1.4, 12 300, 1.2M."""
        if value >= 1_000_000:  # noqa: PLR2004  # a million
            return f"{value / 1_000_000:.1f}M".replace(".", self._decimal_mark)
        if value >= 10 or value == int(value):  # noqa: PLR2004  # two digits say enough
            return f"{value:,.0f}".replace(",", " ")
        return f"{value:.1f}".replace(".", self._decimal_mark)


def _day_labels(first: date, days: int) -> dict[int, str]:
    """Dates below some of the days: every one of a week, else about six, today among them."""
    every = 1 if days <= 7 else -(-days // 6)  # noqa: PLR2004  # a week
    return {at: f"{first + timedelta(at):%m-%d}" for at in range(days - 1, -1, -every)}


def main() -> None:
    """Draw what stands on standard input, and answer as the parent reads it: a line of JSON, then the picture."""
    os.nice(LOWERED_PRIORITY)
    content = StatisticsChart().draw(json.load(sys.stdin.buffer))
    sys.stdout.buffer.write(json.dumps({"width": WIDTH, "height": HEIGHT}).encode() + b"\n" + content)


if __name__ == "__main__":
    main()
