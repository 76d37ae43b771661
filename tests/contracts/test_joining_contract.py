"""Messages that belong to a question that is there already."""

from __future__ import annotations

from itertools import count

from bot.answering.turns.service import Asked
from bot.conversation.messages import Author, Question, QuestionPart, Quote
from tests.harness.turn_bench import ANN, BOB, PRIVATE, Bench

_updates = count(1)


async def send(
    bench: Bench,
    message_id: int,
    *,
    album: str | None = None,
    forwarded: bool = False,
    sent_at: int = 100,
    who: Author = ANN,
) -> Asked:
    """A message of an album, a forwarded one, or a comment."""
    words = f"words {message_id}"
    part = QuestionPart(message_id, "" if forwarded else words, Quote("Clara", words) if forwarded else None)
    belongs = album is not None or forwarded
    question = Question(
        key=PRIVATE,
        message_id=message_id,
        text="" if belongs else words,
        author=who,
        private=True,
        language="en",
        may_continue=belongs,
        parts=(part,) if belongs else (),
        album=album,
        is_forwarded=forwarded,
        sent_at=sent_at,
    )
    return await bench.turns.ask(question, dedup=f"join:{next(_updates)}")


async def test_the_messages_of_an_album_share_a_turn(bench: Bench) -> None:
    asked = [await send(bench, number, album="a") for number in (1, 2, 3)]
    await bench.is_over(asked[0].turn)
    assert [one.turn for one in asked] == [asked[0].turn] * 3
    assert [one.joined for one in asked] == [False, True, True]
    question = bench.paths[0][-1]
    assert [part.message_id for part in question.parts] == [1, 2, 3]
    assert question.unread


async def test_albums_of_two_people_do_not_share_one(bench: Bench) -> None:
    first = await send(bench, 1, album="a")
    second = await send(bench, 2, album="a", who=BOB)
    assert first.turn != second.turn


async def test_a_forward_of_the_same_moment_starts_the_answer_over(bench: Bench) -> None:
    bench.hold()
    comment = await send(bench, 1)
    await bench.has_begun("words 1")
    forward = await send(bench, 2, forwarded=True, sent_at=101)
    assert (forward.turn, forward.restarts) == (comment.turn, True)
    bench.let_go()
    await bench.is_over(comment.turn)
    assert [part.message_id for part in bench.paths[-1][-1].parts] == [1, 2]


async def test_a_later_forward_is_a_question_of_its_own(bench: Bench) -> None:
    comment = await send(bench, 1)
    await bench.is_over(comment.turn)
    assert not (await send(bench, 2, forwarded=True, sent_at=102)).joined
