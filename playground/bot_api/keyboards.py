"""Keyboards under messages: checked as Telegram checks them."""

from __future__ import annotations

from typing import Any, Final

from playground.bot_api.parameters import Parameters
from playground.errors import bad_request

Json = dict[str, Any]

DATA_LIMIT: Final = 64
"""Bytes of `callback_data`."""
ROWS_LIMIT: Final = 100
_ACTIONS: Final = (
    "callback_data", "url", "web_app", "login_url", "switch_inline_query", "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat", "copy_text", "callback_game", "pay",
)  # fmt: skip
_OTHER_MARKUP: Final = ("keyboard", "remove_keyboard", "force_reply")


def reply_markup(parameters: Parameters, *, inline_only: bool = False) -> Json | None:
    """Return the inline keyboard of a call, None where there is none. Raises 400 for a wrong one."""
    markup = parameters.object("reply_markup")
    if not markup:
        return None
    if "inline_keyboard" not in markup:
        if inline_only or not any(name in markup for name in _OTHER_MARKUP):
            raise bad_request("object expected as reply markup")
        return None
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('can\'t parse inline keyboard button: field "inline_keyboard" must be of type Array')
    kept = [[_button(button) for button in row] for row in rows if row]
    if sum(len(row) for row in kept) > ROWS_LIMIT:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": kept} if kept else None


def _button(button: Any) -> Json:  # noqa: ANN401  # whatever the JSON held
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    text = button.get("text")
    if not isinstance(text, str) or not text.strip():
        raise bad_request("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard")
    if not any(name in button for name in _ACTIONS):
        raise bad_request("can't parse inline keyboard button: text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(str(data).encode()) <= DATA_LIMIT:
        raise bad_request("BUTTON_DATA_INVALID")
    return {name: value for name, value in button.items() if value is not None}
