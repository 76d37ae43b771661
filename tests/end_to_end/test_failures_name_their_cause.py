"""Twelve failures of everyday life: what an administrator sees of each names its cause, and what to look at."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pytest

from tests.failures.evidence import evidence_of
from tests.failures.scenes import FAILURES
from tests.harness.scene import Scene


@dataclass(frozen=True)
class Named:
    """Words that the chat, the log and the check have to have."""

    chat: tuple[str, ...] = ()
    log: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    hidden: tuple[str, ...] = field(default=("Traceback", "sk-prod-0123456789abcdef"))
    """Words that none of them may have."""


EXPECTED = {
    "wrong_key": Named(
        ("Incorrect API key provided: ***", "Check the key"), ("GeneratorRefused: 401",), ("OPENAI_API_KEY",)
    ),
    "model_down": Named(
        ("nobody listens there", "See whether its server runs"), ("GeneratorUnreachable",), ("check AURA_URL",)
    ),
    "context_too_small": Named(
        ("the model reads 1024; CONTEXT_TOKENS is 8192",), ("says how much it reads: CONTEXT_TOKENS=1024",)
    ),
    "disk_full": Named(
        ("I cannot store anything: the disk with the database is full",),
        ("The database cannot be used: OperationalError",),
    ),
    "database_gone": Named(
        ("I cannot store anything: no connection to the database",),
        ("no connection to the database",),
        ("WRONG  database: no connection to the database", "check DATABASE_URL"),
    ),
    "telegram_unreachable": Named(
        log=("Telegram cannot be reached",), check=("WRONG  telegram: not reached", "TELEGRAM_PROXY")
    ),
    "flood": Named(log=("chat 1001: Telegram wants a pause of 300 s",)),
    "proxy_dead": Named(("The proxy to the model does not work", "/proxy test"), ("ProxyUnreachable",), ("PROXY",)),
    "broken_persona_file": Named(
        log=("PERSONAS_FILE", "line 2"),
        check=("WRONG  settings: PERSONAS_FILE", "line 2", "look   generator: not tried, see settings"),
    ),
    "expired_certificate": Named(
        ("The certificate of the model's server", "certificate has expired"), ("CertificateRefused",), ("has expired",)
    ),
    "webhook_refused": Named(
        ("Telegram cannot deliver messages to me", "404", "WEBHOOK_URL"),
        ("cannot deliver to the webhook", "404"),
        ("WRONG  updates: Telegram cannot deliver to the webhook", "404"),
    ),
    "two_instances": Named(("A second program uses my token",), ("Another instance of this bot is polling",)),
}


def test_every_failure_has_its_words() -> None:
    assert set(EXPECTED) == set(FAILURES)


@pytest.mark.parametrize("name", FAILURES)
async def test_an_administrator_reads_the_cause(scene: Scene, name: str) -> None:
    if name == "database_gone" and os.geteuid() == 0 and os.environ.get("CI") != "true":
        pytest.skip("as root PostgreSQL adds a system user and opens folders: only where CI=true")
    seen, expected = await evidence_of(FAILURES[name], scene), EXPECTED[name]
    for kind in ("chat", "log", "check"):
        text: str = getattr(seen, kind)
        assert [words for words in getattr(expected, kind) if words not in text] == [], text
        assert [words for words in expected.hidden if words in text] == []
