"""Small files of every format, as office programs write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from bot.attachments.attachment import Attachment, AttachmentKind
from bot.attachments.service import Fetch

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
P = (
    'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
ODF = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
)
MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
RELATIONS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'


def file(name: str, *, mime_type: str = "", kind: AttachmentKind = AttachmentKind.DOCUMENT) -> Attachment:
    return Attachment(kind, file_id=f"id-{name}", unique_id=f"unique-{name}", name=name, mime_type=mime_type)


def fetched(content: bytes | Path) -> Fetch:
    async def fetch(_: int) -> bytes | Path:
        return content

    return fetch


def archive(entries: Mapping[str, str | bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP archive; an entry called `mimetype` stands uncompressed, as its formats demand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as written:
        for name, content in entries.items():
            written.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else method)
    return buffer.getvalue()


def docx(body: str, **others: str) -> bytes:
    document = f'<?xml version="1.0"?><w:document {W}><w:body>{body}</w:body></w:document>'
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": document, **others})


def docx_paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def pptx(slides: Sequence[str], *, order: Sequence[int] | None = None) -> bytes:
    numbers = list(order) if order is not None else list(range(1, len(slides) + 1))
    ids = "".join(f'<p:sldId id="{255 + n}" r:id="rId{n}"/>' for n in numbers)
    relations = "".join(f'<Relationship Id="rId{n}" Target="slides/slide{n}.xml"/>' for n in numbers)
    return archive(
        {
            "[Content_Types].xml": "<Types/>",
            "ppt/presentation.xml": f"<p:presentation {P}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
            "ppt/_rels/presentation.xml.rels": f"<Relationships {RELATIONS}>{relations}</Relationships>",
            **{
                f"ppt/slides/slide{n}.xml": f"<p:sld {P}><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sld>"
                for n, text in enumerate(slides, start=1)
            },
        }
    )


def xlsx(rows: Sequence[Sequence[str | float]], *, sheet: str = "Sales", data: str | None = None) -> bytes:
    if data is None:
        data = "".join(f"<row>{''.join(_cell(value) for value in row)}</row>" for row in rows)
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    sheet_type = f"{types}/worksheet"
    return archive(
        {
            "[Content_Types].xml": "<Types/>",
            "_rels/.rels": (
                f'<Relationships {RELATIONS}><Relationship Id="rId1" Type="{types}/officeDocument"'
                ' Target="xl/workbook.xml"/></Relationships>'
            ),
            "xl/workbook.xml": (
                f'<workbook {main} {office}><sheets><sheet name="{sheet}" sheetId="1" r:id="rId1"/></sheets></workbook>'
            ),
            "xl/_rels/workbook.xml.rels": (
                f'<Relationships {RELATIONS}><Relationship Id="rId1" Type="{sheet_type}"'
                ' Target="worksheets/sheet1.xml"/></Relationships>'
            ),
            "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{data}</sheetData></worksheet>",
        }
    )


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'
    return f"<c><v>{value}</v></c>"


def odt(body: str, *, kind: str = "text", manifest: str = MANIFEST) -> bytes:
    return archive(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "content.xml": (
                f"<office:document-content {ODF}><office:body>{body}</office:body></office:document-content>"
            ),
            "META-INF/manifest.xml": manifest,
        }
    )


def epub(chapters: Sequence[str | bytes]) -> bytes:
    items = "".join(
        f'<item id="c{n}" href="c{n}.xhtml" media-type="application/xhtml+xml"/>' for n in range(len(chapters))
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters)))
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": (
                '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
                '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
            ),
            "OEBPS/book.opf": f"<package><manifest>{items}</manifest><spine>{spine}</spine></package>",
            **{f"OEBPS/c{n}.xhtml": chapter for n, chapter in enumerate(chapters)},
        }
    )


def pdf(pages: Sequence[str], *, trailer: str = "", kids: str | None = None) -> bytes:
    """A PDF with a line of Latin text on each page; an empty one is a page without text."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    references = []
    for text in pages:
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET" if text else ""
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        references.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{kids or ' '.join(references)}] /Count {len(pages)} >>"
    written = "%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = (
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
        f"<< /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{len(written)}\n%%EOF\n"
    )
    return (written + end).encode("latin-1")


def picture(
    kind: str = "PNG", *, size: tuple[int, int] = (64, 48), mode: str = "RGB", colour: object = "red", **options: object
) -> bytes:
    buffer = io.BytesIO()
    image = Image.new(mode, size, colour)  # type: ignore[arg-type]  # a colour of the mode
    image.save(buffer, kind, **options)
    return buffer.getvalue()
