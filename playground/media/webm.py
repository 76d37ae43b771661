"""Opus packets of a WebM recording, as browsers make them (RFC 8794, Matroska)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT, _TRACKS, _TRACK, _CLUSTER, _GROUP = 0x18538067, 0x1654AE6B, 0xAE, 0x1F43B675, 0xA0
_ENTERED: Final = frozenset({_SEGMENT, _TRACKS, _TRACK, _CLUSTER, _GROUP})
"""Elements whose children are read; a browser writes a segment and its clusters without their sizes."""
_CODEC, _CODEC_PRIVATE, _SIMPLE_BLOCK, _BLOCK = 0x86, 0x63A2, 0xA3, 0xA1
_BLOCK_HEAD: Final = 4
"""Bytes before a block's packet: its track's number, its time, its flags."""
_LACED: Final = 0x06


@dataclass(frozen=True, slots=True)
class OpusRecording:
    """An Opus stream: its identification header and its packets."""

    head: bytes
    packets: list[bytes]


def opus_of_webm(content: bytes) -> OpusRecording | None:
    """Return the Opus stream of a WebM file, None where it holds another one or is broken."""
    head, codec = b"", b""
    packets: list[bytes] = []
    try:
        for identity, data in _elements(content):
            if identity == _CODEC:
                codec = data.rstrip(b"\0")
            elif identity == _CODEC_PRIVATE:
                head = data
            elif identity in {_SIMPLE_BLOCK, _BLOCK} and len(data) > _BLOCK_HEAD:
                if data[_BLOCK_HEAD - 1] & _LACED:
                    return None
                packets.append(data[_BLOCK_HEAD:])
    except IndexError:
        return None
    if codec != b"A_OPUS" or not head.startswith(b"OpusHead") or not packets:
        return None
    return OpusRecording(head, packets)


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the elements that have no children of interest; a last one that is cut off is left out."""
    at = 0
    while at < len(content):
        identity, at = _number(content, at, keep_marker=True)
        size, at = _number(content, at, keep_marker=False)
        if identity in _ENTERED:
            continue
        if at + size > len(content):
            return
        yield identity, content[at : at + size]
        at += size


def _number(content: bytes, at: int, *, keep_marker: bool) -> tuple[int, int]:
    """Return a number of variable length and the place after it. Raises IndexError where the content ends."""
    first = content[at]
    length = 9 - first.bit_length()
    if at + length > len(content) or not first:
        raise IndexError(at)
    number = int.from_bytes(content[at : at + length], "big")
    return (number if keep_marker else number & ~(1 << (7 * length))), at + length
