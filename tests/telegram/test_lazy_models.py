"""aiogram with lazy models is aiogram: each of its classes is what it is when all are built at once."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

LAZY = "from bot.telegram.lazy_models import import_aiogram; lazy = import_aiogram()"
EAGER = "lazy = False"
UPDATE = {
    "update_id": 1,
    "message": {
        "message_id": 1, "date": 1, "text": "Hi", "from": {"id": 1, "is_bot": False, "first_name": "A"},
        "chat": {"id": 1, "type": "private"}, "entities": [{"type": "bold", "offset": 0, "length": 2}],
        "reply_to_message": {"message_id": 2, "date": 2, "chat": {"id": 1, "type": "private"}},
    },
}  # fmt: skip


def told(begin: str, script: str) -> Any:  # whatever JSON the script prints
    """Run a script in a process of its own after `begin`, and give what it prints."""
    code = f"{begin}\nimport json\n{textwrap.dedent(script)}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


FIELDS = """
    import re, aiogram.types, aiogram.methods
    fields = {}
    for package in (aiogram.types, aiogram.methods):
        for name in package.__all__:
            cls = getattr(package, name)
            if hasattr(cls, "model_rebuild") and cls is not aiogram.methods.TelegramMethod:
                assert cls.model_rebuild() is not False, name
                fields[f"{package.__name__}.{name}"] = {
                    field: [re.sub("0x[0-9a-f]+", "", repr(about.annotation)), about.alias, repr(about.default)]
                    for field, about in cls.model_fields.items()
                }
"""

USE = f"""
    import pydantic, aiogram
    from aiogram.methods import EditMessageText, Response, SendMessage
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup, Message, Update
    update = Update.model_validate({UPDATE!r})
    problems = []
    for wrong in ({{"update_id": "x"}}, {{"update_id": 1, "message": {{"message_id": 1}}}}, {{}}):
        try:
            Update.model_validate(wrong)
        except pydantic.ValidationError as error:
            problems.append([[str(one["loc"]), one["type"]] for one in error.errors()])
    button = InlineKeyboardButton(text="Stop", callback_data="stop:1")
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[button]])
    answer = Response[Message].model_validate({{"ok": True, "result": {UPDATE["message"]!r}}})
    uses = [
        update.model_dump(mode="json", exclude_none=True, warnings=False),
        SendMessage(chat_id=1, text="Hi", reply_markup=keyboard).model_dump(warnings=False, exclude_none=True,
            mode="json", fallback=str),
        EditMessageText(text="Hi", chat_id=1, message_id=2).model_dump(warnings=False, exclude_none=True, mode="json",
            fallback=str),
        problems, answer.result.model_dump(mode="json", exclude_none=True), answer.result.chat.type,
        update.message.model_copy(update={{"text": "Ho"}}).text,
    ]
"""
TOLD = "print(json.dumps([lazy, uses, problems, fields]))"


def test_every_type_and_method_is_the_same() -> None:
    script = "\n".join(textwrap.dedent(part) for part in (USE, FIELDS, TOLD))
    was_lazy, *lazy = told(LAZY, script)
    was_not, *eager = told(EAGER, script)
    assert (was_lazy, was_not) == (True, False)
    uses, problems, fields = lazy
    assert len(fields) > 500 and len(problems) == 3 and len(uses) == 7
    assert lazy == eager


def test_a_type_is_built_when_it_is_first_used() -> None:
    script = """
        from aiogram.types import Dice, Message
        before = Dice.__pydantic_complete__
        Dice.model_validate({"emoji": "🎲", "value": 6})
        print(json.dumps([before, Dice.__pydantic_complete__, Message.__pydantic_complete__]))
    """
    assert told(LAZY, script) == [False, True, False]


def test_what_is_imported_already_stays_as_it_is() -> None:
    assert told(f"import aiogram\n{LAZY}", "print(json.dumps(lazy))") is False


def test_libraries_that_are_not_as_expected_build_everything_at_once() -> None:
    changed = "import bot.telegram.lazy_models as m; m._BASES = (*m._BASES, ('aiogram.methods.base', 'NoSuchClass'))"
    was_lazy, complete = told(
        f"{changed}\n{LAZY}",
        "from aiogram.types import Message, Poll\n"
        "print(json.dumps([lazy, Message.__pydantic_complete__ and Poll.__pydantic_complete__]))",
    )
    assert (was_lazy, complete) == (False, True)


def test_threads_that_use_a_type_first_at_the_same_moment_all_get_it() -> None:
    script = f"""
        import threading
        from aiogram.types import Message
        read, together = [], threading.Barrier(8)

        def reads():
            together.wait()
            read.append(Message.model_validate({UPDATE["message"]!r}).text)

        threads = [threading.Thread(target=reads) for _ in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(json.dumps(read))
    """
    assert told(LAZY, script) == ["Hi"] * 8


def test_what_was_read_can_be_copied_and_pickled() -> None:
    script = f"""
        import copy, pickle
        from aiogram.types import Update
        update = Update.model_validate({UPDATE!r})
        message = update.message  # its class was not used by itself yet
        again = pickle.loads(pickle.dumps(message)), copy.deepcopy(message), message.model_copy(deep=True)
        print(json.dumps([one == message and one.chat.id for one in again]))
    """
    assert told(LAZY, script) == [1, 1, 1]
