"""A session that records what the bot says to Telegram, and answers as Telegram plausibly would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any, TypeVar, cast

from aiogram import Bot, methods
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import TelegramMethod
from aiogram.types import Chat, ChatMemberMember, ChatMemberOwner, File, Message, User

T = TypeVar("T")
M = TypeVar("M", bound=TelegramMethod[Any])

BOT_ID = 7000000001
TOKEN = f"{BOT_ID}:a-token-that-opens-nothing"
ME = User(
    id=BOT_ID,
    is_bot=True,
    first_name="Aura",
    username="Aura_Bot",
    can_join_groups=True,
    can_read_all_group_messages=False,
)
LIMIT = 60.0
"""Seconds that a test waits for something that has to happen."""


class Recording(BaseSession):
    """Keeps every call, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[TelegramMethod[Any]] = []
        self.administrators: set[tuple[int, int]] = set()
        self.files: dict[str, bytes] = {}
        self.undeletable: set[int] = set()
        self._next_message = 50_000
        self.in_transaction: Callable[[], bool] = lambda: False
        """Tells whether the task that calls holds a transaction."""
        self.hurried: list[TelegramMethod[Any]] = []
        """Calls that were made while others waited for the caller's transaction."""
        self.replies = asyncio.Event()
        """Cleared: what is sent arrives, but Telegram does not say so yet."""
        self.replies.set()
        self._called = asyncio.Event()

    async def make_request(self, bot: Bot, method: TelegramMethod[T], timeout: int | None = None) -> T:  # noqa: ARG002, ASYNC109  # aiogram's own signature
        self.calls.append(method)
        self._called.set()
        if self.in_transaction():
            self.hurried.append(method)
        if isinstance(method, methods.SendMessage):
            await self.replies.wait()
        return cast("T", self._answer(method))

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,  # noqa: ARG002  # aiogram's own signature
        timeout: int = 30,  # noqa: ARG002, ASYNC109  # the same
        chunk_size: int = 65536,  # noqa: ARG002  # the same
        raise_for_status: bool = True,  # noqa: ARG002  # the same
    ) -> AsyncGenerator[bytes, None]:
        yield self.files[url.rpartition("/")[2]]

    async def close(self) -> None:
        """There is nothing to close."""

    def made(self, kind: type[M]) -> list[M]:
        """The calls of one method."""
        return [call for call in self.calls if isinstance(call, kind)]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds; it is looked at after every call."""
        async with asyncio.timeout(LIMIT):
            while not holds():
                self._called.clear()
                await self._called.wait()

    def _answer(self, method: TelegramMethod[Any]) -> object:
        match method:
            case methods.GetMe():
                return ME
            case methods.SendMessage() | methods.SendDocument() | methods.SendPhoto():
                self._next_message += 1
                chat = Chat(id=int(method.chat_id), type="private")
                return Message(message_id=self._next_message, date=1, chat=chat, from_user=ME)  # type: ignore[arg-type]  # pydantic makes a datetime of it
            case methods.GetChatMember():
                user = {"id": method.user_id, "is_bot": False, "first_name": "Somebody"}
                if (int(method.chat_id), method.user_id) in self.administrators:
                    return ChatMemberOwner.model_validate({"status": "creator", "user": user, "is_anonymous": False})
                return ChatMemberMember.model_validate({"status": "member", "user": user})
            case methods.GetFile():
                return File(
                    file_id=method.file_id,
                    file_unique_id=method.file_id,
                    file_size=len(self.files[method.file_id]),
                    file_path=f"documents/{method.file_id}",
                )
            case methods.DeleteMessages() if self.undeletable.intersection(method.message_ids):
                raise TelegramBadRequest(method, "Bad Request: message can't be deleted")
            case _:
                return True
