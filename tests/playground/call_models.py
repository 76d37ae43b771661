"""Holds every request of the bot against aiogram's own method models."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import aiogram.methods
from aiogram.methods import TelegramMethod
from pydantic import ValidationError


@cache
def _models() -> dict[str, type[TelegramMethod[Any]]]:
    found = (getattr(aiogram.methods, name) for name in aiogram.methods.__all__)
    return {
        model.__api_method__.lower(): model
        for model in found
        if isinstance(getattr(model, "__api_method__", None), str)
    }


def problem_of(method: str, values: Mapping[str, Any]) -> str:
    """Say what is wrong with a request; empty where nothing is."""
    model = _models().get(method.lower())
    if model is None:
        return f"{method}: there is no such method"
    unknown = set(values) - set(model.model_fields)
    # A file's own part of a form has a made-up name, which some field refers to.
    attached = {str(value).removeprefix("attach://") for value in values.values() if str(value).startswith("attach://")}
    if unknown - attached:
        return f"{method}: unknown parameters {sorted(unknown - attached)}"
    try:
        model.model_validate({name: _decoded(name, value) for name, value in values.items()})
    except ValidationError as error:
        return f"{method}: {error}"
    return ""


def _decoded(name: str, value: object) -> object:
    if name in {"text", "caption"} or not isinstance(value, str) or not value.startswith(("{", "[")):
        return value
    decoded: object = json.loads(value)
    return decoded
