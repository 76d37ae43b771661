"""The calls to Telegram, and the one place where its errors become ours.

Every text is sent with entities and without a parse mode (with both, a server ignores the entities), and without link
previews unless they are asked for. Each call raises a TelegramProblem and nothing else of Telegram's; a problem's text
never holds the token, so no address of a failed request is repeated in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeVar, cast

import aiohttp
from aiogram import Bot, exceptions, methods
from aiogram.methods import Response, TelegramMethod
from aiogram.types import (
    BotCommand,
    BotCommandScopeUnion,
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReplyParameters,
)

from bot.errors import (
    AmbiguousOutcome,
    BadMarkup,
    ChatMigrated,
    ChatUnavailable,
    DraftRefused,
    FloodWait,
    MessageNotFound,
    MessageTooLong,
    NotModified,
    PollingConflict,
    ReplyTargetNotFound,
    TelegramProblem,
    TopicUnavailable,
    Unauthorized,
)
from bot.rendering.entities import Formatted
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Button, Keyboard
from bot.telegram.rate_limit_middleware import for_chat

T = TypeVar("T")

CALL_TIMEOUT = 15
"""Seconds that a call may take; then its outcome is unknown."""
FILE_TIMEOUT = 60
"""Seconds that a file may take on its way, either way."""
MAX_DELETED_AT_ONCE = 100
"""Messages in one deleteMessages (Bot API)."""
MAX_CALLBACK_TEXT = 200
"""Characters in the answer to a button (Bot API, answerCallbackQuery)."""

_TEXTS: tuple[tuple[re.Pattern[str], type[TelegramProblem]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), problem)
    for pattern, problem in (
        (r"message is not modified", NotModified),
        (r"message to be replied not found|replied message not found|reply message not found", ReplyTargetNotFound),
        (r"REPLY_(MESSAGE_ID|TO)_INVALID", ReplyTargetNotFound),
        (r"message thread not found|TOPIC_(CLOSED|DELETED|ID_INVALID)", TopicUnavailable),
        (r"message to (edit|delete) not found|message can't be (edited|deleted)", MessageNotFound),
        (r"MESSAGE_ID_INVALID|no text in the message to edit|MESSAGE_EDIT_TIME_EXPIRED", MessageNotFound),
        (r"is too long|MESSAGE_TOO_LONG|ENTITIES_TOO_LONG", MessageTooLong),
        (r"can't parse entities|ENTIT(Y|IES)_|entity", BadMarkup),
        (
            r"chat not found|PEER_ID_INVALID|group chat was deleted|group is deactivated|USER_IS_BLOCKED",
            ChatUnavailable,
        ),
        (r"not enough rights to send|have no rights to send|need administrator rights", ChatUnavailable),
        (r"CHAT_(WRITE|SEND_PLAIN)_FORBIDDEN|CHAT_RESTRICTED|USER_BANNED_IN_CHANNEL|CHANNEL_PRIVATE", ChatUnavailable),
    )
)

_OFTEN: tuple[type[TelegramMethod[Any]], ...] = (
    methods.GetUpdates,
    methods.SendMessage,
    methods.EditMessageText,
    methods.SendChatAction,
)
"""Methods whose answers have each of the forms that come all the time."""

_WRITES = methods.SendMessage | methods.SendDocument | methods.EditMessageText | methods.EditMessageReplyMarkup

_KINDS: tuple[tuple[type[exceptions.TelegramAPIError], type[TelegramProblem]], ...] = (
    (exceptions.TelegramEntityTooLarge, MessageTooLong),
    (exceptions.TelegramNetworkError, AmbiguousOutcome),
    (exceptions.TelegramServerError, AmbiguousOutcome),
    (exceptions.TelegramUnauthorizedError, Unauthorized),
    (exceptions.TelegramForbiddenError, ChatUnavailable),
)


class Telegram:
    """What the program says to Telegram, in its own words. The gate in the bot's session paces these calls."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        # pydantic holds these by weak references only: they would be built anew, for up to 15 ms, again and again.
        self._answers = tuple(Response.__class_getitem__(method.__returning__) for method in _OFTEN)

    async def send(
        self,
        place: Destination,
        what: Formatted,
        *,
        keyboard: Keyboard = (),
        silent: bool = False,
        preview: bool = False,
    ) -> int:
        """Send a message and return its id; `silent`: without a notification."""
        message = await self._call(
            methods.SendMessage(
                chat_id=place.chat,
                message_thread_id=place.thread,
                text=what.text,
                entities=_entities(what),
                parse_mode=None,
                link_preview_options=LinkPreviewOptions(is_disabled=not preview),
                disable_notification=silent or None,
                reply_parameters=ReplyParameters(message_id=place.reply_to) if place.reply_to else None,
                reply_markup=_markup(keyboard),
            )
        )
        return message.message_id

    async def edit(
        self, chat: int, message_id: int, what: Formatted, *, keyboard: Keyboard = (), preview: bool = False
    ) -> None:
        """Replace a message's text and keyboard; without `keyboard` it has none afterwards."""
        await self._call(
            methods.EditMessageText(
                chat_id=chat,
                message_id=message_id,
                text=what.text,
                entities=_entities(what),
                parse_mode=None,
                link_preview_options=LinkPreviewOptions(is_disabled=not preview),
                reply_markup=_markup(keyboard),
            )
        )

    async def edit_keyboard(self, chat: int, message_id: int, keyboard: Keyboard) -> None:
        """Replace a message's keyboard and leave its text alone."""
        await self._call(
            methods.EditMessageReplyMarkup(chat_id=chat, message_id=message_id, reply_markup=_markup(keyboard))
        )

    async def draft(self, place: Destination, draft_id: int, what: Formatted, *, can_stop: bool) -> None:
        """Show a message that is being written (private chats; for 30 seconds); an empty text shows "Thinking…".

        Raises DraftRefused where this does not work.
        """
        try:
            await self._call(
                methods.SendMessageDraft(
                    chat_id=place.chat,
                    message_thread_id=place.thread,
                    draft_id=draft_id,
                    text=what.text or None,
                    entities=_entities(what),
                    parse_mode=None,
                    can_stop=can_stop,
                )
            )
        except TelegramProblem as error:
            if type(error) is TelegramProblem:  # a refusal that none of the known reasons explains
                raise DraftRefused(str(error)) from None
            raise

    async def delete(self, chat: int, ids: Sequence[int]) -> None:
        """Delete messages; those that are not there are skipped. Raises MessageNotFound where one can't be deleted."""
        for start in range(0, len(ids), MAX_DELETED_AT_ONCE):
            chosen = list(ids[start : start + MAX_DELETED_AT_ONCE])
            await self._call(methods.DeleteMessages(chat_id=chat, message_ids=chosen))

    async def typing(self, place: Destination) -> None:
        """Show `typing…` for about five seconds, or until the next message."""
        await self._call(methods.SendChatAction(chat_id=place.chat, message_thread_id=place.thread, action="typing"))

    async def answer_button(self, query: str, text: str = "", *, alert: bool = False, chat: int | None = None) -> None:
        """Answer a press, at most once; `alert` shows the text in a window of its own.

        `chat` is where the button is: during a hold of that chat the answer is dropped (FloodWait).
        """
        shown = text if len(text) <= MAX_CALLBACK_TEXT else text[: MAX_CALLBACK_TEXT - 1] + "…"
        with for_chat(chat):
            await self._call(
                methods.AnswerCallbackQuery(callback_query_id=query, text=shown or None, show_alert=alert or None)
            )

    async def document(self, place: Destination, name: str, content: bytes, *, caption: str = "") -> int:
        """Send a file of at most 50 MB and return the message's id."""
        message = await self._call(
            methods.SendDocument(
                chat_id=place.chat,
                message_thread_id=place.thread,
                document=BufferedInputFile(content, filename=name),
                caption=caption or None,
                parse_mode=None,
                reply_parameters=ReplyParameters(message_id=place.reply_to) if place.reply_to else None,
            ),
            timeout=FILE_TIMEOUT,
        )
        return message.message_id

    async def member(self, chat: int, user: int) -> str:
        """Tell what somebody is in a chat: `creator`, `administrator`, `member`, `restricted`, `left`, `kicked`."""
        return str((await self._call(methods.GetChatMember(chat_id=chat, user_id=user))).status)

    async def leave(self, chat: int) -> None:
        """Leave a group."""
        await self._call(methods.LeaveChat(chat_id=chat))

    async def set_menu(
        self, commands: Mapping[str, str], *, language: str = "", scope: BotCommandScopeUnion | None = None
    ) -> None:
        """Set the command menu: names without a slash → descriptions. An empty `language` is for everybody else."""
        await self._call(
            methods.SetMyCommands(
                commands=[BotCommand(command=name, description=text) for name, text in commands.items()],
                scope=scope,
                language_code=language or None,
            )
        )

    async def download(self, file_id: str, *, limit: int) -> bytes:
        """Fetch a file that somebody sent. Raises MessageTooLong beyond `limit` bytes (Telegram's own: 20 MB)."""
        file = await self._call(methods.GetFile(file_id=file_id), timeout=FILE_TIMEOUT)
        if (file.file_size or 0) > limit or not file.file_path:
            raise MessageTooLong(f"the file has more than {limit} bytes")
        session = self._bot.session
        url = session.api.file_url(self._bot.token, file.file_path)
        content = bytearray()
        try:
            async with aclosing(session.stream_content(url, timeout=FILE_TIMEOUT)) as chunks:
                async for chunk in chunks:
                    content += chunk
                    if len(content) > limit:
                        raise MessageTooLong(f"the file has more than {limit} bytes")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise AmbiguousOutcome(f"the file did not come: {type(error).__name__}") from None  # its text has the token
        return bytes(content)

    async def _call(self, method: TelegramMethod[T], *, timeout: int = CALL_TIMEOUT) -> T:  # noqa: ASYNC109  # handed on to aiohttp
        try:
            return await self._bot(method, request_timeout=timeout)
        except exceptions.ClientDecodeError as error:
            if (written := _written(method, error.data)) is not None:
                return cast("T", written)
            raise problem_of(error) from None
        except exceptions.TelegramAPIError as error:
            raise problem_of(error) from None


