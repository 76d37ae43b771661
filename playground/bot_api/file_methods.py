"""Bot API: documents that the bot sends and files that it downloads."""

from __future__ import annotations

from typing import Any, Final

from playground.bot_api.message_methods import say, written
from playground.bot_api.parameters import Parameters
from playground.errors import bad_request
from playground.text.entities import MAX_CAPTION_LENGTH
from playground.world.files import Upload
from playground.world.hub import Hub

Json = dict[str, Any]

MAX_DOWNLOAD_BYTES: Final = 20 * 1024 * 1024
MAX_UPLOAD_BYTES: Final = 50 * 1024 * 1024


def send_document(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `sendDocument`: an upload, or the id of a file that is known here."""
    caption = written(parameters, "caption", empty="", too_long="message caption is too long", limit=MAX_CAPTION_LENGTH)
    upload = _upload(parameters)
    if upload is not None:
        if len(upload.content) > MAX_UPLOAD_BYTES:
            raise bad_request("file is too big")
        if not upload.content:
            raise bad_request("file must be non-empty")
        document = hub.store_file(upload)
    else:
        kept = hub.files.get(parameters.text("document"))
        if kept is None:
            raise bad_request("there is no document in the request")
        document = {name: value for name, value in kept[0].items() if name != "file_path"}
    return say(hub, parameters, {"document": document, **caption})


def _upload(parameters: Parameters) -> Upload | None:
    given = parameters.text("document")
    name = given.removeprefix("attach://") if given.startswith("attach://") else "document"
    return parameters.files.get(name)


def get_file(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `getFile`: up to 20 MB."""
    kept = hub.files.get(parameters.text("file_id"))
    if kept is None:
        raise bad_request("invalid file_id")
    details = kept[0]
    if details["file_size"] > MAX_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return {name: details[name] for name in ("file_id", "file_unique_id", "file_size", "file_path")}
