"""The use cases of whoever runs the bot, made of what they need."""

from __future__ import annotations

from dataclasses import dataclass

from bot.operating.holds import Holds
from bot.operating.trouble_reports import TroubleReports
from bot.people.permissions import Permissions
from bot.storage.database import Database
from bot.storage.repositories.troubles import TroubleRepository


@dataclass(frozen=True, slots=True)
class OperatingUseCases:
    """Everything that handlers do for whoever runs the bot."""

    trouble_reports: TroubleReports
    holds: Holds


def operating_use_cases(database: Database, permissions: Permissions, holds: Holds) -> OperatingUseCases:
    """Wire them."""
    return OperatingUseCases(trouble_reports=TroubleReports(TroubleRepository(database), permissions), holds=holds)
