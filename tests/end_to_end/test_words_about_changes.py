"""What is said about a change arrives although Telegram is down or the program dies in between."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.end_to_end.stored import eventually
from tests.end_to_end.test_buttons import until_label
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, BORIS


async def test_killed_between_a_request_and_its_words_everybody_hears_once(scene: Scene) -> None:
    async with scene.program(ACCESS="approved") as program:
        await scene.telegram.post(f"people/{ANNA}/start")
        await scene.telegram.until(lambda: scene.telegram.said(ANNA))
        await scene.telegram.fault(method="sendMessage", error_code=502, count=1000)
        await scene.telegram.send("Привет", by=BORIS)
        await eventually(lambda: standing(scene.folder, BORIS) == "waiting")
        await program.kill()
    await scene.telegram.no_faults()
    async with scene.program(ACCESS="approved") as program:
        request = await until_label(scene.telegram, "Approve")
        await scene.telegram.until(lambda: len(scene.telegram.said(BORIS)) == 1, why="(told to wait)")
        await scene.telegram.fault(method="sendMessage", error_code=502, count=1000)
        await scene.telegram.press(request, "Approve")
        await eventually(lambda: standing(scene.folder, BORIS) == "approved")
        await program.kill()
    await scene.telegram.no_faults()
    async with scene.program(ACCESS="approved"):
        await scene.telegram.reads("Вас впустили", chat=BORIS, seconds=60)
        await scene.telegram.reads_answer("Привет", chat=BORIS)
        await scene.telegram.reads("may use the bot", chat=ANNA, seconds=60)
    assert sum("Вас впустили" in text for text in scene.telegram.texts(BORIS)) == 1
    assert sum("may use the bot" in text for text in scene.telegram.texts(ANNA)) == 1


async def test_an_outage_of_telegram_takes_no_answer_to_a_command_away(scene: Scene) -> None:
    async with scene.program(ACCESS="approved") as program:
        await scene.telegram.post(f"people/{ANNA}/start")
        await scene.telegram.send("Привет", by=BORIS)
        await until_label(scene.telegram, "Approve")
        await scene.telegram.fault(method="sendMessage", error_code=502, count=1000)
        await scene.telegram.send(f"/allow {BORIS}", by=ANNA)
        await eventually(lambda: standing(scene.folder, BORIS) == "approved")
        await program.says("is sent again in 8 s")  # a notice in memory would be given up by then
        await scene.telegram.no_faults()
        await scene.telegram.reads("Вас впустили", chat=BORIS, seconds=90)
        await scene.telegram.reads("may use the bot", chat=ANNA, seconds=90)
    assert sum("Вас впустили" in text for text in scene.telegram.texts(BORIS)) == 1
    assert sum("may use the bot" in text for text in scene.telegram.texts(ANNA)) == 1


def standing(folder: Path, person: int) -> str:
    with sqlite3.connect(f"file:{folder / 'aura.db'}?mode=ro", uri=True) as connection:
        found = connection.execute("SELECT standing FROM people WHERE id = ?", (person,)).fetchone()
    connection.close()
    return str(found[0]) if found else ""
