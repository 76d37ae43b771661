"""The callback data of buttons: few characters, and strings of earlier versions stay readable."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from bot.preferences import PreferenceName

CallbackId = Annotated[int, Field(ge=0, lt=10**18)]
GroupId = Annotated[int, Field(gt=-(10**18), lt=0)]
MAX_SOUGHT_BYTES = 26
"""Bytes of what is sought that fit a button beside the longest id."""
Sought = Annotated[str, Field(min_length=1, max_length=MAX_SOUGHT_BYTES)]


class CompactCallback(CallbackData, prefix="-"):
    """Leaves out empty fields at the end, when it is packed and when it is read."""

    def pack(self) -> str:
        """Give the string for a button. Raises ValueError beyond Telegram's 64 bytes."""
        return super().pack().rstrip(self.__separator__)

    @classmethod
    def unpack(cls, value: str) -> Self:
        """Read a string of a button. Raises TypeError, ValueError."""
        missing = len(cls.model_fields) - value.count(cls.__separator__)
        return super().unpack(value + cls.__separator__ * missing)

    @classmethod
    def parse(cls, value: str) -> Self | None:
        """Read a string of a button. None: it is of another kind, or made up."""
        try:
            return cls.unpack(value)
        except (TypeError, ValueError):
            return None


class HomePageCallback(CompactCallback, prefix="set"):
    """`set:home`: back to the first page of the settings."""

    page: Literal["home"]


class SettingsCallback(CompactCallback, prefix="set"):
    """`set:temperature`, `set:temperature:0.7`, `set:persona:teacher:ru`: a page of the settings, or a value first."""

    page: Literal[
        PreferenceName.LANGUAGE,
        PreferenceName.TEMPERATURE,
        PreferenceName.STREAMING,
        PreferenceName.THOUGHTS,
        PreferenceName.PERSONA,
        PreferenceName.CONVERSATIONS,
        PreferenceName.READ_ALONG,
    ]
    value: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    language: Annotated[str, Field(min_length=1, max_length=8)] | None = None
    """Of a persona: the language of its prompt."""

    @property
    def text(self) -> str:
        """The value as preferences store it."""
        return f"{self.value}:{self.language}" if self.language else self.value or ""


class RequestCallback(CompactCallback, prefix="who"):
    """`who:approve:1000`: an admin's answer to a newcomer's request."""

    verb: Literal["approve", "decline"]
    person: CallbackId


class StandingCallback(CompactCallback, prefix="who"):
    """`who:block:1000:2`: change somebody's standing, pressed on a page of the list."""

    verb: Literal["block", "unblock"]
    person: CallbackId
    page: CallbackId = 0
    sought: Sought | None = None


class PeoplePageCallback(CompactCallback, prefix="who"):
    """`who:page:2`, `who:page:2:anna`: another page of the list of people, or of those who were sought."""

    verb: Literal["page"]
    page: CallbackId
    sought: Sought | None = None


class EverybodyCallback(CompactCallback, prefix="who"):
    """`who:all:ask`, `who:all:yes`: let in everybody who was met."""

    verb: Literal["all"]
    answer: Literal["ask", "yes"]


class GroupCallback(CompactCallback, prefix="grp"):
    """`grp:allow:-1001:0`: let a group in, take that back, or leave it, asked before and then done."""

    verb: Literal["allow", "off", "ask", "leave"]
    group: GroupId
    page: CallbackId = 0


class GroupsPageCallback(CompactCallback, prefix="grp"):
    """`grp:page:2`: another page of the list of groups."""

    verb: Literal["page"]
    page: CallbackId


class AuditPageCallback(CompactCallback, prefix="log"):
    """`log:2`: another page of the changes."""

    page: CallbackId


class BroadcastCallback(CompactCallback, prefix="bc"):
    """`bc:send:7`, `bc:stop:7`: the decision about a broadcast."""

    verb: Literal["send", "stop"]
    broadcast: CallbackId


class ForgetCallback(CompactCallback, prefix="forget"):
    """`forget:yes`, `forget:own:1000`: whether everything about a chat, or a person's own conversation, is erased."""

    answer: Literal["yes", "no", "own"]
    person: CallbackId | None = None
    """Of one's own: the person who may press."""


ModelScope = Literal["here", "bot"]


class ModelPageCallback(CompactCallback, prefix="mdl"):
    """`mdl:page:here:1`: a page of the models, of this chat or of the whole bot."""

    verb: Literal["page"]
    scope: ModelScope
    page: CallbackId = 0


class ModelCallback(CompactCallback, prefix="mdl"):
    """`mdl:use:here:0:fast`: choose a model, pressed on a page; without an id go back to the bot's."""

    verb: Literal["use"]
    scope: ModelScope
    page: CallbackId = 0
    id: Annotated[str, Field(max_length=33)] = ""


class ChooserCallback(CompactCallback, prefix="mdl"):
    """`mdl:who:admins`: who may choose a model for their chat."""

    verb: Literal["who"]
    who: Literal["everyone", "admins"]


class StatisticsCallback(CompactCallback, prefix="sta"):
    """`sta:90`: the statistics of so many days."""

    days: Literal["7", "30", "90"]


def fitting(sought: str) -> str | None:
    """Shorten what is sought so that it fits a button, without the sign that separates fields."""
    kept = sought.replace(":", " ").encode("utf-8", "ignore")[:MAX_SOUGHT_BYTES].decode("utf-8", "ignore").strip()
    return kept or None
