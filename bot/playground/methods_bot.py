"""Bot API: the bot itself: who it is, its command menus, its updates."""

from __future__ import annotations

import re
from typing import Any, Final

from bot.playground.entities import utf16_length
from bot.playground.errors import bad_request
from bot.playground.exchange import Exchange
from bot.playground.menus import menus, scope_key
from bot.playground.parameters import Parameters
from bot.playground.webhooks import check_url

Json = dict[str, Any]

COMMANDS_LIMIT: Final = 100
DESCRIPTION_LIMIT: Final = 256
_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


def get_me(exchange: Exchange, _parameters: Parameters) -> Json:
    """Bot API `getMe`."""
    bot = exchange.world.bot
    return {
        **exchange.world.bot_user(),
        "can_join_groups": True,
        "can_read_all_group_messages": bot.can_read_all_group_messages,
        "supports_inline_queries": False,
        "supports_guest_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
        "has_topics_enabled": bot.has_topics_enabled,
        "allows_users_to_create_topics": bot.has_topics_enabled,
        "can_manage_bots": False,
    }


def nothing(_exchange: Exchange, _parameters: Parameters) -> bool:
    """Accept a call that changes nothing here: `logOut`, `close`."""
    return True


def set_my_commands(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `setMyCommands`: up to 100 commands for a scope and a language."""
    commands = [_command(given) for given in parameters.objects("commands")]
    if len(commands) > COMMANDS_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    key = scope_key(exchange, parameters)
    if commands:
        exchange.world.commands[key] = commands
    else:
        exchange.world.commands.pop(key, None)
    _commands_changed(exchange)
    return True


def _command(given: Json) -> Json:
    command, description = str(given.get("command", "")).lstrip("/"), str(given.get("description", "")).strip()
    if not _COMMAND.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= utf16_length(description) <= DESCRIPTION_LIMIT:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description}


def get_my_commands(exchange: Exchange, parameters: Parameters) -> list[Json]:
    """Bot API `getMyCommands`."""
    return exchange.world.commands.get(scope_key(exchange, parameters), [])


def delete_my_commands(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `deleteMyCommands`."""
    if exchange.world.commands.pop(scope_key(exchange, parameters), None) is not None:
        _commands_changed(exchange)
    return True


def _commands_changed(exchange: Exchange) -> None:
    exchange.keeper.note()
    exchange.events.tell("commands", commands=menus(exchange.world))


def set_my_name(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `setMyName`: 0–64 characters; only the name without a language is shown."""
    name = parameters.text("name")
    if utf16_length(name) > 64:  # noqa: PLR2004  # the Bot API's own limit
        raise bad_request("BOT_TITLE_INVALID")
    if name and not parameters.text("language_code"):
        exchange.world.bot.first_name = name
        exchange.keeper.note()
    return True


def get_my_name(exchange: Exchange, _parameters: Parameters) -> Json:
    """Bot API `getMyName`."""
    return {"name": exchange.world.bot.first_name}


def set_my_description(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `setMyDescription`."""
    exchange.world.bot.descriptions["description " + parameters.text("language_code")] = parameters.text("description")
    return True


def get_my_description(exchange: Exchange, parameters: Parameters) -> Json:
    """Bot API `getMyDescription`."""
    key = "description " + parameters.text("language_code")
    return {"description": exchange.world.bot.descriptions.get(key, "")}


def set_my_short_description(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `setMyShortDescription`."""
    key = "short " + parameters.text("language_code")
    exchange.world.bot.descriptions[key] = parameters.text("short_description")
    return True


def get_my_short_description(exchange: Exchange, parameters: Parameters) -> Json:
    """Bot API `getMyShortDescription`."""
    return {"short_description": exchange.world.bot.descriptions.get("short " + parameters.text("language_code"), "")}


def allowed_updates(parameters: Parameters) -> list[str] | None:
    """Return the kinds of updates that a call asks for, None where it does not say."""
    given = parameters.nested("allowed_updates")
    if given is None:
        return None
    if not isinstance(given, list):
        raise bad_request("can't parse allowed updates: expected an array")
    return [str(kind).lower() for kind in given]


def set_webhook(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `setWebhook`; plain http and any port are fine here, as with a Bot API server of one's own."""
    updates = exchange.updates
    url = parameters.text("url").strip()
    if url:
        check_url(url)
    secret = parameters.text("secret_token")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    allowed = allowed_updates(parameters)
    if allowed is not None:
        updates.allowed = allowed
    if parameters.flag("drop_pending_updates"):
        updates.drop()
    connections = parameters.integer("max_connections") or 40
    updates.set_webhook(url, secret, min(max(connections, 1), 100))
    exchange.keeper.note()
    return True


def delete_webhook(exchange: Exchange, parameters: Parameters) -> bool:
    """Bot API `deleteWebhook`."""
    if parameters.flag("drop_pending_updates"):
        exchange.updates.drop()
    exchange.updates.set_webhook("", "", 40)
    exchange.keeper.note()
    return True


def get_webhook_info(exchange: Exchange, _parameters: Parameters) -> Json:
    """Bot API `getWebhookInfo`."""
    updates = exchange.updates
    info: Json = {
        "url": updates.webhook.url,
        "has_custom_certificate": False,
        "pending_update_count": len(updates.pending),
    }
    if updates.webhook.url:
        info["max_connections"] = updates.webhook.connections
    if updates.webhook.last_error:
        info["last_error_date"] = updates.webhook.last_error_date
        info["last_error_message"] = updates.webhook.last_error
    if updates.allowed:
        info["allowed_updates"] = updates.allowed
    return info
