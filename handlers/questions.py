"""Questions: plain messages, captions, documents, and edits of what was asked."""

from __future__ import annotations

from dataclasses import replace

from aiogram import F, Router
from aiogram.types import Message, TelegramObject

from bot.answering.use_cases.questions import Accepted, Questions, SentQuestion
from bot.people.speaker import Speaker
from bot.rendering.transcript import folded_transcript
from bot.streaming.acknowledgements import Acknowledgements
from handlers.support.albums import Album
from handlers.support.bot_info import BotInfo
from handlers.support.event_context import EventContext
from handlers.support.magic import Matches
from handlers.support.mapping import (
    attachment_of,
    has_unread_media,
    is_chosen_part,
    is_forwarded,
    picture_of,
    read_text,
    to_question,
    to_quoted_answer,
    to_quoted_document,
    to_transcript,
    unread_kind,
)
from handlers.support.responders import Responder

_UNKNOWN_COMMAND = r"/\w{1,32}(@\w+)?(\s|$)"


def router() -> Router:
    """Everything that no command took."""
    router = Router(name="questions")
    router.message.register(keep_silent, cannot_write)
    router.message.register(refuse_command, Matches(F.text.regexp(_UNKNOWN_COMMAND)))
    router.message.register(ask)
    router.edited_message.register(keep_silent, cannot_write)
    router.edited_message.register(ask_again)
    return router


async def cannot_write(_: Message, speaker: Speaker) -> bool:
    """The bot has lost the right to write in this group."""
    return not speaker.private and not speaker.chat.writable


async def ask(
    message: Message,
    origin: EventContext,
    speaker: Speaker,
    questions: Questions,
    bot_info: BotInfo,
    acknowledgements: Acknowledgements,
    album: Album,
    say: Responder,
) -> None:
    """Accept a question, or say what the bot can read."""
    sent = _sent(message, origin, bot_info, say)
    earlier = tuple(_sent(one, origin, bot_info, say) for one in album.before)
    accepted = await questions.ask(replace(sent, earlier=earlier), speaker, dedup=origin.dedup)
    if accepted is not None and accepted.corrects:
        _show_correction(message, sent.question.text, say)
    elif accepted is not None:
        _remark(accepted, message, album, say)
        if accepted.waits:
            acknowledgements.give(origin.key.chat, message.message_id)
    elif not read_text(message)[0]:
        if album.may_tell():
            say("only-text", kind=unread_kind(message))
    else:
        say("called-without-question", username=bot_info.username)


async def ask_again(
    message: Message, origin: EventContext, speaker: Speaker, questions: Questions, bot_info: BotInfo, say: Responder
) -> None:
    """Answer a question anew that was edited."""
    sent, outdated = _sent(message, origin, bot_info, say), say.text("answer-outdated")
    accepted = await questions.edit(sent, speaker, outdated=outdated)
    if accepted is not None:
        _explain(accepted, say)


async def keep_silent(_: TelegramObject) -> None:
    """Leave the message without a reply."""


async def refuse_command(_: Message, say: Responder) -> None:
    """Say that there is no such command."""
    say("unknown-command")


def _remark(accepted: Accepted, message: Message, album: Album, say: Responder) -> None:
    """Say which part of the message is not read."""
    is_passed_over = has_unread_media(message)
    is_told = message.sticker is None  # of a sticker the emoji says enough
    if is_told and (accepted.unseen or is_passed_over) and album.may_tell():
        say("only-caption")
    _explain(accepted, say)


def _show_correction(reply: Message, words: str, say: Responder) -> None:
    """Let the message that says what was heard say what was meant."""
    if reply.reply_to_message is not None:
        heard = folded_transcript(say.text("heard"), words)
        say.change_text(reply.reply_to_message.message_id, heard)


def _explain(accepted: Accepted, say: Responder) -> None:
    """Say why files are not read."""
    for problem in accepted.problems:
        say.say_text(say.text(problem.key, **problem.details))


def _sent(message: Message, origin: EventContext, bot_info: BotInfo, say: Responder) -> SentQuestion:
    return SentQuestion(
        to_question(message, origin, bot_info.me, say.language),
        chose_quote=is_chosen_part(message),
        about_quote=say.text("question-about-quote"),
        document=None if is_forwarded(message) else attachment_of(message) or picture_of(message),
        quoted=to_quoted_document(message, bot_info.me),
        answer=to_quoted_answer(message, bot_info.me),
        heard=to_transcript(message, bot_info.me, lambda line: say.speech.texts.means("heard", line)),
    )
