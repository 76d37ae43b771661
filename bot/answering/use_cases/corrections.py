"""Corrections: a reply to what was heard says what was meant."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.corrections import with_right_words
from bot.conversation.messages import Question
from bot.storage.repositories.conversations import ConversationRepository


async def correction(conversations: ConversationRepository, reply: Question, heard: str) -> Question | None:
    """Give the question that a reply to its transcript puts right. None: it is no longer known.

    Only whoever spoke can correct it. Raises StorageUnavailable.
    """
    if not (heard and reply.text) or reply.album is not None or reply.is_forwarded:
        return None
    for message in await conversations.newest_of(reply.key, reply.author.id):
        part = with_right_words(message, heard, reply.text)
        if part is not None:
            return replace(reply, message_id=part.message_id, text="", quote=None, reply_to=None, parts=(part,))
    return None
