"""Form fields of a call to Telegram, made of its values without a copy of all of them by the library.

aiogram turns a call into plain data field by field, and walks through that again to write it: right for whatever
somebody may put in, and slow for an edit that is made a dozen times an answer. Here the values are written as they are;
what holds a file, or anything else that is not plain, is left to aiogram.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any

from aiogram.client.default import Default, DefaultBotProperties
from aiogram.methods import TelegramMethod
from aiogram.types.base import TelegramObject

_PLAIN = {str, bool, int, float}


class NotPlain(Exception):
    """A value that only aiogram knows how to send."""


def form_fields(
    method: TelegramMethod[Any], defaults: DefaultBotProperties, dumps: Callable[[Any], str]
) -> dict[str, str]:
    """Give the fields of a call, without those that say nothing. Raises NotPlain."""
    fields = {}
    for name, value in _values(method):
        plain = _plain(value, defaults)
        if plain is None or plain == "":
            continue
        fields[name] = plain if isinstance(plain, str) else dumps(plain)
    return fields


def _values(model: TelegramMethod[Any] | TelegramObject) -> Iterator[tuple[str, Any]]:
    yield from vars(model).items()
    yield from (model.model_extra or {}).items()


def _plain(value: object, defaults: DefaultBotProperties) -> Any:  # noqa: ANN401  # any JSON
    if value is None or type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Default):
        return _plain(defaults[value.name], defaults)
    if isinstance(value, TelegramObject):
        return _without_nothing(dict(_values(value)), defaults)
    if isinstance(value, dict):
        return _without_nothing(value, defaults)
    if isinstance(value, list):
        return [plain for item in value if (plain := _plain(item, defaults)) is not None]
    raise NotPlain(type(value).__name__)


def _without_nothing(values: Mapping[str, Any], defaults: DefaultBotProperties) -> dict[str, Any]:
    return {name: plain for name, value in values.items() if (plain := _plain(value, defaults)) is not None}
