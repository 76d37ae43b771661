"""One question to a remote generator at the start, so that its owner hears of a mistake before anybody else."""

from __future__ import annotations

import logging

from bot.conversation.messages import ChatKey
from bot.errors import GeneratorProblem
from bot.generators.factory import kind_of
from bot.models.catalog import ModelCatalog
from bot.preferences import Preferences
from bot.runtime.installation import command_for
from bot.settings import Settings

logger = logging.getLogger(__name__)


async def try_generator(models: ModelCatalog, preferences: Preferences, settings: Settings, *, bot: int) -> None:
    """Ask once, with what is in force for the whole bot; a failure is a warning with the reason and the settings."""
    effective = await preferences.effective(ChatKey(bot, 0))
    chosen = effective.model.value
    try:
        await models.probe(proxy=effective.proxy.value, model=chosen or None, manner=effective.manner)
    except GeneratorProblem as problem:
        logger.warning(
            "%s does not answer: %s; check %s, or run `%s`",
            models.client(models.resolve(chosen).entry).destination,
            problem,
            generator_variables(settings),
            command_for("doctor"),
        )


def generator_variables(settings: Settings) -> str:
    """Name the variables that can be the reason why no generator answers."""
    if settings.embedded:
        return f"LOCAL_MODEL, or run `{command_for('install')}` again"
    variables = kind_of(settings.generator).variables
    return ", ".join([*variables, *(["PROXY"] if settings.proxy else [])])
