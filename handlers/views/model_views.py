"""The pages of `/model`: their texts and their buttons. No I/O; all state is in the buttons' data."""

from __future__ import annotations

from bot.answering.use_cases.model_choice import ModelChoices
from bot.preferences import MODEL_CHOOSERS, Source
from bot.telegram.keyboard import Button, Keyboard
from handlers.support.callback_data import ChooserCallback, ModelCallback, ModelPageCallback, ModelScope
from handlers.support.responders import Responder

MODEL_PAGE_SIZE = 8
"""Models on one page, a row each: long names have to be read."""


def page_here(choices: ModelChoices, page: int, say: Responder, *, admin: bool) -> tuple[str, Keyboard]:
    """The models of this chat; admins get a way to the whole bot's."""
    now = choices.effective
    own = now.model.source in {Source.TOPIC, Source.CHAT}
    text = say.text("model-page", model=now.model_label or say.text("model-by-itself"), source=say.source(now.model))
    rows = _models(choices, page, "here")
    if choices.entries and own:
        data = ModelCallback(verb="use", scope="here", page=page).pack()
        rows.append((Button(say.text("button-usual"), data),))
    if admin:
        rows.append((Button(say.text("button-model-for-bot"), _page_data("bot", 0)),))
    return text, tuple(rows)


def page_for_bot(choices: ModelChoices, page: int, say: Responder) -> tuple[str, Keyboard]:
    """The default model of the whole bot, and who may choose another one."""
    now = choices.effective
    text = say.text("model-page-bot", model=now.model_label or say.text("model-by-itself"))
    choosers = tuple(
        Button(
            _ticked(say.text("button-model-choosers", who=who), chosen=who == now.model_choice.value),
            ChooserCallback(verb="who", who=who).pack(),
        )
        for who in MODEL_CHOOSERS
    )
    back = (Button(say.text("button-back"), _page_data("here", 0)),)
    return text, (*_models(choices, page, "bot"), choosers, back)


def _models(choices: ModelChoices, page: int, scope: ModelScope) -> list[tuple[Button, ...]]:
    """One page of models, and ‹ 1/3 › below where there are more."""
    pages = max(1, -(-len(choices.entries) // MODEL_PAGE_SIZE))
    page = min(page, pages - 1)
    shown = choices.entries[page * MODEL_PAGE_SIZE : (page + 1) * MODEL_PAGE_SIZE]
    rows: list[tuple[Button, ...]] = [
        (
            Button(
                _ticked(entry.name, chosen=entry.id == choices.chosen),
                ModelCallback(verb="use", scope=scope, page=page, id=entry.id).pack(),
            ),
        )
        for entry in shown
    ]
    if pages > 1:
        turn = [Button(f"{page + 1}/{pages}", _page_data(scope, page))]
        if page:
            turn.insert(0, Button("‹", _page_data(scope, page - 1)))
        if page + 1 < pages:
            turn.append(Button("›", _page_data(scope, page + 1)))
        rows.append(tuple(turn))
    return rows


def _page_data(scope: ModelScope, page: int) -> str:
    return ModelPageCallback(verb="page", scope=scope, page=page).pack()


def _ticked(text: str, *, chosen: bool) -> str:
    return f"✓ {text}" if chosen else text
