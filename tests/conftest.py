"""What all tests share."""

from hypothesis import settings

pytest_plugins = ["tests.harness.databases"]

settings.register_profile("mutants", max_examples=30, deadline=None, derandomize=True, database=None)
