"""`/stats` for bot admins: the numbers of some days, and a picture of them that a child process draws."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Literal

from bot.attachments.attachment import FileContent
from bot.attachments.child_process import ChildProcesses
from bot.attachments.limits import ReadLimits
from bot.attachments.problems import AttachmentProblem
from bot.conversation.statistics import Statistics
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.storage.repositories.statistics import StatisticsRepository

logger = logging.getLogger(__name__)

StatisticsDays = Literal[7, 30, 90]
DEFAULT_DAYS: StatisticsDays = 30
CHART_MODULE = "bot.operating.statistics_chart"
"""Entry of the child process."""


class BotStatistics:
    """Gathers and draws, one request after another: admins who are in a hurry slow nobody else down."""

    def __init__(self, statistics: StatisticsRepository, permissions: Permissions) -> None:
        self._statistics = statistics
        self._permissions = permissions
        self._one_at_a_time = asyncio.Lock()
        self._children = ChildProcesses(1, module=CHART_MODULE)

    async def gather(self, speaker: Speaker, days: StatisticsDays) -> Statistics:
        """Read the numbers; outside a transaction, so that nobody waits. Raises OnlyBotAdmins, StorageUnavailable."""
        self._permissions.require_bot_admin(speaker)
        async with self._one_at_a_time:
            return await self._statistics.of_days(days)

    async def draw(self, statistics: Statistics, *, decimal_mark: str = ".") -> bytes | None:
        """Draw a PNG. None: this machine cannot."""
        asked = {
            "decimal_mark": decimal_mark,
            "first_day": statistics.first_day.isoformat(),
            "questions": statistics.questions,
            "people": statistics.people,
            "failed": statistics.failed,
            "first_text": statistics.first_text,
            "hours": statistics.hours,
            "models": [share.answers for share in statistics.models],
        }
        try:
            answer = await self._children.run("chart", FileContent(json.dumps(asked).encode()), ReadLimits())
        except (AttachmentProblem, OSError) as problem:
            logger.warning("The statistics could not be drawn: %s", problem)
            return None
        return answer.content
