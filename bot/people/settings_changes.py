"""Changing what counts: in one chat by those who may change it, for the whole bot by its admins."""

from __future__ import annotations

from bot.conversation.messages import ChatKey
from bot.conversation.window import prompt_fits
from bot.errors import Problem
from bot.people.audit import AuditAction, AuditLog
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences, PreferenceName, Preferences
from bot.runtime.unit_of_work import UnitOfWork

_ANSWERER = (PreferenceName.SYSTEM_PROMPT, PreferenceName.PERSONA)
"""Either of them says who answers, so they are reset together."""


class PromptTooLong(Problem):
    """A system prompt alone exceeds what the model reads, so that no question would ever be answered."""

    key = "system-too-long"


class SettingsChanges:
    """Sets and resets preferences, and gives what counts afterwards. Raises NotPermitted, StorageUnavailable."""

    def __init__(
        self,
        unit: UnitOfWork,
        preferences: Preferences,
        permissions: Permissions,
        audit: AuditLog,
        context_tokens: int,
    ) -> None:
        self._unit = unit
        self._preferences = preferences
        self._permissions = permissions
        self._audit = audit
        self._context_tokens = context_tokens

    async def look(self, speaker: Speaker) -> EffectivePreferences:
        """Give what counts to somebody who is about to change it."""
        await self._permissions.require_change(speaker)
        return await self._preferences.effective(speaker.key)

    async def look_for_bot(self, speaker: Speaker) -> EffectivePreferences:
        """Give what counts to an admin who is about to change it for the whole bot."""
        self._permissions.require_bot_admin(speaker)
        return await self._preferences.effective(speaker.key)

    async def set_here(self, speaker: Speaker, name: PreferenceName, text: str) -> EffectivePreferences:
        """Set a value of this chat, or of this topic. Raises WrongValue, PromptTooLong."""
        await self._permissions.require_change(speaker)
        if name is PreferenceName.SYSTEM_PROMPT and not prompt_fits(text, context=self._context_tokens):
            raise PromptTooLong("the prompt leaves no room for a question", tokens=self._context_tokens)
        async with self._unit.transaction():
            await self._preferences.set(self._preferences.scope(speaker.key, name), name, text)
            value = "" if name is PreferenceName.SYSTEM_PROMPT else text  # the words of prompts are not recorded
            await self._audit.note_here(speaker, AuditAction.SET, name, value=value)
            return await self._preferences.effective(speaker.key)

    async def reset_here(self, speaker: Speaker, name: PreferenceName) -> EffectivePreferences:
        """Forget a value of this chat, or of this topic."""
        await self._permissions.require_change(speaker)
        async with self._unit.transaction():
            names = _ANSWERER if name in _ANSWERER else (name,)
            done = [await self._preferences.reset(self._preferences.scope(speaker.key, one), one) for one in names]
            if any(done):
                await self._audit.note_here(speaker, AuditAction.RESET, name)
            return await self._preferences.effective(speaker.key)

    async def set_for_bot(self, speaker: Speaker, name: PreferenceName, text: str) -> EffectivePreferences:
        """Set a value for the whole bot, from the next message on. Raises WrongValue."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            await self._preferences.set(ChatKey(speaker.key.bot, 0), name, text)
            await self._audit.note(speaker, AuditAction.SET, name, value=text)
            return await self._preferences.effective(speaker.key)

    async def reset_for_bot(self, speaker: Speaker, name: PreferenceName) -> EffectivePreferences:
        """Go back to what the environment says."""
        self._permissions.require_bot_admin(speaker)
        async with self._unit.transaction():
            if await self._preferences.reset(ChatKey(speaker.key.bot, 0), name):
                await self._audit.note(speaker, AuditAction.RESET, name)
            return await self._preferences.effective(speaker.key)
