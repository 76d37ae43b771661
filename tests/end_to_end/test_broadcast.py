"""An admin writes to everybody: shown first, sent once to each, stopped at will, gone on with after a kill."""

from __future__ import annotations

import base64

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
        await scene.telegram.fault(method="sendMessage", chat_id=ANNA, retry_after=12)
        await scene.telegram.press(preview, "Send")
        await program.says("Telegram wants a pause of 12 s")
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


def media(scene: Scene, chat: int, kind: str) -> list[Json]:
    return [message for message in scene.telegram.said(chat) if kind in message]


async def prepared(scene: Scene, message: Json) -> Json:
    await scene.telegram.send("/broadcast", reply_to=message["message_id"])
    return await scene.telegram.reads("This goes to")


async def test_a_picture_that_is_replied_to_goes_out_as_it_is(scene: Scene) -> None:
    async with scene.program():
        await everybody_has_written(scene)
        preview = await prepared(scene, await scene.telegram.send(NEWS, media="photo"))
        assert "2 people" in preview["text"] and "the message above" in preview["text"]
        await scene.telegram.press(preview, "Send")
        report = await scene.telegram.reads("Your message has gone out")
        assert "Sent: 2; blocked me: 0; failed: 0" in report["text"]
    for person in (ANNA, BORIS):
        [copy] = media(scene, person, "photo")
        assert copy["caption"] == NEWS and "forward_origin" not in copy


async def test_a_file_goes_out_with_its_name(scene: Scene) -> None:
    async with scene.program():
        await everybody_has_written(scene)
        content = base64.b64encode(b"Be kind").decode()
        rules = await scene.telegram.send("", document={"file_name": "rules.txt", "content_base64": content})
        await scene.telegram.press(await prepared(scene, rules), "Send")
        await scene.telegram.reads("Your message has gone out")
    assert [copy["document"]["file_name"] for copy in media(scene, BORIS, "document")] == ["rules.txt"]


@pytest.mark.parametrize(("command", "caption"), [("/broadcast", None), (f"/broadcast {NEWS}", NEWS)])
async def test_a_picture_with_the_command_as_caption_goes_out_without_it(
    scene: Scene, command: str, caption: str | None
) -> None:
    async with scene.program():
        await everybody_has_written(scene)
        await scene.telegram.send(command, media="photo")
        await scene.telegram.press(await scene.telegram.reads("This goes to"), "Send")
        await scene.telegram.reads("Your message has gone out")
    assert [copy.get("caption") for copy in media(scene, BORIS, "photo")] == [caption]


async def test_a_picture_goes_on_after_a_kill(scene: Scene) -> None:
    async with scene.program() as program:
        await everybody_has_written(scene)
        preview = await prepared(scene, await scene.telegram.send(NEWS, media="photo"))
        await scene.telegram.fault(method="copyMessage", chat_id=ANNA, retry_after=30)
        await scene.telegram.press(preview, "Send")
        await program.says("Telegram wants a pause of 30 s")
        await program.kill()
    await scene.telegram.no_faults()
    async with scene.program(CHAT_BUDGET="20+20/s"):
        await scene.telegram.reads("Your message has gone out", seconds=60)
    assert [len(media(scene, person, "photo")) for person in (ANNA, BORIS)] == [1, 1]


async def test_a_picture_that_is_deleted_meanwhile_ends_it_with_a_word(scene: Scene) -> None:
    async with scene.program():
        await everybody_has_written(scene)
        photo = await scene.telegram.send(NEWS, media="photo")
        preview = await prepared(scene, photo)
        await scene.telegram.fault(
            method="copyMessage", chat_id=BORIS, error_code=400, description="Bad Request: message to copy not found"
        )
        await scene.telegram.press(preview, "Send")
        report = await scene.telegram.reads("is deleted")
        assert "Sent: 1; blocked me: 0; failed: 0" in report["text"]
        await scene.telegram.press(preview, "Send")
        await scene.telegram.reads("decided already")


async def test_a_group_that_takes_no_pictures_still_gets_text_later(scene: Scene) -> None:
    async with scene.program():
        group = await scene.telegram.group()
        await scene.telegram.send("@aura_bot Hello", chat=group)
        await scene.telegram.reads_answer("You said", chat=group)
        photo = await scene.telegram.send(NEWS, media="photo")
        await scene.telegram.fault(
            method="copyMessage",
            chat_id=group,
            error_code=400,
            description="Bad Request: not enough rights to send photos to the chat",
        )
        await scene.telegram.send("/broadcast groups", reply_to=photo["message_id"])
        await scene.telegram.press(await scene.telegram.reads("This goes to"), "Send")
        report = await scene.telegram.reads("Your message has gone out")
        assert "Sent: 0; blocked me: 0; failed: 1" in report["text"]
        await scene.telegram.send(f"/broadcast groups {NEWS}")
        again = await scene.telegram.reads(f"\n\n{NEWS}")
        assert "one group" in again["text"]
