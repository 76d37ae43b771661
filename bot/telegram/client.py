"""The calls to Telegram, and the one place where its errors become ours.

Every text is sent with entities and without a parse mode (with both, a server ignores the entities), and without link
previews unless they are asked for. Each call raises a TelegramProblem and nothing else of Telegram's; a problem's text
never holds the token, so no address of a failed request is repeated in it.
"""

from __future__ import annotations

import functools
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from aiogram import Bot, exceptions, methods
from aiogram.methods import TelegramMethod
from aiogram.types import (
    BotCommand,
    BotCommandScopeUnion,
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    ReactionTypeEmoji,
    ReactionTypeUnion,
    ReplyParameters,
)

from bot.errors import DraftRefused, MessageTooLong, TelegramProblem, TopicUnavailable
from bot.rendering.entities import Formatted
from bot.telegram.bot_session import message_number
from bot.telegram.call_rules import for_chat
from bot.telegram.destination import Destination
from bot.telegram.error_mapping import problem_of
from bot.telegram.file_download import FILE_TIMEOUT, download
from bot.telegram.keyboard import Button, Keyboard
from bot.telegram.newest_messages import NewestMessages

logger = logging.getLogger(__name__)

T = TypeVar("T")

CALL_TIMEOUT = 15
"""Seconds that a call may take; then its outcome is unknown."""
MAX_DELETED_AT_ONCE = 100
"""Messages in one deleteMessages (Bot API)."""
MAX_CALLBACK_TEXT = 200
"""Characters in the answer to a button (Bot API, answerCallbackQuery)."""
MAX_LOST_TOPICS = 1000
"""Topics of private chats that are remembered as gone; older ones are tried again."""
MAX_KNOWN_KEYBOARDS = 512
"""Keyboards that are kept as Telegram gets them: one stands under every edit of an answer."""

_WRITES = (
    methods.SendMessage
    | methods.SendDocument
    | methods.SendPhoto
    | methods.CopyMessage
    | methods.EditMessageText
    | methods.EditMessageMedia
    | methods.EditMessageReplyMarkup
)
_PICTURE_NAME = "picture.png"
_NO_CAPTION = " "
"""A caption that takes a copied one away: aiogram leaves empty fields out, and Telegram takes spaces off."""


