"""Entry of the child process that parses one hostile file: `python -m bot.attachments.child TASK LIMITS`.

The file is its standard input. It answers on its standard output with one line of JSON, and after it the content: the
text of a document, or a picture. It limits itself before it looks at the file; the parent limits its time from outside.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any, BinaryIO

from bot.attachments.limits import ReadLimits
from bot.attachments.problems import AttachmentProblem, AttachmentTooComplex, AttachmentUnreadable

PICTURE_TASK = "picture"
"""Task that is no document format's name."""
MAX_OPEN_FILES = 64
"""Libraries load from disk; a parser needs no more."""

Answer = tuple[dict[str, Any], bytes]


def main() -> None:
    """Read the file on standard input within the limits, and answer."""
    task, limits = sys.argv[1], ReadLimits.from_json(sys.argv[2])
    answer_to = _private_output()
    _limit_self(limits)
    header, content = _answer(task, sys.stdin.buffer, limits)
    header["peak_bytes"] = _peak_bytes()
    with answer_to:
        answer_to.write(json.dumps(header).encode() + b"\n" + content)
    os._exit(0)  # destructors of a library that met a hostile file may hang or crash


def _private_output() -> BinaryIO:
    """The standard output for ourselves: what libraries print goes nowhere."""
    answer_to = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return answer_to


def _limit_self(limits: ReadLimits) -> None:
    """Let the kernel hold what the parent cannot: memory, processor time, files, dumps."""
    for what, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, MAX_OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (value, value))


def _peak_bytes() -> int:
    """Memory that was used at the most; 0 where the system does not say. getrusage counts the parent's before exec."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def _answer(task: str, file: BinaryIO, limits: ReadLimits) -> Answer:
    try:
        return _picture(file, limits) if task == PICTURE_TASK else _document(task, file, limits)
    except AttachmentProblem as problem:
        return _failure(problem)
    except (MemoryError, RecursionError) as error:
        return _failure(AttachmentTooComplex(type(error).__name__))
    except Exception as error:  # noqa: BLE001  # parsers raise whatever they like at what hostile files hold
        return _failure(AttachmentUnreadable(type(error).__name__))


def _failure(problem: AttachmentProblem) -> Answer:
    return {"problem": problem.key, "reason": str(problem), "details": problem.details}, b""


def _document(name: str, file: BinaryIO, limits: ReadLimits) -> Answer:
    from bot.attachments.formats import FORMATS
    from bot.attachments.formats.text_sink import TextSink

    kind = next(kind for kind in FORMATS if kind.name == name)
    sink = TextSink(limits.characters, unit=kind.unit, squeeze=kind.squeeze)
    kind.extract(file, sink, limits)
    text, kept, total = sink.finish()
    header = {"unit": sink.unit.value, "kept": kept, "total": total, "starts": sink.starts, "has_text": sink.has_text}
    return header, text.encode("utf-8", "replace")


def _picture(file: BinaryIO, limits: ReadLimits) -> Answer:
    from bot.attachments.picture_conversion import convert

    picture = convert(file, limits)
    return {"mime_type": picture.mime_type, "width": picture.width, "height": picture.height}, picture.content


if __name__ == "__main__":
    main()
