"""What passes: drafts, `typing…`, answers to buttons, command menus."""

from __future__ import annotations

import asyncio

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramRetryAfter
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
    ReactionTypeEmoji,
    ReactionTypeUnion,
)

from playground.world.callback_queries import CALLBACK_ANSWER_TIMEOUT
from tests.playground.local_telegram import ANNA, BORIS, Clock, LocalTelegram, local_telegram


def drafts(telegram: LocalTelegram) -> list[str]:
    telegram.hub.expire()
    return [draft.text for draft in telegram.hub.world.chats[ANNA].drafts.values()]


async def test_a_draft_lives_thirty_seconds_after_its_last_change() -> None:
    clock = Clock()
    async with local_telegram(clock=clock) as telegram:
        await telegram.send("hello")
        assert await telegram.bot.send_message_draft(ANNA, 5, text="")
        assert drafts(telegram) == [""]
        clock.now += 29
        assert await telegram.bot.send_message_draft(ANNA, 5, text="growing")
        clock.now += 29
        assert drafts(telegram) == ["growing"]
        clock.now += 2
        assert drafts(telegram) == []


async def test_a_message_takes_the_draft_away(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.bot.send_message_draft(ANNA, 5, text="growing")
    await telegram.bot.send_message(ANNA, "grown")
    assert drafts(telegram) == []
    assert await telegram.get("drafts") == []
    kinds = [event["type"] for event in telegram.hub.events.since(telegram.hub.events.last - 3) or []]
    assert kinds == ["draft", "draft_gone", "message"]


async def test_drafts_are_for_private_chats(telegram: LocalTelegram) -> None:
    with pytest.raises(TelegramBadRequest, match="TEXTDRAFT_PEER_INVALID"):
        await telegram.bot.send_message_draft(telegram.friends, 5, text="x")
    await telegram.send("hello")
    assert await telegram.complaint("sendMessageDraft", chat_id=ANNA, draft_id=0, text="x") == (
        "Bad Request: RANDOM_ID_INVALID"
    )


async def test_telegrams_own_stop_reaches_the_bot(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    await telegram.bot.send_message_draft(ANNA, 5, text="growing", can_stop=True)
    await telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA)
    stopped = (await telegram.updates())[-1].stopped_message_generation
    assert stopped is not None
    assert (stopped.chat.id, stopped.draft_id) == (ANNA, 5)
    assert drafts(telegram) == []
    # A change that was under way shows nothing any more.
    await telegram.bot.send_message_draft(ANNA, 5, text="growing on", can_stop=True)
    assert drafts(telegram) == []
    await telegram.bot.send_message_draft(ANNA, 6, text="kept", can_stop=True, keep_on_stop=True)
    await telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA)
    assert drafts(telegram) == ["kept"]
    await telegram.post(f"people/{ANNA}/stop_draft", chat_id=ANNA, status=404)


async def test_typing_ends_with_the_message() -> None:
    clock = Clock()
    async with local_telegram(clock=clock) as telegram:
        typing = telegram.hub.world.chats[telegram.friends].typing
        await telegram.bot.send_chat_action(telegram.friends, "typing", message_thread_id=telegram.ideas)
        assert typing == {telegram.ideas: clock.now + 5}
        await telegram.bot.send_message(telegram.friends, "x", message_thread_id=telegram.ideas)
        assert typing == {}
        await telegram.bot.send_chat_action(telegram.friends, "typing")
        clock.now += 5
        telegram.hub.expire()
        assert typing == {}


def one_button() -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="■", callback_data="stop:1")]])


async def test_a_press_waits_for_the_answer(telegram: LocalTelegram) -> None:
    await telegram.send("hello")
    sent = await telegram.bot.send_message(ANNA, "x", reply_markup=one_button())
    await telegram.updates()
    async with asyncio.TaskGroup() as group:
        press = group.create_task(
            telegram.post(f"people/{ANNA}/press", chat_id=ANNA, message_id=sent.message_id, data="stop:1")
        )
        await telegram.sees(lambda: telegram.hub.updates.pending)
        query = (await telegram.updates())[0].callback_query
        assert query is not None
        assert query.data == "stop:1"
        assert isinstance(query.message, Message)
        assert await query.answer("Stopped", show_alert=True).as_(telegram.bot)
    assert press.result() == {"answered": True, "text": "Stopped", "show_alert": True, "url": ""}
    assert "query is too old" in await telegram.complaint("answerCallbackQuery", callback_query_id=query.id)