class Telegram:
    """Telegram in the program's own words. The middleware in the bot's session paces these calls."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.newest = NewestMessages()
        self._lost_topics: OrderedDict[tuple[int, int], None] = OrderedDict()

    async def send(
        self,
        to: Destination,
        what: Formatted,
        *,
        keyboard: Keyboard = (),
        silent: bool = False,
        preview: bool = False,
    ) -> int:
        """Send a message and return its id; `silent`: without a notification."""
        message = await self._in_topic(
            to,
            lambda thread: methods.SendMessage(
                chat_id=to.chat,
                message_thread_id=thread,
                text=what.text,
                entities=_entities(what),
                parse_mode=None,
                link_preview_options=_link_previews(shown=preview),
                disable_notification=silent or None,
                reply_parameters=ReplyParameters(message_id=to.reply_to) if to.reply_to else None,
                reply_markup=_markup(keyboard),
            ),
        )
        self.newest.note(to.chat, message.message_id)
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
                link_preview_options=_link_previews(shown=preview),
                reply_markup=_markup(keyboard),
            )
        )

    async def edit_keyboard(self, chat: int, message_id: int, keyboard: Keyboard) -> None:
        """Replace a message's keyboard and leave its text alone."""
        await self._call(
            methods.EditMessageReplyMarkup(chat_id=chat, message_id=message_id, reply_markup=_markup(keyboard))
        )

    async def draft(self, to: Destination, draft_id: int, what: Formatted) -> None:
        """Show a message that is being written (private chats; for 30 seconds); an empty text shows "Thinking…".

        It has Telegram's own Stop button; what it shows stays when that is pressed. Raises DraftRefused where this
        does not work.
        """
        try:
            await self._in_topic(
                to,
                lambda thread: methods.SendMessageDraft(
                    chat_id=to.chat,
                    message_thread_id=thread,
                    draft_id=draft_id,
                    text=what.text or None,
                    entities=_entities(what),
                    parse_mode=None,
                    can_stop=True,
                    keep_on_stop=True,
                ),
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

    async def typing(self, to: Destination) -> None:
        """Show `typing…` for about five seconds, or until the next message."""
        await self._in_topic(
            to, lambda thread: methods.SendChatAction(chat_id=to.chat, message_thread_id=thread, action="typing")
        )

    async def react(self, chat: int, message_id: int, emoji: str | None) -> None:
        """Set the bot's reaction to a message, a standard emoji, or take it away (None)."""
        reaction: list[ReactionTypeUnion] = [ReactionTypeEmoji(emoji=emoji)] if emoji else []
        await self._call(methods.SetMessageReaction(chat_id=chat, message_id=message_id, reaction=reaction))

    async def answer_button(self, query: str, text: str = "", *, alert: bool = False, chat: int | None = None) -> None:
        """Answer a press, at most once; `alert` shows the text in a window of its own.

        `chat` has the button: during a hold of that chat the answer is dropped (FloodWait).
        """
        shown = text if len(text) <= MAX_CALLBACK_TEXT else text[: MAX_CALLBACK_TEXT - 1] + "…"
        with for_chat(chat):
            await self._call(
                methods.AnswerCallbackQuery(callback_query_id=query, text=shown or None, show_alert=alert or None)
            )

    async def document(self, to: Destination, name: str, content: bytes, *, caption: str = "") -> int:
        """Send a file of at most 50 MB and return the message's id."""
        message = await self._in_topic(
            to,
            lambda thread: methods.SendDocument(
                chat_id=to.chat,
                message_thread_id=thread,
                document=BufferedInputFile(content, filename=name),
                caption=caption or None,
                parse_mode=None,
                reply_parameters=ReplyParameters(message_id=to.reply_to) if to.reply_to else None,
            ),
            timeout=FILE_TIMEOUT,
        )
        self.newest.note(to.chat, message.message_id)
        return message.message_id

    async def photo(self, to: Destination, content: bytes, *, caption: str = "", keyboard: Keyboard = ()) -> int:
        """Send a picture of at most 10 MB and return the message's id."""
        message = await self._in_topic(
            to,
            lambda thread: methods.SendPhoto(
                chat_id=to.chat,
                message_thread_id=thread,
                photo=BufferedInputFile(content, filename=_PICTURE_NAME),
                caption=caption or None,
                parse_mode=None,
                reply_parameters=ReplyParameters(message_id=to.reply_to) if to.reply_to else None,
                reply_markup=_markup(keyboard),
            ),
            timeout=FILE_TIMEOUT,
        )
        self.newest.note(to.chat, message.message_id)
        return message.message_id

    async def copy(self, to: Destination, chat: int, message_id: int, *, caption: str | None = None) -> int:
        """Send a message of another chat again, as one of the bot's own, and return the new id.

        `caption` stands in the place of its own one; empty: without any. Raises MessageNotFound where it is gone,
        MediaForbidden where only text may be sent.
        """
        message = await self._in_topic(
            to,
            lambda thread: methods.CopyMessage(
                chat_id=to.chat,
                message_thread_id=thread,
                from_chat_id=chat,
                message_id=message_id,
                caption=caption or (None if caption is None else _NO_CAPTION),
                parse_mode=None,
            ),
        )
        self.newest.note(to.chat, message.message_id)
        return message.message_id

    async def replace_photo(
        self, chat: int, message_id: int, content: bytes, *, caption: str = "", keyboard: Keyboard = ()
    ) -> None:
        """Put another picture, caption and keyboard in the place of a message's."""
        picture = BufferedInputFile(content, filename=_PICTURE_NAME)
        await self._call(
            methods.EditMessageMedia(
                chat_id=chat,
                message_id=message_id,
                media=InputMediaPhoto(media=picture, caption=caption or None, parse_mode=None),
                reply_markup=_markup(keyboard),
            ),
            timeout=FILE_TIMEOUT,
        )

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
        return await download(self._bot, file.file_path, limit=limit)

    async def _in_topic(
        self,
        to: Destination,
        make: Callable[[int | None], TelegramMethod[T]],
        *,
        timeout: int = CALL_TIMEOUT,  # noqa: ASYNC109  # handed on to aiohttp
    ) -> T:
        """Call in a topic; in a private chat without it where the topic is gone, so that nobody waits in vain."""
        if to.thread is None or not to.private:
            return await self._call(make(to.thread), timeout=timeout)
        topic = (to.chat, to.thread)
        if topic not in self._lost_topics:
            try:
                return await self._call(make(to.thread), timeout=timeout)
            except TopicUnavailable as problem:
                logger.info("chat %d: topic %d is gone (%s), writing without it", *topic, problem)
                self._lost_topics[topic] = None
                if len(self._lost_topics) > MAX_LOST_TOPICS:
                    self._lost_topics.popitem(last=False)
        return await self._call(make(None), timeout=timeout)

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
    """Read what a call has written, though aiogram cannot read all of it: made again, it would stand there twice.

    Without a message's number, an integer, the outcome is unknown.
    """
    result = answer.get("result") if isinstance(answer, dict) and answer.get("ok") is True else None
    number = message_number(result)
    if not isinstance(method, _WRITES) or number is None:
        return None
    only_number: dict[str, Any] = {"message_id": number}
    return Message.model_construct(**only_number)


def _entities(what: Formatted) -> list[MessageEntity] | None:
    return [
        MessageEntity(type=item.type, offset=item.offset, length=item.length, url=item.url, language=item.language)
        for item in what.entities
    ] or None


@functools.lru_cache(2)
def _link_previews(*, shown: bool) -> LinkPreviewOptions:
    return LinkPreviewOptions(is_disabled=not shown)


@functools.lru_cache(MAX_KNOWN_KEYBOARDS)
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
