"""Documents that real programs wrote: pandoc, Chromium, openpyxl and Pillow."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from bot.attachments.parts import TextPart, Unit
from bot.attachments.problems import ScanWithoutText
from bot.attachments.service import AttachmentService
from tests.attachments.samples import fetched, file

FILES = Path(__file__).parent / "files"
PROSE = ("Кварки и лептоны", "Кварк «up» несёт заряд +2/3", "−1/3", "второй пункт", "Leptons are lighter.")
"""The words that every program was given, with a table and a list among them."""


async def text_of(service: AttachmentService, name: str) -> TextPart:
    part = await service.read(file(name), fetched(FILES / name))
    assert isinstance(part, TextPart)
    assert part.whole
    return part


@pytest.mark.parametrize(
    "name",
    ["chromium.pdf", "pandoc.docx", "pandoc.epub", "pandoc.html", "pandoc.odt", "pandoc.pptx", "pandoc.rtf"],
)
async def test_all_words_are_read_in_their_order(service: AttachmentService, name: str) -> None:
    text = (await text_of(service, name)).text
    places = [text.find(words) for words in PROSE]
    assert -1 not in places
    assert places == sorted(places)


async def test_a_printed_page_has_its_number(service: AttachmentService) -> None:
    part = await text_of(service, "chromium.pdf")
    assert (part.unit, part.total) == (Unit.PAGES, 2)
    first, second = part.text.split("[Page 2]")
    assert "Кварк «up»" in first
    assert "Leptons are lighter." in second


async def test_slides_are_counted_by_slide(service: AttachmentService) -> None:
    part = await text_of(service, "pandoc.pptx")
    assert (part.unit, part.total) == (Unit.SLIDES, 5)


async def test_a_workbook_has_the_rows_of_every_sheet(service: AttachmentService) -> None:
    part = await text_of(service, "openpyxl.xlsx")
    assert part.text.split("\n") == [
        "[Sheet Заряды]",
        "Кварк | Заряд",
        "up | 0.5",
        "down | -0.25",
        "[Sheet Leptons]",
        "electron | -1",
    ]


@pytest.mark.parametrize("name", ["pandoc.epub", "pandoc.html"])
async def test_the_address_behind_a_link_is_read(service: AttachmentService, name: str) -> None:
    assert "статью (https://example.com/quarks)" in (await text_of(service, name)).text


async def test_a_scan_has_no_text_and_its_pages_are_counted(service: AttachmentService) -> None:
    pages = [Image.new("L", (200, 280), "white") for _ in range(3)]
    scan = io.BytesIO()
    pages[0].save(scan, "PDF", save_all=True, append_images=pages[1:])
    with pytest.raises(ScanWithoutText) as problem:
        await service.read(file("scan.pdf"), fetched(scan.getvalue()))
    assert problem.value.details["pages"] == 3
