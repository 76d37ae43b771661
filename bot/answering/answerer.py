"""The work on one claimed turn, from its question to its last edit."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from bot.answering import keyboards
from bot.answering.answer_in_progress import AnswerInProgress
from bot.answering.answer_report import AnswerReport, FailureNote
from bot.answering.finished_answers import FinishedAnswers
from bot.answering.generated_answer import GeneratedAnswer
from bot.answering.generation import Generation
from bot.answering.question_reading import NothingRead, QuestionReading
from bot.answering.turns.turn_context import TurnContext
from bot.conversation.continuation import Continuation
from bot.conversation.messages import Ending, Message, Turn, TurnKind, TurnState
from bot.errors import (
    ChatUnavailable,
    GeneratorBroken,
    GeneratorProblem,
    InterruptedTooOften,
    TopicUnavailable,
)
from bot.preferences import EffectivePreferences, Preferences
from bot.rendering.reply import Reply
from bot.runtime.task_supervisor import TaskSupervisor
from bot.storage.turn_queue.leases import MAX_FAULTS
from bot.streaming.live_reply import LiveReply
from bot.streaming.live_reply_factory import LiveReplyFactory
from bot.telegram.destination import Destination
from bot.telegram.keyboard import Keyboard
from bot.texts import Texts

_NOTES = {
    Ending.STOPPED: "answer-stopped",
    Ending.LENGTH: "answer-cut-by-limit",
    Ending.FILTERED: "answer-cut-by-filter",
}

_BROKEN_OFF: dict[type[GeneratorProblem], str] = {
    GeneratorBroken: "answer-broken-off",
    InterruptedTooOften: "answer-interrupted",
}
"""The lines under an answer of which something was written."""


class Answerer:
    """Carries a claimed turn to its end: asks the generator, shows what it writes, keeps what was written."""

    def __init__(
        self,
        *,
        preferences: Preferences,
        generation: Generation,
        finished: FinishedAnswers,
        live_replies: LiveReplyFactory,
        tasks: TaskSupervisor,
        texts: Texts,
        reading: QuestionReading,
        report: AnswerReport | None = None,
    ) -> None:
        self._preferences = preferences
        self._generation = generation
        self._finished = finished
        self._live_replies = live_replies
        self._tasks = tasks
        self._texts = texts
        self._reading = reading
        self._report = report or AnswerReport()

    async def work(self, running: TurnContext) -> None:
        """Do whatever the turn still needs; when this returns, the turn is finished.

        Raises the errors that end a turn early: ChatUnavailable, TopicUnavailable, ChatMigrated, LeaseLost,
        StorageUnavailable, CancelledError.
        """
        turn = running.turn
        chosen = self._generation.preferences_of(turn, await self._preferences.effective(turn.key))
        if turn.kind is TurnKind.SHOW or turn.state is TurnState.SHOWING:
            await self._deliver(running, chosen)
        else:
            await self._write(running, chosen)

    async def _write(self, running: TurnContext, chosen: EffectivePreferences) -> None:
        path = await running.begin(self._generation.max_messages(chosen))
        turn = running.turn
        self._report.begun(turn)
        reply = self._reply(turn, chosen)
        seam = Continuation(path[-1].text) if turn.kind is TurnKind.GO_ON else None
        if seam is not None:
            reply.write(path[-1].text)
        live = await self._open(
            running, reply, chosen, keyboards.while_writing(turn.id, turn.attempt, self._translate(turn))
        )
        showing = self._tasks.start(live.run(), name=f"show turn {turn.id}", awaited=True)
        showing.add_done_callback(lambda _: running.interrupt())
        answer = AnswerInProgress(reply, live, showing, seam)
        kept: int | None = None
        try:
            try:
                if await self._read(running, path, answer):
                    await self._ask(running, path, chosen, answer)
            except (ChatUnavailable, TopicUnavailable):
                await self._keep_cut(running, answer, chosen)
                raise
            answer.close()
            reply.end(answer.note)
            kept = await running.wrote(
                reply.text, "".join(answer.thoughts), answer.ending, answer.note, record=answer.record
            )
            keyboard = await self._final_keyboard(turn, kept, answer.ending, chosen)
            live.end(keyboard)
            try:
                await showing
            except (ChatUnavailable, TopicUnavailable):
                await live.leave(keyboard)
                raise
        finally:
            showing.cancel()
            await asyncio.wait([showing])
            if kept is None and answer.record is not None:
                await running.keep_tokens(answer.record)
        await running.finish(_state(answer.ending))
        wrote = answer.server if answer.ending in {Ending.COMPLETE, Ending.LENGTH} else None
        first = answer.first_text_at
        await self._report.ended(turn, answer.model, answer.ending.value, first_text_at=first, wrote=wrote)

    async def _deliver(self, running: TurnContext, chosen: EffectivePreferences) -> None:
        """Put a stored answer on the screen: after a crash, or another version of it."""
        turn = running.turn
        answer = await self._finished.stored(turn.answer) if turn.answer else None
        if answer is None:
            await running.finish(TurnState.FAILED)
            return
        reply = self._reply(turn, chosen)
        reply.think(answer.thoughts)
        reply.write(answer.text)
        reply.end(turn.note or self._note(turn, answer.ending))
        keyboard = await self._final_keyboard(turn, answer.id, answer.ending, chosen)
        live = await self._open(running, reply, chosen, keyboard)
        live.end(keyboard)
        await live.run()
        await running.finish(_state(answer.ending))

    async def _read(self, running: TurnContext, path: list[Message], answer: AnswerInProgress) -> bool:
        """Put the question at the end of `path` as it reads with its files. False: there is nothing to answer."""
        turn, was_read = running.turn, False
        if not path[-1].unread or turn.faults >= MAX_FAULTS:
            return True
        try:
            with running.stoppable():
                path[:] = await self._reading.read(running, path)
                was_read = True
        except NothingRead as nothing:
            answer.ending, answer.note = Ending.FAILED, nothing.lines
            return False
        answer.check()
        if not was_read:
            answer.ending, answer.note = Ending.STOPPED, self._note(turn, Ending.STOPPED)
        return was_read

    async def _ask(
        self, running: TurnContext, path: list[Message], chosen: EffectivePreferences, answer: AnswerInProgress
    ) -> None:
        """Let the generator write. Its failure is an ending, not an error. Raises what ends the showing."""
        turn = running.turn
        generated = self._generation.answer(turn, path, chosen)
        try:
            if turn.faults >= MAX_FAULTS:
                if answer.seam is None:
                    answer.reply.write(turn.unfinished)
                raise InterruptedTooOften("the process died of it, or it failed, too often")
            with running.stoppable():
                async with aclosing(generated.pieces()) as pieces:
                    async for piece in pieces:
                        answer.take(piece)
                        if answer.first_text_at is None and answer.is_visible:
                            answer.first_text_at = self._report.clock()
                        if turn.faults:
                            await _keep_unfinished(running, answer)
            answer.check()
            if not (running.stopped or answer.is_visible):
                raise GeneratorBroken("there is nothing to see in the answer")
        except GeneratorProblem as error:
            answer.fail(error)
            key = _BROKEN_OFF.get(type(error), error.key) if answer.is_visible else error.key
            note = self._texts.get(turn.language, key, **error.details)
            about = await self._report.failed(turn, path, generated.label, error, server=generated.server)
            answer.note = self._with_failure(turn, note, about)
        else:
            if running.stopped:
                answer.ending = Ending.STOPPED
            answer.note = self._note(turn, answer.ending)
            unseen = self._texts.get(turn.language, "answer-unseen") if generated.unseen else ""
            answer.note = "\n".join(filter(None, [answer.note, unseen, self._stand_in(turn, generated)]))
        finally:
            answer.record, answer.model, answer.server = generated.record(), generated.label, generated.server
        answer.record = answer.record or generated.record_of_cut()

    def _reply(self, turn: Turn, chosen: EffectivePreferences) -> Reply:
        return Reply(thoughts=chosen.thoughts.value, thoughts_title=self._texts.get(turn.language, "answer-thoughts"))

    async def _open(
        self, running: TurnContext, reply: Reply, chosen: EffectivePreferences, keyboard: Keyboard
    ) -> LiveReply:
        turn = running.turn
        spells = await running.written_by_others()
        self._live_replies.count_others(turn.key.chat, spells)
        streaming = chosen.streaming.value
        destination = Destination(
            chat=turn.key.chat, thread=turn.key.topic or None, reply_to=turn.reply_to, private=turn.private
        )
        return self._live_replies.open(
            destination,
            running,
            reply,
            streaming="edit" if spells and streaming == "draft" else streaming,
            keyboard=keyboard,
            draft_id=turn.id,
            resumed=running.resumed,
            acknowledged=turn.waited,
        )

    async def _keep_cut(self, running: TurnContext, answer: AnswerInProgress, chosen: EffectivePreferences) -> None:
        """Keep what stands in a chat where the bot may not write any more: ▸ goes on from there once it may again."""
        if answer.live.begun and answer.is_visible:
            answer.close()
            kept = await running.wrote(answer.reply.text, "".join(answer.thoughts), Ending.BROKEN, record=answer.record)
            await answer.live.leave(await self._final_keyboard(running.turn, kept, Ending.BROKEN, chosen))

    async def _final_keyboard(self, turn: Turn, answer: int, ending: Ending, chosen: EffectivePreferences) -> Keyboard:
        facts = await self._finished.facts(answer, ending, turn.asker, chosen)
        return keyboards.when_ended(facts, self._translate(turn))

    def _note(self, turn: Turn, ending: Ending) -> str:
        """Give the line under an answer that did not end by itself; one without text would show nothing else."""
        return self._texts.get(turn.language, _NOTES[ending]) if ending in _NOTES else ""

    def _with_failure(self, turn: Turn, note: str, about: FailureNote) -> str:
        """Give the line about a failure, with its reference and, for an admin, its reason below."""
        if about.reference:
            note = self._texts.get(turn.language, "answer-reference", note=note, ref=about.reference)
        return f"{note}\n{self._texts.get(turn.language, 'answer-cause', cause=about.cause)}" if about.cause else note

    def _stand_in(self, turn: Turn, generated: GeneratedAnswer) -> str:
        """Give the line that says which model answered where it was not the chosen one."""
        model, wanted = generated.model, generated.wanted
        if model is None:
            return ""
        if model.entry.id != wanted.entry.id:
            return self._texts.get(turn.language, "answer-by-fallback", model=model.label, wanted=wanted.label)
        if wanted.missing:
            return self._texts.get(turn.language, "answer-by-default", model=model.label, wanted=wanted.missing)
        return ""

    def _translate(self, turn: Turn) -> keyboards.Translate:
        return lambda key: self._texts.get(turn.language, key)


async def _keep_unfinished(running: TurnContext, answer: AnswerInProgress) -> None:
    """Keep what was written so far where the answer may be given up: then it stays on the screen."""
    if answer.seam is None and answer.is_visible:
        await running.keep_unfinished(answer.reply.text)


def _state(ending: Ending) -> TurnState:
    match ending:
        case Ending.STOPPED:
            return TurnState.STOPPED
        case Ending.FAILED | Ending.TOO_LONG:
            return TurnState.FAILED
        case _:
            return TurnState.DONE
