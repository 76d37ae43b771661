"""One question to a remote generator at the start, so that its owner hears of a mistake before anybody else."""

from __future__ import annotations

import logging

from bot.errors import GeneratorProblem
from bot.generators.client import GeneratorClient
from bot.generators.factory import kind_of
from bot.net.proxy_url import as_proxy
from bot.settings import Settings

logger = logging.getLogger(__name__)


async def try_generator(client: GeneratorClient, settings: Settings) -> None:
    """Ask once; a failure is a warning with the reason and the settings to look at."""
    try:
        await client.probe(proxy=as_proxy(settings.proxy.get_secret_value() if settings.proxy else None))
    except GeneratorProblem as problem:
        logger.warning(
            "%s does not answer: %s; check %s, or run `make doctor`",
            client.destination,
            problem,
            generator_variables(settings),
        )


def generator_variables(settings: Settings) -> str:
    """Name the variables that can be the reason why no generator answers."""
    if settings.embedded:
        return "LOCAL_MODEL, or run `make install` again"
    variables = kind_of(settings.generator).variables
    return ", ".join([*variables, *(["PROXY"] if settings.proxy else [])])
