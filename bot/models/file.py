"""Reading of `models.toml`: every entry checked, each error with the line that is wrong and what would be right."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.errors import SettingsProblem
from bot.generators.client import GeneratorConfig
from bot.generators.contract import GeneratorKind, Timeouts
from bot.generators.factory import check_name, kind_of
from bot.models.entry import MAX_MODEL_ID, MAX_MODEL_NAME, ModelEntry, Prices, Users, shown_name
from bot.net.proxy_url import ProxyURL, parse_proxy

MODELS_FILE = Path(__file__).parents[2] / "models.toml"
MAX_ENTRIES = 100
DEFAULT_FILE_CONTEXT = 8192
"""Tokens that a model reads where its entry does not say."""
MIN_CONTEXT, MAX_CONTEXT = 512, 10_000_000
MAX_PATTERNS, MAX_PATTERN = 20, MAX_MODEL_ID
"""Patterns of listed models, and characters of each."""
MAX_PRICE = 1_000_000.0

_ID = re.compile(r"[a-z0-9_-]{1,24}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_PARAMETER = re.compile(r"[a-z_]{1,40}")
_CURRENCY = re.compile(r"\S{1,5}")
_NEVER_LEFT_OUT = {"model", "messages", "stream"}


def read_models(
    file: Path | None, environment: Mapping[str, str], *, max_tokens: int = 8192, timeouts: Timeouts | None = None
) -> tuple[ModelEntry, ...]:
    """Read the entries, the default one first. Nothing where `file` is None and there is no `models.toml`.

    `environment` has the keys that entries name. Raises SettingsProblem that names the line, the entry and what would
    be right.
    """
    path = file or MODELS_FILE
    if file is None and not path.exists():
        return ()
    try:
        text = path.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsProblem(f"MODELS_FILE: {path.name} cannot be read: {error}") from error
    if not 0 < len(tables) <= MAX_ENTRIES:
        raise SettingsProblem(f"MODELS_FILE: {path.name} has {len(tables)} models; 1 to {MAX_ENTRIES} are right")
    common = _Common(environment, max_tokens, timeouts or Timeouts())
    entries = []
    for id_, table in tables.items():
        place = _EntryPlace(path.name, text, id_)
        if not _ID.fullmatch(id_):
            raise place.wrong("", "a name in brackets is up to 24 of a-z, 0-9, _ and -")
        if not isinstance(table, dict):
            raise place.wrong("", f"write it as a table: [{id_}] and its fields below")
        entries.append(_Fields(place, table).entry(common))
    for entry in entries:
        _check_fallback(_EntryPlace(path.name, text, entry.id), entry, entries)
    return tuple(entries)


@dataclass(frozen=True, slots=True)
class _Common:
    """Values that every entry takes from the environment."""

    environment: Mapping[str, str]
    max_tokens: int
    timeouts: Timeouts


@dataclass(frozen=True, slots=True)
class _EntryPlace:
    """An entry's place in the file, for errors."""

    file: str
    text: str
    id: str

    def wrong(self, field: str, right: str) -> SettingsProblem:
        """Make the error about a field, or about the whole entry."""
        what = f": {field}" if field else ""
        return SettingsProblem(f"MODELS_FILE: {self.file}, line {self._line(field)}, [{self.id}]{what}: {right}")

    def _line(self, field: str) -> int:
        """Find the field's line, else that of the entry's beginning."""
        header = re.compile(rf"\s*\[\s*[\"']?{re.escape(self.id)}[\"']?\s*[\].]|\s*{re.escape(self.id)}\s*=")
        beginning = 0
        for number, line in enumerate(self.text.splitlines(), start=1):
            if header.match(line):
                beginning = beginning or number
            elif beginning and line.lstrip().startswith("["):
                break
            elif beginning and field and re.match(rf"\s*{re.escape(field)}\s*[=.]", line):
                return number
        return beginning or 1


