"""Documents of every format, read as a person would."""

from __future__ import annotations

import pytest

from bot.attachments.limits import ReadLimits
from bot.attachments.parts import TextPart, Unit
from bot.attachments.problems import (
    AttachmentEmpty,
    AttachmentLocked,
    AttachmentProblem,
    AttachmentUnsupported,
    ScanWithoutText,
)
from bot.attachments.service import AttachmentService, default_readers
from tests.attachments.samples import (
    archive,
    docx,
    docx_paragraph,
    epub,
    fetched,
    file,
    odt,
    pdf,
    pptx,
    xlsx,
)


async def read(service: AttachmentService, name: str, content: bytes) -> TextPart:
    part = await service.read(file(name), fetched(content))
    assert isinstance(part, TextPart)
    return part


@pytest.mark.parametrize(
    "name",
    ["+page.svelte", "Dockerfile", "Makefile", ".env", ".gitignore", "a.tf", "a.dart", "a.scala", "a.scss", "LICENSE"],
)
async def test_text_is_read_whatever_it_is_called(service: AttachmentService, name: str) -> None:
    part = await read(service, name, "строка\n\n\n  two\r\n".encode())
    assert (part.text, part.kept, part.total, part.unit) == ("строка\n\n\n  two", 4, 4, Unit.LINES)


async def test_vector_graphics_are_text(service: AttachmentService) -> None:
    attachment = file("a.svg", mime_type="image/svg+xml")
    part = await service.read(attachment, fetched(b"<svg><text>label</text></svg>"))
    assert isinstance(part, TextPart) and "label" in part.text


async def test_a_wrong_name_does_not_matter(service: AttachmentService) -> None:
    assert (await read(service, "report.txt", pdf(["Hello"]))).unit is Unit.PAGES
    assert (await read(service, "photo.png", b"just words")).text == "just words"
    assert "Hello" in (await read(service, "table.zip", docx(docx_paragraph("Hello")))).text


async def test_a_pdf_has_numbered_pages(service: AttachmentService) -> None:
    part = await read(service, "a.pdf", pdf(["First words", "Second words"]))
    assert part.text == "[Page 1]\nFirst words\n[Page 2]\nSecond words"
    assert (part.unit, part.kept, part.total, part.starts) == (Unit.PAGES, 2, 2, (0, 2))


async def test_a_scan_without_text_is_told_as_such(service: AttachmentService) -> None:
    with pytest.raises(ScanWithoutText) as caught:
        await read(service, "scan.pdf", pdf(["", "", ""]))
    assert caught.value.details == {"name": "scan.pdf", "pages": 3}


async def test_word_keeps_paragraphs_tables_and_notes(service: AttachmentService) -> None:
    table = "<w:tbl><w:tr>" + "".join(f"<w:tc>{docx_paragraph(c)}</w:tc>" for c in ("Price", "5 €")) + "</w:tr></w:tbl>"
    body = (
        docx_paragraph("Жили-были")
        + "<w:p><w:r><w:t>one</w:t><w:tab/><w:t>two</w:t><w:br/><w:t>three</w:t></w:r></w:p>"
        + table
        + "<w:p><w:r><w:delText>deleted</w:delText><w:instrText>PAGE</w:instrText><w:t>end</w:t></w:r></w:p>"
    )
    notes = "<w:footnotes xmlns:w='x'>" + docx_paragraph("A note") + "</w:footnotes>"
    part = await read(service, "a.docx", docx(body, **{"word/footnotes.xml": notes}))
    assert part.text == "Жили-были\none\ttwo\nthree\nPrice | 5 € |\nend\nA note"


async def test_word_reads_what_stands_twice_once(service: AttachmentService) -> None:
    box = "<w:txbxContent>" + docx_paragraph("in a box") + "</w:txbxContent>"
    body = (
        '<w:p><w:r><mc:AlternateContent xmlns:mc="m"><mc:Choice>'
        f"{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    assert (await read(service, "a.docx", docx(body))).text == "in a box"


async def test_slides_come_in_the_order_of_the_show(service: AttachmentService) -> None:
    part = await read(service, "a.pptx", pptx(["made first", "made second"], order=[2, 1]))
    assert part.text == "[Slide 1]\nmade second\n[Slide 2]\nmade first"
    assert (part.unit, part.kept, part.total) == (Unit.SLIDES, 2, 2)


async def test_a_spreadsheet_has_rows_and_the_names_of_its_sheets(service: AttachmentService) -> None:
    part = await read(service, "a.xlsx", xlsx([["Имя", "Сумма"], ["Анна", 20], ["Борис", 2.5]]))
    assert part.text == "[Sheet Sales]\nИмя | Сумма\nАнна | 20\nБорис | 2.5"


async def test_a_spreadsheet_of_open_document_is_read(service: AttachmentService) -> None:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
        for text in ("Имя", "Сумма")
    )
    body = (
        f'<office:spreadsheet><table:table table:name="Лист"><table:table-row>{cells}</table:table-row></table:table>'
        "</office:spreadsheet>"
    )
    part = await read(service, "a.ods", odt(body, kind="spreadsheet"))
    assert part.text == "[Sheet Лист]\nИмя | Сумма"


