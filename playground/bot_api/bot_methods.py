"""Bot API: the bot itself: who it is, its command menus, its updates."""

from __future__ import annotations

import re
from typing import Any, Final

from playground.bot_api.command_menus import menus, scope_key
from playground.bot_api.parameters import Parameters
from playground.bot_api.webhook_delivery import check_url
from playground.errors import bad_request
from playground.text.entities import utf16_length
from playground.world.hub import Hub

Json = dict[str, Any]

MAX_COMMANDS: Final = 100
MAX_DESCRIPTION_LENGTH: Final = 256
_COMMAND: Final = re.compile(r"[a-z0-9_]{1,32}")
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")


def get_me(hub: Hub, _parameters: Parameters) -> Json:
    """Bot API `getMe`."""
    bot = hub.world.bot
    return {
        **hub.world.bot_user(),
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


def nothing(_hub: Hub, _parameters: Parameters) -> bool:
    """Accept a call that changes nothing here: `logOut`, `close`."""
    return True


def set_my_commands(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `setMyCommands`: up to 100 commands for a scope and a language."""
    commands = [_command(given) for given in parameters.objects("commands")]
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    key = scope_key(hub, parameters)
    if commands:
        hub.world.commands[key] = commands
    else:
        hub.world.commands.pop(key, None)
    _commands_changed(hub)
    return True


def _command(given: Json) -> Json:
    command, description = str(given.get("command", "")).lstrip("/"), str(given.get("description", "")).strip()
    if not _COMMAND.fullmatch(command):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= utf16_length(description) <= MAX_DESCRIPTION_LENGTH:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": command, "description": description}


def get_my_commands(hub: Hub, parameters: Parameters) -> list[Json]:
    """Bot API `getMyCommands`."""
    return hub.world.commands.get(scope_key(hub, parameters), [])


def delete_my_commands(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `deleteMyCommands`."""
    if hub.world.commands.pop(scope_key(hub, parameters), None) is not None:
        _commands_changed(hub)
    return True


def _commands_changed(hub: Hub) -> None:
    hub.persistence.mark_world()
    hub.events.publish("commands", commands=menus(hub.world))


def set_my_name(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `setMyName`: 0–64 characters; only the name without a language is shown."""
    name = parameters.text("name")
    if utf16_length(name) > 64:  # noqa: PLR2004  # the Bot API's own limit
        raise bad_request("BOT_TITLE_INVALID")
    if name and not parameters.text("language_code"):
        hub.world.bot.first_name = name
        hub.persistence.mark_world()
    return True


def get_my_name(hub: Hub, _parameters: Parameters) -> Json:
    """Bot API `getMyName`."""
    return {"name": hub.world.bot.first_name}


def set_my_description(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `setMyDescription`."""
    hub.world.bot.descriptions["description " + parameters.text("language_code")] = parameters.text("description")
    return True


def get_my_description(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `getMyDescription`."""
    key = "description " + parameters.text("language_code")
    return {"description": hub.world.bot.descriptions.get(key, "")}


def set_my_short_description(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `setMyShortDescription`."""
    key = "short " + parameters.text("language_code")
    hub.world.bot.descriptions[key] = parameters.text("short_description")
    return True


def get_my_short_description(hub: Hub, parameters: Parameters) -> Json:
    """Bot API `getMyShortDescription`."""
    return {"short_description": hub.world.bot.descriptions.get("short " + parameters.text("language_code"), "")}


def allowed_updates(parameters: Parameters) -> list[str] | None:
    """Return the kinds of updates that a call asks for, None where it does not say."""
    given = parameters.nested("allowed_updates")
    if given is None:
        return None
    if not isinstance(given, list):
        raise bad_request("can't parse allowed updates: expected an array")
    return [str(kind).lower() for kind in given]


def set_webhook(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `setWebhook`; plain http and any port are fine here, as with a Bot API server of one's own."""
    updates = hub.updates
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
    hub.persistence.mark_world()
    return True


def delete_webhook(hub: Hub, parameters: Parameters) -> bool:
    """Bot API `deleteWebhook`."""
    if parameters.flag("drop_pending_updates"):
        hub.updates.drop()
    hub.updates.set_webhook("", "", 40)
    hub.persistence.mark_world()
    return True


def get_webhook_info(hub: Hub, _parameters: Parameters) -> Json:
    """Bot API `getWebhookInfo`."""
    updates = hub.updates
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
