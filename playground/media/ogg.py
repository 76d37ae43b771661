"""Voice messages as Telegram keeps them: Opus in Ogg (RFC 3533, RFC 7845)."""

from __future__ import annotations

import struct
from typing import Final

from playground.media.webm import OpusRecording

OGG_MAGIC: Final = b"OggS"
SAMPLE_RATE: Final = 48_000
"""Samples a second in which Ogg Opus counts time."""
PACKETS_PER_PAGE: Final = 50
"""A second of a browser's packets; a page holds 255 segments at most."""
_FRAME_SAMPLES: Final = (480, 960, 1920, 2880) * 3 + (480, 960) * 2 + (120, 240, 480, 960) * 4
"""Samples of one frame, by the configuration number in a packet's first byte."""
_TWO_FRAMES: Final = (1, 2)
_HEAD_BYTES: Final = 512
_GRANULE: Final = slice(6, 14)
_BEGINNING, _END = 2, 4


def ogg_of_opus(recording: OpusRecording) -> bytes:
    """Write a recording as an Ogg file."""
    skip = _pre_skip(recording.head)
    tags = b"OpusTags" + struct.pack("<I", 10) + b"playground" + struct.pack("<I", 0)
    pages = [_page([recording.head], 0, 0, _BEGINNING), _page([tags], 0, 1, 0)]
    granule, waiting = skip, list[bytes]()
    last = len(recording.packets) - 1
    for number, packet in enumerate(recording.packets):
        waiting.append(packet)
        granule += _samples(packet)
        if number == last or len(waiting) == PACKETS_PER_PAGE or _segments([*waiting, packet]) > 250:  # noqa: PLR2004
            pages.append(_page(waiting, granule, len(pages), _END if number == last else 0))
            waiting = []
    return b"".join(pages)


def opus_seconds(content: bytes) -> float | None:
    """Return the length of an Ogg Opus file, None for any other file."""
    start = content[:_HEAD_BYTES].find(b"OpusHead")
    last = content.rfind(OGG_MAGIC)
    if not content.startswith(OGG_MAGIC) or start < 0 or len(content) < last + _GRANULE.stop:
        return None
    granule = int.from_bytes(content[last:][_GRANULE], "little")
    return max(0.0, (granule - _pre_skip(content[start:])) / SAMPLE_RATE)


def _pre_skip(head: bytes) -> int:
    return int.from_bytes(head[10:12], "little")


def _samples(packet: bytes) -> int:
    frames = packet[0] & 3
    if frames == 0:
        count = 1
    elif frames in _TWO_FRAMES:
        count = 2
    else:
        count = packet[1] & 0x3F if len(packet) > 1 else 0
    return count * _FRAME_SAMPLES[packet[0] >> 3]


def _segments(packets: list[bytes]) -> int:
    return sum(len(packet) // 255 + 1 for packet in packets)


def _page(packets: list[bytes], granule: int, number: int, flags: int) -> bytes:
    lacing = b"".join(b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255]) for packet in packets)
    head = struct.pack("<4sBBqIIIB", OGG_MAGIC, 0, flags, granule, 1, number, 0, len(lacing))
    page = head + lacing + b"".join(packets)
    return page[:22] + struct.pack("<I", _checksum(page)) + page[26:]


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ 0x04C11DB7 if value & 0x80000000 else value << 1
        table.append(value & 0xFFFFFFFF)
    return tuple(table)


_CRC: Final = _crc_table()


def _checksum(page: bytes) -> int:
    value = 0
    for byte in page:
        value = ((value << 8) & 0xFFFFFFFF) ^ _CRC[(value >> 24) ^ byte]
    return value
