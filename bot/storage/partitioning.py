"""Where a chat is at home while several replicas live: there its answers are written and its budget is kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChatPartitioning:
    """Who lives, and which of them is `me`. Every replica that sees the same others comes to the same homes."""

    me: str
    owners: tuple[str, ...]
    """Everybody who lives, in the order of their names, `me` included."""

    @classmethod
    def among(cls, me: str, living: list[str]) -> ChatPartitioning:
        """`me` and whoever else lives."""
        return cls(me, tuple(sorted({me, *living})))

    def of(self, chat: int) -> str:
        """Who is to write the answers in this chat."""
        return self.owners[abs(chat) % len(self.owners)]

    @property
    def rank(self) -> int:
        """The chats whose number leaves this, divided by how many live, are mine."""
        return self.owners.index(self.me)
