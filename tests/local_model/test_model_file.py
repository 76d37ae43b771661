from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_model.engine import exit_reason
from local_model.errors import LocalModelError
from local_model.model_file import find_model, human_name


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def gguf(*entries: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(entries)) + b"".join(entries)


ENTRIES = [
    text("general.architecture") + struct.pack("<I", 8) + text("llama"),
    text("general.languages") + struct.pack("<IIQ", 9, 8, 2) + text("en") + text("ru"),
    text("general.sizes") + struct.pack("<IIQ", 9, 4, 3) + struct.pack("<III", 1, 2, 3),
    text("general.nested") + struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ", 7, 2) + b"\0\1",
    text("general.rope") + struct.pack("<If", 6, 1.5),
    text("llama.context_length") + struct.pack("<II", 4, 8192),
]


def test_the_trained_context_is_read_from_the_header(tmp_path: Path) -> None:
    path = tmp_path / "openchat-3.6-8b.Q4_K_M.gguf"
    path.write_bytes(gguf(*ENTRIES))
    model = find_model(path)
    assert (model.trained_context, model.packaged, model.name) == (8192, False, "openchat-3.6-8b")


def test_a_header_without_a_context_length_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(ENTRIES[0]))
    assert find_model(path).trained_context is None


@pytest.mark.parametrize(
    "content", [b"", b"GG", b"GGML" + bytes(100), b"GGUF", gguf(*ENTRIES)[:90], b"GGUF" + b"\xff" * 99]
)
def test_what_is_no_gguf_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    with pytest.raises(LocalModelError, match=r"not a GGUF file, or a damaged one: m\.gguf"):
        find_model(path)


@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=100)
def test_a_damaged_header_is_refused_or_read(tmp_path_factory: pytest.TempPathFactory, damage: bytes) -> None:
    path = tmp_path_factory.mktemp("damaged") / "m.gguf"
    path.write_bytes(gguf(*ENTRIES)[: 30 + len(damage)] + damage)
    with suppress(LocalModelError):
        assert find_model(path).path == path


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(LocalModelError, match=r"no such model file: none\.gguf"):
        find_model(tmp_path / "none.gguf")
    with pytest.raises(LocalModelError, match="the model is a folder"):
        find_model(tmp_path)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct"),
        ("openchat-3.6-8b-20240522-Q5_K_M.gguf", "openchat-3.6-8b-20240522"),
        ("big-IQ2_XS-00001-of-00003.gguf", "big"),
        ("model.f16.gguf", "model"),
        ("Q4_0.gguf", "Q4_0"),
    ],
)
def test_people_read_the_models_name_without_how_it_was_packed(file: str, name: str) -> None:
    assert human_name(Path(file)) == name


@pytest.mark.parametrize(
    ("code", "failed", "output", "reason"),
    [
        (1, "Failed to init server", ["0.00.031.148 E llama_model_load: error loading model: too short"], "too short"),
        (-6, "", ["terminate called after throwing an instance of 'std::bad_alloc'"], "out of memory"),
        (1, "Failed", ["0.00.1 E ggml: failed to allocate buffer of size 9"], "out of memory"),
        (-9, "", [], "killed, probably because the memory is full"),
        (-11, "", [], "it crashed (signal 11)"),
        (1, "libgomp1 is missing", ["something"], "libgomp1 is missing"),
        (3, "", ["last words"], "last words"),
        (3, "", [], "it ended with status 3"),
    ],
)
def test_why_the_engine_has_ended_is_said_in_one_line(code: int, failed: str, output: list[str], reason: str) -> None:
    assert exit_reason(code, failed, output) == reason
