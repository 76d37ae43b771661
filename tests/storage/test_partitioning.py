from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.storage.partitioning import ChatPartitioning

names = st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=6, unique=True)


@given(names, st.integers(-(2**52), 2**52))
def test_all_who_see_the_same_agree_on_one_home(owners: list[str], chat: int) -> None:
    partitioning = [ChatPartitioning.among(me, owners) for me in owners]
    assert len({one.of(chat) for one in partitioning}) == 1
    assert [one.me for one in partitioning if abs(chat) % len(owners) == one.rank] == [partitioning[0].of(chat)]


def test_who_is_alone_is_the_home_of_every_chat() -> None:
    partitioning = ChatPartitioning.among("a/1", [])
    assert {partitioning.of(chat) for chat in range(-5, 5)} == {"a/1"}
