"""Telegram's messages → ours: what is asked, sent along and quoted. No decisions, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from aiogram.types import (
    Document,
    ExternalReplyInfo,
    Message,
    MessageOriginChannel,
    MessageOriginHiddenUser,
    MessageOriginUnion,
    MessageOriginUser,
    PhotoSize,
    Sticker,
)

from bot.answering.use_cases.documents import QuotedDocument
from bot.attachments.attachment import Attachment, AttachmentKind
from bot.conversation.addressing import BotIdentity, EntityKind, IncomingMessage, MessageEntity, without_names
from bot.conversation.messages import Question, Quote
from bot.conversation.names import framed
from handlers.support.event_context import EventContext
from handlers.support.message_text import description_of, marked, words_of
from handlers.words.rich_message import has_media, rich_words

MIN_SPLIT_LENGTH = 4000
"""UTF-16 units from which on a message may be the first part of a paste that the app split (at 4,096)."""

_SENT = frozenset(
    {
        "text",
        "rich_message",
        "animation",
        "audio",
        "document",
        "live_photo",
        "paid_media",
        "photo",
        "sticker",
        "story",
        "video",
        "video_note",
        "voice",
        "checklist",
        "contact",
        "dice",
        "game",
        "poll",
        "venue",
        "location",
    }
)
"""Kinds of content that people send; every other message is a service message."""
_MEDIA_TYPES = ("image/", "audio/", "video/")
"""Beginnings of the types of files that hold no text."""
_TEXTS_CALLED_MEDIA = frozenset({"image/svg+xml", "video/mp2t", "video/vnd.dlna.mpeg-tts"})
"""Types of media that apps give to texts: pages of drawings, and TypeScript, whose ending is that of a video stream."""
_KINDS = {kind.value: kind for kind in EntityKind}


def to_incoming_message(message: Message) -> IncomingMessage:
    """The parts of a message that decide whether it is for the bot."""
    text, entities = read_text(message)
    target = reply_target(message)
    sender = message.from_user
    return IncomingMessage(
        private=message.chat.type == "private",
        text=text,
        entities=entities,
        replies_to=target.from_user.id if target and target.from_user else None,
        from_bot=sender is not None and sender.is_bot and message.sender_chat is None,
        via_bot=message.via_bot is not None,
        automatic=bool(message.is_automatic_forward),
        service=message.content_type not in _SENT,
    )


def read_text(message: Message) -> tuple[str, tuple[MessageEntity, ...]]:
    """The text or caption, with whatever addresses somebody in it; of a rich message all of its words."""
    if message.rich_message is not None:
        return rich_words(message.rich_message)
    sent = message.entities if message.text is not None else message.caption_entities
    entities = (
        MessageEntity(_KINDS[entity.type], entity.offset, entity.length, entity.user.id if entity.user else None)
        for entity in sent or ()
        if entity.type in _KINDS
    )
    return message.text or message.caption or "", tuple(entities)


def to_question(message: Message, origin: EventContext, me: BotIdentity, language: str) -> Question:
    """A message as a question; its text is empty where there is nothing but the bot's name."""
    target = reply_target(message)
    quote = _own_quote(message, origin)
    return Question(
        key=origin.key,
        message_id=message.message_id,
        text="" if quote is not None else _own_words(message, origin, me),
        author=origin.author,
        private=origin.private,
        language=language,
        reply_to=target.message_id if target else None,
        quote=quote or to_quote(message, me),
        may_continue=is_long(message) or message.media_group_id is not None or is_forwarded(message),
        album=message.media_group_id,
        is_forwarded=is_forwarded(message),
        sent_at=int(message.date.timestamp()),
    )


def to_joining_question(message: Message, origin: EventContext) -> Question | None:
    """The facts of a message by which it may belong to an earlier one. None: it stands for itself."""
    bots = message.from_user is not None and message.from_user.is_bot and message.sender_chat is None
    if bots or message.is_automatic_forward or not (message.media_group_id or is_forwarded(message)):
        return None
    return Question(
        key=origin.key,
        message_id=message.message_id,
        text="",
        author=origin.author,
        private=origin.private,
        language="",
        album=message.media_group_id,
        is_forwarded=is_forwarded(message),
        sent_at=int(message.date.timestamp()),
    )


