"""The least bot that does the same: an aiogram handler that asks the generator, and shows the answer as it grows.

It stores nothing, keeps no order, no budget and no conversation, and a failure ends the answer. What this program costs
is told as a multiple of it, measured in one run: `python -m tests.benchmarks.cost.bare_bot`, with the program's own
BOT_TOKEN, TELEGRAM_API_URL and AURA_URL.
"""

from __future__ import annotations

import os
import time

import uvloop
from aiogram import Bot, Dispatcher, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import Message

from bot.generators.aura import Aura

EDIT_INTERVAL = 0.8
"""Seconds between two edits: in ten seconds as many changes as the program makes in a private chat (14)."""

router = Router()


@router.message()
async def answer(message: Message) -> None:
    """Ask what was written, and show the answer."""
    text, shown, since = "", None, 0.0
    asking = Aura.create_async_generator(
        model="", messages=[{"role": "user", "content": message.text or ""}], url=os.environ["AURA_URL"]
    )
    async for piece in asking:
        text += str(piece)
        now = time.monotonic()
        if shown is None:
            shown, since = await message.answer(text), now
        elif now - since >= EDIT_INTERVAL:
            since = now
            await shown.edit_text(text)
    if shown is not None:
        await shown.edit_text(text + " ·")


async def main() -> None:
    """Answer until the end."""
    api = TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"])
    bot = Bot(os.environ["BOT_TOKEN"], session=AiohttpSession(api=api))
    dispatcher = Dispatcher(disable_fsm=True)
    dispatcher.include_router(router)
    await dispatcher.start_polling(bot, handle_signals=False)


if __name__ == "__main__":
    uvloop.run(main())
