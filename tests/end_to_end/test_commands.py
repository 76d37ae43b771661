"""Administrators and everybody else change the bot while it runs."""

from __future__ import annotations

from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, BORIS


async def test_the_temperature_counts_for_the_next_message_and_survives_a_restart(scene: Scene) -> None:
    async with scene.program() as program:
        await scene.telegram.send("/temperature 1.2")
        await scene.telegram.reads("1.2")
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        assert scene.generator.requests[-1].body["temperature"] == 1.2
        await program.stop()
    async with scene.program():
        await scene.telegram.send("Hello again", by=BORIS)
        await scene.telegram.reads_answer("You said: Hello again", chat=BORIS)
    assert scene.generator.requests[-1].body["temperature"] == 1.2


async def test_a_temperature_out_of_range_is_refused_with_the_range(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/temperature 7")
        await scene.telegram.until(lambda: scene.telegram.said())
        assert "0" in scene.telegram.texts()[0] and "2" in scene.telegram.texts()[0]
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
    assert scene.generator.requests[-1].body["temperature"] == 0.5


async def test_who_is_no_administrator_cannot_set_the_temperature(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/temperature 1.2", by=BORIS)
        await scene.telegram.send("Hello", by=BORIS)
        await scene.telegram.reads_answer("Hello", chat=BORIS)
    assert scene.generator.requests[-1].body["temperature"] == 0.5


async def test_the_system_prompt_of_a_chat_is_used_and_reset(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/system You are a pirate.\nSay arr.")
        await scene.telegram.until(lambda: scene.telegram.said())
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        assert scene.generator.requests[-1].prompt == "You are a pirate.\nSay arr."
        await scene.telegram.send("/system reset")
        await scene.telegram.until(lambda: len(scene.telegram.said()) == 3)
        await scene.telegram.send("Hello there")
        await scene.telegram.reads_answer("You said: Hello there")
    assert "pirate" not in scene.generator.requests[-1].prompt


async def test_a_dead_proxy_is_tried_and_rolled_back(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/proxy http://127.0.0.1:9")
        await scene.telegram.reads("That did not work: The model cannot be reached through this proxy.")
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")


async def test_a_proxy_password_is_shown_nowhere(scene: Scene) -> None:
    async with scene.program(LOG_LEVEL="DEBUG") as program:
        sent = await scene.telegram.send("/proxy http://anna:s3cret-word@127.0.0.1:9")
        await scene.telegram.until(lambda: len(scene.telegram.said()) >= 2)
        await scene.telegram.until(lambda: sent["message_id"] not in scene.telegram.chats[ANNA])
        assert not any("s3cret-word" in text for text in scene.telegram.texts())
        assert "s3cret-word" not in program.log
