from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.storage.partitioning import ChatPartitioning

names = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=6, unique=True)


@given(names, st.integers(-(2**52), 2**52))
def test_all_who_see_the_same_agree_on_one_home(owners: list[str], chat: int) -> None:
    partitioning = [ChatPartitioning.among(me, owners) for me in owners]
    assert len({one.of(chat) for one in partitioning}) == 1
    assert [one.me for one in partitioning if one.of(chat) == one.me] == [partitioning[0].of(chat)]


@given(names, st.text(min_size=1, max_size=5), st.integers(-(2**52), 2**52))
def test_a_join_moves_chats_to_the_newcomer_alone(owners: list[str], newcomer: str, chat: int) -> None:
    before = ChatPartitioning.among(owners[0], owners).of(chat)
    assert ChatPartitioning.among(owners[0], [*owners, newcomer]).of(chat) in {before, newcomer}


def test_a_join_moves_about_its_share_of_the_chats() -> None:
    before = ChatPartitioning.among("a/1", ["b/2", "c/3"])
    after = ChatPartitioning.among("a/1", ["b/2", "c/3", "d/4"])
    moved = sum(before.of(chat) != after.of(chat) for chat in range(4000))
    assert 850 < moved < 1150, "a quarter, where a modulo moves three"


def test_who_is_alone_is_the_home_of_every_chat() -> None:
    partitioning = ChatPartitioning.among("a/1", [])
    assert {partitioning.of(chat) for chat in range(-5, 5)} == {"a/1"}
