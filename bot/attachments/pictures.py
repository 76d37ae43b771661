"""Reader of pictures: photos, pictures sent as files, stickers, and stills of animations."""

from __future__ import annotations

from bot.attachments.attachment import Attachment, AttachmentKind, FileContent
from bot.attachments.child import PICTURE_TASK
from bot.attachments.child_process import ChildProcesses
from bot.attachments.limits import ReadLimits
from bot.attachments.parts import PicturePart
from bot.attachments.problems import AttachmentUnreadable

_KINDS = frozenset({AttachmentKind.PHOTO, AttachmentKind.STICKER, AttachmentKind.ANIMATION, AttachmentKind.DOCUMENT})
"""Of an animation the picture is the still that Telegram makes of it."""
_MAGICS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*")
_ISO_BRANDS = frozenset({b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
"""ISO media files that are pictures. HEIC is among them, so that it is told as a picture that cannot be read."""


class PictureReader:
    """Reads pictures in a child process."""

    def __init__(self, children: ChildProcesses) -> None:
        self._children = children

    def accepts(self, attachment: Attachment, head: bytes = b"") -> bool:
        """Claim photos and stickers, and files whose bytes, or before they are here whose type, say picture."""
        if attachment.kind not in _KINDS:
            return False
        if attachment.kind is not AttachmentKind.DOCUMENT:
            return True
        if head:
            return _is_picture(head)
        return attachment.mime_type.startswith("image/") and attachment.mime_type != "image/svg+xml"

    def check(self, attachment: Attachment, limits: ReadLimits) -> None:
        """Refuse nothing before its bytes are here."""

    async def read(self, attachment: Attachment, content: FileContent, limits: ReadLimits) -> PicturePart:
        """The picture as it is sent to the model. Raises AttachmentProblem."""
        answer = await self._children.run(PICTURE_TASK, content, limits)
        if not answer.content:
            raise AttachmentUnreadable("the child sent no picture")
        return PicturePart(
            name=attachment.shown_name,
            content=answer.content,
            mime_type=str(answer.header["mime_type"]),
            width=int(answer.header["width"]),
            height=int(answer.header["height"]),
        )


def _is_picture(head: bytes) -> bool:
    return (
        head.startswith(_MAGICS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[:2] == b"BM" and head[6:10] == b"\x00\x00\x00\x00")
        or (head[4:8] == b"ftyp" and head[8:12] in _ISO_BRANDS)
    )
