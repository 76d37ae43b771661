"""Events that figures are made of. The parts of the program tell them; who counts them is wired in `bot/app.py`."""

from __future__ import annotations


class Observer:
    """Hears of what happens, and ignores it: nobody counts. `bot/metrics.py` counts.

    Every call comes from the event loop and returns at once. Durations are in seconds. No argument names a person or a
    chat, so that what is counted never grows with them.
    """

    def question_begun(self, kind: str) -> None:
        """Work on a question begins for the first time; `kind` is a TurnKind."""

    def answer_ended(self, model: str, ending: str, *, first_text: float | None, whole: float) -> None:
        """Note that an answer stands in its chat; durations since the question was asked. `ending` is an Ending."""

    def generator_failed(self, kind: str, *, tried_again: bool) -> None:
        """Note that the generator failed with an error of this class."""

    def slot_granted(self, resource: str, priority: str, waited: float) -> None:
        """Note that a call may go to Telegram."""

    def telegram_called(self, method: str, outcome: str, seconds: float) -> None:
        """Note a call and its outcome: ok, flood (429), refused, unreachable."""

    def telegram_held(self, method: str, seconds: float) -> None:
        """Telegram wants a pause after this method."""

    def database_used(self, purpose: str, seconds: float) -> None:
        """Note a transaction: read, write, or relaxed (one that does not wait for the disk)."""
