"""What the tests of attachments share."""

from __future__ import annotations

import pytest

from bot.attachments.service import AttachmentService, default_readers


@pytest.fixture
def service() -> AttachmentService:
    """The service without a transcription endpoint."""
    return AttachmentService(default_readers(None))
