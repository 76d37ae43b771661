"""The embedded model beside the bot: started as a server of its own, and the settings adapted to it."""

from __future__ import annotations

from contextlib import AsyncExitStack

from bot.errors import SettingsProblem
from bot.settings import Settings
from local_model.server import LocalModel


async def open_local_model(model: LocalModel, stack: AsyncExitStack) -> LocalModel:
    """Start the embedded server. It listens at once, and loads its model meanwhile."""
    stack.push_async_callback(model.stop)
    await model.start()
    return model


def settings_for(model: LocalModel, settings: Settings) -> Settings:
    """Adapt the settings to the embedded model: its name, no proxy on the way to it, values for a very small model."""
    changes: dict[str, object] = {"proxy": None, "aura_model": model.name}
    if model.packaged:
        changes |= {"system_prompt": "", "temperature": 0.2}  # the server's own prompt was made for it
    given = settings.model_fields_set - {"proxy"}
    changed = settings.model_copy(update={name: value for name, value in changes.items() if name not in given})
    changed.model_fields_set.intersection_update(given)  # these are defaults still, and are shown as such
    return changed


def local_model(settings: Settings) -> LocalModel:
    """The embedded server as the settings want it, not started yet.

    Raises SettingsProblem where there is no model that it could ever load.
    """
    model = LocalModel(settings.local_model, settings.max_answers, settings.context_tokens)
    if model.problem:
        tried = f" ({settings.local_model.expanduser().absolute()})" if settings.local_model else ""
        raise SettingsProblem(
            f"LOCAL_MODEL: {model.problem}{tried}; "
            "or connect a model: AURA_URL, or GENERATOR=openai with OPENAI_BASE_URL"
        )
    return model
