"""Conversations of single people in a group, beside the one of everybody."""

from __future__ import annotations

from dataclasses import replace

from tests.harness.turn_bench import ANN, BOB, GROUP, Bench

OF_ANN, OF_BOB = replace(GROUP, person=ANN.id), replace(GROUP, person=BOB.id)


async def test_each_has_words_and_order_of_its_own(bench: Bench) -> None:
    bench.hold()
    await bench.ask("a1", OF_ANN, author=ANN)
    await bench.ask("b1", OF_BOB, author=BOB)
    await bench.ask("all", GROUP, author=BOB)
    await bench.ask("a2", OF_ANN, author=ANN)
    for text in ("a1", "b1", "all"):
        await bench.has_begun(text)
    assert {path[-1].text for path in bench.paths} == {"a1", "b1", "all"}, "only Ann's second one waits, for her first"
    bench.let_go()
    await bench.has_begun("a2")
    assert [message.text for message in bench.paths[-1]] == ["a1", "answer to a1", "a2"]


async def test_a_message_leads_to_its_conversation(bench: Bench) -> None:
    turn = await bench.is_over((await bench.ask("b1", OF_BOB, author=BOB, message_id=7)).turn)
    assert turn.key == OF_BOB
    assert await bench.conversations.key_at(GROUP, 7) == OF_BOB
    assert await bench.conversations.key(turn.question) == OF_BOB
    assert await bench.conversations.key_at(GROUP, 999) is None
    assert turn.answer is not None
    assert await bench.conversations.key(await bench.again(turn.answer)) == OF_BOB


async def test_one_persons_own_is_erased_alone(bench: Bench) -> None:
    for key, author, text in ((OF_ANN, ANN, "a1"), (OF_BOB, BOB, "b1"), (GROUP, BOB, "all")):
        await bench.is_over((await bench.ask(text, key, author=author)).turn)
    await bench.turns.forget_person(GROUP.bot, GROUP.chat, BOB.id)
    assert await bench.said(OF_BOB) == []
    assert await bench.said(OF_ANN) == ["a1", "answer to a1"]
    assert await bench.said(GROUP) == ["all", "answer to all"]


async def test_what_runs_there_ends_with_it(bench: Bench) -> None:
    bench.hold()
    await bench.ask("b1", OF_BOB, author=BOB)
    await bench.ask("a1", OF_ANN, author=ANN)
    running, other = await bench.has_begun("b1"), await bench.has_begun("a1")
    await bench.turns.forget_person(GROUP.bot, GROUP.chat, BOB.id)
    bench.let_go()
    assert (await bench.is_over(other.turn.id)).answer is not None
    assert await bench.turns.get(running.turn.id) is None


async def test_they_move_along_when_a_group_becomes_a_supergroup(bench: Bench) -> None:
    as_group = replace(GROUP, person=GROUP.chat)
    await bench.is_over((await bench.ask("a1", OF_ANN, author=ANN)).turn)
    await bench.is_over((await bench.ask("by an anonymous administrator", as_group)).turn)
    await bench.turns.migrate(GROUP.bot, GROUP.chat, -200)
    assert await bench.said(replace(OF_ANN, chat=-200)) == ["a1", "answer to a1"]
    assert len(await bench.said(replace(GROUP, chat=-200, person=-200))) == 2
