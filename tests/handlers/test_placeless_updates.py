"""Updates that belong to no chat of the bot's: they pass quietly."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness.bot_scene import ANNA, Harness

PRESS = {"id": "77", "from": ANNA.user, "chat_instance": "1", "inline_message_id": "abc"}


@pytest.mark.parametrize("pressed", [{"data": "stop:1"}, {"data": "again:1"}, {"game_short_name": "chess"}, {}])
async def test_a_press_of_an_inline_message_is_answered_quietly(
    harness: Harness, pressed: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    await harness.update({"callback_query": {**PRESS, **pressed}})
    assert harness.toasts == [""]
    assert not caplog.records


async def test_an_update_without_a_chat_leaves_nothing_behind(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    await harness.update({"inline_query": {"id": "5", "from": ANNA.user, "query": "Hello", "offset": ""}})
    await harness.update(
        {"poll_answer": {"poll_id": "5", "user": ANNA.user, "option_ids": [0], "option_persistent_ids": ["a"]}}
    )
    assert not harness.recording.calls
    assert not caplog.records
