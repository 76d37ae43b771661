"""A broadcast waits behind answers, and asks the replica that keeps a chat's budget."""

from __future__ import annotations

import pytest

from bot.app_parts import slot_behind_answers
from bot.errors import FloodWait
from bot.rendering.entities import Formatted
from bot.telegram.destination import Destination
from tests.harness.telegram_scene import ANNA, telegram_scene

NEWS, THERE = Formatted("News"), Destination(ANNA, private=True)


class Home:
    """The replica at which a chat is at home."""

    def __init__(self, *, refuses_for: float = 0.0) -> None:
        self.asked: list[int] = []
        self.refuses_for = refuses_for

    def keeps(self, chat: int) -> bool:
        return chat in self.asked

    async def acquire(self, chat: int) -> bool:
        self.asked.append(chat)
        if self.refuses_for:
            raise FloodWait("nothing may go there for long", seconds=self.refuses_for)
        return True


async def test_the_home_of_the_chat_is_asked_once_for_each_message() -> None:
    home = Home()
    async with telegram_scene(speed=50) as scene:
        async with slot_behind_answers(scene.slots, home, ANNA):
            await scene.telegram.send(THERE, NEWS)
        assert scene.texts() == ["News"]
    assert home.asked == [ANNA]


async def test_a_hold_at_the_home_keeps_the_message_back() -> None:
    async with telegram_scene(speed=50) as scene:
        with pytest.raises(FloodWait):
            async with slot_behind_answers(scene.slots, Home(refuses_for=3600), ANNA):
                await scene.telegram.send(THERE, NEWS)
        assert scene.texts() == []
        async with slot_behind_answers(scene.slots, None, ANNA):
            await scene.telegram.send(THERE, NEWS)
        assert scene.texts() == ["News"]
