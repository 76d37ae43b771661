"""Trying the generator through a proxy, and keeping the proxy if it works."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from bot.conversation.messages import ChatKey
from bot.conversation.troubles import without_echo
from bot.errors import GeneratorProblem, GeneratorSilent, Problem, ProxyRefused, ProxyUnreachable, StorageUnavailable
from bot.generators.client import ProbeManner
from bot.logs import blotted
from bot.net.proxy_url import ProxyURL, parse_proxy
from bot.people.audit import AuditAction, AuditLog
from bot.people.permissions import Permissions
from bot.people.speaker import Speaker
from bot.preferences import EffectivePreferences, PreferenceName, Preferences, WrongValue
from bot.runtime.unit_of_work import UnitOfWork

PROXY_TRIAL_TIMEOUT = 60.0
"""Seconds that the trial of a proxy may take in all."""

_OF_A_TRIAL = {ProxyUnreachable.key: "proxy-trial-unreachable", ProxyRefused.key: "proxy-trial-refused"}
"""Says instead of sending the admin to `/proxy test`: that is what they are doing."""


class ProxyPasswordInGroup(Problem):
    """A proxy with a password was sent where others read it."""

    key = "proxy-password-in-group"


class Prober(Protocol):
    """Asks the generator for a first piece of an answer."""

    async def probe(
        self, *, proxy: ProxyURL | None = None, model: str | None = None, manner: ProbeManner | None = None
    ) -> None:
        """Return once it answers. Raises GeneratorProblem."""
        ...


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """The result of a trial: it works, or the text that says why not."""

    proxy: ProxyURL | None
    reason: str = ""
    """A Fluent id; empty: it works."""
    details: Mapping[str, str | float] = field(default_factory=dict)
    cause: str = ""
    """The reason in one line, for the admin who tries."""

    @property
    def works(self) -> bool:
        """The generator answered, and what was to be stored is stored."""
        return not self.reason


class ProxyTrial:
    """Tries proxies with a time limit. Slow: it belongs into a task of its own, outside of any transaction."""

    def __init__(
        self,
        unit: UnitOfWork,
        generator: Prober,
        preferences: Preferences,
        permissions: Permissions,
        audit: AuditLog,
    ) -> None:
        self._unit = unit
        self._generator = generator
        self._preferences = preferences
        self._permissions = permissions
        self._audit = audit

    def read(self, speaker: Speaker, text: str) -> ProxyURL:
        """Read the proxy to try. Raises OnlyBotAdmins, WrongValue, ProxyPasswordInGroup."""
        self._permissions.require_bot_admin(speaker)
        try:
            proxy = parse_proxy(text)
        except ValueError:
            raise WrongValue("not a proxy's address", name=PreferenceName.PROXY.value) from None
        if proxy.user and not speaker.private:
            raise ProxyPasswordInGroup
        return proxy

    async def probe(self, proxy: ProxyURL | None, effective: EffectivePreferences) -> TrialOutcome:
        """Ask the generator through a proxy, with everything else that is in force."""
        try:
            async with asyncio.timeout(PROXY_TRIAL_TIMEOUT):
                await self._generator.probe(proxy=proxy, model=effective.model.value or None, manner=effective.manner)
        except TimeoutError:
            return TrialOutcome(proxy, GeneratorSilent.key)
        except GeneratorProblem as problem:
            cause = without_echo(blotted(str(problem), ()), [effective.system_prompt.value])
            return TrialOutcome(proxy, _OF_A_TRIAL.get(problem.key, problem.key), problem.details, cause)
        return TrialOutcome(proxy)

    async def adopt(self, speaker: Speaker, proxy: ProxyURL, effective: EffectivePreferences) -> TrialOutcome:
        """Use the proxy for the whole bot if the generator answers through it; otherwise everything stays as it was."""
        outcome = await self.probe(proxy, effective)
        if outcome.works:
            try:
                async with self._unit.transaction():
                    await self._preferences.set(ChatKey(speaker.key.bot, 0), PreferenceName.PROXY, proxy.url)
                    await self._audit.note(speaker, AuditAction.SET, PreferenceName.PROXY, value=proxy.shown)
            except StorageUnavailable:
                return TrialOutcome(proxy, Problem.key)
        return outcome