def is_long(message: Message) -> bool:
    """Recognize a message after which the app may have split a paste."""
    return message.text is not None and len(message.text.encode("utf-16-le", "surrogatepass")) // 2 >= MIN_SPLIT_LENGTH


def attachment_of(message: Message | ExternalReplyInfo) -> Attachment | None:
    """The recording, or the file that may have text in it. None: there is neither."""
    recording = _recording_of(message)
    return document_of(message) if recording is None else recording


def has_unread_media(message: Message) -> bool:
    """Tell whether a message shows something besides its words that is not read."""
    if message.rich_message is not None:
        return has_media(message.rich_message)
    return message.caption is not None and attachment_of(message) is None and picture_of(message) is None


def unread_kind(message: Message) -> str:
    """The kind of a message that cannot be read, as the Fluent files know it."""
    if picture_of(message) is not None:
        return "picture"
    kind = (message.document.mime_type or "") if message.document is not None else ""
    return "video" if message.video or message.animation or kind.lower().startswith("video/") else "other"


def document_of(message: Message | ExternalReplyInfo) -> Attachment | None:
    """The file of a message that may have text in it: its bytes decide. None: there is none, or it is a medium."""
    document = message.document
    if document is None or message.animation is not None or _is_medium(document):
        return None
    return _file_of(document)


def _file_of(document: Document) -> Attachment:
    return Attachment(
        AttachmentKind.DOCUMENT,
        document.file_id,
        document.file_unique_id,
        name=document.file_name or "",
        mime_type=document.mime_type or "",
        size=document.file_size,
    )


def picture_of(message: Message | ExternalReplyInfo) -> Attachment | None:
    """The photo in its largest size, the sticker, the still of an animation, or the file that is a picture.

    None: there is none of them.
    """
    if message.photo:
        photo = max(message.photo, key=lambda size: size.width * size.height)
        return _still(AttachmentKind.PHOTO, photo)
    if message.sticker is not None:
        sticker = message.sticker
        moves = sticker.is_animated or sticker.is_video
        return _still(AttachmentKind.STICKER, sticker.thumbnail if moves else sticker)
    if message.animation is not None:
        return _still(AttachmentKind.ANIMATION, message.animation.thumbnail)
    picture = _file_of(message.document) if message.document is not None else None
    return picture if picture is not None and picture.is_picture else None


def _still(kind: AttachmentKind, picture: PhotoSize | Sticker | None) -> Attachment | None:
    """A picture that Telegram has made. None: it has made none."""
    if picture is None:
        return None
    return Attachment(kind, picture.file_id, picture.file_unique_id, size=picture.file_size)


def to_quoted_document(message: Message, me: BotIdentity) -> QuotedDocument | None:
    """The document, recording or picture that was forwarded, or of the message that is replied to.

    None: there is none, words of that message were chosen, or it is the bot's own.
    """
    if is_forwarded(message):
        forwarded = attachment_of(message) or picture_of(message)
        return QuotedDocument(framed(_forwarded_name(message)), forwarded) if forwarded else None
    target = reply_target(message)
    if is_chosen_part(message):
        return None
    if target is None:
        elsewhere = message.external_reply
        attachment = (attachment_of(elsewhere) or picture_of(elsewhere)) if elsewhere is not None else None
        return QuotedDocument(framed(_name_elsewhere(elsewhere)), attachment) if elsewhere and attachment else None
    if target.from_user is not None and target.from_user.id == me.id:
        return None
    attachment = attachment_of(target) or picture_of(target)
    return QuotedDocument(framed(_name_of(target)), attachment) if attachment else None


def to_quote(message: Message, me: BotIdentity) -> Quote | None:
    """The words that a message replies to: the part that was chosen, else all of somebody else's message."""
    target = reply_target(message)
    if target is None:
        return _from_elsewhere(message)
    if is_chosen_part(message) and message.quote is not None:
        return Quote(framed(_name_of(target)), message.quote.text)
    text = words_of(target)
    if not text or (target.from_user is not None and target.from_user.id == me.id):
        return None
    return Quote(framed(_name_of(target)), text)


def to_quoted_answer(message: Message, me: BotIdentity) -> Quote | None:
    """The bot's own words that a message replies to."""
    target = reply_target(message)
    if target is None or target.from_user is None or target.from_user.id != me.id:
        return None
    words = words_of(target)
    return Quote(framed(_name_of(target)), words) if words else None


