"""Answers of the Bot API are untrusted: whatever comes, a call ends in a result of the right type or in a problem."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import Response, SendMessage, TelegramMethod
from aiogram.types import Message
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import AmbiguousOutcome, FloodWait, TelegramProblem
from bot.metrics import Metrics
from bot.rate_limits.scheduler import Scheduler
from bot.rendering.entities import Formatted
from bot.telegram.bot_session import TolerantSession
from bot.telegram.call_observer import CallObserver
from bot.telegram.client import Telegram
from bot.telegram.destination import Destination
from bot.telegram.slot_allocator import (
    MAX_HOLD,
    MIN_HOLD,
    SlotAllocator,
    clamp_retry_after,
)
from bot.updates.health import PollingHealth, WebhookHealth
from tests.harness.telegram_scene import ANNA, TOKEN, MemoryPacingStore, telegram_scene

HELLO = Formatted("Hello")
THERE = Destination(ANNA, thread=5, private=True)
CALLS: dict[str, Callable[[Telegram], Awaitable[object]]] = {
    "send": lambda telegram: telegram.send(THERE, HELLO),
    "edit": lambda telegram: telegram.edit(ANNA, 1, HELLO),
    "edit_keyboard": lambda telegram: telegram.edit_keyboard(ANNA, 1, ()),
    "draft": lambda telegram: telegram.draft(THERE, 1, HELLO),
    "delete": lambda telegram: telegram.delete(ANNA, [1, 2]),
    "typing": lambda telegram: telegram.typing(THERE),
    "react": lambda telegram: telegram.react(ANNA, 1, "\N{EYES}"),
    "answer_button": lambda telegram: telegram.answer_button("1", "text", chat=ANNA),
    "document": lambda telegram: telegram.document(THERE, "a.txt", b"a"),
    "photo": lambda telegram: telegram.photo(THERE, b"a"),
    "copy": lambda telegram: telegram.copy(THERE, ANNA, 1),
    "replace_photo": lambda telegram: telegram.replace_photo(ANNA, 1, b"a"),
    "member": lambda telegram: telegram.member(ANNA, ANNA),
    "leave": lambda telegram: telegram.leave(-1),
    "set_menu": lambda telegram: telegram.set_menu({"new": "Start over"}),
    "download": lambda telegram: telegram.download("file", limit=10),
}
RESULTS = {"send": int, "document": int, "photo": int, "copy": int, "member": str, "download": bytes}


class OneAnswer(TolerantSession):
    """Gives every call the same answer, as a server would."""

    def __init__(self) -> None:
        super().__init__()
        self.status, self.body = 200, ""

    async def close(self) -> None:
        pass

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:  # noqa: ARG002, ASYNC109  # aiogram's own signature
        return self.check_response(bot=bot, method=method, status_code=self.status, content=self.body).result

    async def stream_content(self, *_args: Any, **_more: Any) -> Any:
        for nothing in list[bytes]():
            yield nothing
        raise OSError


SESSION = OneAnswer()
TELEGRAM = Telegram(Bot(TOKEN, session=SESSION))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
parameters = st.fixed_dictionaries({}, optional={"retry_after": json_values, "migrate_to_chat_id": json_values})
results = json_values | st.fixed_dictionaries(
    {},
    optional={
        "message_id": json_values,
        "date": json_values,
        "chat": json_values,
        "file_id": json_values,
        "file_unique_id": st.text(max_size=3),
        "file_path": json_values,
        "status": json_values,
    },
)
answers = json_values | st.fixed_dictionaries(
    {},
    optional={
        "ok": st.booleans() | json_values,
        "result": results,
        "error_code": st.sampled_from([400, 403, 429, 500]) | json_values,
        "description": st.sampled_from(["Too Many Requests: retry after 9", "Bad Request: message thread not found"])
        | json_values,
        "parameters": parameters | json_values,
    },
)


@pytest.mark.parametrize("name", CALLS)
@settings(deadline=None, max_examples=30)
@example(status=200, answer={"ok": True})
@given(status=st.sampled_from([200, 200, 400, 401, 403, 404, 409, 413, 429, 500, 502]), answer=answers)
async def test_any_answer_ends_in_a_result_or_a_problem(name: str, status: int, answer: object) -> None:
    SESSION.status, SESSION.body = status, json.dumps(answer)
    problem: TelegramProblem | None = None
    result: object = None
    try:
        result = await CALLS[name](TELEGRAM)
    except TelegramProblem as raised:
        problem = raised
    if problem is None:
        assert type(result) is RESULTS.get(name, type(None))
    else:
        assert TOKEN.partition(":")[2] not in str(problem)
    if isinstance(problem, FloodWait):
        assert MIN_HOLD <= problem.seconds <= MAX_HOLD


infos = st.fixed_dictionaries(
    {},
    optional={
        "url": st.sampled_from(["", "https://here"]) | json_values,
        "has_custom_certificate": json_values,
        "pending_update_count": json_values,
        "last_error_date": st.sampled_from([0, 1_800_000_000, -(10**12), 10**18]) | json_values,
        "last_error_message": json_values,
    },
)
bots = st.fixed_dictionaries({}, optional={"id": json_values, "is_bot": json_values, "first_name": json_values})


@settings(deadline=None, max_examples=100)
@given(
    status=st.sampled_from([200, 200, 200, 401, 429, 500]),
    answer=(infos | bots | json_values).map(lambda result: {"ok": True, "result": result}) | answers,
)
async def test_whatever_is_said_of_the_webhook_the_health_is_told(status: int, answer: object) -> None:
    SESSION.status, SESSION.body = status, json.dumps(answer)
    bot = Bot(TOKEN, session=SESSION)
    for health in (WebhookHealth(bot, limit=60), PollingHealth(bot, limit=60)):
        readiness = await health.check()
        assert set(readiness.parts) == {"telegram", "updates"}
        json.dumps(readiness.details)


NUMBERS: list[object] = ["x", "", None, 1.5, [1], {"id": 1}, "x" * 100, -3, 0]


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
async def test_a_message_without_a_number_has_no_known_outcome(number: object) -> None:
    message = {"message_id": number, "date": "never", "chat": {"id": ANNA, "type": "private"}}
    SESSION.status, SESSION.body = 200, json.dumps({"ok": True, "result": message})
    with pytest.raises(AmbiguousOutcome):
        await TELEGRAM.send(THERE, HELLO)


WAITS = [-5, 0, 0.5, float("nan"), float("-inf"), 3, 86_400, 10**9, 10**30, 10**400, float("inf")]


@pytest.mark.parametrize("seconds", WAITS)
def test_what_a_server_says_about_waiting_has_bounds(seconds: float) -> None:
    assert MIN_HOLD <= clamp_retry_after(seconds) <= MAX_HOLD
    assert clamp_retry_after(3) == 3


@pytest.mark.parametrize("seconds", WAITS)
async def test_whatever_a_server_says_about_waiting_breaks_no_figure(seconds: float) -> None:
    bot, method = Bot("1:A"), SendMessage(chat_id=ANNA, text="Hello")

    async def refused(_bot: Bot, _method: TelegramMethod[Message]) -> Response[Message]:
        raise TelegramRetryAfter(method, "Too Many Requests", seconds)  # type: ignore[arg-type]  # as servers say it

    with pytest.raises(TelegramRetryAfter):
        await CallObserver(Metrics())(refused, bot, method)  # type: ignore[arg-type]  # a protocol of aiogram's, positional here


@pytest.mark.parametrize("seconds", [10**9, 10**18, 10**30])
async def test_a_hold_of_ages_lasts_a_day_at_the_most_and_an_admin_can_end_it(seconds: int) -> None:
    store = MemoryPacingStore()
    async with telegram_scene(pacing=store, strict=False) as scene:
        scene.fault(kind="error", method="sendMessage", retry_after=seconds)
        with pytest.raises(FloodWait):
            await scene.telegram.send(Destination(ANNA), HELLO)
        assert 0.99 * MAX_HOLD < scene.slots.held(ANNA) <= MAX_HOLD
        assert store.stored[ANNA] <= scene.clock.unix() + MAX_HOLD
        await scene.slots.release(ANNA)
        assert (scene.slots.held(ANNA), store.stored[ANNA]) == (0, 0)
        await scene.telegram.send(Destination(ANNA), HELLO)


async def test_a_hold_that_was_stored_without_bounds_is_bounded_when_it_is_loaded() -> None:
    store = MemoryPacingStore({ANNA: 10.0**18, ANNA + 1: float("inf"), ANNA + 2: 0.0, ANNA + 3: float("nan")})
    slots = SlotAllocator(Scheduler(0.0), store=store)
    await slots.load()
    for chat, least in ((ANNA, 86_000), (ANNA + 1, 86_000), (ANNA + 2, 0), (ANNA + 3, 0)):
        assert least <= slots.held(chat) <= MAX_HOLD * (least > 0)


async def test_whoever_waits_for_a_chat_goes_as_soon_as_it_is_released() -> None:
    async with telegram_scene(speed=1) as scene:
        scene.fault(kind="error", method="sendMessage", retry_after=50)
        calling = scene.tasks.start(scene.telegram.send(Destination(ANNA), HELLO), name="send", awaited=True)
        await scene.until(lambda: scene.slots.held(ANNA) > 0)
        await scene.slots.release(ANNA)
        assert await calling > 0
