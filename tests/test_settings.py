"""Every setting of the environment: its default, and what is said of a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import SettingsProblem
from bot.rate_limits.limits import BucketLimit, TieredLimit, WindowLimit
from bot.settings import Settings, Streaming, read_settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"
TOKEN = "123456789:AAEhBOweik9ai2o01Jxv9Yp3xTfRvU3m0xQ"
WRONG = {
    "BOT_TOKEN": "123456789-AAE",
    "ADMIN_IDS": "@anna",
    "ACCESS": "closed",
    "TELL_BLOCKED": "softly",
    "TELEGRAM_API_URL": "api.telegram.org",
    "TELEGRAM_PROXY": "proxy.example:1080",
    "PROXY": "socks4://user:geheim@proxy.example",
    "GENERATOR": "chatgpt",
    "AURA_URL": "localhost:3000",
    "AURA_BROWSER": "perhaps",
    "OPENAI_SEES_PICTURES": "perhaps",
    "CONTEXT_TOKENS": "100",
    "OPENAI_BASE_URL": "ftp://host",
    "TRANSCRIPTION_URL": "whisper:9000",
    "TRANSCRIPTION_TIMEOUT": "an hour",
    "HEADERS_TIMEOUT": "0",
    "SILENCE_TIMEOUT": "-1",
    "ANSWER_TIMEOUT": "a minute",
    "PROBE_GENERATOR": "later",
    "SYSTEM_PROMPT": "a" * 8001,
    "TEMPERATURE": "2.5",
    "MAX_TOKENS": "0",
    "STREAMING": "fast",
    "CHAT_BUDGET": "5",
    "GROUP_BUDGET": "20 a minute",
    "BOT_BUDGET": "0+30/s",
    "DRAFT_BUDGET": "4+2/s",
    "PATIENT_EDITS": "sometimes",
    "ACKNOWLEDGE_IN_GROUPS": "eyes",
    "DATABASE_URL": "mysql://user:geheim@host/name",
    "MAX_ANSWERS": "0",
    "HISTORY_DAYS": "0",
    "TROUBLE_DAYS": "0",
    "USAGE_DAYS": "0",
    "REPLICA": "two words",
    "QUESTIONS_PER_MINUTE": "-1",
    "QUESTIONS_PER_DAY": "many",
    "CHAT_QUESTIONS_PER_MINUTE": "-1",
    "CHAT_QUESTIONS_PER_DAY": "1.5",
    "TOKENS_PER_DAY": "-1",
    "TOKENS_PER_MONTH": "many",
    "BOT_TOKENS_PER_DAY": "-1",
    "BOT_TOKENS_PER_MONTH": "0.5",
    "COST_PER_DAY": "-1",
    "COST_PER_MONTH": "ten",
    "BOT_COST_PER_DAY": "inf",
    "BOT_COST_PER_MONTH": "nan",
    "QUESTIONS_WAITING": "0",
    "CHAT_QUESTIONS_WAITING": "0",
    "GROUP_CONVERSATIONS": "alone",
    "READ_ALONG_MESSAGES": "101",
    "READ_ALONG_HOURS": "25",
    "WEBHOOK_URL": "example.org/hook",
    "WEBHOOK_SECRET": "geheim!",
    "LISTEN": "8443",
    "UPDATES_AGE_LIMIT": "30",
    "PLAYGROUND_LISTEN": "127.0.0.1:99999",
    "PLAYGROUND_STRICT": "a little",
    "LOG_LEVEL": "chatty",
    "LOG_FORMAT": "xml",
}
ANY_TEXT = {
    "AURA_MODEL",
    "AURA_MODEL_NAME",
    "AURA_KEY",
    "LOCAL_MODEL",
    "OPENAI_API_KEY",
    "OPENAI_MODEL",
    "TRANSCRIPTION_KEY",
    "TRANSCRIPTION_MODEL",
    "METRICS_TOKEN",
    "PERSONAS_FILE",
    "MODELS_FILE",
}


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's own environment says."""
    for name in ["TELEGRAM_BOT_TOKEN", *(name.upper() for name in Settings.model_fields)]:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def test_nothing_needs_to_be_set() -> None:
    settings = read_settings(None)
    assert settings.bot_token is None
    assert settings.embedded
    assert settings.streaming is Streaming.EDIT
    assert settings.playground_listen == ("127.0.0.1", 8080)
    assert settings.group_budget == WindowLimit(20, 60)


