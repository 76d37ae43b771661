"""The driver for SQLite: what is rolled back, and what needs no rollback."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from bot.storage.sqlite.driver import connect


async def test_a_statement_that_nobody_waits_for_any_more_leaves_no_transaction_open(tmp_path: Path) -> None:
    file = str(tmp_path / "some.db")
    first, second = await connect(file, patience=30), await connect(file, patience=30)
    try:
        await first.cursor().execute("BEGIN IMMEDIATE")

        async def begin() -> None:
            await second.cursor().execute("BEGIN IMMEDIATE")

        waiting = asyncio.create_task(begin())
        await asyncio.sleep(0)  # it is in the driver's thread now, and waits for the lock there
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        rolling_back = asyncio.create_task(second.rollback())
        await asyncio.sleep(0)
        await first.rollback()
        await rolling_back
        await second.cursor().execute("SELECT 1")  # comes behind everything that its thread was handed
        assert not second.in_transaction
        await first.cursor().execute("BEGIN IMMEDIATE")
        await first.rollback()
    finally:
        await first.close()
        await second.close()


async def test_what_only_read_is_not_rolled_back(tmp_path: Path) -> None:
    connection = await connect(str(tmp_path / "some.db"), patience=1)
    asked: list[str] = []
    try:
        await connection.set_trace_callback(asked.append)
        await connection.cursor().execute("SELECT 1")
        await connection.rollback()
        await connection.cursor().execute("BEGIN IMMEDIATE")
        await connection.rollback()
        assert asked == ["SELECT 1", "BEGIN IMMEDIATE", "ROLLBACK"]
    finally:
        await connection.close()
