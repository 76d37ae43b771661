"""Files that are made to break whoever reads them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

from tests.attachments.samples import (
    ODF,
    W,
    archive,
    docx,
    docx_paragraph,
    epub,
    odt,
    pdf,
    picture,
    pptx,
    xlsx,
)

MEGABYTE = 1024 * 1024


def packed(repeated: bytes, times: int) -> bytes:
    """A zlib stream that unpacks to much more than there is memory for; made piece by piece."""
    packer = zlib.compressobj(1)
    return b"".join([*(packer.compress(repeated) for _ in range(times)), packer.flush()])


def bomb(name: str, begin: bytes, repeated: bytes, end: bytes, *, megabytes: int = 400, **others: str) -> bytes:
    """An archive whose entry `name` unpacks to so many megabytes."""
    chunk = repeated * (MEGABYTE // len(repeated))
    buffer = io.BytesIO(archive(others))
    with (
        zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as written,
        written.open(name, "w") as entry,
    ):
        entry.write(begin)
        for _ in range(megabytes):
            entry.write(chunk)
        entry.write(end)
    return buffer.getvalue()


def xml_bomb(levels: int = 9) -> str:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, levels + 1))
    return f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]>'


def quadratic_xml() -> str:
    return f'<!DOCTYPE x [<!ENTITY a "{"a" * 50_000}">]>'


def word_with(prologue: str, body: str) -> bytes:
    return archive({"word/document.xml": f"{prologue}<w:document {W}><w:body>{body}</w:body></w:document>"})


def gif_of_frames(count: int) -> bytes:
    header = b"GIF89a" + struct.pack("<HHBBB", 8, 8, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 8, 8, 0) + b"\x02\x02\x84\x51\x00"
    return header + frame * count + b"\x3b"


def png_of_size(width: int, height: int) -> bytes:
    """A PNG that says that it is so large, with pixels of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = packed(bytes(MEGABYTE), min(width * height * 4 // MEGABYTE, 200))
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def overlapping_zip() -> bytes:
    """Thousands of names that all unpack the same bytes."""
    content = docx(docx_paragraph("x" * 1000) * 1000)
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as written:
        first = written.getinfo("word/document.xml")
        for n in range(30_000):
            again = zipfile.ZipInfo(f"word/{n}.xml")
            again.compress_type, again.header_offset = first.compress_type, first.header_offset
            again.compress_size, again.file_size, again.CRC = first.compress_size, first.file_size, first.CRC
            written.filelist.append(again)
            written.NameToInfo[again.filename] = again
        written._didModify = True  # type: ignore[attr-defined]  # so that the directory is written again
    return buffer.getvalue()


def pdf_with(objects: str) -> bytes:
    return b"%PDF-1.4\n" + objects.encode() + b"\ntrailer << /Root 1 0 R >>\n%%EOF"


def pdf_bomb() -> bytes:
    """A page whose stream unpacks twice, to a gigabyte."""
    stream = zlib.compress(packed(b" " * MEGABYTE, 1000))
    head = (
        b"%%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
        b"2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n"
        b"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >> endobj\n"
        b"4 0 obj << /Filter [/FlateDecode /FlateDecode] /Length %d >> stream\n" % len(stream)
    )
    return head + stream + b"\nendstream endobj\ntrailer << /Root 1 0 R >>\n%%EOF"


def sheet_from(first: str, last: str) -> str:
    return f'<row><c r="{first}"><v>1</v></c><c r="{last}"><v>2</v></c></row>'


WORD_BEGIN = f"<w:document {W}><w:body>".encode()
WORD_END = b"</w:body></w:document>"
SHEET_BEGIN = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
SHEET_END = b"</sheetData></worksheet>"
ODF_BEGIN = f"<office:document-content {ODF}><office:body>".encode()
ODF_END = b"</office:body></office:document-content>"
TEXT = "application/vnd.oasis.opendocument.text"
SHEET = "application/vnd.oasis.opendocument.spreadsheet"

HOSTILE: dict[str, tuple[str, Callable[[], bytes]]] = {
    "docx bomb": (
        "a.docx",
        lambda: bomb("word/document.xml", WORD_BEGIN, docx_paragraph("x" * 100).encode(), WORD_END),
    ),
    "docx bomb in one word": ("a.docx", lambda: bomb("word/document.xml", WORD_BEGIN + b"<w:t>", b"x", WORD_END)),
    "docx bomb in an attribute": ("a.docx", lambda: bomb("word/document.xml", WORD_BEGIN + b'<w:t a="', b"x", b'"/>')),
    "xlsx bomb": (
        "a.xlsx",
        lambda: _into(
            xlsx([]), bomb("xl/worksheets/sheet1.xml", SHEET_BEGIN, b"<row><c><v>1</v></c></row>", SHEET_END)
        ),
    ),
    "odt bomb": (
        "a.odt",
        lambda: bomb("content.xml", ODF_BEGIN, b"<text:p>words</text:p>", ODF_END, mimetype=TEXT),
    ),
    "ods bomb": ("a.ods", lambda: bomb("content.xml", ODF_BEGIN, b"<table:table/>", ODF_END, mimetype=SHEET)),
    "epub bomb": (
        "a.epub",
        lambda: _into(epub(["x"]), bomb("OEBPS/c0.xhtml", b"<p>", b"words ", b"</p>")),
    ),
    "docx bomb that says it is small": (
        "a.docx",
        lambda: _said_to_be_small(bomb("word/document.xml", WORD_BEGIN, docx_paragraph("x").encode(), WORD_END)),
    ),
    "xlsx bomb that says it is small": (
        "a.xlsx",
        lambda: _said_to_be_small(
            _into(xlsx([]), bomb("xl/worksheets/sheet1.xml", SHEET_BEGIN, b"<row><c><v>1</v></c></row>", SHEET_END))
        ),
    ),
    "pdf bomb": ("a.pdf", pdf_bomb),
    "entities that expand": ("a.docx", lambda: word_with(xml_bomb(), docx_paragraph("&e9;"))),
    "quadratic entities": ("a.docx", lambda: word_with(quadratic_xml(), docx_paragraph("&a;" * 50_000))),
    "external entity": (
        "a.docx",
        lambda: word_with('<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', docx_paragraph("&f;")),
    ),
    "external document type": (
        "a.odt",
        lambda: archive({"mimetype": TEXT, "content.xml": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>'}),
    ),
    "elements in elements": ("a.docx", lambda: word_with("", "<w:sdt>" * 500_000)),
    "tables in tables of a page": ("a.pptx", lambda: pptx(["<a:x>" * 100_000])),
    "far cells": ("a.xlsx", lambda: xlsx([], data=sheet_from("A1", "XFD1048576"))),
    "cells beyond the sheet": ("a.xlsx", lambda: xlsx([], data=sheet_from("A1", "ZZZZZZ4294967295"))),
    "repeated cells": (
        "a.ods",
        lambda: odt(
            '<office:spreadsheet><table:table table:name="x"><table:table-row table:number-rows-repeated="1048576">'
            '<table:table-cell table:number-columns-repeated="16384" office:value-type="float" office:value="1"/>'
            "</table:table-row></table:table></office:spreadsheet>",
            kind="spreadsheet",
        ),
    ),
    "no such entry": ("a.docx", lambda: docx("x").replace(b"word/document.xml", b"word/documant.xml", 1)),
    "truncated docx": ("a.docx", lambda: docx(docx_paragraph("x" * 1000) * 100)[:-40]),
    "truncated xml": ("a.docx", lambda: archive({"word/document.xml": f"<w:document {W}><w:bo"})),
    "names without end": ("a.docx", overlapping_zip),
    "wrong checksum": ("a.docx", lambda: _damaged(docx(docx_paragraph("x") * 10))),
    "book of nothing": ("a.epub", lambda: archive({"META-INF/container.xml": "<container/>"})),
    "truncated pdf": ("a.pdf", lambda: pdf(["words"])[:60]),
    "pdf of magic alone": ("a.pdf", lambda: b"%PDF-1.7"),
    "pages within themselves": (
        "a.pdf",
        lambda: pdf_with(
            "1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
            "2 0 obj << /Type /Pages /Kids [2 0 R 2 0 R 2 0 R] /Count 1000000000 >> endobj"
        ),
    ),
    "page tree loop": ("a.pdf", lambda: pdf([""], kids="2 0 R 2 0 R")),
    "arrays in arrays in a pdf": (
        "a.pdf",
        lambda: pdf_with("1 0 obj << /Type /Catalog /Pages " + "[" * 1_000_000 + " >> endobj"),
    ),
    "a picture called pdf": ("a.pdf", lambda: b"%PDF-1.4\n" + picture("PNG")),
    "groups in groups": ("a.rtf", lambda: b"{\\rtf1 " + b"{" * 3_000_000),
    "png bomb": ("a.png", lambda: png_of_size(50_000, 50_000)),
    "png without end": ("a.png", lambda: png_of_size(7000, 7000)[:-2000]),
    "png of impossible size": ("a.png", lambda: png_of_size(2**31 - 1, 2**31 - 1)),
    "truncated jpeg": ("a.jpg", lambda: picture("JPEG", size=(800, 600))[:300]),
    "jpeg of magic alone": ("a.jpg", lambda: b"\xff\xd8\xff"),
    "webp of nothing": ("a.webp", lambda: b"RIFF\x10\x00\x00\x00WEBPVP8 "),
    "tiff that points to itself": ("a.tif", lambda: b"II*\x00\x08\x00\x00\x00\x00\x00\x08\x00\x00\x00"),
    "zeros": ("a.txt", lambda: bytes(10 * MEGABYTE)),
    "noise": ("a.bin", lambda: zlib.compress(bytes(range(256)) * 40_000, 1)[2:] * 20),
}
"""Files by what they do; each ends in one problem."""

HARMLESS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "gif of 100 000 frames": ("a.gif", lambda: gif_of_frames(100_000)),
    "pdf of 50 000 pages": ("a.pdf", lambda: pdf(["words"] * 50_000)),
    "a line of 10 MB": ("a.txt", lambda: b"x" * (10 * MEGABYTE)),
    "10 million lines": ("a.txt", lambda: b"\n".join([b"x"] * 10_000_000)),
    "html of a million open elements": ("a.html", lambda: b"<div>" * 1_000_000 + b"words"),
    "sheet of 200 000 rows": ("a.xlsx", lambda: xlsx([[1, "words"]] * 200_000)),
}
"""Files that only are much: they are read as far as the limits go."""


def _into(whole: bytes, part: bytes) -> bytes:
    """The archive `whole` with the entries of `part` in the place of its own."""
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        names = [entry.filename for entry in zipfile.ZipFile(io.BytesIO(part)).infolist()]
        others = {name: read.read(name) for name in read.namelist() if name not in names}
    buffer = io.BytesIO(part)
    with zipfile.ZipFile(buffer, "a") as written:
        for name, content in others.items():
            written.writestr(name, content)
    return buffer.getvalue()


def _damaged(content: bytes) -> bytes:
    middle = content.index(b"word/document.xml") + 40
    return content[:middle] + b"\x00\xff\x00" + content[middle + 3 :]


def _said_to_be_small(content: bytes) -> bytes:
    """The same archive, whose directory says of each file that it has 100 bytes."""
    said = bytearray(content)
    position = said.find(b"PK\x01\x02")
    while position >= 0:
        said[position + 24 : position + 28] = struct.pack("<I", 100)
        position = said.find(b"PK\x01\x02", position + 4)
    return bytes(said)
