"""aiogram with its models built when they are first used, not all of them while it is imported.

aiogram's types ask pydantic to build lazily (`defer_build`), and then its package `types` ends by building every one of
them, some 400: most of the time and memory of the program's start, for a hundred that it uses. So while aiogram is
imported, the wish to build is only noted, with the names that the annotations need; afterwards each class builds itself
with these names when something is first read or written with it, as pydantic does for any class that is not complete.
This touches private ways of two libraries: where one of them is not as expected, everything is built at once, as
aiogram means it.
"""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from pydantic import BaseModel

logger = logging.getLogger(__name__)

Model = type[BaseModel]
Rebuild = Callable[..., bool | None]
"""`BaseModel.model_rebuild` as a plain function of the class."""

_BASES = (
    ("aiogram.types.base", "TelegramObject"),
    ("aiogram.methods.base", "TelegramMethod"),
    ("aiogram.methods.base", "Response"),
)
"""Classes whose subclasses refer to types by their names alone."""


def import_aiogram() -> bool:
    """Import aiogram with lazy models. False: it was imported already, or has built its models at once."""
    if "aiogram" in sys.modules:
        return False
    try:
        rebuild: Rebuild = BaseModel.__dict__["model_rebuild"].__func__
    except (KeyError, AttributeError) as error:
        return _as_aiogram_means_it(error)
    names: dict[str, Any] = {}
    waiting: list[Model] = []

    def note(cls: Model, /, **options: Any) -> bool | None:  # noqa: ANN401  # pydantic's own options
        if not options.get("_types_namespace") or not cls.__module__.startswith("aiogram."):
            return rebuild(cls, **options)
        names.update(options["_types_namespace"])
        waiting.append(cls)
        return None

    _put(BaseModel, note)
    try:
        importlib.import_module("aiogram")
    finally:
        _put(BaseModel, rebuild)
    if not names:
        return _as_aiogram_means_it("it does not build its models itself")
    lock = threading.RLock()
    try:
        for module, name in _BASES:
            _build_on_demand(getattr(sys.modules[module], name), rebuild, names, lock)
    except (AttributeError, KeyError, TypeError) as error:
        for cls in waiting:
            rebuild(cls, _types_namespace=names)
        return _as_aiogram_means_it(error)
    return True


def _as_aiogram_means_it(reason: object) -> bool:
    logger.warning("aiogram builds its models at once, which takes longer: %r", reason)
    return False


def _build_on_demand(
    base: Model, rebuild: Rebuild, names: Mapping[str, Any], lock: AbstractContextManager[object]
) -> None:
    """Let the subclasses of `base` find these names, whoever wants them built; threads build one after another."""

    def rebuild_with_names(cls: Model, /, **options: Any) -> bool | None:  # noqa: ANN401  # pydantic's own options
        with lock:
            return rebuild(cls, **{**options, "_types_namespace": {**names, **(options.get("_types_namespace") or {})}})

    _put(base, rebuild_with_names)


def _put(cls: Model, rebuild: Rebuild) -> None:
    type.__setattr__(cls, "model_rebuild", classmethod(rebuild))
