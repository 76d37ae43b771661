"""Bot API: media that the bot sends and puts in the place of others, and files that it downloads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from playground.bot_api import chat_guards
from playground.bot_api.keyboards import reply_markup
from playground.bot_api.message_methods import not_modified, say, written
from playground.bot_api.parameters import Parameters
from playground.errors import bad_request
from playground.media.upload import Upload
from playground.text.entities import MAX_CAPTION_LENGTH
from playground.world.hub import Hub
from playground.world.stored_media import CAPTIONED, stored_media

Json = dict[str, Any]

MAX_DOWNLOAD_BYTES: Final = 20 * 1024 * 1024
MAX_UPLOAD_BYTES: Final = 50 * 1024 * 1024
MAX_PHOTO_BYTES: Final = 10 * 1024 * 1024
MAX_ALBUM_MESSAGES: Final = 10
_REPLACEABLE: Final = CAPTIONED - {"voice"}
"""Media that `editMessageMedia` takes."""
_ALONE: Final = frozenset({"document", "audio"})
"""Media of which an album holds nothing else."""


def sender(kind: str) -> Callable[[Hub, Parameters], Json]:
    """Return the method that sends one medium of a kind, such as `sendPhoto`."""

    def send(hub: Hub, parameters: Parameters) -> Json:
        caption = _caption(parameters)
        return say(hub, parameters, _media(hub, kind, parameters, parameters.text(kind)) | caption)

    return send


def send_media_group(hub: Hub, parameters: Parameters) -> list[Json]:
    """Bot API `sendMediaGroup`: an album of at most ten."""
    items = parameters.objects("media")
    if not items:
        raise bad_request("there are no messages to send")
    if len(items) > MAX_ALBUM_MESSAGES:
        raise bad_request("too many messages to send as an album")
    kinds = {str(item.get("type")) for item in items}
    if not kinds <= CAPTIONED - {"voice", "animation"}:
        raise bad_request("type of an input media is invalid")
    for kind in sorted(kinds & _ALONE):
        if len(kinds) > 1:
            raise bad_request(f"{kind.capitalize()} can't be mixed with other media types")
    contents = [_input_media(hub, parameters, item) for item in items]
    group = {"media_group_id": str(hub.date()) + str(hub.world.next_message)} if len(items) > 1 else {}
    return [say(hub, parameters, content, group) for content in contents]


def edit_message_media(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `editMessageMedia`: another medium, caption and keyboard in the place of a message's."""
    item = parameters.object("media")
    if item is None:
        raise bad_request("media must be non-empty")
    if item.get("type") not in _REPLACEABLE:
        raise bad_request("type of an input media is invalid")
    chat, message = chat_guards.own_message(hub, parameters)
    markup = reply_markup(parameters, inline_only=True)
    content = _input_media(hub, parameters, item)
    if message.content == content and message.markup == markup:
        raise not_modified()
    message.content, message.markup, message.edited = content, markup, hub.date()
    return hub.edited(chat, message)


def _input_media(hub: Hub, parameters: Parameters, item: Json) -> Json:
    """Return the content for an InputMedia."""
    own = Parameters(item, parameters.files)
    return _media(hub, str(item["type"]), own, own.text("media")) | _caption(own)


def _caption(parameters: Parameters) -> Json:
    return written(parameters, "caption", empty="", too_long="message caption is too long", limit=MAX_CAPTION_LENGTH)


def _media(hub: Hub, kind: str, parameters: Parameters, given: str) -> Json:
    """Return the content for an upload, or for the id of a file that is known here."""
    upload = parameters.files.get(given.removeprefix("attach://") if given.startswith("attach://") else kind)
    if upload is not None:
        _check(kind, upload)
        return stored_media(hub, kind, upload)
    kept = hub.files.get(given)
    if kept is None:
        raise bad_request(f"there is no {kind} in the request")
    content: Json = kept[0].get("sent_as") or {}
    if kind not in content:
        of = next(iter(content), "file")
        raise bad_request(f"can't use file of type {of.capitalize()} as {kind.capitalize()}")
    return dict(content)


def _check(kind: str, upload: Upload) -> None:
    if not upload.content:
        raise bad_request("file must be non-empty")
    if len(upload.content) > (MAX_PHOTO_BYTES if kind == "photo" else MAX_UPLOAD_BYTES):
        raise bad_request("file is too big")
    if kind == "photo" and not upload.sizes:
        raise bad_request("IMAGE_PROCESS_FAILED")
    if kind == "photo" and not upload.is_photo:
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


def get_file(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `getFile`: up to 20 MB."""
    kept = hub.files.get(parameters.text("file_id"))
    if kept is None:
        raise bad_request("invalid file_id")
    details = kept[0]
    if details["file_size"] > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {name: details[name] for name in ("file_id", "file_unique_id", "file_size", "file_path")}
