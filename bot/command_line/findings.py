"""Findings of a check that are more than a line that all is well."""

from __future__ import annotations


class Wrong(Exception):
    """Something does not work: what, which variable, and what to do."""


class Doubtful(Exception):
    """Something to look at that another part of the check judges, or that passes by itself."""
