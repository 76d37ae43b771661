"""Pictures of a conversation, fetched for the model that is to see them."""

from __future__ import annotations

import base64
import logging
from collections.abc import Mapping, Sequence

from bot.answering.use_cases.documents import READ_TIMEOUT, DocumentLate, Files
from bot.attachments.attachment import Attachment, AttachmentKind
from bot.attachments.parts import PicturePart
from bot.attachments.problems import AttachmentProblem
from bot.conversation.messages import Message, Picture
from bot.conversation.window import newest_pictures
from bot.errors import TelegramProblem

logger = logging.getLogger(__name__)


class PictureLoader:
    """Gives the newest pictures of a conversation as `data:` addresses. Those seen lately are in memory."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def load(self, path: Sequence[Message]) -> Mapping[str, str]:
        """The addresses by unique id, oldest first; what cannot be fetched any more is left out."""
        found = {picture.unique_id: await self._address(picture) for picture in newest_pictures(path)}
        return {id_: address for id_, address in found.items() if address}

    async def _address(self, picture: Picture) -> str:
        attachment = Attachment(AttachmentKind.PHOTO, picture.file_id, picture.unique_id, name=picture.name)
        try:
            part = await self._files.read(attachment, READ_TIMEOUT)
        except (AttachmentProblem, DocumentLate, TelegramProblem) as problem:
            logger.warning("A picture is not seen: %s: %s", type(problem).__name__, problem)
            return ""
        if not isinstance(part, PicturePart):
            return ""
        return f"data:{part.mime_type};base64,{base64.b64encode(part.content).decode()}"
