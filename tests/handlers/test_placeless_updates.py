"""Updates that belong to no chat of the bot's: they pass quietly."""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.scene import ANNA, Scene

PRESS = {"id": "77", "from": ANNA.user, "chat_instance": "1", "inline_message_id": "abc"}


@pytest.mark.parametrize("pressed", [{"data": "stop:1"}, {"data": "again:1"}, {"game_short_name": "chess"}, {}])
async def test_a_press_of_an_inline_message_is_answered_quietly(
    stage: Scene, pressed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    await stage.update({"callback_query": {**PRESS, **pressed}})
    assert stage.toasts == [""]
    assert not caplog.records


async def test_an_update_without_a_chat_leaves_nothing_behind(stage: Scene, caplog: pytest.LogCaptureFixture) -> None:
    await stage.update({"inline_query": {"id": "5", "from": ANNA.user, "query": "Hello", "offset": ""}})
    await stage.update(
        {"poll_answer": {"poll_id": "5", "user": ANNA.user, "option_ids": [0], "option_persistent_ids": ["a"]}}
    )
    assert not stage.recording.calls
    assert not caplog.records
