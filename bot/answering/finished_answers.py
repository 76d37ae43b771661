"""Facts about answers that have ended, for their buttons: their versions, who wrote them, who else may answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from bot.answering.keyboards import FinishedAnswer
from bot.conversation.messages import Ending, Message
from bot.models.catalog import ModelCatalog, Offer
from bot.preferences import EffectivePreferences
from bot.storage.repositories.conversations import ConversationRepository


class FinishedAnswers:
    """Reads the facts. `admins` gives the bot's admins. Raises StorageUnavailable."""

    def __init__(
        self,
        conversations: ConversationRepository,
        models: ModelCatalog,
        admins: Callable[[], Awaitable[Collection[int]]],
    ) -> None:
        self._conversations = conversations
        self._models = models
        self._admins = admins

    async def stored(self, answer: int) -> Message | None:
        """Give an answer as it is stored."""
        return await self._conversations.message(answer)

    async def facts(self, answer: int, ending: Ending, asker: int, chosen: EffectivePreferences) -> FinishedAnswer:
        """Give what the buttons under an answer depend on; `asker` is whom they are for."""
        versions = await self._conversations.versions(answer)
        writers = await self._conversations.writers(versions) if len(versions) > 1 else {}
        several = len(set(writers.values())) > 1
        others = len(await self.offers(asker, chosen)) > 1
        return FinishedAnswer(answer, versions, ending, others, writers.get(answer, "") if several else "")

    async def offers(self, person: int, chosen: EffectivePreferences) -> list[Offer]:
        """Give the models from which somebody may choose in a conversation; nothing without `models.toml`."""
        if not self._models.is_from_file:
            return []
        every = self._models.offers(admin=True)
        own = self._models.offers(admin=False) if chosen.model_choice.value == "everyone" else []
        if len(own) == len(every) or len(every) == 1:
            return own  # no need to know who asks
        return every if person in await self._admins() else own
