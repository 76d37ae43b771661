"""One question to a remote generator at the start, so that its owner hears of a mistake before anybody else."""

from __future__ import annotations

import logging
import re

from bot.conversation.messages import ChatKey
from bot.errors import (
    CertificateRefused,
    GeneratorProblem,
    GeneratorRefused,
    GeneratorSilent,
    GeneratorUnreachable,
    ProxyRefused,
    ProxyUnreachable,
)
from bot.generators.factory import kind_of
from bot.models.catalog import ModelCatalog
from bot.preferences import Preferences
from bot.runtime.installation import command_for
from bot.settings import Settings

logger = logging.getLogger(__name__)

_ABOUT_KEY = re.compile(r"^40[13]\b|api[ _-]?key|unauthori[sz]ed|authentication", re.IGNORECASE)
"""A refusal of the key, not of the model's name."""


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
            generator_variables(settings, problem),
            command_for("doctor"),
        )


def generator_variables(settings: Settings, error: GeneratorProblem | None = None) -> str:
    """Name the variables that can be the reason why no generator answers: the one that is wrong, where it is known."""
    if settings.embedded:
        return f"LOCAL_MODEL, or run `{command_for('install')}` again"
    kind = kind_of(settings.generator)
    url, key = kind.url_setting.upper(), kind.key_setting.upper()
    if isinstance(error, GeneratorRefused) and key and _ABOUT_KEY.search(str(error)):
        return key
    causes = (
        ((ProxyRefused, ProxyUnreachable), "PROXY, or /proxy in the chat"),
        ((CertificateRefused,), f"the certificate of {url}, and SSL_CERT_FILE"),
        ((GeneratorUnreachable,), f"{url}, and whether its server runs" if url else ""),
        ((GeneratorSilent,), "whether its server is overloaded, HEADERS_TIMEOUT and SILENCE_TIMEOUT"),
    )
    known = next((words for kinds, words in causes if isinstance(error, kinds)), "")
    return known or ", ".join([*kind.variables, *(["PROXY"] if settings.proxy else [])])
