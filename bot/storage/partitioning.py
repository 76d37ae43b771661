"""Home of each chat while several replicas live: there its answers are written and its budget is kept."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class ChatPartitioning:
    """Rendezvous hashing of chats over the replicas that live: a join or a leave moves only that replica's share.

    Every replica that sees the same others comes to the same homes.
    """

    me: str
    owners: tuple[str, ...]
    """Everybody who lives, in the order of their names, `me` included."""

    @classmethod
    def among(cls, me: str, living: list[str]) -> ChatPartitioning:
        """`me` and whoever else lives."""
        return cls(me, tuple(sorted({me, *living})))

    def of(self, chat: int) -> str:
        """The replica that is to write the answers in this chat: the one whose weight for it is the highest."""
        if len(self.owners) == 1:
            return self.owners[0]
        return max(self.owners, key=lambda owner: (_weight(owner, chat), owner))


def _weight(owner: str, chat: int) -> bytes:
    return blake2b(f"{owner}\n{chat}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
