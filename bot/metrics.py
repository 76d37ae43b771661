"""Figures for a monitor: what `/metrics` says, in Prometheus' text format.

Imported only where somebody may ask for them: the library takes a while to load. The names stay: dashboards and alerts
of others rely on them (`deploy/`).
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from bot import __version__
from bot.errors import StorageUnavailable
from bot.runtime.observer import Observer

Metric = TypeVar("Metric", Counter, Histogram)

ANSWER_SECONDS = (0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600)
CALL_SECONDS = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
WAIT_SECONDS = (0.01, 0.1, 0.5, 1, 2, 3, 5, 10, 20, 40, 60, 300)
DATABASE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
MAX_MODELS = 30
"""Models with figures of their own; admins can type any name, and those beyond count as `other`."""
QUEUE_TIMEOUT = 2.0
"""Seconds that the database may take to say how long the queue is, while a monitor waits."""


class Metrics(Observer):
    """Counts what it hears in a registry of its own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._models: set[str] = set()
        self._children: dict[tuple[Any, ...], Any] = {}
        self._questions = Counter(
            "aura_questions", "Questions whose work has begun, by what is to be done", ["kind"], registry=registry
        )
        self._answers = Counter(
            "aura_answers",
            "Answers that stand in their chat, by model and ending",
            ["model", "ending"],
            registry=registry,
        )
        self._first_text = Histogram(
            "aura_first_text_seconds",
            "From the question to the first text that the model wrote",
            ["model"],
            buckets=ANSWER_SECONDS,
            registry=registry,
        )
        self._whole = Histogram(
            "aura_answer_seconds",
            "From the question to the last edit of its answer",
            ["model"],
            buckets=ANSWER_SECONDS,
            registry=registry,
        )
        self._failures = Counter(
            "aura_generator_failures", "Failures of the generator, by kind", ["kind", "tried_again"], registry=registry
        )
        self._slot_waits = Histogram(
            "aura_slot_wait_seconds",
            "Waiting for a slot in Telegram's budgets",
            ["resource", "priority"],
            buckets=WAIT_SECONDS,
            registry=registry,
        )
        self._calls = Counter(
            "aura_telegram_calls", "Calls to Telegram, by method and outcome", ["method", "outcome"], registry=registry
        )
        self._call_seconds = Histogram(
            "aura_telegram_call_seconds",
            "Duration of calls to Telegram",
            ["method"],
            buckets=CALL_SECONDS,
            registry=registry,
        )
        self._holds = Counter(
            "aura_telegram_hold_seconds", "Pauses that Telegram wanted (429), by method", ["method"], registry=registry
        )
        self._database = Histogram(
            "aura_database_seconds",
            "Duration of transactions, the waiting for their turn included",
            ["purpose"],
            buckets=DATABASE_SECONDS,
            registry=registry,
        )
        self._in_progress = Gauge("aura_answers_in_progress", "Answers that this process writes now", registry=registry)
        self._queue = Gauge(
            "aura_questions_waiting", "Questions that wait for their turn, in all replicas", registry=registry
        )
        self._poll_age = Gauge(
            "aura_updates_age_seconds", "Since the last answered poll or delivered webhook", registry=registry
        )
        build = Gauge("aura_build", "The running version", ["version"], registry=registry)
        build.labels(__version__).set(1)

    def question_begun(self, kind: str) -> None:
        """Count it."""
        self._of(self._questions, kind).inc()

    def answer_ended(self, model: str, ending: str, *, first_text: float | None, whole: float) -> None:
        """Count it, and how long it took."""
        name = self._model(model)
        self._of(self._answers, name, ending).inc()
        self._of(self._whole, name).observe(whole)
        if first_text is not None:
            self._of(self._first_text, name).observe(first_text)

    def generator_failed(self, kind: str, *, tried_again: bool) -> None:
        """Count it."""
        self._of(self._failures, kind, str(tried_again).lower()).inc()

    def slot_granted(self, resource: str, priority: str, waited: float) -> None:
        """Count it, and how long it took."""
        self._of(self._slot_waits, resource, priority).observe(waited)

    def telegram_called(self, method: str, outcome: str, seconds: float) -> None:
        """Count it, and how long it took."""
        self._of(self._calls, method, outcome).inc()
        self._of(self._call_seconds, method).observe(seconds)

    def telegram_held(self, method: str, seconds: float) -> None:
        """Add it up."""
        self._of(self._holds, method).inc(seconds)

    def database_used(self, purpose: str, seconds: float) -> None:
        """Count it, and how long it took."""
        self._of(self._database, purpose).observe(seconds)

    def scraping(
        self, waiting: Callable[[], Awaitable[int]], in_progress: Callable[[], int]
    ) -> Callable[[float | None], Awaitable[bytes]]:
        """Give the function that a monitor's question calls: it asks for what is only known by asking.

        Where the database does not answer, the queue's length is NaN.
        """

        async def scrape(updates_age: float | None) -> bytes:
            self._in_progress.set(in_progress())
            self._poll_age.set(math.nan if updates_age is None else updates_age)
            try:
                async with asyncio.timeout(QUEUE_TIMEOUT):
                    self._queue.set(await waiting())
            except (StorageUnavailable, TimeoutError):
                self._queue.set(math.nan)
            return generate_latest(self._registry)

        return scrape

    def _of(self, metric: Metric, *labels: str) -> Metric:
        """Give a metric's part for these labels. Looking it up in the library costs more than the counting."""
        key = (metric, *labels)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = metric.labels(*labels)
        return cast("Metric", child)

    def _model(self, name: str) -> str:
        if name not in self._models and len(self._models) >= MAX_MODELS:
            return "other"
        self._models.add(name)
        return name or "default"
