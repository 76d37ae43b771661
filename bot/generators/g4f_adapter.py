"""Classes of other people with g4f's contract: how they are found, called, and what their pieces mean."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal, cast

from bot.errors import GeneratorBroken, SettingsProblem
from bot.generators.contract import Finish, Generator, Piece, Thought, Unseen, Usage
from bot.generators.error_classifier import one_line

CLASS_EXAMPLE = "GENERATOR=g4f.Provider:Name"
_SHOWN = {"MediaResponse", "Sources", "SourceLink"}
"""g4f's objects that show themselves as Markdown."""
_CUT = {"length", "max_tokens", "MAX_TOKENS"}


def load(path: str) -> Generator:
    """Import `module:Class`. Raises SettingsProblem, which says what is wrong with the path."""
    module_name, _, attributes = path.partition(":")
    if not module_name or not attributes:
        raise SettingsProblem(f"GENERATOR: {one_line(path)!r} is no import path; write it like {CLASS_EXAMPLE}")
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:  # whatever the module does when it is imported, a person has to read what is wrong
        why = one_line(f"{type(error).__name__}: {error}")
        raise SettingsProblem(f"GENERATOR: cannot import {module_name} ({why}); is the package installed?") from error
    for name in attributes.split("."):
        found = getattr(found, name, None)
    if not callable(getattr(found, "create_async_generator", None)):
        raise SettingsProblem(
            f"GENERATOR: {one_line(path)} has no create_async_generator; write the path of a class like {CLASS_EXAMPLE}"
        )
    return cast("Generator", found)


async def call(generator: Generator, arguments: Mapping[str, Any]) -> AsyncIterator[Any]:
    """Start a generator with the arguments that it can take."""
    result: Any = generator.create_async_generator(**_accepted(generator, arguments))
    if inspect.isawaitable(result):  # some write it as a coroutine that gives the generator
        result = await result
    if not hasattr(result, "__anext__"):
        if not hasattr(result, "__aiter__"):
            raise GeneratorBroken("create_async_generator gives no async generator")
        result = aiter(result)
    return cast("AsyncIterator[Any]", result)


def as_piece(value: object) -> Piece | None:
    """Say in our words what a foreign generator yields; None for what is not meant for people.

    g4f yields raw events, usage, titles and more between the text; of its objects only these have text to show.
    """
    if isinstance(value, str | Thought | Finish | Usage | Unseen):
        return value
    names = {kind.__name__ for kind in type(value).__mro__}
    if "FinishReason" in names:
        reason: Literal["stop", "length"] = "length" if getattr(value, "reason", "") in _CUT else "stop"
        return Finish(reason)
    if "Reasoning" in names:
        thought = getattr(value, "token", None) or getattr(value, "status", None)
        return Thought(str(thought)) if thought else None
    return str(value) if names & _SHOWN else None


def _accepted(generator: Generator, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what the signature has no name for, where it does not take everything."""
    try:
        parameters = inspect.signature(generator.create_async_generator).parameters
    except (TypeError, ValueError):
        return dict(arguments)
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return dict(arguments)
    return {name: value for name, value in arguments.items() if name in parameters}
