"""Presentations (PPTX): slide by slide, in the order in which they are shown."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import BinaryIO

from bot.attachments.formats.archive import (
    DocumentArchive,
    ElementHandler,
    attribute,
    attributes_of,
    is_archive_with,
    relative_to,
)
from bot.attachments.formats.format import DocumentFormat
from bot.attachments.formats.text_sink import TextSink
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import Unit

_MAIN = "ppt/presentation.xml"


class Presentation(DocumentFormat):
    """Reads PPTX by streaming its XML."""

    name = "presentation"
    unit = Unit.SLIDES
    squeeze = True

    @staticmethod
    def matches(content: bytes, suffix: str) -> bool:  # noqa: ARG004  # the bytes tell enough
        """Recognise it by the name of its main entry."""
        return is_archive_with(content, _MAIN.encode())

    @staticmethod
    def extract(file: BinaryIO, sink: TextSink, limits: ReadLimits) -> None:
        """Write the slides with their speaker's notes."""
        archive = DocumentArchive(file, limits.unpacked_bytes)
        targets = _targets(archive, _MAIN)
        ids = [attribute(slide, "id") for slide in attributes_of(archive, _MAIN, "sldId")]
        slides = [targets[slide] for slide in ids if slide in targets]
        sink.total_units = len(slides)
        for number, slide in enumerate(slides, start=1):
            if sink.full:
                return
            sink.begin_unit(f"[Slide {number}]")
            archive.parse(slide, _Slide(sink))
            notes = [target for target in _targets(archive, slide).values() if "notesSlide" in target]
            for name in notes[:1]:
                sink.write("Notes: ")
                archive.parse(name, _Slide(sink))


def _targets(archive: DocumentArchive, name: str) -> dict[str, str]:
    """Entries that an entry refers to, by the id of the relationship."""
    folder, file = posixpath.split(name)
    relations = f"{folder}/_rels/{file}.rels"
    if relations not in archive.names():
        return {}
    return {
        relation.get("Id", ""): relative_to(name, relation.get("Target", ""))
        for relation in attributes_of(archive, relations, "Relationship")
        if relation.get("TargetMode") != "External"
    }


class _Slide(ElementHandler):
    def __init__(self, sink: TextSink) -> None:
        self._sink = sink
        self._in_text = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002  # the handler's signature
        self._in_text = self._in_text or tag == "t"
        if tag == "br":
            self._sink.write(" ")

    def end(self, tag: str) -> None:
        if tag == "t":
            self._in_text = False
        elif tag == "p":
            self._sink.end_line()

    def text(self, text: str) -> None:
        if self._in_text:
            self._sink.write(text)
