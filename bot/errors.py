"""Everything that can go wrong, as the rest of the program sees it.

Problem                          has a text for a person: `key` in the Fluent files, `details` as its arguments
├── SettingsProblem              the environment is wrong: named setting, what would be right
├── GeneratorProblem             who writes the answer failed; `retryable` says whether another try can help
│   ├── GeneratorUnreachable     no connection, a name that does not resolve
│   │   ├── CertificateRefused   the certificate of the server or the proxy is not trusted
│   │   └── ProxyUnreachable     the proxy does not answer, or gets no further
│   ├── GeneratorSilent          a time limit passed: headers, silence or the whole answer
│   ├── GeneratorBusy            429 or a full house; `retry_after` in seconds where it said so
│   ├── GeneratorBroken          5xx, HTML instead of text, a wire that makes no sense
│   │   └── GeneratorEmpty       an answer without a word
│   ├── InterruptedTooOften      the work on this answer failed, or its process died of it, too often
│   ├── GeneratorRefused         401, 403, a wrong key, an unknown model: a person has to change a setting
│   │   └── ProxyRefused         the proxy refuses the user name or password, or wants one
│   ├── CutInThoughts            the limit of tokens was used up before the answer began
│   ├── AnswerFiltered           the server's filter held the whole answer back
│   ├── QuestionTooLong          does not fit the model's context
│   └── BrowserMissing           the browser step needs a package that is not installed
├── TelegramProblem              a call to Telegram failed
│   ├── NotModified              the message already looks like that: fine
│   ├── MessageNotFound          the message to edit, delete or copy is not there, or that is not possible any more
│   ├── ReplyTargetNotFound      the message to reply to is not there
│   ├── TopicUnavailable         the topic was closed or deleted
│   ├── MessageTooLong           more text than a message takes
│   ├── BadMarkup                Telegram did not accept the entities
│   ├── ChatUnavailable          blocked, kicked, deleted, no right to write: nothing can be said there
│   │   └── MediaForbidden       only text may go there, or not this kind of media
│   ├── ChatMigrated             the group became a supergroup; `to` is its new id
│   ├── FloodWait                429: nothing may go there for `seconds`
│   ├── DraftRefused             drafts do not work in this chat
│   ├── AmbiguousOutcome         the connection broke: the call may or may not have had its effect
│   ├── Unauthorized             the token is wrong: the program has to stop
│   └── PollingConflict          409: another instance polls with this token
├── StorageUnavailable           the database cannot be reached or written just now
├── SchemaNewer                  the database was made by a newer version of this program
├── DatabaseInUse                another process holds this SQLite file
├── TooManyWaiting               as many questions wait in a chat as may
├── AnswerNotFound               the answer under a button was forgotten, taken out or pruned
└── LeaseLost                    the turn belongs to somebody else now: drop everything silently
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self


class Problem(Exception):
    """Something went wrong that a person can be told about.

    `key` names the sentence in the Fluent files, `details` are its arguments; the exception's own text is for the log
    and never holds a token, key or password.
    """

    key: ClassVar[str] = "problem"

    def __init__(self, message: str = "", **details: str | float) -> None:
        super().__init__(message or type(self).key)
        self.details = details


class SettingsProblem(Problem):
    """A setting of the environment is wrong; the message names it and says what would be right."""

    key = "problem-settings"


class GeneratorProblem(Problem):
    """The generator could not write the answer."""

    key = "problem-generator"
    retryable: ClassVar[bool] = False
    """True where the same request may succeed a little later."""
    tries: int = 1
    """Requests that were made for the answer, this one included."""
    cause_key: str = ""
    """The sentence of the cause in the Fluent files; empty: only its server has words for it."""
    place: str = ""
    """Host and port that the cause is about."""

    def because(self, cause_key: str, place: str = "") -> Self:
        """Name the cause, so that an admin reads it in their own language; the place stands in the text as well."""
        self.cause_key, self.place = cause_key, place
        if place:
            self.args = (f"{self} ({place})",)
        return self


class GeneratorUnreachable(GeneratorProblem):
    """No connection to the generator, or none through its proxy."""

    key = "problem-generator-unreachable"
    retryable = True


class CertificateRefused(GeneratorUnreachable):
    """The certificate of the server or the proxy is not trusted: the same would happen again."""

    retryable = False


class ProxyUnreachable(GeneratorUnreachable):
    """The generator's proxy does not answer, or cannot reach the generator."""

    key = "problem-proxy-unreachable"


