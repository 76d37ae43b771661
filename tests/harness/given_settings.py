"""Settings that hold what a test gives them, whatever the environment of the machine says."""

from __future__ import annotations

from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from bot.settings import Settings


class _Given(Settings):
    """Reads no environment and no file."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  # pydantic's own signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the same
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def given(**values: Any) -> Settings:  # any setting
    """The defaults, and these values."""
    return _Given(**values)
