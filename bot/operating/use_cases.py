"""The use cases of whoever runs the bot, made of what they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.operating.bot_statistics import BotStatistics
from bot.operating.broadcasting import Broadcasting
from bot.operating.holds import Holds
from bot.operating.trouble_reports import TroubleReports
from bot.people.permissions import Permissions
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.database import Database
from bot.storage.repositories.broadcasts import BroadcastRepository
from bot.storage.repositories.statistics import StatisticsRepository
from bot.storage.repositories.troubles import TroubleRepository


@dataclass(frozen=True, slots=True)
class OperatingUseCases:
    """Everything that handlers do for whoever runs the bot."""

    trouble_reports: TroubleReports
    broadcasting: Broadcasting
    holds: Holds
    bot_statistics: BotStatistics


def operating_use_cases(
    database: Database,
    permissions: Permissions,
    unit: UnitOfWork,
    holds: Holds,
    *,
    bot: int,
    broadcast_begun: Callable[[], None] = lambda: None,
) -> OperatingUseCases:
    """Wire them."""
    return OperatingUseCases(
        trouble_reports=TroubleReports(TroubleRepository(database), permissions),
        broadcasting=Broadcasting(unit, BroadcastRepository(database, bot=bot), permissions, broadcast_begun),
        holds=holds,
        bot_statistics=BotStatistics(StatisticsRepository(database, bot=bot), permissions),
    )
