"""One run: the stage is set, everything goes wrong at once, everything comes to rest, and it is counted."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.balancer import running_balancer
from tests.chaos.database_trouble import PostgreSQLTrouble, SQLiteTrouble
from tests.chaos.floods import FloodWatch
from tests.chaos.partition import partition
from tests.chaos.replicas import Replica, is_ready
from tests.chaos.stale_edits import take_back
from tests.chaos.stored_ids import StoredIds
from tests.chaos.telegram_trouble import TelegramTrouble
from tests.end_to_end.test_webhook import SECRET
from tests.harness.databases import PostgreSQL
from tests.harness.local_proxy import reserved_port
from tests.harness.program_process import Program
from tests.harness.scene import Scene
from tests.soak.counting import Interruptions, judge
from tests.soak.people import Conversation
from tests.soak.playground_process import PlaygroundProcess
from tests.soak.trouble import OUTAGES, Script

PATIENCE = 180.0
"""Seconds after which a question counts as lost; all troubles of one run in a row are well within."""
GROUP_THINKING = (15.0, 45.0)
"""Seconds between the questions of a group, whose budget is 20 messages and edits a minute."""
MEMBERS = 3
GENERATOR_SOUND = (10.0, 25.0)
"""Seconds between two outages of the generator."""
GENERATOR_OUTAGE = (2.0, 8.0)
MAX_UNEXPECTED_LINES = 20
MAX_LINE_LENGTH = 500
MENTION = "@aura_bot"


@dataclass(frozen=True)
class Plan:
    """By which chance, with how many processes, and what goes wrong."""

    seed: str
    replicas: int
    webhook: bool
    logs: Path | None = None
    only_replicas: bool = False
    """Replicas come and go, and nothing else goes wrong."""


class Run:
    """What a run consists of, and what came of it."""

    def __init__(
        self,
        scene: Scene,
        playground: PlaygroundProcess,
        server: PostgreSQL | None,
        stack: AsyncExitStack,
        plan: Plan,
    ) -> None:
        self._scene, self._playground, self._server, self._stack = scene, playground, server, stack
        self._seed, self._number, self._webhook = plan.seed, plan.replicas, plan.webhook
        self._logs = plan.logs
        self._only_replicas = plan.only_replicas
        self._began = time.monotonic()
        self._interruptions = Interruptions()
        self._watch = FloodWatch(scene.telegram, self._interruptions)
        self._script = Script(self._chance("generator"))
        self._outages = 0
        self._not_ready = 0
        self._conversations: list[Conversation] = []
        self._replicas: list[Replica] = []
        self._tallies: list[Counter[str]] = []

    def _chance(self, what: str) -> random.Random:
        """A source of chance for one thing, so that the course of another does not shift it."""
        return random.Random(f"{self._seed} {what}")

    async def open(self, conversations: int, groups: int) -> None:
        """Let the people come, and prepare the replicas."""
        for number in range(conversations):
            person = await self._newcomer(f"chaos{number}")
            self._talk(person, [person])
        for number in range(groups):
            members = [await self._newcomer(f"member{number}x{at}") for at in range(MEMBERS)]
            group = await self._scene.telegram.post("chats", title=f"Group {number}", members=members)
            self._talk(int(group["id"]), members)
        self._script.short = {f"p{abs(one.chat)}n" for one in self._conversations if one.chat < 0}
        self._scene.generator.script = self._script
        await self._prepare_replicas()

    async def _newcomer(self, name: str) -> int:
        answer = await self._scene.telegram.post("people", first_name=name, username=name, language_code="en")
        return int(answer.get("id") or answer["person"]["id"])

    def _talk(self, chat: int, askers: list[int]) -> None:
        talk = Conversation(chat, askers, self._scene.telegram, self._chance(f"chat {len(self._conversations)}"))
        talk.patience = PATIENCE
        if chat < 0:
            talk.mention, talk.thinking = MENTION, GROUP_THINKING
        self._conversations.append(talk)

    async def _prepare_replicas(self) -> None:
        self._database = self._server.new_database() if self._server else ""
        self._stored = StoredIds(self._database or f"sqlite+aiosqlite:///{self._scene.folder}/aura.db")
        await self._stored.begin()
        ports = [self._stack.enter_context(reserved_port()) for _ in range(self._number if self._webhook else 0)]
        listening = [f"127.0.0.1:{port}" for port in ports]
        balancer = await self._stack.enter_async_context(running_balancer(listening)) if listening else ""
        for at in range(self._number):
            environment = {**self._scene.environment, "REPLICA": f"r{at + 1}", "QUESTIONS_WAITING": "50"}
            if listening:
                webhook = {"WEBHOOK_URL": f"http://{balancer}", "WEBHOOK_SECRET": SECRET, "LISTEN": listening[at]}
                environment.update(webhook)
            way = await self._stack.enter_async_context(partition(self._database)) if self._database else None
            if way is not None:
                environment["DATABASE_URL"] = way.url(self._database)
            assert self._scene.nursery is not None
            name, chance = environment["REPLICA"], self._chance(f"replica {at}")
            replica = Replica(
                name, self._scene.folder, environment, self._scene.nursery, chance, self._interruptions, way
            )
            replica.logs = self._logs
            replica.only_ends = self._only_replicas
            self._replicas.append(replica)
        chats = [one.chat for one in self._conversations]
        self._telegram_trouble = TelegramTrouble(
            self._scene.telegram, self._playground, self._watch, self._interruptions, chats, self._seed, listening
        )
        self._database_trouble = self._make_database_trouble()
        self._tallies = [self._telegram_trouble.tally, self._database_trouble.tally]
        self._tallies += [replica.tally for replica in self._replicas]

    def _make_database_trouble(self) -> PostgreSQLTrouble | SQLiteTrouble:
        chance = self._chance("database")
        if self._server is not None:
            return PostgreSQLTrouble(self._server, self._database, chance, self._interruptions)
        only = self._replicas[0]
        return SQLiteTrouble(self._scene.folder, lambda: only.program, chance, self._interruptions)

    async def through(self, seconds: float) -> None:
        """Let everything go wrong for so long, then let it come to rest."""
        self._began = time.monotonic()
        until = self._began + seconds
        async with asyncio.TaskGroup() as group:
            following = group.create_task(self._watch.follow())
            talking = [group.create_task(one.talk(until)) for one in self._conversations]
            async with asyncio.TaskGroup() as troubles:
                if not self._only_replicas:
                    self._begin_troubles(troubles, until)
                for replica in self._replicas:
                    troubles.create_task(replica.live(until))
            self._script.failing = False
            await self._watch.clear()
            await self._rest(talking)
            await self._watch.look()
            following.cancel()
        await self._stored.look()

    def _begin_troubles(self, troubles: asyncio.TaskGroup, until: float) -> None:
        """Let go wrong what is outside of the replicas."""
        trouble = self._telegram_trouble
        troubles.create_task(trouble.bother(until))
        troubles.create_task(trouble.fail(until))
        troubles.create_task(trouble.confuse(until))
        troubles.create_task(self._database_trouble.bother(until))
        troubles.create_task(self._fail_to_generate(until))

    async def _fail_to_generate(self, until: float) -> None:
        chance = self._chance("outages of the generator")
        while time.monotonic() < until:
            await asyncio.sleep(chance.uniform(*GENERATOR_SOUND))
            self._outages += 1
            await self._script.fail(chance.choice(OUTAGES), chance.uniform(*GENERATOR_OUTAGE))

    async def _rest(self, talking: list[asyncio.Task[None]]) -> None:
        """Run every replica undisturbed until nobody waits any more, then stop them."""
        async with AsyncExitStack() as stack:
            running: list[tuple[Replica, Program]] = []
            for replica in self._replicas:
                program = await stack.enter_async_context(replica.start())
                if await is_ready(program):
                    running.append((replica, program))
                else:
                    self._not_ready += 1
                    replica.log.append(f"{replica.name} did not start at the end: {' | '.join(program.lines[-3:])}")
            await asyncio.wait(talking, timeout=PATIENCE * 2)
            for replica, program in running:
                await replica.stop(program)
        for replica, program in running:
            replica.keep(program)

    def write_down(self) -> None:
        """Write down when what happened, in the time that the logs are in, for whoever looks for a cause."""
        if self._logs is None:
            return
        wall = time.time() - time.monotonic()
        happened = [(one.began, one.what, one.chat) for one in self._interruptions.happened]
        happened += [(at, f"a breach by {method}", chat) for at, method, chat in self._watch.breaches]
        happened += [
            (seen.at, f"{seen.kind} {seen.message.get('message_id')}: {seen.message.get('text', '')[:60]!r}", seen.chat)
            for seen in self._scene.telegram.history
        ]
        with (self._logs / "happened.log").open("w", encoding="utf-8") as file:
            for at, what, chat in sorted(happened, key=lambda one: one[0]):
                moment = datetime.fromtimestamp(wall + at, UTC)
                file.write(f"{moment:%H:%M:%S.%f} {what} ({'any chat' if chat is None else chat})\n")

    def verdict(self) -> tuple[list[str], int]:
        """Every figure in a line, and how many faults there are."""
        wall = time.time() - time.monotonic()
        sealed = {message: at - wall for message, at in self._stored.sealed.items()}
        stale = take_back(self._scene.telegram, sealed, self._interruptions)
        found = judge(self._conversations, self._interruptions, self._script.failed, self._stored.has)
        tally = sum(self._tallies, Counter[str]())
        troubles = ", ".join(f"{what} {number}" for what, number in sorted(tally.items()) if number)
        unexpected = Counter(_alike(line) for replica in self._replicas for line in replica.log)
        generator = f"outages of the generator {self._outages}, its failures {self._script.failed.total()}"
        lines = [
            f"{troubles}, {generator}",
            *found.lines(),
            f"edits that arrived after another process had written the message anew {stale}",
            *self._watch.lines(self._began),
            f"unexpected log lines {unexpected.total()}, replicas that did not start at the end {self._not_ready}",
            *(f"{number} x {line}" for line, number in unexpected.most_common(MAX_UNEXPECTED_LINES)),
        ]
        return lines, found.wrong + len(self._watch.breaches) + self._not_ready


def _alike(line: str) -> str:
    """Shorten a line, and take out what differs between lines of one kind: times, ids, numbers."""
    return re.sub(r"\d+", "#", line)[:MAX_LINE_LENGTH]
