"""Several models: chosen by buttons, one in the place of another that fails, each answer with its tokens."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from tests.harness.program_process import Program
from tests.harness.scene import Scene
from tests.harness.scripted_generator import Cut, Generator, Refusal, Request, echo, failing, running_generator
from tests.harness.telegram_people import ANNA, BORIS, Json, labels


@pytest.fixture
async def spare() -> AsyncIterator[Generator]:
    """Another model's server."""
    async with running_generator() as generator:
        yield generator


def two_models(scene: Scene, spare: Generator, *, fallback: bool = True) -> dict[str, str]:
    """The settings with two models; the scene's own generator is the default one."""
    file = scene.folder / "models.toml"
    file.write_text(
        f'[main]\nname = "Main"\ngenerator = "aura"\naddress = "{scene.generator.url}"\nmodel = "m"\n'
        + ('fallback = "spare"\n' if fallback else "")
        + f'[spare]\nname = "Spare"\ngenerator = "aura"\naddress = "{spare.url}"\nmodel = "s"\n'
        "price = { input = 1000000, output = 0 }\n",
        encoding="utf-8",
    )
    return {"MODELS_FILE": str(file)}


def warnings(scene: Scene) -> list[str]:
    return [text for text in scene.telegram.texts(ANNA) if text.startswith("Main does not work (")]


def forget_spare(file: Path) -> None:
    first, _, _ = file.read_text(encoding="utf-8").partition("[spare]")
    file.write_text(first.replace('fallback = "spare"\n', ""), encoding="utf-8")


