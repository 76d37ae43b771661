"""The models that endpoints list, for `/model` to offer beside the entries of `models.toml`."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

from bot.errors import GeneratorProblem
from bot.models.catalog import ModelCatalog
from bot.models.entry import MAX_MODEL_ID, ModelEntry
from bot.net.proxy_url import ProxyURL
from bot.runtime.task_supervisor import StartTask

logger = logging.getLogger(__name__)

LIST_LIFETIME = 600.0
"""Seconds for which a list counts."""
LIST_RETRY_DELAY = 60.0
"""Seconds after a failure until the endpoint is asked again; its former list counts meanwhile."""
MAX_OFFERED = 200
"""Models of one endpoint that are offered: 25 pages."""


@dataclass(slots=True)
class _Due:
    """The time from which a list is asked for again."""

    at: float = -math.inf
    fails: bool = False


class ModelLists:
    """Asks for the lists in tasks of their own, so that nobody waits for them. `clock` is monotonic, in seconds."""

    def __init__(self, models: ModelCatalog, start: StartTask, *, clock: Callable[[], float]) -> None:
        self._models = models
        self._start = start
        self._clock = clock
        self._due = {entry.id: _Due() for entry in models.entries if entry.listed}

    def refresh(self, proxy: ProxyURL | None) -> None:
        """Ask for each list that is too old, through the entry's own proxy or this one."""
        for entry in self._models.entries:
            due = self._due.get(entry.id)
            if due is not None and self._clock() >= due.at:
                due.at = self._clock() + LIST_LIFETIME  # nobody else asks meanwhile
                self._start(self._fetch(entry, due, proxy), name=f"list the models of {entry.id}")

    async def _fetch(self, entry: ModelEntry, due: _Due, proxy: ProxyURL | None) -> None:
        try:
            names = await self._models.client(entry).models(proxy=entry.route(proxy))
        except GeneratorProblem as problem:
            due.at = self._clock() + LIST_RETRY_DELAY
            if not due.fails:  # one line for an outage
                logger.warning("[%s] does not list its models: %s", entry.id, problem)
            due.fails = True
            return
        due.fails = False
        offered = [name for name in names if entry.lists(name) and len(name) <= MAX_MODEL_ID]
        if len(offered) > MAX_OFFERED:
            logger.info("[%s] lists %d models; the first %d are offered", entry.id, len(offered), MAX_OFFERED)
        self._models.list_models(entry, offered[:MAX_OFFERED])
