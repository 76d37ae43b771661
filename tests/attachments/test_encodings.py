"""Text files in whatever encoding they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.attachments.formats.encodings import decode

RUSSIAN = "Съешь ещё этих мягких французских булок, да выпей чаю"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "cp1251", "koi8-r"]
)
def test_every_usual_encoding_of_russian_is_read(encoding: str) -> None:
    assert decode(RUSSIAN.encode(encoding)) == RUSSIAN


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("你好，世界。这是一个测试文件。", "gbk"),
        ("这是一个用来测试的文件，里面有一些中文。第二行也有文字。", "gb18030"),
        ("名前,年齢\n太郎,20", "shift_jis"),
        ("これは日本語のテキストファイルです。文字化けしません。", "shift_jis"),
        ("これは日本語のテキストファイルです。文字化けしません。", "euc-jp"),
        ("안녕하세요 세계, 이것은 시험 파일입니다", "euc-kr"),
        ("Grüße aus München, schöne Straße", "latin-1"),
        ("Où est le garçon ? À l'été, près de la forêt.", "cp1252"),
        ("El niño comió piñas — ¿cuántas?", "cp1252"),
        ("Zażółć gęślą jaźń", "cp1250"),
        ("Ελληνικά γράμματα και λέξεις", "iso8859-7"),
        ("hello world", "utf-16-le"),
        ("hello world", "utf-16-be"),
        ("Привет", "cp1251"),
        ("ok: да, нет", "cp1251"),
        ("Привет, мир", "cp866"),
        ("", "ascii"),
    ],
)
def test_other_encodings_are_told_apart(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("строка один\nтекст".encode() + b"\xff\n ok", "строка один\nтекст\ufffd\n ok"),
        ("Grüße aus München, schöne Straße".encode() + b"\xe4", "Grüße aus München, schöne Straße\ufffd"),
        ("你好，世界。这是一个测试文件。".encode()[:-1], "你好，世界。这是一个测试文件\ufffd"),
    ],
)
def test_damaged_utf8_stays_utf8(content: bytes, text: str) -> None:
    assert decode(content) == text


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x00\x00",
        b"\xff\xfe\x00",
        bytes(range(256)) * 4,
        b"\x7fELF\x02\x01\x01" + bytes(9),
        bytes((i * 37) % 256 for i in range(1, 2000)),
    ],
)
def test_what_is_no_text_is_told(content: bytes) -> None:
    assert decode(content) is None


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=300))
def test_valid_utf8_is_never_read_as_anything_else(text: str) -> None:
    if not text.startswith("\ufeff"):
        assert decode(text.encode()) == text


@given(st.binary(max_size=400))
def test_no_bytes_raise(content: bytes) -> None:
    assert decode(content) is None or isinstance(decode(content), str)
