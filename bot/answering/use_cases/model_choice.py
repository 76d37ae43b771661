"""The choice of the model that answers: in a chat by its people, for the whole bot by its admins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.conversation.messages import ChatKey
from bot.errors import GeneratorProblem, GeneratorSilent, Problem, StorageUnavailable
from bot.generators.client import AnswerLimit
from bot.models.catalog import ModelCatalog, Offer
from bot.models.listing import ModelLists
from bot.people.audit import AuditAction, AuditLog
from bot.people.permissions import OnlyBotAdmins, Permissions
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences, ModelChoosers, PreferenceName, Preferences
from bot.runtime.unit_of_work import UnitOfWork

MODEL_TRIAL_TIMEOUT = 60.0
"""Seconds that the trial of a model's name may take."""


class ModelGone(Problem):
    """The model on a button is not there any more, or not for this person."""

    key = "model-gone"


class OnlyOwnModel(Problem):
    """Another model was wanted where the program's own is the only one."""

    key = "model-embedded"


@dataclass(frozen=True, slots=True)
class ModelChoices:
    """The models that somebody may choose, and what counts now."""

    entries: tuple[Offer, ...]
    chosen: str
    """The id of the offer in force; empty: it is none of these."""
    effective: EffectivePreferences


@dataclass(frozen=True, slots=True)
class ModelTrial:
    """The result of the trial of a name: it answers, or the text that says why not."""

    effective: EffectivePreferences | None
    reason: str = ""
    """A Fluent id; empty: it works."""
    details: Mapping[str, str | float] = field(default_factory=dict)


class ModelChoice:
    """Shows, sets and resets the model. Raises NotPermitted, ModelGone, WrongValue, StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        models: ModelCatalog,
        preferences: Preferences,
        permissions: Permissions,
        lists: ModelLists,
        audit: AuditLog,
    ) -> None:
        self._unit = unit
        self._models = models
        self._preferences = preferences
        self._permissions = permissions
        self._lists = lists
        self._audit = audit

    async def look_here(self, speaker: Speaker) -> ModelChoices:
        """Give what may be chosen in this chat; nothing where there is only one model, or only admins choose."""
        effective = await self._preferences.effective(speaker.key)
        return self._choices(self._for(speaker, effective), effective, effective.model.value)

    async def look_for_bot(self, speaker: Speaker) -> ModelChoices:
        """Give what an admin may choose for the whole bot, and its default of now."""
        self._permissions.require_bot_admin(speaker)
        whole = await self._preferences.effective(ChatKey(speaker.key.bot, 0))
        return self._choices(self._models.offers(admin=True), whole, whole.model.value)

    async def choose_here(self, speaker: Speaker, id_: str) -> ModelChoices:
        """Let an entry answer in this chat or topic from the next answer on."""
        await self._permissions.require_change(speaker)
        effective = await self._preferences.effective(speaker.key)
        offer = self._offer(id_, self._for(speaker, effective))
        async with self._unit.transaction():
            await self._preferences.set(
                self._preferences.scope(speaker.key, PreferenceName.MODEL), PreferenceName.MODEL, offer.choice
            )
            await self._audit.note_here(speaker, AuditAction.SET, PreferenceName.MODEL, value=offer.name)
            return await self.look_here(speaker)

    async def reset_here(self, speaker: Speaker) -> ModelChoices:
        """Go back to the bot's model in this chat or topic."""
        await self._permissions.require_change(speaker)
        async with self._unit.transaction():
            scope = self._preferences.scope(speaker.key, PreferenceName.MODEL)
            if await self._preferences.reset(scope, PreferenceName.MODEL):
                await self._audit.note_here(speaker, AuditAction.RESET, PreferenceName.MODEL)
            return await self.look_here(speaker)

    async def choose_for_bot(self, speaker: Speaker, id_: str) -> ModelChoices:
        """Let an entry answer wherever nobody has chosen another one."""
        self._permissions.require_bot_admin(speaker)
        offer = self._offer(id_, self._models.offers(admin=True))
        async with self._unit.transaction():
            await self._preferences.set(ChatKey(speaker.key.bot, 0), PreferenceName.MODEL, offer.choice)
            await self._audit.note(speaker, AuditAction.SET, PreferenceName.MODEL, value=offer.name)
            return await self.look_for_bot(speaker)

    async def let_choose(self, speaker: Speaker, who: ModelChoosers) -> ModelChoices:
        """Say who may choose a model for their chat."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            await self._preferences.set(ChatKey(speaker.key.bot, 0), PreferenceName.MODEL_CHOICE, who)
            await self._audit.note(speaker, AuditAction.SET, PreferenceName.MODEL_CHOICE, value=who)
            return await self.look_for_bot(speaker)

    def named(self, text: str) -> Offer | None:
        """Find the model that a text names, by its id or its name, in any case."""
        wanted = text.strip().casefold()
        named = (
            one
            for one in self._models.offers(admin=True)
            if one.id and wanted in {one.id, one.name.casefold(), one.model.casefold()}
        )
        return next(named, None)

    def require_others(self) -> None:
        """Raise OnlyOwnModel where the program's own model answers, whatever name it is called by."""
        if self._models.answers_alone:
            raise OnlyOwnModel(model=self._models.resolve("").label)

    def limit_of(self, effective: EffectivePreferences) -> AnswerLimit:
        """Tell what the longest answer means on the model in force."""
        return self._models.limit_of(effective.model.value, effective.max_tokens.value)

    async def adopt(self, speaker: Speaker, name: str) -> ModelTrial:
        """Use a model's name for the whole bot if the default entry's server knows it.

        Slow: it belongs into a task of its own, outside of any transaction. Raises OnlyBotAdmins.
        """
        self._permissions.require_bot_admin(speaker)
        effective = await self._preferences.effective(speaker.key)
        try:
            async with asyncio.timeout(MODEL_TRIAL_TIMEOUT):
                await self._models.probe(proxy=effective.proxy.value, model=name, manner=effective.manner)
            async with self._unit.transaction():
                await self._preferences.set(ChatKey(speaker.key.bot, 0), PreferenceName.MODEL, name)
                await self._audit.note(speaker, AuditAction.SET, PreferenceName.MODEL, value=name)
            return ModelTrial(await self._preferences.effective(speaker.key))
        except TimeoutError:
            return ModelTrial(None, GeneratorSilent.key)
        except GeneratorProblem as problem:
            return ModelTrial(None, problem.key, problem.details)
        except StorageUnavailable:
            return ModelTrial(None, Problem.key)

    def _for(self, speaker: Speaker, effective: EffectivePreferences) -> list[Offer]:
        """The models that somebody may choose in a chat."""
        if not speaker.admin and effective.model_choice.value != "everyone":
            return []
        return self._models.offers(admin=speaker.admin)

    def _choices(self, offers: list[Offer], effective: EffectivePreferences, stored: str) -> ModelChoices:
        self._lists.refresh(effective.proxy.value)  # for the next page
        choice = self._models.resolve(stored).choice
        shown = tuple(offers) if self._models.is_from_file else ()
        return ModelChoices(shown, next((one.id for one in shown if one.choice == choice), ""), effective)

    def _offer(self, id_: str, offered: list[Offer]) -> Offer:
        offer = next((one for one in offered if one.id == id_), None)
        if offer is not None:
            return offer
        if not self._models.is_from_file or self._models.find(id_) is not None:
            raise OnlyBotAdmins(f"{id_} is not for everybody")
        raise ModelGone(f"there is no model {id_}")
