"""The use cases about answers, made of what they need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.answering.finished_answers import FinishedAnswers
from bot.answering.reading_along import ReadingAlong
from bot.answering.turns.service import TurnService
from bot.answering.use_cases.answer_buttons import AnswerButtons
from bot.answering.use_cases.chat_membership import ChatMembership
from bot.answering.use_cases.conversation_choice import ConversationChoice
from bot.answering.use_cases.documents import FileCheck, Files
from bot.answering.use_cases.last_answer import LastAnswer
from bot.answering.use_cases.model_choice import ModelChoice
from bot.answering.use_cases.prompt_files import PromptFiles
from bot.answering.use_cases.proxy_trial import Prober, ProxyTrial
from bot.answering.use_cases.questions import Questions
from bot.answering.use_cases.whole_conversation import WholeConversation
from bot.models.catalog import ModelCatalog
from bot.models.listing import ModelLists
from bot.people.audit import AuditLog
from bot.people.limits.question_limits import QuestionLimits
from bot.people.limits.token_budgets import TokenBudgets
from bot.people.permissions import Permissions
from bot.preferences import Preferences
from bot.runtime.unit_of_work import UnitOfWork
from bot.storage.repositories.chats import ChatRepository
from bot.storage.repositories.conversations import ConversationRepository


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of conversations, chats and changes, and the Unix time by which they store."""

    conversations: ConversationRepository
    chats: ChatRepository
    audit: AuditLog
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Generating:
    """The generator as use cases need it: one that can be probed, the groups it reads along in, the models."""

    prober: Prober
    models: ModelCatalog
    reading_along: ReadingAlong
    finished: FinishedAnswers
    lists: ModelLists


@dataclass(frozen=True, slots=True)
class AnsweringUseCases:
    """Everything that handlers do with questions, answers and conversations."""

    questions: Questions
    buttons: AnswerButtons
    last_answer: LastAnswer
    conversation: WholeConversation
    membership: ChatMembership
    proxy_trial: ProxyTrial
    model_choice: ModelChoice
    budgets: TokenBudgets
    reading_along: ReadingAlong
    prompt_files: PromptFiles


def answering_use_cases(
    unit: UnitOfWork,
    stores: Stores,
    turns: TurnService,
    permissions: Permissions,
    preferences: Preferences,
    generating: Generating,
    files: Files,
    limits: QuestionLimits,
) -> AnsweringUseCases:
    """Wire the use cases about answers."""
    conversations = stores.conversations
    check = FileCheck(files.attachments, preferences.sees_pictures)
    choice = ConversationChoice(preferences, conversations)
    return AnsweringUseCases(
        questions=Questions(unit, conversations, turns, limits, check, permissions, choice),
        buttons=AnswerButtons(unit, conversations, turns, permissions, limits, generating.finished, preferences),
        last_answer=LastAnswer(unit, conversations, turns, permissions, limits, choice),
        conversation=WholeConversation(unit, conversations, turns, permissions, choice, clock=stores.clock),
        membership=ChatMembership(unit, stores.chats, turns, permissions),
        proxy_trial=ProxyTrial(unit, generating.prober, preferences, permissions, stores.audit),
        model_choice=ModelChoice(unit, generating.models, preferences, permissions, generating.lists, stores.audit),
        budgets=limits.budgets,
        reading_along=generating.reading_along,
        prompt_files=PromptFiles(files),
    )
