"""Which messages are for the bot."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.addressing import (
    BotIdentity,
    EntityKind,
    IncomingMessage,
    MessageEntity,
    command_of,
    is_for_bot,
    without_names,
)

ME = BotIdentity(7, "Aura_Bot")
COMMANDS = frozenset({"new", "help"})


def mention(text: str, name: str = "@aura_bot") -> MessageEntity:
    before = text[: text.index(name)]
    return MessageEntity(EntityKind.MENTION, len(before.encode("utf-16-le")) // 2, len(name))


def command(text: str) -> MessageEntity:
    return MessageEntity(EntityKind.COMMAND, 0, len(text.split(maxsplit=1)[0]))


def incoming(text: str, *entities: MessageEntity, **bot_info: object) -> IncomingMessage:
    return IncomingMessage(private=False, text=text, entities=entities, **bot_info)  # type: ignore[arg-type]  # facts of the scene


FOR_THE_BOT = {
    "a mention": incoming("@aura_bot hi", mention("@aura_bot hi")),
    "a mention in other case": incoming("hi @AURA_bot", mention("hi @AURA_bot", "@AURA_bot")),
    "a mention after an emoji": incoming("🦊🦊 @aura_bot", mention("🦊🦊 @aura_bot")),
    "a text mention": incoming("Aura, hi", MessageEntity(EntityKind.TEXT_MENTION, 0, 4, user=7)),
    "a reply to it": incoming("and then?", replies_to=7),
    "a command of its own": incoming("/new", command("/new")),
    "a command to it": incoming("/weather@AURA_BOT", command("/weather@AURA_BOT")),
    "anything in private": IncomingMessage(private=True, text="hello", via_bot=True),
}
NOT_FOR_THE_BOT = {
    "a bare keyword": incoming("aura, are you there?"),
    "its name without a mention entity": incoming("@aura_bot"),
    "a mention of another": incoming("@aura_bot2 hi", mention("@aura_bot2 hi", "@aura_bot2")),
    "a text mention of another": incoming("Anna, hi", MessageEntity(EntityKind.TEXT_MENTION, 0, 4, user=8)),
    "a reply to another": incoming("and then?", replies_to=8),
    "a command of another bot": incoming("/weather", command("/weather")),
    "a command to another bot": incoming("/new@other_bot", command("/new@other_bot")),
    "a command to another bot as a reply to it": incoming("/new@other_bot", command("/new@other_bot"), replies_to=7),
    "another bot's mention": incoming("@aura_bot hi", mention("@aura_bot hi"), from_bot=True),
    "a linked channel's post": incoming("@aura_bot hi", mention("@aura_bot hi"), automatic=True),
    "another bot's words": incoming("@aura_bot hi", mention("@aura_bot hi"), via_bot=True),
    "another bot in private": IncomingMessage(private=True, text="hello", from_bot=True),
    "a service message": IncomingMessage(private=True, service=True),
}


@pytest.mark.parametrize("message", FOR_THE_BOT.values(), ids=FOR_THE_BOT.keys())
def test_for_the_bot(message: IncomingMessage) -> None:
    assert is_for_bot(message, ME, COMMANDS)


@pytest.mark.parametrize("message", NOT_FOR_THE_BOT.values(), ids=NOT_FOR_THE_BOT.keys())
def test_not_for_the_bot(message: IncomingMessage) -> None:
    assert not is_for_bot(message, ME, COMMANDS)


def test_only_a_command_at_the_beginning_is_one() -> None:
    assert command_of(incoming("try /new", MessageEntity(EntityKind.COMMAND, 4, 4))) is None
    assert command_of(incoming("/New@Aura_Bot x", MessageEntity(EntityKind.COMMAND, 0, 13))) == ("new", "aura_bot")


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
    entities = [
        MessageEntity(EntityKind.MENTION, 0, 9),
        MessageEntity(EntityKind.MENTION, 14, 5),
        MessageEntity(EntityKind.MENTION, 21, 9),
    ]
    assert without_names(text, entities, ME) == "ask @anna,"


@given(st.text(), st.text())
@settings(deadline=None, max_examples=50)
def test_words_around_a_mention_are_never_broken(before: str, after: str) -> None:
    text = f"{before}@aura_bot{after}"
    entity = MessageEntity(EntityKind.MENTION, len(before.encode("utf-16-le", "surrogatepass")) // 2, 9)
    rest = without_names(text, [entity], ME)
    assert "".join(rest.split()) in "".join((before + after).split())