def test_every_setting_has_a_wrong_value_here_or_takes_any_text() -> None:
    assert {name.upper() for name in Settings.model_fields} == set(WRONG) | ANY_TEXT


@pytest.mark.parametrize(("name", "value"), WRONG.items(), ids=WRONG.keys())
def test_a_wrong_value_is_named_and_never_shown(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem) as caught:
        read_settings(None)
    assert re.match(rf"{name}: \S+ \S+", str(caught.value))
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPERATURE", "hot")
    monkeypatch.setenv("ACCESS", "closed")
    with pytest.raises(SettingsProblem) as caught:
        read_settings(None)
    assert {line.partition(":")[0] for line in str(caught.value).splitlines()} == {"TEMPERATURE", "ACCESS"}


def test_an_env_file_is_read_and_empty_values_are_none(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    lines = [
        f"BOT_TOKEN={TOKEN}",
        "ADMIN_IDS=1000, 1001",
        "AURA_URL=http://127.0.0.1:3000/",
        "PROXY=",
        "SOMETHING=else",
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    settings = read_settings(file)
    assert settings.bot_token is not None
    assert settings.admin_ids == {1000, 1001}
    assert settings.aura_url == "http://127.0.0.1:3000"
    assert settings.proxy is None
    assert not settings.embedded
    assert TOKEN not in repr(settings)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes("SYSTEM_PROMPT=Отвечайте кратко".encode("cp1251"))
    with pytest.raises(SettingsProblem, match="it is not written in UTF-8"):
        read_settings(file)


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("TEMPERATURE=0.1", encoding="utf-8")
    monkeypatch.setenv("TEMPERATURE", "0.9")
    assert read_settings(tmp_path / ".env").temperature == 0.9


def test_budgets_and_addresses_are_written_as_people_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_BUDGET", "3 + 0.5/s")
    monkeypatch.setenv("GROUP_BUDGET", "15/60s")
    monkeypatch.setenv("DRAFT_BUDGET", "10/5s + 30/30s")
    monkeypatch.setenv("LISTEN", "[::1]:9000")
    settings = read_settings(None)
    assert settings.chat_budget == BucketLimit(3, 0.5)
    assert settings.group_budget == WindowLimit(15, 60)
    assert settings.draft_budget == TieredLimit(WindowLimit(10, 5), WindowLimit(30, 30))
    assert settings.listen == ("::1", 9000)


COMPANIONS = {
    "OPENAI_BASE_URL": {"GENERATOR": "openai"},
    "LISTEN": {"WEBHOOK_URL": "https://example.org", "WEBHOOK_SECRET": "geheim"},
    "WEBHOOK_SECRET": {"WEBHOOK_URL": "https://example.org", "LISTEN": "0.0.0.0:8443"},
}


@pytest.mark.parametrize(("missing", "given"), COMPANIONS.items(), ids=COMPANIONS.keys())
def test_a_missing_companion_is_named(missing: str, given: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem) as caught:
        read_settings(None)
    assert str(caught.value).startswith(f"{missing}: ")
    assert "geheim" not in str(caught.value)


def test_the_example_names_every_setting_once_and_changes_nothing() -> None:
    text = EXAMPLE.read_text(encoding="utf-8").replace("#SYSTEM_PROMPT=", "SYSTEM_PROMPT=")  # empty, it is a value
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert sorted(line.partition("=")[0] for line in lines) == sorted(name.upper() for name in Settings.model_fields)
    copied = read_settings(EXAMPLE)
    assert copied == read_settings(None)
    # what is given here would no longer depend on who answers, or on whether it is the playground
    assert not copied.model_fields_set & {"aura_model", "system_prompt", "temperature", "database_url"}


@pytest.mark.parametrize("where", ["environment", "file", "environment over file"])
def test_an_empty_system_prompt_is_none_at_all(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text({"environment": "", "file": "SYSTEM_PROMPT=\nPROXY=\n"}.get(where, "SYSTEM_PROMPT=Be brief.\n"))
    if "environment" in where:
        monkeypatch.setenv("SYSTEM_PROMPT", "")
        monkeypatch.setenv("TEMPERATURE", "")
    settings = read_settings(file)
    assert settings.system_prompt == ""
    assert "system_prompt" in settings.model_fields_set
    assert (settings.temperature, settings.proxy) == (0.5, None), "elsewhere an empty value is the default"


def test_secrets_are_known_to_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", TOKEN)
    monkeypatch.setenv("PROXY", "socks5://user:geheim@proxy.example:1080")
    secrets = read_settings(None).secrets()
    assert TOKEN in secrets
    assert any("geheim" in secret for secret in secrets)


@pytest.mark.parametrize("end", ["?token=1", "#top", "/bots?x", "?", "#"])
def test_a_webhook_with_a_query_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setenv("WEBHOOK_URL", f"https://example.org/bots/aura{end}")
    with pytest.raises(SettingsProblem, match=r"WEBHOOK_URL: leave out what follows \? or #"):
        read_settings(None)


def test_a_webhook_may_stand_below_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WEBHOOK_SECRET": "secret", "LISTEN": "127.0.0.1:1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WEBHOOK_URL", "https://example.org/bots/aura/")
    assert read_settings(None).webhook_url == "https://example.org/bots/aura"


def test_the_token_has_the_name_that_other_bots_give_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    token = read_settings(None).bot_token
    assert token is not None and token.get_secret_value() == TOKEN


SECRETS = {
    "BOT_TOKEN": TOKEN,
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "TELEGRAM_PROXY": "socks5://user:geheim@host:1080",
    "PROXY": "http://user:geheim@host:1080",
    "AURA_KEY": "geheim",
    "OPENAI_API_KEY": "geheim",
    "TRANSCRIPTION_KEY": "geheim",
    "WEBHOOK_SECRET": "geheim",
    "METRICS_TOKEN": "geheim",
    "DATABASE_URL": "postgresql://user:geheim@host/name",
}


def test_every_secret_is_tried_from_a_file() -> None:
    fields = {name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert fields == SECRETS.keys() - {"TELEGRAM_BOT_TOKEN"}


@pytest.mark.parametrize(("name", "secret"), SECRETS.items(), ids=SECRETS.keys())
@pytest.mark.parametrize("where", ["environment", ".env"])
def test_a_secret_may_stand_in_a_file(
    name: str, secret: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text(f"{secret}\n", encoding="utf-8")
    env_file = tmp_path / ".env"
    env_file.write_text(f"{name}_FILE={tmp_path / 'secret'}\n" if where == ".env" else "", encoding="utf-8")
    if where == "environment":
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    settings = read_settings(env_file)
    field = "bot_token" if name.endswith("BOT_TOKEN") else name.lower()
    assert getattr(settings, field).get_secret_value() == secret
    assert secret in settings.secrets()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot be read"), (b"", "empty"), (b"\n", "empty"), (b"\xff\xfe", "UTF-8"), (b"a" * 20_000, "too large")],
)
def test_a_file_without_a_secret_is_named(
    content: bytes | None, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "secret").write_bytes(content)
    monkeypatch.setenv("OPENAI_API_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(SettingsProblem, match=f"OPENAI_API_KEY_FILE: .*{said}"):
        read_settings(None)


def test_a_secret_that_is_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text("one", encoding="utf-8")
    monkeypatch.setenv("AURA_KEY", "geheim")
    monkeypatch.setenv("AURA_KEY_FILE", str(tmp_path / "secret"))
    with pytest.raises(SettingsProblem, match="AURA_KEY_FILE: AURA_KEY is set, too") as caught:
        read_settings(None)
    assert "geheim" not in str(caught.value)


def test_the_environment_wins_over_a_file_that_the_env_file_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("from .env", encoding="utf-8")
    (tmp_path / ".env").write_text(f"AURA_KEY_FILE={tmp_path / 'secret'}\n", encoding="utf-8")
    monkeypatch.setenv("AURA_KEY", "from the environment")
    assert read_settings(tmp_path / ".env").aura_key.get_secret_value() == "from the environment"
