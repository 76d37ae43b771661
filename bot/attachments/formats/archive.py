"""Documents that are ZIP archives of XML: opened and streamed within limits."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Mapping
from typing import BinaryIO
from urllib.parse import unquote
from xml.parsers import expat

from bot.attachments.problems import AttachmentLocked, AttachmentTooComplex, AttachmentUnreadable

MAX_ARCHIVE_ENTRIES = 20_000
"""Files in an archive. A book of a thousand pictures has some thousand."""
MAX_DEPTH = 1000
"""Elements within each other. A deep table in a table in a list has some fifty."""
CHUNK_BYTES = 64 * 1024
_ENCRYPTED = 0x1
_NAMESPACE_END = " "


class DocumentArchive:
    """An archive whose entries together may unpack to a number of bytes."""

    def __init__(self, file: BinaryIO, unpacked_bytes: int) -> None:
        self._zip = zipfile.ZipFile(file)
        self._left = unpacked_bytes
        if len(self._zip.infolist()) > MAX_ARCHIVE_ENTRIES:
            raise AttachmentTooComplex(f"{len(self._zip.infolist())} entries")

    def names(self) -> list[str]:
        """Names of all entries."""
        return self._zip.namelist()

    def check_size(self) -> None:
        """Raise AttachmentTooComplex where the entries say that they unpack to too much."""
        if sum(entry.file_size for entry in self._zip.infolist()) > self._left:
            raise AttachmentTooComplex("the archive unpacks to too much")

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of an entry. Raises AttachmentUnreadable, AttachmentLocked, AttachmentTooComplex."""
        try:
            entry = self._zip.getinfo(name)
        except KeyError:
            raise AttachmentUnreadable(f"no {name[:100]} in the archive") from None
        if entry.flag_bits & _ENCRYPTED:
            raise AttachmentLocked("an encrypted archive")
        if entry.file_size > self._left:  # more than it says, zipfile does not unpack
            raise AttachmentTooComplex("the archive unpacks to too much")
        with self._zip.open(entry) as file:
            while chunk := file.read(CHUNK_BYTES):
                self._left -= len(chunk)
                if self._left < 0:
                    raise AttachmentTooComplex("the archive unpacks to too much")
                yield chunk

    def read_text(self, name: str) -> bytes:
        """An entry as a whole."""
        return b"".join(self.chunks(name))

    def parse(self, name: str, handler: ElementHandler) -> None:
        """Stream an XML entry through `handler`. Raises AttachmentUnreadable where it declares a document type."""
        parser = expat.ParserCreate(namespace_separator=_NAMESPACE_END)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        depth = 0

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal depth
            depth += 1
            if depth > MAX_DEPTH:
                raise AttachmentTooComplex("elements nested too deep")
            handler.start(_local(tag), attributes)

        def end(tag: str) -> None:
            nonlocal depth
            depth -= 1
            handler.end(_local(tag))

        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = handler.text
        for chunk in self.chunks(name):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)


class ElementHandler:
    """Reacts to the elements of an XML file, by their names without namespaces. Each method may be left as it is.

    Names of attributes come with their namespaces: `attribute` finds one without.
    """

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """React to the begin of an element."""

    def end(self, tag: str) -> None:
        """React to the end of an element."""

    def text(self, text: str) -> None:
        """React to characters."""


class AttributeCollector(ElementHandler):
    """Collects the attributes of the elements called `tag`, in order, up to a number of them."""

    def __init__(self, tag: str, most: int = MAX_ARCHIVE_ENTRIES) -> None:
        self._tag = tag
        self._most = most
        self.found: list[dict[str, str]] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Remember it."""
        if tag == self._tag and len(self.found) < self._most:
            self.found.append(dict(attributes))


def attributes_of(archive: DocumentArchive, name: str, tag: str) -> list[dict[str, str]]:
    """Attributes of every element called `tag` in an entry."""
    collector = AttributeCollector(tag)
    archive.parse(name, collector)
    return collector.found


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """The attribute called `name` in whatever namespace; where there is one without, too, the other."""
    return next((attributes[key] for key in attributes if key.endswith(f"{_NAMESPACE_END}{name}")), "") or (
        attributes.get(name, "")
    )


def relative_to(name: str, target: str) -> str:
    """The entry that `target`, a reference within the entry `name`, points to."""
    target = unquote(target.split("#", 1)[0])
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target))


def is_archive_with(content: bytes, *names: bytes) -> bool:
    """A ZIP archive whose directory of names, which is never compressed, has one of `names`."""
    return content.startswith(b"PK\x03\x04") and any(name in content for name in names)


def _refuse_doctype(*_: object) -> None:
    """Entities, their expansion and their files all begin here. No office program writes a document type."""
    raise AttachmentUnreadable("the file declares a document type")


def _local(name: str) -> str:
    return name.rpartition(_NAMESPACE_END)[2]
