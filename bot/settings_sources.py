"""Other ways to give a setting: a second name for it, a file with a secret (`BOT_TOKEN_FILE`), an empty value."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource, PydanticBaseSettingsSource

from bot.errors import SettingsProblem

OTHER_NAMES = {"bot_token": "telegram_bot_token"}
"""Names that other bots have for the same setting."""
MAY_BE_EMPTY = ("system_prompt",)
"""Settings of which an empty value is a value; of all others it means the default."""
MAX_SECRET_SIZE = 16 * 1024
"""Bytes of a file that holds a secret; whatever is larger is another file."""
FILE = "_file"


class WithSecretFiles(PydanticBaseSettingsSource):
    """The variables of one source, and for each secret the file that `<NAME>_FILE` names there.

    Raises SettingsProblem where a file cannot be read, or a secret is given in two ways.
    """

    def __init__(self, settings_cls: type[BaseSettings], source: EnvSettingsSource) -> None:
        super().__init__(settings_cls)
        self._source = source

    def __call__(self) -> dict[str, Any]:
        """Give what is set, by the names of the fields."""
        values = self._source()
        for name, other in OTHER_NAMES.items():
            if (value := self._source.env_vars.get(other)) is not None:
                values.setdefault(name, value)
        everything = _with_empty_values(self._source).env_vars
        values |= {name: "" for name in MAY_BE_EMPTY if everything.get(name) == ""}
        for name, field in self.settings_cls.model_fields.items():
            if _is_secret(field) and (path := self._path(name)) is not None:
                if name in values:
                    raise SettingsProblem(
                        f"{name.upper()}{FILE.upper()}: {name.upper()} is set, too; leave one of them out"
                    )
                values[name] = _read(name.upper() + FILE.upper(), path)
        return values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Give a field's value as the source has it."""
        return self._source.get_field_value(field, field_name)

    def _path(self, name: str) -> str | None:
        names = [name, *([OTHER_NAMES[name]] if name in OTHER_NAMES else [])]
        return next((path for one in names if (path := self._source.env_vars.get(one + FILE))), None)


def _with_empty_values(source: EnvSettingsSource) -> EnvSettingsSource:
    """Read the same source again, the empty values included."""
    if isinstance(source, DotEnvSettingsSource):
        return DotEnvSettingsSource(
            source.settings_cls,
            env_file=source.env_file,
            env_file_encoding=source.env_file_encoding,
            env_ignore_empty=False,
        )
    return EnvSettingsSource(source.settings_cls, env_ignore_empty=False)


def _is_secret(field: FieldInfo) -> bool:
    return field.annotation is SecretStr or SecretStr in get_args(field.annotation)


def _read(variable: str, path: str) -> str:
    """Read a secret; the line break that editors put at the end of a file is not part of it."""
    try:
        with Path(path).expanduser().open("rb") as file:
            content = file.read(MAX_SECRET_SIZE + 1)
        secret = content.decode().strip()
    except (OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "it is no text in UTF-8"
        raise SettingsProblem(f"{variable}: {path} cannot be read: {why}") from None
    if not secret or len(content) > MAX_SECRET_SIZE:
        raise SettingsProblem(f"{variable}: {path} is {'too large for a secret' if secret else 'empty'}")
    return secret