def to_transcript(message: Message, me: BotIdentity, is_title: Callable[[str], bool]) -> str:
    """The transcript of the bot's that a message replies to; empty where it replies to something else.

    `is_title` recognizes the line above it.
    """
    answer = to_quoted_answer(message, me)
    if answer is None or is_chosen_part(message) or attachment_of(message) or picture_of(message):
        return ""
    title, _, heard = answer.text.partition("\n")
    return heard if is_title(title) else ""


def is_forwarded(message: Message) -> bool:
    """Tell somebody else's words from a person's own, which they may forward, too."""
    origin = message.forward_origin
    if origin is None:
        return False
    me = message.from_user
    return not (isinstance(origin, MessageOriginUser) and me is not None and origin.sender_user.id == me.id)


def is_chosen_part(message: Message) -> bool:
    """Recognize a reply to words that the person marked."""
    return message.quote is not None and bool(message.quote.is_manual)


def reply_target(message: Message) -> Message | None:
    """The message that a person really replied to: in topics every message points at the topic's first one."""
    target = message.reply_to_message
    if target is None or target.forum_topic_created is not None:
        return None
    return None if message.is_topic_message and target.message_id == message.message_thread_id else target


def _own_words(message: Message, origin: EventContext, me: BotIdentity) -> str:
    """The text of a message with its marks written out, a sticker's emoji; in groups without the bot's name."""
    if message.sticker is not None:
        return message.sticker.emoji or ""
    plain, addressing = read_text(message)
    sent = message.entities if message.text is not None else message.caption_entities
    text, entities = marked(plain, sent or (), addressing)
    return text.strip() if origin.private else without_names(text, entities, me)


def _own_quote(message: Message, origin: EventContext) -> Quote | None:
    """Words of others that were forwarded, or a description of what has no words: context, never an instruction."""
    if is_forwarded(message):
        words = words_of(message)
        return Quote(framed(_forwarded_name(message)), words) if words else None
    described = description_of(message)
    return Quote(origin.author.name, described) if described else None


def _recording_of(message: Message | ExternalReplyInfo) -> Attachment | None:
    if message.voice is not None:
        kind, file = AttachmentKind.VOICE, message.voice
        return Attachment(kind, file.file_id, file.file_unique_id, size=file.file_size, duration=file.duration)
    if message.video_note is not None:
        note = message.video_note
        return Attachment(
            AttachmentKind.VIDEO_NOTE, note.file_id, note.file_unique_id, size=note.file_size, duration=note.duration
        )
    if message.audio is not None:
        audio = message.audio
        return Attachment(
            AttachmentKind.AUDIO,
            audio.file_id,
            audio.file_unique_id,
            name=audio.file_name or "",
            mime_type=audio.mime_type or "",
            size=audio.file_size,
            duration=audio.duration,
        )
    if message.document is not None and (message.document.mime_type or "").lower().startswith("audio/"):
        return replace(_file_of(message.document), kind=AttachmentKind.AUDIO)
    return None


def _is_medium(document: Document) -> bool:
    kind = (document.mime_type or "").lower()
    return kind.startswith(_MEDIA_TYPES) and kind not in _TEXTS_CALLED_MEDIA


def _name_of(message: Message) -> str:
    if message.sender_chat is not None:
        return message.sender_chat.title or ""
    return message.from_user.full_name if message.from_user else ""


def _from_elsewhere(message: Message) -> Quote | None:
    """A reply to a message of another chat brings only the chosen part along."""
    if message.external_reply is None or message.quote is None:
        return None
    return Quote(framed(_name_elsewhere(message.external_reply)), message.quote.text)


def _forwarded_name(message: Message) -> str:
    return _name_of_origin(message.forward_origin) if message.forward_origin is not None else ""


def _name_elsewhere(reply: ExternalReplyInfo) -> str:
    return _name_of_origin(reply.origin)


def _name_of_origin(origin: MessageOriginUnion) -> str:
    match origin:
        case MessageOriginUser(sender_user=user):
            return user.full_name
        case MessageOriginHiddenUser(sender_user_name=name):
            return name
        case MessageOriginChannel(chat=chat):
            return chat.title or ""
        case chat_origin:
            return chat_origin.sender_chat.title or ""
