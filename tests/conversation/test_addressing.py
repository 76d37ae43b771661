"""Which messages are for the bot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.addressing import Heard, Kind, Mark, Me, command_of, is_for_bot, without_names

ME = Me(7, "Aura_Bot")
COMMANDS = frozenset({"new", "help"})


def mention(text: str, name: str = "@aura_bot") -> Mark:
    before = text[: text.index(name)]
    return Mark(Kind.MENTION, len(before.encode("utf-16-le")) // 2, len(name))


def command(text: str) -> Mark:
    return Mark(Kind.COMMAND, 0, len(text.split(maxsplit=1)[0]))


def heard(text: str, *marks: Mark, **facts: object) -> Heard:
    return Heard(private=False, text=text, marks=marks, **facts)  # type: ignore[arg-type]  # facts of the scene


FOR_THE_BOT = {
    "a mention": heard("@aura_bot hi", mention("@aura_bot hi")),
    "a mention in other case": heard("hi @AURA_bot", mention("hi @AURA_bot", "@AURA_bot")),
    "a mention after an emoji": heard("🦊🦊 @aura_bot", mention("🦊🦊 @aura_bot")),
    "a text mention": heard("Aura, hi", Mark(Kind.TEXT_MENTION, 0, 4, user=7)),
    "a reply to it": heard("and then?", replies_to=7),
    "a command of its own": heard("/new", command("/new")),
    "a command to it": heard("/weather@AURA_BOT", command("/weather@AURA_BOT")),
    "anything in private": Heard(private=True, text="hello", via_bot=True),
}
NOT_FOR_THE_BOT = {
    "a bare keyword": heard("aura, are you there?"),
    "its name without a mention entity": heard("@aura_bot"),
    "a mention of another": heard("@aura_bot2 hi", mention("@aura_bot2 hi", "@aura_bot2")),
    "a text mention of another": heard("Anna, hi", Mark(Kind.TEXT_MENTION, 0, 4, user=8)),
    "a reply to another": heard("and then?", replies_to=8),
    "a command of another bot": heard("/weather", command("/weather")),
    "a command to another bot": heard("/new@other_bot", command("/new@other_bot")),
    "a command to another bot as a reply to it": heard("/new@other_bot", command("/new@other_bot"), replies_to=7),
    "another bot's mention": heard("@aura_bot hi", mention("@aura_bot hi"), from_bot=True),
    "a linked channel's post": heard("@aura_bot hi", mention("@aura_bot hi"), automatic=True),
    "another bot's words": heard("@aura_bot hi", mention("@aura_bot hi"), via_bot=True),
    "another bot in private": Heard(private=True, text="hello", from_bot=True),
    "a service message": Heard(private=True, service=True),
}


@pytest.mark.parametrize("message", FOR_THE_BOT.values(), ids=FOR_THE_BOT.keys())
def test_for_the_bot(message: Heard) -> None:
    assert is_for_bot(message, ME, COMMANDS)


@pytest.mark.parametrize("message", NOT_FOR_THE_BOT.values(), ids=NOT_FOR_THE_BOT.keys())
def test_not_for_the_bot(message: Heard) -> None:
    assert not is_for_bot(message, ME, COMMANDS)


def test_only_a_command_at_the_beginning_is_one() -> None:
    assert command_of(heard("try /new", Mark(Kind.COMMAND, 4, 4))) is None
    assert command_of(heard("/New@Aura_Bot x", Mark(Kind.COMMAND, 0, 13))) == ("new", "aura_bot")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("@aura_bot what now?", "what now?"),
        ("@aura_bot, what now?", "what now?"),
        ("@aura_bot: what\nnow?", "what\nnow?"),
        ("what now? @aura_bot", "what now?"),
        ("what @aura_bot now?", "what now?"),
        ("🦊 @aura_bot 🦊?", "🦊 🦊?"),
        ("@aura_bot", ""),
        ("@aura_bot !", ""),
        ("@aura_bot\n\n    code", "code"),
    ],
)
def test_the_name_is_taken_out(text: str, question: str) -> None:
    assert without_names(text, [mention(text)], ME) == question


def test_every_name_is_taken_out_and_others_stay() -> None:
    text = "@aura_bot ask @anna, @aura_bot"
    marks = [Mark(Kind.MENTION, 0, 9), Mark(Kind.MENTION, 14, 5), Mark(Kind.MENTION, 21, 9)]
    assert without_names(text, marks, ME) == "ask @anna,"


@given(st.text(), st.text())
@settings(deadline=None, max_examples=50)
def test_words_around_a_mention_are_never_broken(before: str, after: str) -> None:
    text = f"{before}@aura_bot{after}"
    mark = Mark(Kind.MENTION, len(before.encode("utf-16-le", "surrogatepass")) // 2, 9)
    rest = without_names(text, [mark], ME)
    assert "".join(rest.split()) in "".join((before + after).split())
