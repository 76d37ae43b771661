"""Every setting of the environment (and of `.env`): its default, its meaning, and what is said of a wrong one."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.errors import SettingsProblem
from bot.generators.factory import check_companions, check_name, is_embedded
from bot.net.proxy_url import parse_proxy
from bot.rate_limits.limits import DRAFTS, GROUP, PRIVATE_CHAT, WHOLE_BOT, BucketLimit, TieredLimit, WindowLimit
from bot.settings_sources import WithSecretFiles


class Streaming(StrEnum):
    """Ways to show a growing answer."""

    EDIT = "edit"
    DRAFT = "draft"
    OFF = "off"


def _bucket(value: object) -> object:
    return BucketLimit.parse(value) if isinstance(value, str) else value


def _window(value: object) -> object:
    return WindowLimit.parse(value) if isinstance(value, str) else value


def _tiers(value: object) -> object:
    return TieredLimit.parse(value) if isinstance(value, str) else value


def _numbers(value: object) -> object:
    """`1000, 1001` → a set of ids."""
    if not isinstance(value, str):
        return value
    parts = [part for part in re.split(r"[,\s]+", value) if part]
    if not all(re.fullmatch(r"\d{1,16}", part) for part in parts):
        raise ValueError("write the numeric ids with commas between them: 1000,1001")
    return frozenset(int(part) for part in parts)


def _address(value: object) -> object:
    """`host:port` → the two of them; `[::1]:8080` for IPv6."""
    if not isinstance(value, str):
        return value
    host, _, port = value.strip().rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004  # the largest port there is
        raise ValueError("write it as host:port, for example 127.0.0.1:8080")
    return Address((host, int(port)))


class Address(tuple[str, int]):
    """A host and a port to listen on."""

    __slots__ = ()


BucketSetting = Annotated[BucketLimit, NoDecode, BeforeValidator(_bucket)]
WindowSetting = Annotated[WindowLimit, NoDecode, BeforeValidator(_window)]
TieredSetting = Annotated[TieredLimit, NoDecode, BeforeValidator(_tiers)]
AddressSetting = Annotated[tuple[str, int], NoDecode, BeforeValidator(_address)]
IdsSetting = Annotated[frozenset[int], NoDecode, BeforeValidator(_numbers)]


class Settings(BaseSettings):
    """The environment's word. What admins and chats set at run time is in `preferences.py` and wins over it."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    bot_token: SecretStr | None = None
    admin_ids: IdsSetting = frozenset()
    access: Literal["open", "approved"] = "open"
    tell_blocked: bool = True
    telegram_api_url: str | None = None
    telegram_proxy: SecretStr | None = None
    proxy: SecretStr | None = None

    generator: str = "aura"
    aura_url: str | None = None
    aura_model: str = "openchat_3.6"
    aura_model_name: str = "openchat 3.6 (latest)"
    aura_key: SecretStr = SecretStr("")
    aura_browser: bool = False
    context_tokens: int | None = Field(default=None, ge=512, le=10_000_000)
    local_model: Path | None = None
    openai_base_url: str | None = None
    openai_api_key: SecretStr = SecretStr("")
    openai_model: str | None = None
    openai_sees_pictures: bool = False
    models_file: Path | None = None
    transcription_url: str | None = None
    transcription_model: str = "whisper-1"
    transcription_key: SecretStr = SecretStr("")
    transcription_timeout: float = Field(default=60, gt=0, le=300)
    headers_timeout: float = Field(default=60, gt=0, le=3600)
    silence_timeout: float = Field(default=60, gt=0, le=3600)
    answer_timeout: float = Field(default=600, gt=0, le=86_400)
    probe_generator: bool = True

    system_prompt: str = Field(
        default="You are Aura, a helpful assistant. Answer clearly and briefly.", max_length=8000
    )
    temperature: float = Field(default=0.5, ge=0, le=2)
    max_tokens: int = Field(default=8192, ge=1, le=1_000_000)
    personas_file: Path | None = None
    streaming: Streaming = Streaming.EDIT

    chat_budget: BucketSetting = PRIVATE_CHAT
    group_budget: WindowSetting = GROUP
    bot_budget: BucketSetting = WHOLE_BOT
    draft_budget: TieredSetting = DRAFTS
    patient_edits: bool = True
    acknowledge_in_groups: bool = False

    database_url: SecretStr = SecretStr("sqlite+aiosqlite:///aura.db")
    max_answers: int | None = Field(default=None, ge=1, le=10_000)
    history_days: int | None = Field(default=None, ge=1)
    trouble_days: int = Field(default=30, ge=1)
    usage_days: int = Field(default=400, ge=1)
    replica: str = Field(default_factory=socket.gethostname, pattern=r"^[A-Za-z0-9._-]{1,64}$")

    questions_per_minute: int = Field(default=20, ge=0)
    questions_per_day: int = Field(default=0, ge=0)
    chat_questions_per_minute: int = Field(default=30, ge=0)
    chat_questions_per_day: int = Field(default=0, ge=0)
    tokens_per_day: int = Field(default=0, ge=0)
    tokens_per_month: int = Field(default=0, ge=0)
    bot_tokens_per_day: int = Field(default=0, ge=0)
    bot_tokens_per_month: int = Field(default=0, ge=0)
    group_conversations: Literal["together", "person"] = "together"
    read_along_messages: int = Field(default=20, ge=0, le=100)
    read_along_hours: int = Field(default=24, ge=1, le=24)
    cost_per_day: float = Field(default=0, ge=0, allow_inf_nan=False)
    cost_per_month: float = Field(default=0, ge=0, allow_inf_nan=False)
    bot_cost_per_day: float = Field(default=0, ge=0, allow_inf_nan=False)
    bot_cost_per_month: float = Field(default=0, ge=0, allow_inf_nan=False)
    questions_waiting: int = Field(default=5, ge=1, le=1000)
    chat_questions_waiting: int = Field(default=50, ge=1, le=10_000)

    webhook_url: str | None = None
    webhook_secret: SecretStr | None = None
    listen: AddressSetting | None = None
    metrics_token: SecretStr | None = None
    updates_age_limit: float = Field(default=120, ge=60, le=86_400)
    playground_listen: AddressSetting = Address(("127.0.0.1", 8080))
    playground_strict: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @field_validator("bot_token")
    @classmethod
    def _token_looks_like_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"\d{1,20}:[A-Za-z0-9_-]{20,100}", value.get_secret_value()):
            raise ValueError("BotFather's tokens look like 123456789:AAE… (digits, a colon, letters)")
        return value

    @field_validator("local_model", "personas_file")
    @classmethod
    def _home_is_found(cls, value: Path | None) -> Path | None:
        return value.expanduser() if value is not None else None

    @field_validator("telegram_proxy", "proxy")
    @classmethod
    def _proxy_is_one(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_proxy(value.get_secret_value())
        return value

    @field_validator("telegram_api_url", "aura_url", "openai_base_url", "transcription_url", "webhook_url")
    @classmethod
    def _address_is_http(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
            raise ValueError("write a whole address, for example https://example.org")
        return value.rstrip("/") if value else value

    @field_validator("webhook_url")
    @classmethod
    def _webhook_has_no_query(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).query or urlsplit(value).fragment or value[-1:] in {"?", "#"}):
            raise ValueError("leave out what follows ? or #: a path is added at its end, and WEBHOOK_SECRET guards it")
        return value

    @field_validator("generator")
    @classmethod
    def _generator_is_named(cls, value: str) -> str:
        return check_name(value)

    @field_validator("database_url")
    @classmethod
    def _database_is_known(cls, value: SecretStr) -> SecretStr:
        if not re.match(r"sqlite(\+aiosqlite)?://|postgres(ql)?(\+asyncpg)?://", value.get_secret_value()):
            raise ValueError("write sqlite+aiosqlite:///aura.db or postgresql://user:password@host/name")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _secret_has_allowed_characters(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", value.get_secret_value()):
            raise ValueError("use 1 to 256 characters of A-Z, a-z, 0-9, _ and -")
        return value

    @model_validator(mode="after")
    def _companions_are_there(self) -> Settings:
        check_companions(self)
        if self.webhook_url and self.listen is None:
            raise ValueError("LISTEN: WEBHOOK_URL needs it, for example 0.0.0.0:8443")
        if self.webhook_url and self.webhook_secret is None:
            raise ValueError("WEBHOOK_SECRET: WEBHOOK_URL needs it; any long random text")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # pydantic's own signature
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment first, then `.env`; in each a secret may stand in a file of its own."""
        sources = [source for source in (env_settings, dotenv_settings) if isinstance(source, EnvSettingsSource)]
        return (init_settings, *(WithSecretFiles(settings_cls, source) for source in sources))

    @property
    def embedded(self) -> bool:
        """True where the program brings its own generator, because nobody named another one."""
        return is_embedded(self)

    def money_budgets(self) -> dict[str, float]:
        """Give the settings about money, by name."""
        names = ("cost_per_day", "cost_per_month", "bot_cost_per_day", "bot_cost_per_month")
        return {name: getattr(self, name) for name in names}

    def secrets(self) -> list[str]:
        """Every secret text among the settings, and each password inside an address, for the log to blot out."""
        values = [getattr(self, name) for name in type(self).model_fields]
        whole = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        passwords = [urlsplit(value).password or "" for value in whole if "://" in value]
        return [secret for secret in [*whole, *passwords, *map(unquote, passwords)] if secret]


def read_settings(env_file: Path | None = Path(".env"), given: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; `given` values win over it.

    Raises SettingsProblem: one line for each wrong variable, values never shown.
    """
    values: dict[str, Any] = {name.lower(): value for name, value in (given or {}).items()}
    try:
        return Settings(_env_file=env_file, **values)
    except UnicodeDecodeError:
        raise SettingsProblem(f"{env_file}: it is not written in UTF-8; save it anew in that encoding") from None
    except OSError as error:
        raise SettingsProblem(f"{env_file}: it cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise SettingsProblem("\n".join(_in_words(detail) for detail in error.errors(include_input=False))) from None


def _in_words(detail: ErrorDetails) -> str:
    """`BOT_TOKEN: BotFather's tokens look like …`."""
    name = str(detail["loc"][0]).upper() if detail["loc"] else ""
    said = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return f"{name}: {said}" if name else said
