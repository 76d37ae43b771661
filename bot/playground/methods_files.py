"""Bot API: documents that the bot sends and files that it downloads."""

from __future__ import annotations

import mimetypes
from typing import Any, Final

from bot.playground.entities import CAPTION_LIMIT
from bot.playground.errors import bad_request
from bot.playground.exchange import Exchange
from bot.playground.methods_messages import say, written
from bot.playground.parameters import Parameters, Upload

Json = dict[str, Any]

DOWNLOAD_LIMIT: Final = 20 * 1024 * 1024
UNKNOWN_TYPE: Final = "application/octet-stream"
UPLOAD_LIMIT: Final = 50 * 1024 * 1024


def keep_file(exchange: Exchange, upload: Upload, folder: str = "documents") -> Json:
    """Keep a file and return the Bot API's Document for it."""
    number = exchange.files.next_number()
    file_id = f"BQACAgIAAx{number:06d}"
    told = upload.mime_type if upload.mime_type != UNKNOWN_TYPE else ""
    mime_type = told or mimetypes.guess_type(upload.name)[0] or UNKNOWN_TYPE
    suffix = "." + upload.name.rsplit(".", 1)[-1] if "." in upload.name else ""
    document: Json = {
        "file_id": file_id,
        "file_unique_id": f"AgAD{number:06d}",
        "file_name": upload.name,
        "mime_type": mime_type,
        "file_size": len(upload.content),
    }
    path = f"{folder}/file_{number}{suffix if suffix.isascii() else ''}"
    exchange.files.put(file_id, {**document, "file_path": path}, upload.content)
    exchange.keeper.note_file(file_id)
    return document


def send_document(exchange: Exchange, parameters: Parameters) -> Json:
    """Bot API `sendDocument`: an upload, or the id of a file that is known here."""
    caption = written(parameters, "caption", empty="", too_long="message caption is too long", limit=CAPTION_LIMIT)
    upload = _upload(parameters)
    if upload is not None:
        if len(upload.content) > UPLOAD_LIMIT:
            raise bad_request("file is too big")
        if not upload.content:
            raise bad_request("file must be non-empty")
        document = keep_file(exchange, upload)
    else:
        kept = exchange.files.get(parameters.text("document"))
        if kept is None:
            raise bad_request("there is no document in the request")
        document = {name: value for name, value in kept[0].items() if name != "file_path"}
    return say(exchange, parameters, {"document": document, **caption})


def _upload(parameters: Parameters) -> Upload | None:
    given = parameters.text("document")
    name = given.removeprefix("attach://") if given.startswith("attach://") else "document"
    return parameters.files.get(name)


def get_file(exchange: Exchange, parameters: Parameters) -> Json:
    """Bot API `getFile`: up to 20 MB."""
    kept = exchange.files.get(parameters.text("file_id"))
    if kept is None:
        raise bad_request("invalid file_id")
    details = kept[0]
    if details["file_size"] > DOWNLOAD_LIMIT:
        raise bad_request("file is too big")
    return {name: details[name] for name in ("file_id", "file_unique_id", "file_size", "file_path")}