def stored(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{folder / 'aura.db'}?mode=ro", uri=True) as database:
        return database.execute(query).fetchall()


async def test_a_button_chooses_the_model_of_the_next_answer(scene: Scene, spare: Generator) -> None:
    scene.generator.says("Main speaks.")
    spare.says("Spare speaks.")
    async with scene.program(**two_models(scene, spare)):
        await scene.telegram.send("One")
        await scene.telegram.reads_answer("Main speaks.")
        await scene.telegram.send("/model")
        menu = await scene.telegram.reads("Model: Main (the default). Another one answers from the next answer on.")
        assert labels(menu)[:2] == ["✓ Main", "Spare"]
        await scene.telegram.press(menu, "Spare")
        await scene.telegram.reads("Model: Spare (set for this chat). Another one answers from the next answer on.")
        await scene.telegram.send("Two")
        await scene.telegram.reads_answer("Spare speaks.")
    assert [request.body["model"]["id"] for request in (*scene.generator.requests, *spare.requests)] == ["m", "s"]
    written = stored(scene.folder, "SELECT model FROM messages WHERE role = 'assistant' ORDER BY id")
    assert written == [("Main",), ("Spare",)]


async def test_another_model_answers_where_the_first_fails_and_admins_hear_of_it_once(
    scene: Scene, spare: Generator
) -> None:
    scene.generator.script = failing(Refusal(500, "Incorrect API key provided"))
    spare.says("Spare speaks.")
    note = "Ответила Spare: Main сейчас не работает."

    def noted(times: int) -> bool:
        return sum(text.endswith(note) for text in scene.telegram.texts(BORIS)) == times

    async with scene.program(**two_models(scene, spare)):
        await scene.telegram.send("/start")
        for number in range(1, 4):
            await scene.telegram.send(f"Question {number}", by=BORIS)
            await scene.telegram.until(partial(noted, number))
        await scene.telegram.until(lambda: warnings(scene))
        assert len(warnings(scene)) == 1
    assert len(scene.generator.requests) == 1, "a wrong key is not tried again and again"
    assert len(spare.requests) == 3


@pytest.mark.parametrize("fallback", [False, True])
async def test_an_outage_is_one_word_to_admins_however_it_is_noticed_and_one_when_it_is_over(
    scene: Scene, spare: Generator, *, fallback: bool
) -> None:
    scene.generator.script = failing(Refusal(401, "Unauthorized"))

    def told() -> list[str]:
        return [text for text in scene.telegram.texts(ANNA) if "Main" in text and "/help" not in text]

    def heard(times: int) -> bool:
        return len(scene.telegram.said(BORIS)) == times

    settings = two_models(scene, spare, fallback=fallback)
    async with scene.program(**settings) as program:
        await scene.telegram.send("/start")
        for number in range(1, 5):  # the breaker tells of the first, and failed answers would tell of each
            await scene.telegram.send(f"Question {number}", by=BORIS)
            await scene.telegram.until(partial(heard, number))
        await scene.telegram.until(told)
        await program.stop()
    scene.generator.script = echo
    async with scene.program(**settings):  # an earlier run has told of it
        for number in (5, 6):
            await scene.telegram.send(f"Question {number}", by=BORIS)
            await scene.telegram.reads_answer(f"Question {number}", chat=BORIS)
        await scene.telegram.until(lambda: len(told()) == 2)
    begun, over = told()
    assert begun.startswith("Main does not work (401")
    assert over == "The model's server accepts the bot's settings again (Main)."


async def test_a_failure_in_the_middle_keeps_what_was_written(scene: Scene, spare: Generator) -> None:
    async def breaks(_request: Request) -> AsyncIterator[str]:
        yield "The first words"
        await scene.telegram.reads("The first words")
        raise Cut

    scene.generator.script = breaks
    spare.says("Spare speaks.")
    async with scene.program(**two_models(scene, spare)):
        await scene.telegram.send("Begin")
        await scene.telegram.until(
            lambda: next((text for text in scene.telegram.texts() if "The answer broke off" in text), None)
        )
    assert spare.requests == []


async def test_each_answer_has_its_tokens_and_its_price(scene: Scene, spare: Generator) -> None:
    spare.says("Four words of answer.")
    settings = two_models(scene, spare)
    async with scene.program(**settings):
        await scene.telegram.send("/model spare")
        await scene.telegram.reads("Spare answers from the next message on.")
        await scene.telegram.send("Hello there")
        await scene.telegram.reads_answer("Four words of answer.")
    ((model, read, written, estimated, cost, asked, first, ended),) = stored(
        scene.folder,
        "SELECT model, input_tokens, output_tokens, estimated, cost, asked_at, first_at, ended_at FROM token_usage",
    )
    assert (model, estimated) == ("Spare", 1)
    assert isinstance(read, int) and read > 2
    assert isinstance(written, int) and 4 <= written <= 10
    assert cost == pytest.approx(read)
    assert asked <= first <= ended  # type: ignore[operator]  # times


async def exported(scene: Scene) -> dict[str, str]:
    """Ask for the conversation's files, and give their contents by ending."""
    await scene.telegram.send("/export")

    def files() -> list[Json]:
        return [message["document"] for message in scene.telegram.said() if "document" in message]

    await scene.telegram.until(lambda: len(files()) == 2)
    contents = {}
    for file in files():
        async with scene.telegram.session.get(f"{scene.telegram.url}/files/{file['file_id']}") as response:
            contents[file["file_name"].rpartition(".")[2]] = await response.text()
    return contents


async def test_the_export_says_which_model_wrote_each_version(scene: Scene, spare: Generator) -> None:
    scene.generator.says("Main speaks.")
    spare.says("Spare speaks.")
    async with scene.program(**two_models(scene, spare)):
        shown = await ask(scene, "One", "Main speaks.")
        await scene.telegram.press(shown, "⇄ Model")
        shown = await scene.telegram.reads_buttons("Main speaks.", ["↻ Main", "↻ Spare", "‹ Back"])
        await scene.telegram.press(shown, "↻ Spare")
        await scene.telegram.reads_buttons("Spare speaks.", ["↻ Again", "⇄ Model", "‹", "2/2 · Spare"])
        contents = await exported(scene)
    question, answer = json.loads(contents["json"])["messages"]
    assert question["content"] == "One"
    assert (answer["content"], answer["model"]) == ("Spare speaks.", "Spare")
    assert [(one["content"], one["model"]) for one in answer["other_versions"]] == [("Main speaks.", "Main")]
    headings = [line.partition(",")[0] for line in contents["md"].splitlines() if line.startswith("## ")]
    assert headings == ["## Anna", "## Aura (Spare)", "## Aura (Main)"]


async def test_a_model_that_went_away_is_answered_for_by_the_default_with_a_word(
    scene: Scene, spare: Generator
) -> None:
    scene.generator.says("Main speaks.")
    settings = two_models(scene, spare)
    async with scene.program(**settings):
        await scene.telegram.send("/model spare", by=BORIS)
        await scene.telegram.until(lambda: scene.telegram.texts(BORIS))
    forget_spare(Path(settings["MODELS_FILE"]))
    async with scene.program(**settings):
        await scene.telegram.send("One", by=BORIS)
        await scene.telegram.until(
            lambda: any("выбранной здесь модели (spare) больше нет" in text for text in scene.telegram.texts(BORIS))
        )


async def ask(scene: Scene, text: str, answer: str, *, by: int = ANNA) -> dict[str, object]:
    """Ask, and give the message once it shows the complete answer."""
    await scene.telegram.send(text, by=by)
    return await scene.telegram.reads_answer(answer)


async def test_another_model_answers_again_and_each_version_names_its_writer(scene: Scene, spare: Generator) -> None:
    scene.generator.says("Main speaks.")
    spare.says("Spare speaks.")
    async with scene.program(**two_models(scene, spare)):
        shown = await ask(scene, "One", "Main speaks.")
        assert labels(shown) == ["↻ Again", "⇄ Model"]
        await scene.telegram.press(shown, "⇄ Model")
        shown = await scene.telegram.reads_buttons("Main speaks.", ["↻ Main", "↻ Spare", "‹ Back"])
        await scene.telegram.press(shown, "↻ Spare")
        shown = await scene.telegram.reads_buttons("Spare speaks.", ["↻ Again", "⇄ Model", "‹", "2/2 · Spare"])
        await scene.telegram.press(shown, "‹")
        await scene.telegram.reads_buttons("Main speaks.", ["↻ Again", "⇄ Model", "1/2 · Main", "›"])
        scene.generator.says("Main goes on.")
        await ask(scene, "Two", "Main goes on.")
    assert len(spare.requests) == 1, "it answered once; the chat keeps its model"
    written = stored(scene.folder, "SELECT model FROM messages WHERE role = 'assistant' ORDER BY id")
    assert written == [("Main",), ("Spare",), ("Main",)]


async def test_an_answer_goes_on_with_the_model_that_began_it_unless_that_is_gone(
    scene: Scene, spare: Generator
) -> None:
    async def breaks(_request: Request) -> AsyncIterator[str]:
        words = "Spare begins here." if len(spare.requests) == 1 else " Spare goes on."
        yield words
        await scene.telegram.reads(words.strip())
        raise Cut

    def cut(words: str) -> dict[str, object] | None:
        answers = (m for m in scene.telegram.said() if words in m["text"] and "▸ Go on" in labels(m))
        return next(answers, None)

    scene.generator.says(" Main ends.")
    spare.script = breaks
    settings = two_models(scene, spare, fallback=False)
    async with scene.program(**settings):
        await scene.telegram.send("/model spare")
        await scene.telegram.reads("Spare answers from the next message on.")
        await scene.telegram.send("One")
        shown = await scene.telegram.until(lambda: cut("begins here"))
        await scene.telegram.send("/model main")
        await scene.telegram.reads("Main answers from the next message on.")
        await scene.telegram.press(shown, "▸ Go on")
        shown = await scene.telegram.until(lambda: cut("goes on"))
        assert len(spare.requests) == 2
        assert scene.generator.requests == []
    forget_spare(Path(settings["MODELS_FILE"]))
    async with scene.program(**settings):
        await scene.telegram.press(shown, "▸ Go on")
        await scene.telegram.until(lambda: any("Main ends." in text for text in scene.telegram.texts()))


async def test_a_press_that_names_a_model_survives_a_kill(scene: Scene, spare: Generator) -> None:
    async def hangs(_request: Request) -> AsyncIterator[str]:
        yield "Spare begins"
        await asyncio.sleep(60)

    scene.generator.says("Main speaks.")
    spare.script = hangs
    settings = two_models(scene, spare)
    async with scene.program(**settings) as program:
        shown = await ask(scene, "One", "Main speaks.")
        await scene.telegram.press(shown, "⇄ Model")
        shown = await scene.telegram.reads_buttons("Main speaks.", ["↻ Main", "↻ Spare", "‹ Back"])
        await scene.telegram.press(shown, "↻ Spare")
        await scene.telegram.until(lambda: len(spare.requests) == 1)
        await program.kill()
    spare.says("Spare speaks.")
    async with scene.program(**settings):
        await scene.telegram.reads_answer("Spare speaks.")
    rows = stored(scene.folder, "SELECT model, cut FROM token_usage ORDER BY id")
    assert rows == [("Main", 0), ("Spare", 1)]


async def until_stored(scene: Scene, query: str, expected: list[tuple[object, ...]]) -> None:
    """Wait until the database has this."""
    async with asyncio.timeout(30):
        while stored(scene.folder, query) != expected:  # noqa: ASYNC110  # another process writes it
            await asyncio.sleep(0.05)


async def test_an_answer_that_is_undone_while_it_is_written_has_its_tokens_counted(
    scene: Scene, spare: Generator
) -> None:
    async def hangs(_request: Request) -> AsyncIterator[str]:
        yield "Some words that somebody has read"
        await asyncio.Event().wait()

    scene.generator.script = hangs
    async with scene.program(**two_models(scene, spare)):
        await scene.telegram.send("One", by=BORIS)
        await scene.telegram.until(lambda: "somebody has read" in "".join(scene.telegram.texts(BORIS)))
        await scene.telegram.send("/undo", by=BORIS)
        await scene.telegram.until(lambda: "somebody has read" not in "".join(scene.telegram.texts(BORIS)))
        await until_stored(scene, "SELECT model, estimated, cut FROM token_usage", [("Main", 1, 0)])
        ((person, written),) = stored(scene.folder, "SELECT person, output_tokens FROM token_usage")
    assert person == BORIS
    assert isinstance(written, int) and written >= 6


async def test_an_edited_question_has_the_tokens_of_both_its_answers_counted(scene: Scene, spare: Generator) -> None:
    async def hangs_at_first(request: Request) -> AsyncIterator[str]:
        yield f"You said: {request.question}"
        if request.question == "One":
            await asyncio.Event().wait()

    scene.generator.script = hangs_at_first
    async with scene.program(**two_models(scene, spare)):
        asked = await scene.telegram.send("One")
        await scene.telegram.reads("You said: One")
        await scene.telegram.post(f"people/{ANNA}/edit", chat_id=ANNA, message_id=asked["message_id"], text="Two")
        await scene.telegram.reads_answer("You said: Two")
        await until_stored(scene, "SELECT count(*), sum(cut), count(DISTINCT turn) FROM token_usage", [(2, 0, 1)])


async def test_an_answer_that_is_given_up_has_its_attempts_counted(scene: Scene, spare: Generator) -> None:
    running: list[Program] = []

    async def deadly(_request: Request) -> AsyncIterator[str]:
        running[-1].process.kill()
        await asyncio.Event().wait()
        yield ""

    scene.generator.script = deadly
    settings = two_models(scene, spare)
    async with scene.program(**settings) as program:
        running.append(program)
        await scene.telegram.send("Kill")
        await program.ends()
    for _ in range(2):
        async with scene.program(ready="", **settings) as program:
            running.append(program)
            await program.ends(seconds=60)
    async with scene.program(**settings):
        await scene.telegram.until(lambda: scene.telegram.said() and labels(scene.telegram.said()[0]))
    ((model, read, written, estimated, cut),) = stored(
        scene.folder, "SELECT model, input_tokens, output_tokens, estimated, cut FROM token_usage"
    )
    assert (model, written, estimated, cut) == ("Main", 0, 1, 2), "one attempt is estimated, the others are named"
    assert isinstance(read, int) and read > 0
