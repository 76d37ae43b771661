"""Spreadsheets (XLSX, XLSM, XLSB, XLS, ODS): values, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from bot.attachments.formats.archive import DocumentArchive, is_archive_with
from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit
from bot.attachments.problems import AttachmentLocked

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Beginning of the container of Office files before 2007, and of encrypted ones since."""

_ENCRYPTED = "EncryptedPackage"
"""Stream in the container of any encrypted Office file since 2007."""


class Spreadsheet(DocumentFormat):
    """Reads spreadsheets with calamine: 20 times as fast as reading them in Python."""

    name = "spreadsheet"
    unit = Unit.LINES
    squeeze = True

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:
        """Recognise one by the names of its entries, or by its media type."""
        if content.startswith(OLE_MAGIC):
            return suffix == ".xls" or _names(content, "Workbook") or _names(content, _ENCRYPTED)
        return is_archive_with(content, b"xl/workbook.") or b"opendocument.spreadsheet" in content[:200]

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:
        """Write each sheet that has cells: its name, then its rows with a bar between the cells."""
        from python_calamine import CalamineWorkbook, PasswordError

        content = file.read()
        if not content.startswith(OLE_MAGIC):
            DocumentArchive(file, limits.unpacked_bytes).check_size()
        elif _names(content, _ENCRYPTED):
            raise AttachmentLocked("an encrypted Office file")
        file.seek(0)
        try:
            workbook = CalamineWorkbook.from_filelike(file)
            for name in workbook.sheet_names:
                _write_sheet(name, workbook.get_sheet_by_name(name), sink)
        except PasswordError:
            raise AttachmentLocked("an encrypted spreadsheet") from None


def _write_sheet(name: str, sheet: CalamineSheet, sink: TextSink) -> None:
    if sheet.height == 0:
        return
    if sink.full:
        sink.skip(sheet.height)
        return
    had_text = sink.has_text
    sink.write(f"[Sheet {name}]")
    sink.end_line()
    sink.has_text = had_text
    rows = 0
    for row in sheet.iter_rows():
        rows += 1
        sink.write(" | ".join(_shown(value) for value in row).rstrip(" |"))
        if sink.end_line():
            break
    sink.skip(sheet.height - rows)


def _shown(value: object) -> str:
    """A cell in one line; whole numbers, which spreadsheets keep as fractions, without one."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return " ".join(str(value).split())


def _names(content: bytes, name: str) -> bool:
    return name.encode("utf-16-le") in content
