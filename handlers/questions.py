"""Questions: plain messages, captions, text documents, and edits of what was asked."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from aiogram import F, Router
from aiogram.types import Message, TelegramObject

from bot.answering.service import TurnService
from bot.conversation.documents import LARGEST, Excerpt, as_question, decode, excerpt
from bot.conversation.messages import Question
from bot.conversation.people import Chat
from bot.errors import MessageTooLong, Problem
from bot.generators.client import GeneratorClient
from bot.people.question_limits import QuestionLimits
from bot.storage.repositories.conversations import ConversationRepository
from bot.telegram.client import Telegram
from handlers.support.bot_info import BotInfo
from handlers.support.mapping import EventContext, has_text_document, is_chosen_part, to_question
from handlers.support.responders import Responder

DOWNLOAD_TIMEOUT = 10.0
"""How long a document may take to come."""
_UNKNOWN_COMMAND = r"/\w{1,32}(@\w+)?(\s|$)"


class DocumentTooLarge(Problem):
    """A document has more bytes than are read."""

    key = "document-too-large"


class DocumentUnreadable(Problem):
    """A document that should be text is none."""

    key = "document-unreadable"


class DocumentLate(Problem):
    """Telegram did not hand the document over in time."""

    key = "document-late"


def router() -> Router:
    """What is left when no command took it."""
    router = Router(name="chat")
    router.message.register(keep_silent, cannot_write)
    router.message.register(refuse_command, F.text.regexp(_UNKNOWN_COMMAND))
    router.message.register(ask, asked_with_document)
    router.message.register(ask, asked)
    router.message.register(refuse_content, F.text.is_(None) & F.caption.is_(None))
    router.message.register(invite)
    router.edited_message.register(keep_silent, cannot_write)
    router.edited_message.register(ask_again, asked_with_document)
    router.edited_message.register(ask_again, asked)
    return router


async def cannot_write(_: Message, group: Chat | None) -> bool:
    """The bot has lost the right to write in this group."""
    return group is not None and not group.writable


async def asked(
    message: Message, origin: EventContext, bot_info: BotInfo, conversations: ConversationRepository, say: Responder
) -> dict[str, Question] | bool:
    """There are words in it: read them as a question."""
    question = await _read(message, origin, bot_info, conversations, say)
    if question.text:
        return {"question": question}
    if question.quote is None:
        return False
    return {"question": replace(question, text=say.text("question-about-quote"))}


async def asked_with_document(
    message: Message,
    origin: EventContext,
    bot_info: BotInfo,
    conversations: ConversationRepository,
    registry: GeneratorClient,
    telegram: Telegram,
    say: Responder,
) -> dict[str, object] | bool:
    """There is a text document in it: fetch it, and read both as one question.

    It is fetched before the transaction, so that the update is confirmed only when the document's text is stored.
    Raises DocumentTooLarge, DocumentUnreadable, DocumentLate, TelegramProblem.
    """
    document = message.document
    if document is None or not has_text_document(message):
        return False
    if (document.file_size or 0) > LARGEST:  # of what is larger than 20 MB Telegram gives nothing at all
        raise DocumentTooLarge(f"the document has {document.file_size} bytes")
    text = await _fetch(telegram, document.file_id)
    part = excerpt(text, room=registry.config.context_tokens // 2)
    question = await _read(message, origin, bot_info, conversations, say)
    return {
        "question": replace(question, text=as_question(document.file_name or "document", part, question.text)),
        "part": part,
    }


async def ask(
    message: Message,
    question: Question,
    dedup: str,
    admin: bool,
    turns: TurnService,
    limits: QuestionLimits,
    say: Responder,
    part: Excerpt | None = None,
) -> None:
    """Accept a question."""
    if not admin:
        await limits.admit(person=question.author.id, chat=question.key.chat)
    await turns.ask(question, dedup=dedup)
    if part is not None and not part.whole:
        say("document-cut", lines=part.lines, of=part.of)
    if part is None and message.caption is not None:
        say("only-caption")


async def ask_again(_: Message, question: Question, admin: bool, turns: TurnService, limits: QuestionLimits) -> None:
    """Answer a question anew that was edited."""
    if not admin:
        await limits.admit(person=question.author.id, chat=question.key.chat)
    await turns.edit(question)


async def keep_silent(_: TelegramObject) -> None:
    """Do nothing."""


async def refuse_command(_: Message, say: Responder) -> None:
    """Say that there is no such command."""
    say("unknown-command")


async def refuse_content(_: Message, say: Responder) -> None:
    """Say what the bot can read."""
    say("only-text")


async def invite(_: Message, bot_info: BotInfo, say: Responder) -> None:
    """Somebody called the bot and said nothing else."""
    say("called-without-question", username=bot_info.username)


async def _read(
    message: Message, origin: EventContext, bot_info: BotInfo, conversations: ConversationRepository, say: Responder
) -> Question:
    """The question; what it replies to is quoted unless the conversation has it anyway."""
    question = to_question(message, origin, bot_info.me, say.language)
    if question.quote is None or question.reply_to is None or is_chosen_part(message):
        return question
    known = await conversations.at(origin.key, question.reply_to)
    return question if known is None else replace(question, quote=None)


async def _fetch(telegram: Telegram, file_id: str) -> str:
    try:
        async with asyncio.timeout(DOWNLOAD_TIMEOUT):
            content = await telegram.download(file_id, limit=LARGEST)
    except MessageTooLong as error:
        raise DocumentTooLarge(str(error)) from error
    except TimeoutError as error:
        raise DocumentLate("the document did not come in time") from error
    text = decode(content)
    if text is None or not text.strip():
        raise DocumentUnreadable("no text in the document")
    return text