class GeneratorSilent(GeneratorProblem):
    """A time limit passed: for the headers, for silence in the stream, or for the whole answer."""

    key = "problem-generator-silent"
    retryable = False


class GeneratorBusy(GeneratorProblem):
    """The generator has no place just now. `retry_after` is in seconds, where it said so."""

    key = "problem-generator-busy"
    retryable = True

    def __init__(self, message: str = "", *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class GeneratorBroken(GeneratorProblem):
    """The generator answered, but not with an answer: 5xx, HTML, a wire that makes no sense."""

    key = "problem-generator-broken"
    retryable = True


class GeneratorEmpty(GeneratorBroken):
    """The generator answered with nothing at all. To ▸ that says that there is nothing to add."""


class InterruptedTooOften(GeneratorProblem):
    """The work on this answer failed, or its process died with it alone, as often as is tried."""

    key = "problem-interrupted"


class GeneratorRefused(GeneratorProblem):
    """The generator will not serve this configuration: a wrong key, no access, an unknown model."""

    key = "problem-generator-refused"


class ProxyRefused(GeneratorRefused):
    """The generator's proxy refuses the user name or password, or wants one."""

    key = "problem-proxy-refused"


class CutInThoughts(GeneratorProblem):
    """The limit of tokens was used up by thoughts, before the answer began: the same would happen again."""

    key = "problem-cut-in-thoughts"


class AnswerFiltered(GeneratorProblem):
    """The server's content filter held the whole answer back."""

    key = "problem-answer-filtered"


class QuestionTooLong(GeneratorProblem):
    """The newest question does not fit the model's context."""

    key = "problem-question-too-long"


class BrowserMissing(GeneratorProblem):
    """The browser step needs a package that is not installed; the message names it."""

    key = "problem-browser-missing"


class TelegramProblem(Problem):
    """A call to Telegram failed in a way that has no class of its own."""

    key = "problem-telegram"


class NotModified(TelegramProblem):
    """The message already looks exactly like that."""


class MessageNotFound(TelegramProblem):
    """The message to edit, delete or copy does not exist, or that can't be done with it any more."""


class ReplyTargetNotFound(TelegramProblem):
    """The message to reply to does not exist."""


class TopicUnavailable(TelegramProblem):
    """The topic was closed or deleted."""


class MessageTooLong(TelegramProblem):
    """More text than one message takes."""


class BadMarkup(TelegramProblem):
    """Telegram did not accept the entities."""


class ChatUnavailable(TelegramProblem):
    """Nothing can be said in this chat any more: blocked, kicked, deleted, no right to write."""


class MediaForbidden(ChatUnavailable):
    """Only text may be sent in this chat, or not this kind of media."""


class ChatMigrated(TelegramProblem):
    """The group became a supergroup with the id `to`."""

    def __init__(self, message: str = "", *, to: int) -> None:
        super().__init__(message)
        self.to = to


class FloodWait(TelegramProblem):
    """Flood control: nothing may go to this chat for `seconds`."""

    def __init__(self, message: str = "", *, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


class DraftRefused(TelegramProblem):
    """Telegram's own streaming does not work in this chat."""


class AmbiguousOutcome(TelegramProblem):
    """The connection broke or Telegram failed: the call may or may not have had its effect."""


class Unauthorized(TelegramProblem):
    """Telegram does not know this token: the program has to stop."""

    key = "problem-unauthorized"


class PollingConflict(TelegramProblem):
    """Another instance of the program polls with the same token."""

    key = "problem-other-instance"


class StorageUnavailable(Problem):
    """The database cannot be reached or written just now; what was not stored was not accepted."""

    key = "problem-storage"


class SchemaNewer(Problem):
    """The database was made by a newer version of this program."""

    key = "problem-schema-newer"


class DatabaseInUse(Problem):
    """Another process holds this SQLite file."""

    key = "problem-database-in-use"


class TooManyWaiting(Problem):
    """As many questions of a person or of a chat wait as may; `limit` says how many, `whose` which of the two."""

    key = "problem-too-many-waiting"

    def __init__(self, *, limit: int, whose: Literal["person", "chat"]) -> None:
        super().__init__(f"{limit} questions of this {whose} wait already", limit=limit, whose=whose)
        self.limit = limit


class AnswerNotFound(Problem):
    """The answer was forgotten, taken out or pruned: nothing can be done with it any more."""

    key = "problem-answer-gone"


class LeaseLost(Problem):
    """The turn belongs to another process now: whoever sees this drops everything silently."""

    key = "problem-lease-lost"
