"""Reader of recordings: voice messages, audio, video notes."""

from __future__ import annotations

import asyncio

from bot.attachments.attachment import Attachment, AttachmentKind, FileContent
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import TranscriptPart
from bot.attachments.problems import RecordingSilent, RecordingTooLong, TranscriptionNotSetUp
from bot.attachments.transcription import TranscriptionClient

_NAMES = {
    AttachmentKind.VOICE: "voice.ogg",
    AttachmentKind.AUDIO: "audio.mp3",
    AttachmentKind.VIDEO_NOTE: "video_note.mp4",
}
"""Names for files that Telegram gives none: endpoints choose their decoder by the ending."""
_AUDIO_TYPE = "audio/"
_MAGICS = (b"OggS", b"fLaC", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")


class RecordingReader:
    """Reads recordings through a transcription endpoint, where one is set up."""

    def __init__(self, client: TranscriptionClient | None) -> None:
        self._client = client

    def accepts(self, attachment: Attachment, head: bytes = b"") -> bool:
        """Claim recordings, and files that are audio."""
        if attachment.kind in _NAMES:
            return True
        if attachment.kind is not AttachmentKind.DOCUMENT:
            return False
        return _is_audio(head) if head else attachment.mime_type.startswith(_AUDIO_TYPE)

    def check(self, attachment: Attachment, limits: ReadLimits) -> None:
        """Refuse what is too long, and everything where no endpoint is set up."""
        if self._client is None:
            raise TranscriptionNotSetUp("no transcription endpoint")
        if (attachment.duration or 0) > limits.recording_seconds:
            raise RecordingTooLong(f"{attachment.duration} s", minutes=int(limits.recording_seconds // 60))

    async def read(self, attachment: Attachment, content: FileContent, limits: ReadLimits) -> TranscriptPart:
        """Transcribe a recording. Raises AttachmentProblem."""
        self.check(attachment, limits)
        if self._client is None:
            raise TranscriptionNotSetUp("no transcription endpoint")
        data = await asyncio.to_thread(content.all_bytes)
        name = _NAMES.get(attachment.kind, "audio") if not attachment.suffix else f"audio{attachment.suffix}"
        text = await self._client.transcribe(data, filename=name)
        if not text.strip():
            raise RecordingSilent("nothing was heard")
        return TranscriptPart(attachment.shown_name, text.strip(), attachment.duration)


def _is_audio(head: bytes) -> bool:
    return head.startswith(_MAGICS) or (head[:4] == b"RIFF" and head[8:12] == b"WAVE")