async def test_an_answer_that_comes_too_late_is_refused() -> None:
    clock = Clock()
    async with local_telegram(clock=clock) as telegram:
        await telegram.send("hello")
        pressed = await telegram.post(f"people/{ANNA}/press", chat_id=ANNA, message_id=4711, data="again:1", wait=0.01)
        assert pressed["answered"] is False
        query = (await telegram.updates())[-1].callback_query
        assert query is not None
        assert query.message is not None
        assert query.message.message_id == 4711
        assert not isinstance(query.message, Message), "the message is gone: inaccessible"
        clock.now += CALLBACK_ANSWER_TIMEOUT
        assert await telegram.complaint("answerCallbackQuery", callback_query_id=query.id) == (
            "Bad Request: query is too old and response timeout expired or query ID is invalid"
        )


async def test_menus_follow_scope_and_language(telegram: LocalTelegram) -> None:
    bot = telegram.bot
    await bot.set_my_commands([BotCommand(command="start", description="Begin")])
    await bot.set_my_commands([BotCommand(command="start", description="Начать")], language_code="ru")
    await bot.set_my_commands(
        [BotCommand(command="system", description="Prompt")], scope=BotCommandScopeAllChatAdministrators()
    )
    await bot.set_my_commands([BotCommand(command="ask", description="Ask")], scope=BotCommandScopeAllGroupChats())
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.set_my_commands(
            [BotCommand(command="proxy", description="P")], scope=BotCommandScopeChat(chat_id=ANNA)
        )
    menus = (await telegram.get("world"))["commands"]
    assert menus[str(ANNA)][str(ANNA)] == [{"command": "start", "description": "Begin"}]
    assert menus[str(BORIS)][str(BORIS)] == [{"command": "start", "description": "Начать"}]
    assert [one["command"] for one in menus[str(telegram.friends)][str(ANNA)]] == ["system"]
    assert [one["command"] for one in menus[str(telegram.friends)][str(BORIS)]] == ["ask"]
    await telegram.send("hello")
    scope = BotCommandScopeChat(chat_id=ANNA)
    await bot.set_my_commands([BotCommand(command="proxy", description="P")], scope=scope)
    assert (await bot.get_my_commands(scope=scope))[0].command == "proxy"
    await bot.delete_my_commands(scope=scope)
    assert await bot.get_my_commands(scope=scope) == []
    assert await telegram.complaint("setMyCommands", commands=[{"command": "No!", "description": "x"}]) == (
        "Bad Request: BOT_COMMAND_INVALID"
    )


async def test_names_reactions_and_farewells_are_accepted(telegram: LocalTelegram) -> None:
    question = await telegram.send("hello")
    bot = telegram.bot
    reaction: list[ReactionTypeUnion] = [ReactionTypeEmoji(emoji="👍")]
    assert await bot.set_message_reaction(ANNA, question["message_id"], reaction=reaction)
    assert await bot.set_my_name("Aurora")
    assert (await bot.get_me()).first_name == "Aurora"
    assert await bot.set_my_description("d")
    assert (await bot.get_my_description()).description == "d"
    assert await bot.set_my_short_description("s")
    assert (await bot.get_my_short_description()).short_description == "s"
    assert await bot.log_out()
    assert await bot.close()


async def test_a_breach_of_the_budget_is_answered_429_and_holds_the_chat() -> None:
    clock = Clock()
    async with local_telegram(strict=True, clock=clock) as telegram:
        await telegram.send("hello")
        for number in range(5):
            await telegram.bot.send_message(ANNA, str(number))
        with pytest.raises(TelegramRetryAfter) as caught:
            await telegram.bot.send_message(ANNA, "one too many")
        assert caught.value.retry_after == 3
        with pytest.raises(TelegramRetryAfter):
            await telegram.bot.send_chat_action(ANNA, "typing")
        url = telegram.url + "/bot" + telegram.bot.token + "/sendMessage"
        async with telegram.session.post(url, json={"chat_id": ANNA, "text": "x"}) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "3")
            assert (await response.json())["description"] == "Too Many Requests: retry after 3"
        clock.now += 3
        assert await telegram.bot.send_chat_action(ANNA, "typing")
        assert await telegram.bot.send_message(ANNA, "in time")
