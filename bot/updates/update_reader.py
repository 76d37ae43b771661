"""Reads answers of `getUpdates`, none of it trusted: what can be handled, and the ids of the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from aiogram import Bot
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from pydantic import ValidationError

MAX_UPDATE_ID = 2**63 - 2
"""Largest update id that is taken for one: what the store's column holds, and the offset behind it."""
MAX_ID_DIGITS = 19
"""Digits of `MAX_UPDATE_ID`; a longer number is never converted, which is slow."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)
"""A string or a mark of JSON's structure; a string without an end reaches to the end, so that the search is linear."""
_NUMBER = re.compile(rf'\s*:\s*"?(\d{{1,{MAX_ID_DIGITS}}})(?!\d)')


class UnreadableUpdate(Exception):
    """An update that no handler can be given; its text says why, and repeats nothing of what was sent."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One answer of `getUpdates`."""

    updates: tuple[Update, ...] = ()
    """Those that can be handled, in the server's order."""
    ids: tuple[int, ...] = ()
    """The ids of all that have one, unreadable ones among them, in the server's order."""
    problems: tuple[str, ...] = ()
    """One phrase for each element that is passed over."""


def read_batch(result: object, bot: Bot) -> Batch:
    """Read `result` of an answer, which may be anything at all."""
    if not isinstance(result, list):
        return Batch(problems=(f"the answer has no list of updates but {type(result).__name__}",))
    return _batch([(update_id_of(raw), raw) for raw in result], bot)


def read_broken_batch(text: str, bot: Bot) -> Batch | None:
    """Read what can be read of an answer that is no JSON as a whole: one bad element must not hide the others.

    None: it does not look like a list of updates. An element that the text breaks off in is left out: it comes again.
    """
    parts = _elements(text)
    if parts is None:
        return None
    return _batch([_element(part) for part in parts], bot)


def read_update(raw: object, bot: Bot) -> Update:
    """Read one update. Raises UnreadableUpdate."""
    update_id = update_id_of(raw)
    if not isinstance(raw, dict) or update_id is None:
        raise UnreadableUpdate("it has no update_id")
    try:
        update = Update.model_validate({**raw, "update_id": update_id}, context={"bot": bot})
        _ = update.event_type
    except ValidationError as error:
        raise UnreadableUpdate(f"{error.errors(include_input=False)[0]['loc']} is wrong") from None
    except UpdateTypeLookupError:
        raise UnreadableUpdate("it is of a kind that is not known") from None
    except RecursionError:
        raise UnreadableUpdate("it is nested too deeply") from None
    return update


def update_id_of(raw: object) -> int | None:
    """The id of an update, also where a server writes it as `"7"` or `7.0`; None where there is no usable one."""
    value = raw.get("update_id") if isinstance(raw, dict) else None
    written_otherwise = isinstance(value, float) and value.is_integer()
    if isinstance(value, str):
        written_otherwise = len(value) <= MAX_ID_DIGITS and value.isascii() and value.isdigit()
    if isinstance(value, str | float) and written_otherwise:
        value = int(value)
    return value if type(value) is int and 0 < value <= MAX_UPDATE_ID else None


def _batch(elements: list[tuple[int | None, object]], bot: Bot) -> Batch:
    updates: list[Update] = []
    problems: list[str] = []
    for update_id, raw in elements:
        try:
            updates.append(read_update(raw, bot))
        except UnreadableUpdate as error:
            problems.append(f"update {update_id or 'without an id'}: {error}")
    return Batch(tuple(updates), tuple(number for number, _ in elements if number is not None), tuple(problems))


def _element(text: str) -> tuple[int | None, object]:
    try:
        raw: object = json.loads(text)
    except (ValueError, RecursionError):
        update_id = _id_in(text)
        return update_id, {"update_id": update_id}
    return update_id_of(raw), raw


def _tokens(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Each string, bracket and comma with the depth that it stands in."""
    depth = 0
    for token in _TOKEN.finditer(text):
        if token[0] in "]}":
            depth -= 1
        yield depth, token
        if token[0] in "[{":
            depth += 1


def _elements(text: str) -> list[str] | None:
    """The texts of the elements of the outermost `result`; nothing is nested too deeply for this."""
    key, start = "", None
    parts: list[str] = []
    for depth, token in _tokens(text):
        mark = token[0]
        if start is None:
            if depth == 1 and mark == "[" and key == '"result"':
                start = token.end()
            elif depth == 1 and mark[0] == '"':
                key = mark
        elif (depth == 2 and mark == ",") or (depth == 1 and mark == "]"):  # noqa: PLR2004  # inside the list
            parts.append(text[start : token.start()])
            start = token.end()
            if mark == "]":
                break
    return None if start is None else [part for part in parts if part.strip()]


def _id_in(text: str) -> int | None:
    """The `update_id` of an element that is no JSON."""
    for depth, token in _tokens(text):
        if depth == 1 and token[0] == '"update_id"' and (number := _NUMBER.match(text, token.end())) is not None:
            return update_id_of({"update_id": number[1]})
    return None
