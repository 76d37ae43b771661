"""What all tests share."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from bot.logs import SecretsFormatter

pytest_plugins = ["tests.harness.databases"]

# A busy machine takes its time over an example: that is no fault of what is tested.
settings.register_profile(
    "patient", parent=settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
settings.register_profile("mutants", max_examples=30, deadline=None, derandomize=True, database=None)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Take back what the program's own set-up of logging has changed in this process."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    for handler in list(root.handlers):
        if isinstance(handler.formatter, SecretsFormatter):
            root.removeHandler(handler)
