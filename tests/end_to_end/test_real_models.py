"""Two real llama.cpp servers: switched by buttons, one killed in the middle; tokens as the servers counted them."""

from __future__ import annotations

import pytest

from bot.generators.prefill import TRIAL
from tests.end_to_end.test_buttons import until_label
from tests.harness.real_models import IS_THERE, MISSING, SLOW, llama, stored, watched
from tests.harness.scene import Scene
from tests.harness.telegram_people import ANNA, Json, is_being_written

pytestmark = [pytest.mark.skipif(not IS_THERE, reason=MISSING), pytest.mark.timeout(900)]


async def ask(scene: Scene, text: str, count: int) -> str:
    """Ask, and give the answer once it is complete."""
    await scene.telegram.send(text)

    def complete() -> str | None:
        answers = [one for one in scene.telegram.said() if one.get("reply_markup") and not is_being_written(one)]
        return answers[-1]["text"] if len(answers) >= count else None

    return str(await scene.telegram.until(complete, seconds=SLOW))


async def test_tokens_agree_with_what_two_servers_counted_and_one_takes_over(scene: Scene) -> None:
    with llama() as (first, process), llama() as (second, _):
        async with watched(first) as one, watched(second) as two:
            file = scene.folder / "models.toml"
            file.write_text(
                f'[one]\nname = "One"\naddress = "{one.url}"\nmodel = "m"\ncontext = 2048\nfallback = "two"\n'
                f'[two]\nname = "Two"\naddress = "{two.url}"\nmodel = "m"\ncontext = 2048\n',
                encoding="utf-8",
            )
            async with scene.program(MODELS_FILE=str(file), MAX_TOKENS="12", SYSTEM_PROMPT="Be brief."):
                for number in range(1, 4):
                    await ask(scene, f"Say hello {number}", number)
                await scene.telegram.send("/model two")
                await scene.telegram.reads("Two answers from the next message on.")
                await ask(scene, "And now you", 4)
                await scene.telegram.send("/model one")
                await scene.telegram.reads("One answers from the next message on.")
                process.kill()
                answer = await ask(scene, "Are you there?", 5)
                assert answer.endswith("Two answered, because One does not work just now.")
            assert len(one.counted) == 3
            assert len(two.counted) == 2
            assert stored(scene.folder, "One") == one.counted
            assert stored(scene.folder, "Two") == two.counted


async def test_a_cut_answer_goes_on_within_the_sentence(scene: Scene) -> None:
    with llama() as (address, _):
        async with (
            watched(address) as server,
            scene.program(
                GENERATOR="openai",
                OPENAI_BASE_URL=server.url,
                OPENAI_MODEL="m",
                MAX_TOKENS="20",
                PROBE_GENERATOR="false",
            ),
        ):
            await ask(scene, "Tell me a long story of a dragon.", 1)
            for _ in range(2):
                cut = await until_label(scene.telegram, "▸ Go on")
                await scene.telegram.press(cut, "▸ Go on")

                def longer(cut: Json = cut) -> bool:
                    now = scene.telegram.chats[ANNA][cut["message_id"]]
                    return now["text"] != cut["text"] and not is_being_written(now)

                await scene.telegram.until(longer, seconds=SLOW)
            _, trial, *more = server.asked
            assert trial == TRIAL
            assert [messages[-1] for messages in more] == [
                {"role": "assistant", "content": server.said[0].rstrip()},
                {"role": "assistant", "content": (server.said[0] + server.said[2]).rstrip()},
            ]
            (shown,) = [one["text"] for one in scene.telegram.said() if one.get("text")]
            whole = server.said[0] + "".join(server.said[2:])
            assert shown.split()[: len(whole.split())] == whole.split()
