"""Telegram's documented budget of drafts and chat actions, beside those that the local Telegram enforces."""

from __future__ import annotations

import math

from bot.playground.budgets import Budgets, Cost, Window


class StrictBudgets(Budgets):
    """Budgets in which drafts have two windows, 20 in 5 s and 40 in 30 s, and holds of their own."""

    def __init__(self) -> None:
        super().__init__(strict=True)
        self._draft_windows: dict[int, tuple[Window, Window]] = {}
        self._draft_holds: dict[int, float] = {}

    def admit(self, cost: Cost, chat_id: int | None, now: float) -> int:
        """Spend what a call costs and return 0, or return for how many seconds it is refused."""
        if cost is not Cost.DRAFT or chat_id is None:
            return super().admit(cost, chat_id, now)
        if (refused := super().admit(Cost.HOLD_ONLY, chat_id, now)) > 0:
            return refused
        return self.admit_draft(chat_id, now)

    def admit_draft(self, chat_id: int, now: float) -> int:
        """Spend one of the drafts and chat actions of a chat."""
        left = self._draft_holds.get(chat_id, now) - now
        if left > 0:
            return max(1, math.ceil(left))
        windows = self._draft_windows.setdefault(chat_id, (Window(20, 5), Window(40, 30)))
        if not (windows[0].has(now) and windows[1].has(now)):
            self._draft_holds[chat_id] = now + 3
            return 3
        for window in windows:
            window.take(now)
        return 0
