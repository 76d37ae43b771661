"""`python -m bot check`: says of each part whether it works with these settings, and what to do where it does not."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramNotFound, TelegramUnauthorizedError
from aiogram.types import User, WebhookInfo

from bot import logs
from bot.command_line import noted as noted_words
from bot.command_line.card_notes import PROBE_PICTURE, card_notes
from bot.command_line.generator_trial import generator_variables
from bot.conversation.messages import ChatKey
from bot.embedded_model import local_model, open_local_model, settings_for
from bot.errors import DatabaseInUse, GeneratorProblem, Problem, QuestionTooLong, SettingsProblem, StorageUnavailable
from bot.local_telegram import playground_database
from bot.models.catalog import ModelCatalog, NamedModel
from bot.models.entry import ModelEntry
from bot.models.source import entries_in_file, key_variables, make_catalog, needs_embedded, secrets_of
from bot.net.proxy_url import parse_proxy
from bot.people.personas import check_models, read_personas
from bot.preferences import EffectivePreferences, PreferenceName, PreferenceResolver, Source
from bot.settings import Settings
from bot.settings_review import review
from bot.storage.inspection import folder_of, inspect, noted_for_bot, stored_for_bot
from bot.telegram.bot_session import TELEGRAM_ERRORS, make_bot
from bot.updates.receiving import NO_BOT_API

CHECK_TIMEOUT = 20
"""Seconds that Telegram may take to answer."""

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


class Wrong(Exception):
    """Something does not work: what, which variable, and what to do."""


async def run(settings: Settings) -> int:
    """Try every part and print a line each. Returns 0 when all of them work, else 1."""
    secrets = [*settings.secrets(), *_secrets_in_file(settings)]
    logs.set_up_logging(level="CRITICAL", form="text", secrets=secrets)
    works = True
    for name, part in _PARTS.items():
        try:
            line = f"works  {name}: {await part(settings)}"
        except (Wrong, Problem) as wrong:
            works = False
            line = f"WRONG  {name}: {wrong}"
        print(logs.blotted(line, secrets), flush=True)  # noqa: T201  # what this command is for
    return 0 if works else 1


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


async def check_telegram(settings: Settings) -> str:
    """Ask Telegram who the bot is. Raises Wrong."""
    if settings.bot_token is None:
        return "no BOT_TOKEN, so `run` opens the playground"
    bot = make_bot(settings.bot_token, api_url=settings.telegram_api_url, proxy=settings.telegram_proxy)
    try:
        me: User | None = await bot.get_me(request_timeout=CHECK_TIMEOUT)
        deliveries = await _check_deliveries(bot, settings)
    except (TelegramUnauthorizedError, TelegramNotFound):
        raise Wrong("BOT_TOKEN: Telegram does not know this token; copy it again from @BotFather") from None
    except ClientDecodeError:
        raise Wrong(NO_BOT_API) from None
    except TELEGRAM_ERRORS as error:
        raise Wrong(_not_reached(settings, error)) from None
    finally:
        await bot.session.close()
    if me is None:
        raise Wrong(NO_BOT_API)
    return "; ".join([f"@{me.username} ({me.full_name})", *deliveries])


def _not_reached(settings: Settings, error: TelegramAPIError | ClientDecodeError) -> str:
    """Say which part of the way to Telegram does not work, by the setting that names it."""
    if settings.telegram_proxy is not None:
        place = parse_proxy(settings.telegram_proxy.get_secret_value()).shown
        return f"not reached through the proxy ({error.message}); check TELEGRAM_PROXY ({place})"
    if settings.telegram_api_url is not None:
        place = urlsplit(settings.telegram_api_url).netloc.rpartition("@")[2]
        return f"not reached ({error.message}); check TELEGRAM_API_URL ({place}), or set TELEGRAM_PROXY"
    return f"not reached ({error.message}); check the network, and set TELEGRAM_PROXY where Telegram is blocked"


async def _check_deliveries(bot: Bot, settings: Settings) -> list[str]:
    """Ask Telegram where updates go and how many wait, which takes none of them away. Raises Wrong."""
    info: WebhookInfo | None = await bot.get_webhook_info(request_timeout=CHECK_TIMEOUT)
    if info is None:
        return []
    waiting = f"updates that wait at Telegram: {info.pending_update_count}"
    if settings.webhook_url is not None and info.pending_update_count and info.last_error_message:
        raise Wrong(
            f"it cannot deliver to the webhook ({info.last_error_message}), {waiting}; "
            "check WEBHOOK_URL, its certificate, and the server that stands before the bot"
        )
    notes = [waiting] if info.pending_update_count else []
    announced, wanted = urlsplit(info.url).hostname, urlsplit(settings.webhook_url or "").hostname
    if announced != wanted and (announced or wanted):
        there = f"delivers to a webhook at {announced}" if announced else "knows of no webhook"
        said = f"WEBHOOK_URL is at {wanted}" if wanted else "WEBHOOK_URL is not set"
        notes.append(f"Telegram {there}, and {said}: right before the next start, else a second program has BOT_TOKEN")
    return notes


async def _noted(settings: Settings) -> str:
    """Tell what the running bot has noted. Raises Wrong."""
    if settings.bot_token is None:
        return "nothing, without BOT_TOKEN"
    noted = await noted_for_bot(settings.database_url.get_secret_value(), _bot_id(settings), now=time.time())
    lines = [*noted_words.wrong(noted), *noted_words.notes(noted)]
    if noted_words.wrong(noted):
        raise Wrong("; ".join(lines))
    return "; ".join(lines) or "no second program with BOT_TOKEN, no chat that Telegram wants left alone"


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
    "generator": check_generator,
    "database": _database,
    "noted": _noted,
}
