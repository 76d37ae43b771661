"""`python -m bot check`: says of each part whether it works with these settings, and what to do where it does not."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from bot import logs
from bot.command_line import noted as noted_words
from bot.command_line.card_notes import PROBE_PICTURE, card_notes
from bot.command_line.findings import Doubtful, Wrong
from bot.command_line.generator_trial import generator_variables
from bot.command_line.telegram_check import check_telegram, check_updates
from bot.conversation.messages import ChatKey
from bot.embedded_model import local_model, open_local_model, settings_for
from bot.errors import DatabaseInUse, GeneratorProblem, Problem, QuestionTooLong, SettingsProblem, StorageUnavailable
from bot.local_telegram import playground_database
from bot.models.catalog import ModelCatalog, NamedModel
from bot.models.entry import ModelEntry
from bot.models.source import entries_in_file, key_variables, make_catalog, needs_embedded, secrets_of
from bot.people.personas import check_models, read_personas
from bot.preferences import EffectivePreferences, PreferenceName, PreferenceResolver, Source
from bot.settings import Settings
from bot.settings_review import review
from bot.storage.inspection import folder_of, inspect, noted_for_bot, stored_for_bot

MIN_FREE_SPACE = 64 * 2**20
"""Bytes on the disk of a SQLite file from which on it counts as full: its log alone may take as much."""

_ASKED_WITH = (
    PreferenceName.MODEL,
    PreferenceName.TEMPERATURE,
    PreferenceName.MAX_TOKENS,
    PreferenceName.PROXY,
    PreferenceName.SYSTEM_PROMPT,
)
"""Preferences that a question is asked with."""

CheckPart = Callable[[Settings], Awaitable[str]]


async def run(settings: Settings) -> int:
    """Try every part and print a line each. Returns 0 when all of them work, else 1."""
    secrets = [*settings.secrets(), *_secrets_in_file(settings)]
    logs.set_up_logging(level="CRITICAL", form="text", secrets=secrets)
    wrong: set[str] = set()
    for name, part in _PARTS.items():
        try:
            line = f"works  {name}: {await part(settings)}"
        except Doubtful as doubtful:
            line = f"look   {name}: {doubtful}"
        except SettingsProblem as problem:
            line = f"look   {name}: not tried, see settings" if "settings" in wrong else f"WRONG  {name}: {problem}"
            wrong.add(name)
        except (Wrong, Problem) as problem:
            line = f"WRONG  {name}: {problem}"
            wrong.add(name)
        print(logs.blotted(line, secrets), flush=True)  # noqa: T201  # what this command is for
    return 1 if wrong else 0


def _secrets_in_file(settings: Settings) -> list[str]:
    try:
        return secrets_of(entries_in_file(settings))
    except SettingsProblem:
        return []  # said by the part that is about the settings


async def _settings(settings: Settings) -> str:
    """Reading them is the test; what they name as files is read here."""
    personas, models = read_personas(settings.personas_file), entries_in_file(settings)
    check_models(personas, [entry.id for entry in models])
    count = f"{len(personas)} persona{'' if len(personas) == 1 else 's'}"
    return "; ".join(
        ["read", count, *([f"{len(models)} models"] if models else []), *review(settings, others=key_variables(models))]
    )


async def _noted(settings: Settings) -> str:
    """Tell what the running bot has noted. Raises Wrong, Doubtful."""
    if settings.bot_token is None:
        return "nothing, without BOT_TOKEN"
    noted = await noted_for_bot(settings.database_url.get_secret_value(), _bot_id(settings), now=time.time())
    lines = [*noted_words.wrong(noted), *noted_words.notes(noted)]
    if noted_words.wrong(noted):
        raise Wrong("; ".join(lines))
    if lines:
        raise Doubtful("; ".join(lines))
    return "no second program with BOT_TOKEN, no chat that Telegram wants left alone"


async def check_generator(settings: Settings) -> str:
    """Let every model answer once. Raises Wrong, SettingsProblem."""
    entries = entries_in_file(settings)
    async with AsyncExitStack() as stack:
        embedded = await open_local_model(local_model(settings), stack) if needs_embedded(settings, entries) else None
        models = make_catalog(settings, entries, embedded)
        stack.push_async_callback(models.aclose)
        counting = settings_for(embedded, settings) if embedded is not None and settings.embedded else settings
        effective = await _in_force(counting, models)
        in_chat = [name.value for name in _ASKED_WITH if getattr(effective, name).source in {Source.BOT, Source.CHAT}]
        notes = [f"as set in the chat: {', '.join(in_chat)}"] if in_chat else []
        works, fails = [], []
        for entry in models.entries:
            try:
                works.append(await _ask(models, entry, embedded, effective))
            except GeneratorProblem as error:
                fails.append(f"{_named(entry)}{error}; check {_to_look_at(entry, settings, error)}")
    if fails:
        raise Wrong("; ".join([*fails, *works, *notes]))
    return "; ".join([*works, *notes])


async def _in_force(settings: Settings, models: ModelCatalog) -> EffectivePreferences:
    """Find what a question is asked with where its chat has set nothing: what admins have set, else the settings."""
    stored: dict[ChatKey, dict[str, str]] = {}
    whole = ChatKey(_bot_id(settings), 0)
    if settings.bot_token is not None:
        stored[whole] = await stored_for_bot(settings.database_url.get_secret_value(), whole.bot)
    resolver = PreferenceResolver(settings, read_personas(settings.personas_file), (), models)
    return resolver.resolve(whole, stored)


def _bot_id(settings: Settings) -> int:
    token = settings.bot_token.get_secret_value() if settings.bot_token is not None else ""
    return int(token.partition(":")[0] or 0)


async def _ask(
    models: ModelCatalog,
    entry: ModelEntry,
    embedded: NamedModel | None,
    effective: EffectivePreferences,
) -> str:
    """Ask one model for a first piece, and say what its server tells of itself. Raises GeneratorProblem."""
    client, clock = models.client(entry), asyncio.get_running_loop().time
    started = clock()
    chosen = models.resolve(effective.model.value)
    model = (chosen.model if chosen.entry.id == entry.id else "") or None
    proxy, picture = entry.route(effective.proxy.value), (PROBE_PICTURE,) if entry.sees_pictures else ()
    await client.probe(proxy=proxy, model=model, manner=effective.manner, pictures=picture)
    took = clock() - started
    by_embedded = embedded is not None and client.config.url == embedded.url
    name = f"the embedded {embedded.name}" if embedded is not None and by_embedded else client.destination
    advice = client.advice("context", model) if entry.id else client.advice(model=model)
    card = await client.card(proxy=proxy, model=model)
    notes = [*advice, *card_notes(card, entry, client.context_tokens(model), refuses=not client.takes_pictures(model))]
    return "; ".join([f"{_named(entry)}{name} answers ({took:.1f} s to the first piece)", *notes])


def _to_look_at(entry: ModelEntry, settings: Settings, error: GeneratorProblem) -> str:
    """Name what can be the reason of a failure: a greeting that is too long leaves the context and the prompt."""
    if isinstance(error, QuestionTooLong):
        return f"context in [{entry.id}] of models.toml" if entry.id else "CONTEXT_TOKENS and SYSTEM_PROMPT"
    return f"[{entry.id}] of models.toml" if entry.id else generator_variables(settings, error)


def _named(entry: ModelEntry) -> str:
    return f"[{entry.id}] " if entry.id else ""


async def _database(settings: Settings) -> str:
    url = settings.database_url if settings.bot_token is not None else playground_database(settings)
    try:
        _check_disk(folder_of(url.get_secret_value()))
        return await inspect(url.get_secret_value())
    except DatabaseInUse:
        return "in use by the running bot"
    except StorageUnavailable as error:
        raise Wrong(f"{error}; check DATABASE_URL") from None


def _check_disk(folder: Path | None) -> None:
    """See that a SQLite file can grow. Raises Wrong."""
    if folder is None or not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_SPACE:
        raise Wrong(f"the disk is full: {free // 2**20} MB are left in {folder}; make room there")


_PARTS: dict[str, CheckPart] = {
    "settings": _settings,
    "telegram": check_telegram,
    "updates": check_updates,
    "generator": check_generator,
    "database": _database,
    "noted": _noted,
}
