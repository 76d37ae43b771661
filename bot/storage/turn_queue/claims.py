"""The queue of turns: claimed, leased, kept, finished. Every write of a claimed turn checks that it is still ours.

A turn that runs has an owner; one that waits has none. Of a conversation at most one runs: the next by round and age.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import (
    and_,
    bindparam,
    case,
    delete,
    func,
    null,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.conversation.messages import AnswerRecord, ChatKey, Ending, Message, Shown, Turn, TurnKind, TurnState
from bot.errors import LeaseLost
from bot.storage.database import Database
from bot.storage.mappers import AnyRow, pictures_as_json, shown_as_json, storable, turn_of
from bot.storage.message_tree import IS_CONVERSATION
from bot.storage.partitioning import ChatPartitioning
from bot.storage.prepared import PreparedStatement
from bot.storage.repositories.screens import on_screen, set_screen
from bot.storage.repositories.token_usage import keep_tokens, keep_tokens_of_cut
from bot.storage.schema import messages, spent, turns
from bot.storage.sqlite.group_commit import GroupCommit
from bot.storage.turn_queue.claimable import WAITING, WHOLE_TURN, is_poison_candidate, may_begin, waiting_chats
from bot.storage.turn_queue.leases import (
    ABOUT_TO_SEND,
    LEASE_DURATION,
    MAX_FAILURE_REPORTS,
    MAX_FAULTS,
    NO_COMPANY,
    ClaimedTurn,
    Company,
    Lease,
    Signal,
)
from bot.storage.turn_queue.placement import begin, hang_answer, step_back


@dataclass(frozen=True, slots=True)
class _NewLease:
    """Values written into the turns that are claimed."""

    owner: str
    seconds: float
    suspect: bool


class TurnRepository:
    """The SQL of the turns, for both databases. Raises StorageUnavailable; LeaseLost where a claim is needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._oldest = PreparedStatement(may_begin(database))
        self._waiting_in = waiting_chats(database)
        ended = {"open": False, "lease_until": None, "former_owner": None, "finished_at": database.now()}
        self._end = PreparedStatement(update(turns).where(_UNDISTURBED).values(state=bindparam("new_state"), **ended))
        self._keeping = GroupCommit(database, self._keep)

    async def get(self, turn: int) -> Turn | None:
        """A turn, finished or not. None: it never was, or is pruned."""
        async with self._database.reading() as connection:
            row = await _WHOLE.row(connection, {"this": turn})
        return None if row is None else turn_of(row)

    async def current(self, key: ChatKey) -> Turn | None:
        """The turn of a conversation that runs, else the one that begins next."""
        async with self._database.reading() as connection:
            in_order = turns.c.owner.is_(None), turns.c.round, turns.c.id
            first = WHOLE_TURN.where(turns.c.open, IS_CONVERSATION).order_by(*in_order).limit(1)
            row = (await connection.execute(first, asdict(key))).one_or_none()
        return None if row is None else turn_of(row)

    async def claim(
        self,
        bot: int,
        partitioning: ChatPartitioning,
        *,
        limit: int,
        lease_duration: float = LEASE_DURATION,
        allow_poison_candidates: bool = True,
        company: Company = NO_COMPANY,
    ) -> list[ClaimedTurn]:
        """Make up to `limit` of the oldest turns that may begin mine, and place their questions.

        `allow_poison_candidates`: one of those may be among them that have a last chance. `company`: what runs here.
        """
        wanted: dict[str, object] = {"of": bot, "at_most": limit, "candidates": allow_poison_candidates}
        if self._database.shared:
            waiting = await self._waiting_chats(bot)
            at_home = [chat for chat in waiting if partitioning.of(chat) == partitioning.me]
            if not at_home and not any(waiting.values()):
                return []
            wanted.update(me=partitioning.me, mine=at_home)
        async with self._database.transaction(durable=False) as connection:
            rows = await self._oldest.rows(connection, wanted)
            first = next((row.id for row in rows if is_poison_candidate(row)), None)
            chosen = [row for row in rows if not is_poison_candidate(row) or row.id == first]
            lease = _NewLease(partitioning.me, lease_duration, suspect=company.nobody and len(chosen) == 1)
            if chosen and company.suspect:
                await acquit(connection, partitioning.me)
            claimed = [await self._take(connection, row, lease) for row in chosen]
        return [one for one in claimed if one is not None]

    async def _waiting_chats(self, bot: int) -> dict[int, bool]:
        """The chats in which turns wait, and whether one of them was left by its home for so long that anybody may."""
        async with self._database.reading() as connection:
            found = (await connection.execute(self._waiting_in, {"of": bot})).all()
        return {row.chat: row.left for row in found}

    async def renew(
        self, owner: str, running: Collection[int], *, lease_duration: float = LEASE_DURATION
    ) -> dict[int, Signal | None]:
        """Keep the turns that really run. Those that are absent from what is given belong to somebody else now."""
        mine = turns.c.owner == owner, turns.c.open, turns.c.id.in_(running)
        until = self._database.now() + lease_duration
        renewed = update(turns).where(*mine).values(lease_until=until).returning(turns.c.id, turns.c.signal)
        async with self._database.transaction() as connection:
            rows = await connection.execute(renewed)
            return {row.id: Signal(row.signal) if row.signal else None for row in rows}

    async def keep(self, lease: Lease, shown: Sequence[Shown]) -> None:
        """Remember which Telegram messages show the answer, also where it is to start over in them. Raises LeaseLost.

        This does not wait for the disk: the sooner it is known what was sent, the fewer messages stand twice after a
        crash, and after a power failure one may. For the same reason those who wait on SQLite go together.
        """
        if not await self._keeping.write((lease, shown_as_json(shown))):
            raise LeaseLost

    async def store_reading(self, lease: Lease, question: Message, also: Callable[[], Awaitable[None]]) -> None:
        """Store a question as it was read, and in the same transaction what `also` stores. Raises LeaseLost."""
        quote = question.quote
        read = {
            "text": storable(question.text),
            "quote_author": None if quote is None else storable(quote.author),
            "quote_text": None if quote is None else storable(quote.text),
            "pictures": pictures_as_json(question.pictures),
            "unread": False,
        }
        async with self._database.transaction() as connection:
            row = await self._mine(connection, lease)
            await connection.execute(update(messages).where(messages.c.id == row.question).values(read))
            await also()

    async def keep_unfinished(self, lease: Lease, text: str) -> None:
        """Keep what was written so far, without waiting for the disk. Does nothing where the turn is not held."""
        async with self._database.transaction(durable=False) as connection:
            await _KEEP_UNFINISHED.change(connection, {**_held(lease), "so_far": storable(text)})

    async def _keep(self, connection: AsyncConnection, kept: tuple[Lease, object]) -> bool:
        lease, shown = kept
        return await _KEEP.change(connection, {**_held(lease), "now_shown": shown}) == 1

    async def wrote(
        self, lease: Lease, text: str, thoughts: str, ending: Ending, note: str, record: AnswerRecord | None = None
    ) -> int:
        """Store the whole text: from now on it only has to be shown. Raises LeaseLost. May be repeated."""
        async with self._database.transaction() as connection:
            row = await self._mine(connection, lease)
            said = {"text": storable(text), "thoughts": storable(thoughts), "ending": ending}
            if record is not None:
                said |= {"model": storable(record.model), "model_choice": storable(record.choice)}
                await keep_tokens(self._database, connection, turn_of(row), record)
            if row.answer is None:
                answer = await hang_answer(connection, row, said, self._database.clock())
            else:
                answer = row.answer
                await connection.execute(update(messages).where(messages.c.id == answer).values(said))
            written = {"this": lease.turn, "its_answer": answer, "its_note": storable(note)}
            await _WROTE.change(connection, written)
            await set_screen(self._database, connection, turn_of(row).key, answer, turn_of(row).shown)
        return answer

    async def keep_tokens(self, turn: Turn, record: AnswerRecord) -> None:
        """Keep the tokens of an attempt whose text nobody keeps, whosever the turn is now."""
        await keep_tokens_of_cut(self._database, turn, record)

    async def finish(self, lease: Lease, state: TurnState) -> None:
        """End a turn, without waiting for the disk. Raises LeaseLost. May be repeated, as after a power failure."""
        async with self._database.transaction(durable=False) as connection:
            changed = await self._end.change(connection, {**_held(lease), "new_state": state})
            row = await _WHOLE.row(connection, {"this": lease.turn})
            if changed == 1 and row is not None and row.answer is None:
                await step_back(connection, row)
            elif changed == 1 and row is not None:
                await set_screen(self._database, connection, turn_of(row).key, row.answer, turn_of(row).shown)
            ended_before = row is not None and (row.owner, row.claims, row.open) == (lease.owner, lease.claim, False)
            if not ended_before:
                raise LeaseLost

    async def release(self, lease: Lease, *, again_after: float = 0.0, counts: bool = False) -> bool:
        """Put a claimed turn back into the queue. `counts`: the attempt was a failure. False: it was not ours."""
        again = self._database.now() + again_after if again_after else null()
        back = {
            **_BACK_IN_QUEUE,
            "attempt": case((_RESTARTED, 0), else_=turns.c.attempt - (0 if counts else 1)),
            "faults": case((_RESTARTED, 0), else_=turns.c.faults + (1 if counts else 0)),
            "not_before": case((_RESTARTED, turns.c.not_before), else_=again),
        }
        async with self._database.transaction() as connection:
            done = await connection.execute(update(turns).where(_HELD).values(back), _held(lease))
        return done.rowcount == 1

    async def acquit(self, lease: Lease) -> None:
        """Note that a turn has run long enough not to be what kills the process. Does nothing where it is not ours."""
        async with self._database.transaction(durable=False) as connection:
            await connection.execute(_ACQUIT, _held(lease))

    async def take_back(self, bot: int, *, owner: str = "") -> int:
        """Queue what owners hold that are known to be dead: those whose name begins like this ("": all)."""
        mine = turns.c.owner.startswith(owner, autoescape=True)
        async with self._database.transaction() as connection:
            back = update(turns).where(turns.c.bot == bot, turns.c.open, turns.c.owner.is_not(None), mine)
            return (await connection.execute(back.values(_taken_over()))).rowcount

    async def take_over(self, bot: int) -> int:
        """Queue every turn whose owner has not renewed its lease."""
        expired = (
            select(turns.c.id)
            .where(turns.c.bot == bot, turns.c.open, turns.c.owner.is_not(None))
            .where(turns.c.lease_until < self._database.now())
            .with_for_update(skip_locked=True)
        )
        async with self._database.transaction() as connection:
            back = update(turns).where(turns.c.id.in_(expired)).values(_taken_over())
            return (await connection.execute(back)).rowcount

    async def waiting(self, bot: int) -> int:
        """Count the turns that wait, of all replicas."""
        async with self._database.reading() as connection:
            counted = select(func.count()).select_from(turns).where(turns.c.bot == bot, WAITING)
            return await connection.scalar(counted) or 0

    async def prune(self, before: float) -> int:
        """Forget the turns that finished before a Unix time; what was said stays."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(spent).where(spent.c.at < before))
            old = delete(turns).where(~turns.c.open, turns.c.finished_at < before)
            return (await connection.execute(old)).rowcount

    async def _take(self, connection: AsyncConnection, row: AnyRow, lease: _NewLease) -> ClaimedTurn | None:
        """Claim one row. None: it has failed too often even to say so."""
        attempt = row.attempt + 1
        if row.faults >= MAX_FAULTS + MAX_FAILURE_REPORTS:
            failed = {"state": TurnState.FAILED, "open": False, "finished_at": self._database.now()}
            await connection.execute(update(turns).where(turns.c.id == row.id).values(failed))
            return None
        if row.state == TurnState.ASKED:
            await begin(connection, row)
        delivers = row.kind == TurnKind.SHOW or row.state == TurnState.SHOWING
        state = TurnState.SHOWING if delivers else TurnState.WRITING
        changed = {
            "owner": lease.owner,
            "claims": row.claims + 1,
            "attempt": attempt,
            "suspect": lease.suspect,
            "state": state,
            "lease_until": self._database.now() + lease.seconds,
            "written_from": func.coalesce(turns.c.written_from, self._database.now()),
        }
        if not delivers:
            changed["begun"] = row.begun + 1
        turn = replace(turn_of(row), attempt=attempt, state=state, begun=row.begun + (0 if delivers else 1))
        if not row.shown:  # only now the turn before it has left the messages behind that this one takes over
            left = [] if row.screen is None else await on_screen(connection, row.screen)
            turn = replace(turn, shown=tuple(left) or ABOUT_TO_SEND)
            changed["shown"] = shown_as_json(turn.shown)
        taken = update(turns).where(turns.c.id == row.id).values(**changed, not_before=None)
        await connection.execute(taken)
        return ClaimedTurn(turn, lease.owner, row.claims + 1, stopped=row.signal == Signal.STOP, suspect=lease.suspect)

    async def _mine(self, connection: AsyncConnection, lease: Lease) -> AnyRow:
        row = await _MINE.row(connection, _held(lease))
        if row is None:
            raise LeaseLost
        return row


_HELD = and_(
    turns.c.id == bindparam("this"),
    turns.c.open,
    turns.c.owner == bindparam("mine"),
    turns.c.claims == bindparam("my_claim"),
)
_UNDISTURBED = and_(_HELD, turns.c.signal.is_distinct_from(Signal.RESTART.value))
_WHOLE = PreparedStatement(WHOLE_TURN.where(turns.c.id == bindparam("this")))
_MINE = PreparedStatement(WHOLE_TURN.where(_UNDISTURBED).with_for_update(of=turns))
_KEEP_UNFINISHED = PreparedStatement(update(turns).where(_UNDISTURBED).values(unfinished=bindparam("so_far")))
_KEEP = PreparedStatement(update(turns).where(_HELD).values(shown=bindparam("now_shown")))
_WROTE = PreparedStatement(
    update(turns)
    .where(turns.c.id == bindparam("this"))
    .values(answer=bindparam("its_answer"), state=TurnState.SHOWING.value, note=bindparam("its_note"))
)
_ACQUIT = update(turns).where(_HELD).values(suspect=False)
_RESTARTED = turns.c.signal == Signal.RESTART
_BACK_IN_QUEUE = {
    "owner": None,
    "former_owner": turns.c.owner,
    "lease_until": None,
    "suspect": False,
    "state": case((_RESTARTED, TurnState.ASKED.value), else_=turns.c.state),
    "signal": case((_RESTARTED, None), else_=turns.c.signal),
}


def _taken_over() -> dict[str, object]:
    proven = case((turns.c.suspect, 1), else_=0)
    return {
        **_BACK_IN_QUEUE,
        "attempt": case((_RESTARTED, 0), else_=turns.c.attempt),
        "faults": case((_RESTARTED, 0), else_=turns.c.faults + proven),
        "unfinished": case((_RESTARTED, ""), else_=turns.c.unfinished),
    }


async def acquit(connection: AsyncConnection, owner: str) -> None:
    """Take every suspicion back in a process that runs more than one turn from now on."""
    await connection.execute(update(turns).where(turns.c.owner == owner, turns.c.suspect).values(suspect=False))


def _held(lease: Lease) -> dict[str, object]:
    """Parameters of `_HELD`."""
    return {"this": lease.turn, "mine": lease.owner, "my_claim": lease.claim}
