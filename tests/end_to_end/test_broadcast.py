"""An admin writes to everybody: shown first, sent once to each, stopped at will, gone on with after a kill."""

from __future__ import annotations

import pytest

from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, BORIS, Json

NEWS = "The bot moves on Friday"


async def everybody_has_written(scene: Scene) -> None:
    for person in (ANNA, BORIS):
        await scene.telegram.send("Hello", by=person)
        await scene.telegram.reads_answer("You said: Hello", chat=person)


async def shown(scene: Scene, command: str = f"/broadcast {NEWS}") -> Json:
    await scene.telegram.send(command)
    return await scene.telegram.reads("This goes to")


def copies(scene: Scene, chat: int) -> int:
    return scene.telegram.texts(chat).count(NEWS)


async def test_it_is_shown_first_and_then_reaches_everybody_once(scene: Scene) -> None:
    async with scene.program():
        await everybody_has_written(scene)
        preview = await shown(scene)
        assert "2 people" in preview["text"] and NEWS in preview["text"]
        assert copies(scene, BORIS) == 0
        await scene.telegram.press(preview, "Send")
        report = await scene.telegram.reads("Your message has gone out")
        assert "Sent: 2; blocked me: 0; failed: 0" in report["text"]
        await scene.telegram.press(preview, "Send")
        await scene.telegram.reads("decided already")
    assert (copies(scene, ANNA), copies(scene, BORIS)) == (1, 1)


async def test_who_blocked_the_bot_is_counted_once_and_remembered(scene: Scene) -> None:
    async with scene.program():
        await everybody_has_written(scene)
        await scene.telegram.fault(
            method="sendMessage", chat_id=BORIS, error_code=403, description="Forbidden: bot was blocked by the user"
        )
        await scene.telegram.press(await shown(scene), "Send")
        report = await scene.telegram.reads("Your message has gone out")
        assert "Sent: 1; blocked me: 1; failed: 0" in report["text"]
        await scene.telegram.send("/broadcast Once more")
        again = await scene.telegram.reads("Once more")
        assert "one person" in again["text"]


async def test_it_goes_on_after_a_kill(scene: Scene) -> None:
    async with scene.program() as program:
        await everybody_has_written(scene)
        preview = await shown(scene)
        await scene.telegram.fault(method="sendMessage", chat_id=ANNA, retry_after=30)
        await scene.telegram.press(preview, "Send")
        await program.says("Telegram wants a pause of 30 s")
        await program.kill()
    await scene.telegram.no_faults()
    async with scene.program(CHAT_BUDGET="20+20/s"):
        await scene.telegram.until(lambda: copies(scene, BORIS) == 1, seconds=60)
        await scene.telegram.reads("Your message has gone out", seconds=60)
    assert (copies(scene, ANNA), copies(scene, BORIS)) == (1, 1)


async def test_it_can_be_stopped(scene: Scene) -> None:
    async with scene.program() as program:
        await everybody_has_written(scene)
        preview = await shown(scene)
        await scene.telegram.fault(method="sendMessage", chat_id=ANNA, retry_after=3)
        await scene.telegram.press(preview, "Send")
        await program.says("Telegram wants a pause of 3 s")
        begun = await scene.telegram.reads("I am writing to 2 chats")
        await scene.telegram.press(begun, "Stop sending")
        stopped = await scene.telegram.reads("Stopped. Sent: 0")
        assert stopped["message_id"] == preview["message_id"]
    assert copies(scene, BORIS) == 0


async def test_one_that_is_not_sent_says_that_nothing_was(scene: Scene) -> None:
    async with scene.program():
        await everybody_has_written(scene)
        preview = await shown(scene)
        await scene.telegram.press(preview, "Don't send")
        dropped = await scene.telegram.reads("Nothing was sent.")
        assert dropped["message_id"] == preview["message_id"]
    assert (copies(scene, ANNA), copies(scene, BORIS)) == (0, 0)


async def test_groups_are_written_to_as_one_reply_says(scene: Scene) -> None:
    async with scene.program():
        group = await scene.telegram.group()
        await scene.telegram.send("@aura_bot Hello", chat=group)
        await scene.telegram.reads_answer("You said", chat=group)
        dear = await scene.telegram.send(NEWS)
        await scene.telegram.reads_answer("You said: The bot moves")
        await scene.telegram.send("/broadcast groups", reply_to=dear["message_id"])
        preview = await scene.telegram.reads("This goes to")
        assert "one group" in preview["text"]
        await scene.telegram.press(preview, "Send")
        await scene.telegram.reads(NEWS, chat=group)


async def test_others_may_not_and_a_command_alone_explains_itself(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/broadcast Spam", by=BORIS)
        await scene.telegram.reads("администратор", chat=BORIS)
        await scene.telegram.send("/broadcast")
        await scene.telegram.reads("You see it first")
        await scene.telegram.send("/broadcast Nobody is there")
        await scene.telegram.reads("nobody to write to")


@pytest.mark.parametrize("caption", ["", NEWS])
async def test_a_picture_that_is_replied_to_is_told_not_to_go_out(scene: Scene, caption: str) -> None:
    async with scene.program():
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        photo = await scene.telegram.send(caption, media="photo")
        await scene.telegram.send("/broadcast", reply_to=photo["message_id"])
        await scene.telegram.reads("only text to everybody")