class _Fields:
    """The fields of one entry, taken out one by one."""

    def __init__(self, place: _EntryPlace, table: Mapping[str, Any]) -> None:
        self._place = place
        self._left = dict(table)

    def entry(self, common: _Common) -> ModelEntry:
        """Read the whole entry."""
        place = self._place
        kind = self._kind()
        variable = self._left.get("key")
        model = self._text("model", "", longest=MAX_MODEL_ID)
        name = self._text("name", shown_name(model, MAX_MODEL_NAME) or place.id, longest=MAX_MODEL_NAME)
        has_proxy, proxy = self._proxy()
        entry = ModelEntry(
            id=place.id,
            name=name,
            config=GeneratorConfig(
                kind=kind,
                url=self._address(kind),
                model=model,
                model_name=name,
                key=self._key(common.environment),
                context_tokens=int(self._number("context", DEFAULT_FILE_CONTEXT, MIN_CONTEXT, MAX_CONTEXT, whole=True)),
                max_tokens=common.max_tokens,
                timeouts=common.timeouts,
            ),
            key_variable=variable if isinstance(variable, str) else "",
            pictures=self._flag("pictures"),
            not_taken=self._not_taken(),
            prices=self._prices(),
            users=self._users(),
            has_proxy=has_proxy,
            proxy=proxy,
            listed=self._listed(kind),
            fallback=self._text("fallback", "", longest=24),
        )
        if self._left:
            raise place.wrong(next(iter(self._left)), f"there is no such field; the fields are {', '.join(FIELDS)}")
        return entry

    def _kind(self) -> GeneratorKind:
        name = self._text("generator", "openai", longest=200)
        try:
            kind = kind_of(check_name(name))
            if kind.isolated:
                kind.load()  # a wrong path is said when the program starts, not at the first question
        except ValueError as error:
            raise self._place.wrong("generator", str(error)) from None
        except SettingsProblem as problem:
            raise self._place.wrong("generator", str(problem).removeprefix("GENERATOR: ")) from None
        return kind

    def _address(self, kind: GeneratorKind) -> str:
        address = self._text("address", "", longest=500)
        if not address and kind.needs_url:
            raise self._place.wrong("address", f"{kind.name} needs it, for example {kind.needs_url}")
        if address and not _is_http(address):
            raise self._place.wrong("address", "write a whole address, for example https://example.org/v1")
        return address.rstrip("/")

    def _key(self, environment: Mapping[str, str]) -> SecretStr:
        variable = self._text("key", "", longest=500)
        if not variable:
            return SecretStr("")
        if not _VARIABLE.fullmatch(variable):
            raise self._place.wrong("key", "write the name of the environment variable that has the key, not the key")
        value = environment.get(variable)
        if not value:
            raise self._place.wrong("key", f"the environment (or .env) has no {variable}; set it, or leave key out")
        return SecretStr(value)

    def _not_taken(self) -> frozenset[str]:
        names = self._left.pop("not_taken", [])
        right = 'write a list of parameters, for example ["temperature"]; model, messages and stream always go'
        if not isinstance(names, list) or not all(isinstance(n, str) and _PARAMETER.fullmatch(n) for n in names):
            raise self._place.wrong("not_taken", right)
        if set(names) & _NEVER_LEFT_OUT:
            raise self._place.wrong("not_taken", right)
        return frozenset(names)

    def _listed(self, kind: GeneratorKind) -> tuple[str, ...]:
        patterns = self._left.pop("models", [])
        right = 'write patterns of the models that its endpoint lists, for example ["qwen*", "*-mini"], or ["*"]'
        if not isinstance(patterns, list) or len(patterns) > MAX_PATTERNS:
            raise self._place.wrong("models", right)
        if not all(isinstance(one, str) and 0 < len(one) <= MAX_PATTERN and one.isprintable() for one in patterns):
            raise self._place.wrong("models", right)
        if patterns and kind.lister is None:
            raise self._place.wrong("models", f"{kind.name} has no list of models; leave it out")
        return tuple(patterns)

    def _prices(self) -> Prices | None:
        table = self._left.pop("price", None)
        if table is None:
            return None
        right = 'write the prices of a million tokens: { input = 0.15, output = 0.60, currency = "USD" }'
        if not isinstance(table, dict) or set(table) - {"input", "output", "currency"}:
            raise self._place.wrong("price", right)
        numbers = [table.get("input", 0.0), table.get("output", 0.0)]
        currency = table.get("currency", "USD")
        if not all(_is_number(one, 0, MAX_PRICE) for one in numbers):
            raise self._place.wrong("price", right)
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            raise self._place.wrong("price", right)
        return Prices(float(numbers[0]), float(numbers[1]), currency)

    def _users(self) -> Users:
        users = self._text("users", "everyone", longest=20)
        for known in get_args(Users):
            if users == known:
                return known  # type: ignore[no-any-return]  # one of the Literal's own values
        raise self._place.wrong("users", f"write {' or '.join(get_args(Users))}")

    def _proxy(self) -> tuple[bool, ProxyURL | None]:
        address = self._text("proxy", "", longest=500)
        if not address:
            return False, None
        if address == "off":
            return True, None
        try:
            return True, parse_proxy(address)
        except ValueError:
            raise self._place.wrong("proxy", "write socks5://host:port, http://host:port or off") from None

    def _flag(self, name: str) -> bool:
        value = self._left.pop(name, False)
        if not isinstance(value, bool):
            raise self._place.wrong(name, "write true or false")
        return value

    def _number(self, name: str, default: float, least: float, most: float, *, whole: bool) -> float:
        value = self._left.pop(name, default)
        if not _is_number(value, least, most) or (whole and not isinstance(value, int)):
            raise self._place.wrong(name, f"write a number of {least:g} to {most:.0f}")
        return float(value)

    def _text(self, name: str, default: str, *, longest: int) -> str:
        value = self._left.pop(name, default)
        if not isinstance(value, str) or len(value) > longest or not value.isprintable():
            raise self._place.wrong(name, f"write a text of up to {longest} characters in quotation marks")
        return value.strip() or default


FIELDS = (
    *("name", "generator", "address", "key", "model", "context", "pictures", "not_taken", "price", "users", "proxy"),
    *("models", "fallback"),
)


def _check_fallback(place: _EntryPlace, entry: ModelEntry, entries: Collection[ModelEntry]) -> None:
    others = [other.id for other in entries if other.id != entry.id]
    if entry.fallback and entry.fallback not in others:
        right = f"name another entry: {', '.join(others)}" if others else "there is no other entry"
        raise place.wrong("fallback", right)


def _is_number(value: object, least: float, most: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and least <= value <= most


def _is_http(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return False
