"""The catalog of the models that may answer: finds the chosen one, and owns a client for each.

What is chosen is stored as text: `@id` is an entry of `models.toml`, `@id:name` a model that its endpoint lists, any
other text is a model's name as the default entry's server knows it, and nothing is the default entry.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from bot.generators.client import AnswerLimit, GeneratorClient, GeneratorConfig, ProbeManner
from bot.generators.factory import EmbeddedModel
from bot.models.entry import ModelEntry, shown_name
from bot.net.kept_connections import KeptConnections
from bot.net.proxy_url import ProxyURL

_CHOSEN = re.compile(r"@([a-z0-9_-]{1,24})(?::(.+))?")


class NamedModel(EmbeddedModel, Protocol):
    """The embedded model, and its name."""

    @property
    def name(self) -> str:
        """The model's name."""
        ...


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The entry that answers, and the model's name there."""

    entry: ModelEntry
    model: str
    """Empty: whatever the generator takes by itself."""
    missing: str = ""
    """The id of the entry that was chosen and is there no more; this one stands in for it."""

    @property
    def choice(self) -> str:
        """The text by which this model is stored as a choice."""
        if self.model == self.entry.config.model:
            return chosen_form(self.entry)
        return f"{chosen_form(self.entry)}:{self.model}" if self.entry.listed else self.model

    @property
    def label(self) -> str:
        """The name that people read, and that is stored beside each answer."""
        own = self.model == self.entry.config.model
        return self.entry.name if own and self.entry.name else shown_name(self.model) or self.entry.config.kind.name


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that somebody may choose, as it stands on a button."""

    id: str
    """The name in a button's data: an entry's id, with a digest of the name where an endpoint listed it."""
    model: str
    """The model's name there; of an entry, the entry's."""
    choice: str
    """The text that is stored."""

    @property
    def name(self) -> str:
        """The name that people read."""
        return shown_name(self.model)


def chosen_form(entry: ModelEntry) -> str:
    """The text by which an entry is stored as somebody's choice."""
    return f"@{entry.id}" if entry.id else ""


class ModelCatalog:
    """The entries, the default one first. Clients are made when they are first needed, and closed here."""

    def __init__(
        self,
        entries: Sequence[ModelEntry],
        embedded: NamedModel | None = None,
        *,
        make: Callable[[GeneratorConfig], GeneratorClient] | None = None,
    ) -> None:
        """Take one entry at least. `embedded` answers for the entries without an address."""
        self._entries = {entry.id: _reaching(entry, embedded) for entry in entries}
        self.default = self._entries[entries[0].id]
        """The entry that answers where nothing is chosen."""
        self._connections = KeptConnections()
        self._make = make or partial(GeneratorClient, connections=self._connections)
        self._clients: dict[str, GeneratorClient] = {}
        self._listed: dict[str, tuple[Offer, ...]] = {}

    @property
    def entries(self) -> tuple[ModelEntry, ...]:
        """Every entry, in the order of the file."""
        return tuple(self._entries.values())

    @property
    def is_from_file(self) -> bool:
        """True where `models.toml` is there; else the environment's settings are the one entry."""
        return bool(self.default.id)

    @property
    def answers_alone(self) -> bool:
        """True where the program's own model is the only one, whatever name is chosen."""
        return self.default.config.embedded and not self.is_from_file

    @property
    def sees_pictures(self) -> bool:
        """True where one of the models sees pictures."""
        return any(entry.sees_pictures for entry in self.entries)

    def find(self, id_: str) -> ModelEntry | None:
        """Find an entry."""
        return self._entries.get(id_)

    def offered(self, *, admin: bool) -> list[ModelEntry]:
        """The entries that somebody may choose."""
        return [entry for entry in self.entries if admin or entry.users == "everyone"]

    def offers(self, *, admin: bool) -> list[Offer]:
        """The models that somebody may choose: entries, each followed by what its endpoint lists."""
        found = []
        for entry in self.offered(admin=admin):
            found.append(Offer(entry.id, entry.name, chosen_form(entry)))
            found += self._listed.get(entry.id, ())
        return found

    def resolve(self, chosen: str) -> ChosenModel:
        """Find the model that a stored choice means; one that went away is answered for by the default."""
        match = _CHOSEN.fullmatch(chosen)
        if match is not None and self.is_from_file:
            entry = self._entries.get(match[1])
            if entry is not None and (not match[2] or entry.lists(match[2])):
                return ChosenModel(entry, match[2] or entry.config.model)
            return ChosenModel(self.default, self.default.config.model, missing=match[1])
        own = self.default.config.model
        return ChosenModel(self.default, own if self.answers_alone else chosen or own)

    def list_models(self, entry: ModelEntry, names: Sequence[str]) -> None:
        """Offer these models of an entry's endpoint beside the entry, from now on."""
        own = entry.config.model
        self._listed[entry.id] = tuple(
            Offer(f"{entry.id}/{_digest(name)}", name, ChosenModel(entry, name).choice) for name in names if name != own
        )

    def client(self, entry: ModelEntry) -> GeneratorClient:
        """The client of an entry. Raises SettingsProblem for an import path that leads to no class."""
        client = self._clients.get(entry.id)
        if client is None:
            client = self._clients[entry.id] = self._make(entry.config)
            client.leave_out(entry.config.model, entry.not_taken)
        return client

    def limit_of(self, choice: str, max_tokens: int) -> AnswerLimit:
        """Tell what a limit of an answer means on the model of a choice."""
        chosen = self.resolve(choice)
        return self.client(chosen.entry).answer_limit(max_tokens, chosen.model or None)

    async def probe(
        self, *, proxy: ProxyURL | None = None, model: str | None = None, manner: ProbeManner | None = None
    ) -> None:
        """Ask the model that a choice means for a first piece, through its own proxy or this one.

        Raises GeneratorProblem.
        """
        chosen = self.resolve(model or "")
        await self.client(chosen.entry).probe(
            proxy=chosen.entry.route(proxy), model=chosen.model or None, manner=manner
        )

    async def aclose(self) -> None:
        """Close every client, and the connections that they have kept."""
        for client in self._clients.values():
            await client.aclose()
        await self._connections.aclose()


def _digest(name: str) -> str:
    """Give eight characters that stand for a model's name on a button; names themselves may be too long for one."""
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _reaching(entry: ModelEntry, embedded: NamedModel | None) -> ModelEntry:
    """Lead an entry without an address to the embedded model."""
    if embedded is None or not entry.is_embedded:
        return entry
    config = replace(
        entry.config,
        url=embedded.url,
        model=entry.config.model or embedded.name,
        context_tokens=min(entry.config.context_tokens, embedded.context_tokens),
        embedded=True,
    )
    return replace(entry, config=config, has_proxy=True, proxy=None)
