"""A question that a speech synthesiser speaks, a real recogniser hears, and the program answers."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.attachments.test_speech import recogniser, spoken
from tests.end_to_end.test_recordings import send
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA

pytest.importorskip("pocketsphinx", reason="needs pocketsphinx: install requirements/dev.txt")
pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs a voice: apt-get install espeak-ng")

__all__ = ["recogniser"]


async def test_a_spoken_question_is_heard_shown_and_answered(scene: Scene, recogniser: str, tmp_path: Path) -> None:
    recording = await asyncio.to_thread(spoken, "open the red door", tmp_path)
    async with scene.program(TRANSCRIPTION_URL=recogniser):
        await send(scene, "audio", recording, "speech.wav")
        await scene.telegram.reads_answer("You said: open the red door")
    heard, answer = scene.telegram.said()
    assert heard["text"] == "🎙 I heard:\nopen the red door"
    assert [entity["type"] for entity in heard["entities"]] == ["expandable_blockquote"]
    assert answer["message_id"] > heard["message_id"]
    assert heard["chat"]["id"] == ANNA
