"""Bounds of what is fetched, unpacked and kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Bounds for reading one attachment. They are about this machine; what the generator takes is cut afterwards."""

    file_bytes: int = 20 * MEGABYTE
    """Largest file: the public Bot API hands out no larger one."""
    characters: int = 400_000
    """Longest text that is kept of a document: some 100 000 tokens of prose."""
    unpacked_bytes: int = 128 * MEGABYTE
    """Bytes that the entries of one archive may unpack to, together: their parsing takes some 4 s."""
    pixels: int = 50_000_000
    """Largest picture: a good phone's camera makes 50 megapixels, which unpack to 200 MB."""
    picture_side: int = 1568
    """Longest side of a picture in pixels, after which vision models gain nothing."""
    picture_bytes: int = 4 * MEGABYTE
    """Largest picture as it is sent to the generator; some endpoints refuse 5 MB."""
    memory_bytes: int = 512 * MEGABYTE
    """Address space of the child process."""
    cpu_seconds: int = 10
    """Processor time of the child process."""
    wall_seconds: float = 20.0
    """Time after which the child process is killed, whatever it waits for."""
    recording_seconds: float = 15 * 60.0
    """Longest recording that is transcribed."""

    def to_json(self) -> str:
        """Write the limits for a child process."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> ReadLimits:
        """Read what `to_json` wrote."""
        return cls(**json.loads(text))
