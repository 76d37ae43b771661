"""Reasons why an attachment cannot be read, each with a sentence for the person.

AttachmentProblem
├── AttachmentTooLarge        more bytes than are fetched
├── AttachmentUnreadable      damaged, or not what it says it is
├── AttachmentTooComplex      took too much time or memory, or unpacks to too much
├── AttachmentLocked          needs a password
├── AttachmentEmpty           readable, but there is no text in it
├── AttachmentUnsupported     a kind of file that nothing here reads
├── ScanWithoutText           a PDF of pictures
├── TooManyPixels             a picture that is too large to unpack
├── PictureUnreadable         damaged, or a format that is not read (HEIC)
├── RecordingTooLong          more seconds than are transcribed
├── RecordingSilent           nothing was heard in it
├── TranscriptionNotSetUp     no transcription endpoint is configured
├── TranscriptionUnavailable  the endpoint cannot be reached, is busy or broken: later may help
└── TranscriptionRefused      the endpoint does not take the key, the model or the file
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from bot.errors import Problem


class AttachmentProblem(Problem):
    """An attachment cannot become part of a question. `name` is its name as people know it."""

    key = "attachment-unreadable"
    retryable: ClassVar[bool] = False
    """The same file may be readable a little later."""

    def __init__(self, message: str = "", *, name: str = "", **details: str | float) -> None:
        super().__init__(message, name=name, **details)

    def about(self, name: str) -> AttachmentProblem:
        """The same problem of the file called `name`."""
        self.details["name"] = name
        return self


class AttachmentTooLarge(AttachmentProblem):
    """More bytes than are fetched; `megabytes` is the limit."""

    key = "attachment-too-large"

    def __init__(self, message: str = "", *, name: str = "", megabytes: float = 0) -> None:
        super().__init__(message, name=name, megabytes=megabytes)


class AttachmentUnreadable(AttachmentProblem):
    """Damaged, or not what it says it is."""

    key = "attachment-unreadable"


class AttachmentTooComplex(AttachmentProblem):
    """Took too much time or memory, or unpacks to too much."""

    key = "attachment-too-complex"


class AttachmentLocked(AttachmentProblem):
    """Needs a password."""

    key = "attachment-locked"


class AttachmentEmpty(AttachmentProblem):
    """Readable, but there is no text in it."""

    key = "attachment-empty"


class AttachmentUnsupported(AttachmentProblem):
    """A kind of file that nothing here reads."""

    key = "attachment-unsupported"


class ScanWithoutText(AttachmentProblem):
    """A PDF whose `pages` are pictures."""

    key = "attachment-scan"

    def __init__(self, message: str = "", *, name: str = "", pages: float = 0) -> None:
        super().__init__(message, name=name, pages=pages)


class TooManyPixels(AttachmentProblem):
    """A picture that is too large to unpack; `megapixels` is the limit."""

    key = "attachment-too-many-pixels"

    def __init__(self, message: str = "", *, name: str = "", megapixels: float = 0) -> None:
        super().__init__(message, name=name, megapixels=megapixels)


class PictureUnreadable(AttachmentProblem):
    """A damaged picture, or one in a format that is not read."""

    key = "attachment-picture-unreadable"


class RecordingTooLong(AttachmentProblem):
    """More seconds than are transcribed; `minutes` is the limit."""

    key = "attachment-recording-too-long"

    def __init__(self, message: str = "", *, name: str = "", minutes: float = 0) -> None:
        super().__init__(message, name=name, minutes=minutes)


class RecordingSilent(AttachmentProblem):
    """Nothing was heard in it."""

    key = "attachment-recording-silent"


class TranscriptionNotSetUp(AttachmentProblem):
    """No transcription endpoint is configured."""

    key = "attachment-no-transcription"


class TranscriptionUnavailable(AttachmentProblem):
    """The endpoint cannot be reached, is busy or broken."""

    key = "attachment-transcription-unavailable"
    retryable = True


class TranscriptionRefused(AttachmentProblem):
    """The endpoint does not take the key, the model or the file."""

    key = "attachment-transcription-refused"


def problem_for(key: str, details: dict[str, str | float], reason: str = "") -> AttachmentProblem:
    """The problem that a child process reported by its key. An unknown one is AttachmentUnreadable."""
    problem = {kind.key: kind for kind in kinds()}.get(key, AttachmentUnreadable)(reason)
    problem.details.update(details)
    return problem


def kinds() -> Iterator[type[AttachmentProblem]]:
    """Every problem of this room."""
    yield from AttachmentProblem.__subclasses__()