async def test_open_document_texts_are_read(service: AttachmentService) -> None:
    body = (
        "<text:h>Title</text:h>\n<text:p>a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>"
        "d <text:span>e</text:span></text:p>"
    )
    assert (await read(service, "a.odt", odt(body))).text == "Title\na  b\tc\nd e"


async def test_a_web_page_is_read_as_it_is_shown(service: AttachmentService) -> None:
    page = (
        "<html><head><title>T</title><style>p{}</style></head><body><h1>Head</h1><script>alert(1)</script>"
        "<p>Some   <b>bold</b> text, <a href='https://example.com/a'>a link</a>.<ul><li>one<li>two</ul>"
        "<table><tr><td>1<td>2</table><pre>x\n  y</pre></body></html>"
    )
    part = await read(service, "a.html", page.encode())
    assert "alert" not in part.text and "p{}" not in part.text
    assert "Some bold text, a link (https://example.com/a)." in part.text
    assert "- one\n- two" in part.text and "x\n  y" in part.text


async def test_a_web_page_says_its_encoding_itself(service: AttachmentService) -> None:
    page = '<meta charset="koi8-r"><p>да</p>'.encode("koi8-r")
    assert (await read(service, "a.htm", page)).text == "да"


async def test_a_book_is_read_in_its_order(service: AttachmentService) -> None:
    part = await read(service, "a.epub", epub(["<p>Chapter one</p>", "<html><body><p>Chapter two</p></body></html>"]))
    assert part.text.split("\n\n") == ["Chapter one", "Chapter two"]


async def test_rich_text_is_read(service: AttachmentService) -> None:
    text = r"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}\f0 Bold \b word\b0\par \u1055?\u1088?\'e8\'e2\'e5\'f2}"
    assert (await read(service, "a.rtf", text.encode())).text == "Bold word\nПривет"


@pytest.mark.parametrize("content", [b"", b" \n\t\n", docx(""), epub(["<p> </p>"]), pptx([""])])
async def test_a_file_without_words_is_told_as_such(service: AttachmentService, content: bytes) -> None:
    with pytest.raises(AttachmentEmpty):
        await read(service, "a", content)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.odt", odt("<text:p>x</text:p>", manifest="<m><encryption-data/></m>")),
        (
            "a.xlsx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600),
        ),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600),
        ),
    ],
)
async def test_a_password_is_told_as_such(service: AttachmentService, name: str, content: bytes) -> None:
    with pytest.raises(AttachmentLocked):
        await read(service, name, content)


@pytest.mark.parametrize(
    "content", [b"\x7fELF\x02\x01\x01" + bytes(200), archive({"a.txt": "x"}), b"\x1f\x8b\x08\x00" + bytes(range(256))]
)
async def test_a_file_that_nothing_reads_is_told_as_such(service: AttachmentService, content: bytes) -> None:
    with pytest.raises(AttachmentUnsupported) as caught:
        await read(service, "tool.bin", content)
    assert caught.value.details["name"] == "tool.bin"


@pytest.mark.parametrize(
    ("name", "content", "unit", "total"),
    [
        ("a.txt", b"twelve chars\n" * 1000, Unit.LINES, 1000),
        ("a.docx", docx(docx_paragraph("twelve chars") * 1000), Unit.LINES, 1000),
        ("a.xlsx", xlsx([["twelve chars"]] * 999), Unit.LINES, 1000),
        ("a.odt", odt("<text:p>twelve chars</text:p>" * 1000), Unit.LINES, 1000),
        ("a.pdf", pdf(["twelve chars"] * 500), Unit.PAGES, 500),
        ("a.pptx", pptx(["twelve chars"] * 300), Unit.SLIDES, 300),
    ],
)
async def test_of_a_long_document_the_beginning_is_kept_and_the_rest_is_counted(
    name: str, content: bytes, unit: Unit, total: int
) -> None:
    service = AttachmentService(default_readers(None), ReadLimits(characters=1000))
    part = await read(service, name, content)
    assert (part.unit, part.total) == (unit, total)
    assert 30 <= part.kept < 80 and len(part.text) <= 1000
    assert part.text.count("twelve chars") >= part.kept - 1


async def test_of_one_huge_line_the_beginning_is_kept() -> None:
    service = AttachmentService(default_readers(None), ReadLimits(characters=1000))
    part = await read(service, "a.txt", b"x" * 100_000 + b"\nlast")
    assert (len(part.text), part.kept, part.total) == (1000, 0, 2)


async def test_no_format_lets_another_ones_file_through_as_text(service: AttachmentService) -> None:
    for content in (docx("")[:200], pdf([""])[:9] + bytes(100), b"PK\x03\x04"):
        with pytest.raises(AttachmentProblem):
            await read(service, "a", content)


@pytest.mark.parametrize(
    ("text", "kept", "total"),
    [("a\n" * 9, 9, 9), ("a\n" * 9 + "b", 10, 10), ("abcd\n" * 100, 20, 100), ("abcd\n" * 100 + "e", 20, 101)],
)
async def test_lines_are_counted_however_the_file_ends(text: str, kept: int, total: int) -> None:
    service = AttachmentService(default_readers(None), ReadLimits(characters=100))
    part = await read(service, "a.txt", text.encode())
    assert (part.kept, part.total) == (kept, total)