def _written(method: TelegramMethod[Any], answer: object) -> Message | None:
    """What a call has written, though aiogram cannot read all of the answer: made again, it would stand there twice."""
    result = answer.get("result") if isinstance(answer, dict) and answer.get("ok") is True else None
    if not isinstance(method, _WRITES) or not isinstance(result, dict) or "message_id" not in result:
        return None
    return Message.model_construct(**result)


def problem_of(error: Exception) -> TelegramProblem:
    """Turn what aiogram raises into our error. Its text is Telegram's own description, without any address."""
    if isinstance(error, exceptions.TelegramRetryAfter):
        return FloodWait(f"retry after {error.retry_after}", seconds=float(error.retry_after))
    if isinstance(error, exceptions.TelegramMigrateToChat):
        return ChatMigrated(f"now {error.migrate_to_chat_id}", to=error.migrate_to_chat_id)
    if not isinstance(error, exceptions.TelegramAPIError):
        return AmbiguousOutcome(f"the answer could not be read: {type(error).__name__}")
    if isinstance(error, exceptions.TelegramNotFound) and "method" not in error.message:
        return Unauthorized(error.message)  # a token of the wrong form: the address itself is unknown
    for kind, problem in _KINDS:
        if isinstance(error, kind):
            return problem(error.message.partition(": ")[0] if problem is AmbiguousOutcome else error.message)
    return _by_text(error.message)


def _by_text(message: str) -> TelegramProblem:
    if message.startswith("Too Many Requests"):  # without parameters
        return FloodWait(message, seconds=float(next(iter(re.findall(r"\d+", message)), 3)))
    if "TEXTDRAFT_PEER_INVALID" in message or "method not found" in message:
        return DraftRefused(message)
    if "terminated by other getUpdates" in message:
        return PollingConflict(message)
    for pattern, problem in _TEXTS:
        if pattern.search(message):
            return problem(message)
    return TelegramProblem(message)


def _entities(what: Formatted) -> list[MessageEntity] | None:
    return [
        MessageEntity(type=item.type, offset=item.offset, length=item.length, url=item.url, language=item.language)
        for item in what.entities
    ] or None


def _markup(keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    rows = [[_button(button) for button in row] for row in keyboard]
    return InlineKeyboardMarkup(inline_keyboard=rows) if rows else None


def _button(button: Button) -> InlineKeyboardButton:
    return InlineKeyboardButton(
        text=button.text,
        callback_data=button.data or None,
        url=button.url or None,
        copy_text=CopyTextButton(text=button.copy) if button.copy else None,
    )
