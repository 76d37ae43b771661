"""Settings without commands, personas, export, in both languages."""

from __future__ import annotations

import base64
import json

from tests.end_to_end.test_buttons import until_label
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Slowly
from tests.harness.telegram_people import ANNA, BORIS, Json, labels


async def test_a_chat_is_set_up_with_buttons_and_they_work_after_a_restart(scene: Scene) -> None:
    async with scene.program() as program:
        await scene.telegram.send("/settings")
        menu = await until_label(scene.telegram, "Temperature")
        await scene.telegram.press(menu, "Temperature")
        page = await until_label(scene.telegram, "‹ Back")
        assert page["message_id"] == menu["message_id"], "in the same message"
        await program.stop()
    async with scene.program():
        await scene.telegram.press(page, "1.5")
        await scene.telegram.until(lambda: any("✓" in label for label in labels(scene.telegram.said()[0])))
        await scene.telegram.press(scene.telegram.said()[0], "Back")
        shown = await until_label(scene.telegram, "Temperature")
        assert "Temperature: 1.5 (set for this chat)" in shown["text"]
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
    assert scene.generator.requests[-1].body["temperature"] == 1.5


async def test_a_member_sees_the_values_and_a_press_tells_who_may(scene: Scene) -> None:
    group = await scene.telegram.group()
    async with scene.program():
        await scene.telegram.send("/settings@aura_bot", by=BORIS, chat=group)
        seen = await scene.telegram.reads("Настройки этой группы", chat=group)
        assert not labels(seen), "he would press in vain"
        await scene.telegram.send("/settings@aura_bot", by=ANNA, chat=group)
        menu = await scene.telegram.until(lambda: next((m for m in scene.telegram.said(group) if labels(m)), None))
        refused = await scene.telegram.press(menu, "", by=BORIS, chat=group)
        assert refused["text"] == "Это может менять только администратор группы."


async def test_the_language_changes_in_the_same_message_at_once(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/settings")
        await scene.telegram.press(await until_label(scene.telegram, "Language"), "Language")
        await scene.telegram.press(await until_label(scene.telegram, "Русский"), "Русский")
        page = await until_label(scene.telegram, "✓ Русский")
        assert page["text"].startswith("На каком языке")
        await scene.telegram.send("/undo")
        await scene.telegram.reads("Убирать нечего.")


async def test_streaming_by_draft_is_chosen_with_buttons(scene: Scene) -> None:
    scene.generator.script = story = Slowly("A draft grows", " into an answer.")
    async with scene.program():
        await scene.telegram.send("/settings")
        await scene.telegram.press(await until_label(scene.telegram, "Streaming"), "Streaming")
        draft = "Smoothly, Telegram's own way (private chats)"
        await scene.telegram.press(await until_label(scene.telegram, draft), draft)
        await until_label(scene.telegram, f"✓ {draft}")
        await scene.telegram.send("Go")
        await scene.telegram.until(lambda: "A draft" in scene.telegram.drafts.get((ANNA, 0), {}).get("text", ""))
        story.more.set()
        await scene.telegram.reads_answer("A draft grows into an answer.")
        assert len(scene.telegram.said()) == 2, "the settings and one answer"


async def test_a_chat_has_a_temperature_of_its_own(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/temperature chat 0.85", by=BORIS)
        await scene.telegram.reads("0,85", chat=BORIS)
        await scene.telegram.send("Here", by=BORIS)
        await scene.telegram.reads_answer("You said: Here", chat=BORIS)
        await scene.telegram.send("Elsewhere", by=ANNA)
        await scene.telegram.reads_answer("You said: Elsewhere")
    assert [request.body["temperature"] for request in scene.generator.requests] == [0.85, 0.5]


async def test_a_persona_answers_and_new_names_it(scene: Scene) -> None:
    personas = scene.folder / "mine.toml"
    personas.write_text('[pirate]\nname = "Pirate"\nprompt = "You are a pirate."\n')
    async with scene.program(PERSONAS_FILE=str(personas)):
        await scene.telegram.send("/persona")
        choice = await until_label(scene.telegram, "Pirate")
        await scene.telegram.press(choice, "Pirate")
        await scene.telegram.until(lambda: any("✓" in label for m in scene.telegram.said() for label in labels(m)))
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        assert scene.generator.requests[-1].prompt == "You are a pirate."
        await scene.telegram.send("/new")
        await scene.telegram.reads("Pirate”")


async def test_everything_is_said_in_russian_to_who_speaks_it(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/settings", by=BORIS)
        menu = await scene.telegram.until(lambda: next((m for m in scene.telegram.said(BORIS) if labels(m)), None))
        assert "Температура" in menu["text"]
        await scene.telegram.send("Привет", by=BORIS)
        answer = await scene.telegram.reads_answer("You said: Привет", chat=BORIS)
        assert any("Ещё" in label or "Заново" in label or "Другой" in label for label in labels(answer)), labels(answer)
        await scene.telegram.send("/temperature 9", by=BORIS)
        await scene.telegram.until(lambda: len(scene.telegram.said(BORIS)) == 3)


async def test_the_conversation_is_sent_as_markdown_and_as_json(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
        await scene.telegram.send("/export")

        def files() -> list[Json]:
            return [message["document"] for message in scene.telegram.said() if "document" in message]

        await scene.telegram.until(lambda: len(files()) == 2)
        contents = {}
        for file in files():
            async with scene.telegram.session.get(f"{scene.telegram.url}/files/{file['file_id']}") as response:
                contents[file["file_name"].rpartition(".")[2]] = await response.text()
    assert "You said: Hello" in contents["md"]
    assert "You said: Hello" in json.dumps(json.loads(contents["json"]))


async def test_forget_erases_everything_about_the_chat(scene: Scene) -> None:
    async with scene.program():
        await scene.telegram.send("/system You are a pirate.")
        await scene.telegram.send("My secret")
        await scene.telegram.reads_answer("You said: My secret")
        await scene.telegram.send("/forget")
        await scene.telegram.press(await until_label(scene.telegram, "Erase everything"), "Erase everything")
        await scene.telegram.reads("I have erased everything about this chat.")
        await scene.telegram.send("Hello")
        await scene.telegram.reads_answer("You said: Hello")
    request = scene.generator.requests[-1]
    assert [message["content"] for message in request.messages] == ["Hello"]
    assert "pirate" not in request.prompt


async def test_a_text_document_is_read_with_its_question(scene: Scene) -> None:
    content = base64.b64encode(b"def secret_function(): pass").decode()
    document = {"file_name": "code.py", "mime_type": "text/x-python", "content_base64": content}
    async with scene.program():
        await scene.telegram.post(f"people/{ANNA}/send", chat_id=ANNA, document=document, caption="What does this do?")
        request = await scene.generator.asked()
    assert "secret_function" in request.question
    assert "What does this do?" in request.question


async def test_a_text_document_alone_is_a_question(scene: Scene) -> None:
    content = base64.b64encode(b"id,fruit\n1,quince\n").decode()
    document = {"file_name": "fruit.csv", "mime_type": "text/csv", "content_base64": content}
    async with scene.program():
        await scene.telegram.post(f"people/{ANNA}/send", chat_id=ANNA, document=document)
        request = await scene.generator.asked()
    assert "1,quince" in request.question
