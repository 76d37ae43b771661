"""Buttons under old messages: every form of callback data that was ever sent stays readable, and is sent as before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.preferences import PreferenceName
from handlers.support.callback_data import (
    AuditPageCallback,
    CompactCallback,
    EverybodyCallback,
    ForgetCallback,
    GroupCallback,
    GroupsPageCallback,
    HomePageCallback,
    PeoplePageCallback,
    RequestCallback,
    SettingsCallback,
    StandingCallback,
)

KINDS: tuple[type[CompactCallback], ...] = (
    HomePageCallback,
    SettingsCallback,
    RequestCallback,
    StandingCallback,
    PeoplePageCallback,
    EverybodyCallback,
    GroupCallback,
    GroupsPageCallback,
    AuditPageCallback,
    ForgetCallback,
)
SENT: dict[str, CompactCallback] = {
    "set:home": HomePageCallback(page="home"),
    "set:temperature": SettingsCallback(page=PreferenceName.TEMPERATURE),
    "set:temperature:0.7": SettingsCallback(page=PreferenceName.TEMPERATURE, value="0.7"),
    "set:temperature:-": SettingsCallback(page=PreferenceName.TEMPERATURE, value="-"),
    "set:language:ru": SettingsCallback(page=PreferenceName.LANGUAGE, value="ru"),
    "set:streaming:draft": SettingsCallback(page=PreferenceName.STREAMING, value="draft"),
    "set:thoughts:hide": SettingsCallback(page=PreferenceName.THOUGHTS, value="hide"),
    "set:persona:teacher:ru": SettingsCallback(page=PreferenceName.PERSONA, value="teacher", language="ru"),
    "who:approve:1001": RequestCallback(verb="approve", person=1001),
    "who:decline:1001": RequestCallback(verb="decline", person=1001),
    "who:block:1001:0": StandingCallback(verb="block", person=1001),
    "who:unblock:1001:12": StandingCallback(verb="unblock", person=1001, page=12),
    "who:page:3": PeoplePageCallback(verb="page", page=3),
    "who:page:3:anna": PeoplePageCallback(verb="page", page=3, sought="anna"),
    "who:block:1001:0:anna": StandingCallback(verb="block", person=1001, sought="anna"),
    "who:all:ask": EverybodyCallback(verb="all", answer="ask"),
    "who:all:yes": EverybodyCallback(verb="all", answer="yes"),
    "grp:allow:-1001:0": GroupCallback(verb="allow", group=-1001),
    "grp:off:-1001:2": GroupCallback(verb="off", group=-1001, page=2),
    "grp:ask:-1001:0": GroupCallback(verb="ask", group=-1001),
    "grp:leave:-1001:0": GroupCallback(verb="leave", group=-1001),
    "grp:page:1": GroupsPageCallback(verb="page", page=1),
    "log:1": AuditPageCallback(page=1),
    "forget:yes": ForgetCallback(answer="yes"),
    "forget:no": ForgetCallback(answer="no"),
}
MADE_UP = [
    "set:home:1",
    "set:model:x",
    "set:nothing",
    "set:temperature:" + "9" * 41,
    "set:persona:a:b:c",
    "set:",
    "set",
    "who:approve",
    "who:approve:x",
    "who:approve:-1",
    "who:approve:1001:0:0",
    "who:block:" + "9" * 40,
    "who:page:",
    "who:burn:1",
    "who:all:maybe",
    "grp:allow:1001:0",
    "grp:leave:x",
    "log:-1",
    "forget:maybe",
    "forget",
    "",
]


@pytest.mark.parametrize(("data", "meant"), SENT.items())
def test_a_string_is_read_by_one_kind_and_packed_as_it_always_was(data: str, meant: CompactCallback) -> None:
    assert [read for kind in KINDS if (read := kind.parse(data)) is not None] == [meant]
    assert meant.pack() == data


@pytest.mark.parametrize("data", MADE_UP)
def test_what_no_button_says_is_read_by_none(data: str) -> None:
    assert [kind for kind in KINDS if kind.parse(data) is not None] == []


@given(st.text(max_size=64) | st.sampled_from(list(SENT)).flatmap(lambda data: st.just(data) | st.text(max_size=9)))
def test_any_string_is_read_without_failing(data: str) -> None:
    assert len([kind for kind in KINDS if kind.parse(data) is not None]) <= 1
