"""Translation of Telegram's errors into ours. No text of them holds an address, and so the token."""

from __future__ import annotations

import re

from aiogram import exceptions, methods

from bot.errors import (
    AmbiguousOutcome,
    BadMarkup,
    ChatMigrated,
    ChatUnavailable,
    DraftRefused,
    FloodWait,
    MediaForbidden,
    MessageNotFound,
    MessageTooLong,
    NotModified,
    PollingConflict,
    ReplyTargetNotFound,
    TelegramProblem,
    TopicUnavailable,
    Unauthorized,
)
from bot.telegram.slot_allocator import clamp_retry_after

_TEXTS: tuple[tuple[re.Pattern[str], type[TelegramProblem]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), problem)
    for pattern, problem in (
        (r"message is not modified", NotModified),
        (r"message to be replied not found|replied message not found|reply message not found", ReplyTargetNotFound),
        (r"REPLY_(MESSAGE_ID|TO)_INVALID", ReplyTargetNotFound),
        (r"message thread not found|TOPIC_(CLOSED|DELETED|ID_INVALID)", TopicUnavailable),
        (r"message to (edit|delete|copy) not found|message can't be (edited|deleted|copied)", MessageNotFound),
        (r"MESSAGE_ID_INVALID|no text in the message to edit|MESSAGE_EDIT_TIME_EXPIRED", MessageNotFound),
        (r"is too long|MESSAGE_TOO_LONG|ENTITIES_TOO_LONG", MessageTooLong),
        (r"can't parse entities|ENTIT(Y|IES)_|entity", BadMarkup),
        (
            r"chat not found|PEER_ID_INVALID|group chat was deleted|group is deactivated|USER_IS_BLOCKED",
            ChatUnavailable,
        ),
        (r"not enough rights to send (?!text|a? ?message)", MediaForbidden),
        (r"not enough rights to send|have no rights to send|need administrator rights", ChatUnavailable),
        (r"CHAT_(WRITE|SEND_PLAIN)_FORBIDDEN|CHAT_RESTRICTED|USER_BANNED_IN_CHANNEL|CHANNEL_PRIVATE", ChatUnavailable),
    )
)

_DRAFTS = methods.SendMessageDraft | methods.SendRichMessageDraft
"""Methods that an older Telegram server does not know."""

_KINDS: tuple[tuple[type[exceptions.TelegramAPIError], type[TelegramProblem]], ...] = (
    (exceptions.TelegramEntityTooLarge, MessageTooLong),
    (exceptions.TelegramNetworkError, AmbiguousOutcome),
    (exceptions.TelegramServerError, AmbiguousOutcome),
    (exceptions.TelegramUnauthorizedError, Unauthorized),
    (exceptions.TelegramForbiddenError, ChatUnavailable),
)


def problem_of(error: Exception) -> TelegramProblem:
    """Turn what aiogram raises into our error. Its text is Telegram's own description, without any address."""
    if isinstance(error, exceptions.TelegramRetryAfter):
        seconds = clamp_retry_after(error.retry_after)
        return FloodWait(f"retry after {seconds:.0f}", seconds=seconds)
    if isinstance(error, exceptions.TelegramMigrateToChat):
        return ChatMigrated(f"now {error.migrate_to_chat_id}", to=error.migrate_to_chat_id)
    if not isinstance(error, exceptions.TelegramAPIError):
        return AmbiguousOutcome(f"the answer could not be read: {type(error).__name__}")
    message = error.message or ""  # a server may leave the description out
    if isinstance(error, exceptions.TelegramNotFound) and "method" not in message:
        return Unauthorized(message)  # a token of the wrong form: the address itself is unknown
    for kind, problem in _KINDS:
        if isinstance(error, kind):
            return problem(message.partition(": ")[0] if problem is AmbiguousOutcome else message)
    return _by_text(message, about_draft=isinstance(error.method, _DRAFTS))


def _by_text(message: str, *, about_draft: bool) -> TelegramProblem:
    if message.startswith("Too Many Requests"):  # without parameters
        named = re.search(r"\d{1,9}", message)
        return FloodWait("Too Many Requests", seconds=clamp_retry_after(float(named[0]) if named else 3.0))
    if "TEXTDRAFT_PEER_INVALID" in message or (about_draft and "method not found" in message):
        return DraftRefused(message)
    if "terminated by other getUpdates" in message:
        return PollingConflict(message)
    for pattern, problem in _TEXTS:
        if pattern.search(message):
            return problem(message)
    return TelegramProblem(message)
