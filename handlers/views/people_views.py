"""Pages about people, groups and changes: their texts and their buttons. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from bot.conversation.people import Chat, Standing
from bot.people.audit import AuditAction, AuditPage, described
from bot.people.directory import ListedPerson, PeoplePage
from bot.people.groups import GroupsPage
from bot.people.personas import Personas
from bot.telegram.keyboard import Button, Keyboard
from handlers.support.callback_data import (
    AuditPageCallback,
    CompactCallback,
    EverybodyCallback,
    GroupCallback,
    GroupsPageCallback,
    PeoplePageCallback,
    StandingCallback,
    fitting,
)
from handlers.support.responders import Responder
from handlers.views.settings_views import stored_in_words

MAX_BUTTON_NAME = 24
"""Characters of a name on a button; more is cut by apps."""


def people_view(listed: PeoplePage, say: Responder) -> tuple[str, Keyboard]:
    """One page of people with their standing and a button each."""
    title = say.text("people-title", count=listed.count, page=listed.page + 1, pages=listed.pages)
    if listed.sought:
        title = f"{say.text('people-sought', sought=listed.sought)} {title}"
    waiting = [say.text("people-waiting", count=listed.waiting)] if listed.waiting else []
    lines = [title, *waiting, "", *(_person_line(one, say) for one in listed.people)]
    rows = [row for one in listed.people if (row := _person_row(one, listed, say))]
    if listed.approving and listed.outside > 1 and not listed.sought:
        everybody = EverybodyCallback(verb="all", answer="ask").pack()
        rows.append((Button(say.text("button-let-all-in", count=listed.outside), everybody),))
    sought = fitting(listed.sought)
    turns = _turns(listed.page, listed.pages, lambda to: PeoplePageCallback(verb="page", page=to, sought=sought))
    return "\n".join(lines), (*rows, *turns)


def everybody_view(listed: PeoplePage, say: Responder) -> tuple[str, Keyboard]:
    """A question before everybody is let in."""
    yes = EverybodyCallback(verb="all", answer="yes").pack()
    back = PeoplePageCallback(verb="page", page=0).pack()
    return say.text("let-all-in-ask", count=listed.outside), (
        (Button(say.text("button-let-all-in", count=listed.outside), yes),),
        (Button(say.text("button-back"), back),),
    )


def groups_view(listed: GroupsPage, say: Responder) -> tuple[str, Keyboard]:
    """One page of groups, each with what can be done about it."""
    lines = [say.text("groups-title", count=listed.count, page=listed.page + 1, pages=listed.pages), ""]
    rows: list[tuple[Button, ...]] = []
    for group in listed.groups:
        state = "allowed" if group.allowed or not listed.approving else "outside"
        lines.append(say.text("group-line", title=_title(group), state=state, writable=str(group.writable).lower()))
        buttons = [_group_button("ask", "button-leave", group, listed.page, say)]
        if listed.approving:
            verb, text = ("off", "button-take-back") if group.allowed else ("allow", "button-allow")
            buttons.insert(0, _group_button(verb, text, group, listed.page, say))
        rows.append(tuple(buttons))
    return "\n".join(lines), (
        *rows,
        *_turns(listed.page, listed.pages, lambda to: GroupsPageCallback(verb="page", page=to)),
    )


def leave_view(group: Chat, page: int, say: Responder) -> tuple[str, Keyboard]:
    """A question before a group is left."""
    return say.text("group-leave-ask", title=_title(group)), (
        (_group_button("leave", "button-leave", group, page, say),),
        (Button(say.text("button-back"), GroupsPageCallback(verb="page", page=page).pack()),),
    )


def audit_view(read: AuditPage, personas: Personas, say: Responder) -> tuple[str, Keyboard]:
    """One page of the changes, newest first."""
    if not read.entries:
        return say.text("audit-empty"), ()
    lines = [say.text("audit-title"), ""]
    for entry in read.entries:
        at = datetime.fromtimestamp(entry.at, UTC).strftime("%Y-%m-%d %H:%M")
        action, about, value = entry.action, entry.about, entry.value
        if action in {AuditAction.SET, AuditAction.RESET}:
            about, value = say.text("audit-setting", name=about), stored_in_words(about, value, personas, say)
        if action == AuditAction.SET and not entry.value:  # the words of a prompt are not on record
            action = "changed"
        scope = "group" if entry.place else "bot"
        what = say.text("audit-what", action=action, about=about, value=value, scope=scope, place=entry.place)
        lines.append(say.text("audit-line", at=at, who=entry.by_name or str(entry.by), what=what))
    return "\n".join(lines), _turns(read.page, read.pages, lambda to: AuditPageCallback(page=to))


def _person_line(one: ListedPerson, say: Responder) -> str:
    standing = "admin" if one.admin else one.person.standing.value
    facts = [say.text("person", name=described(one.person), standing=standing)]
    if one.days is not None:
        facts.append(say.text("person-seen", days=one.days))
    if one.questions:
        facts.append(say.text("person-questions", count=one.questions))
    return " · ".join(facts)


def _person_row(one: ListedPerson, listed: PeoplePage, say: Responder) -> tuple[Button, ...]:
    if one.admin:
        return ()
    person, name = one.person, _short(one.person.name or str(one.person.id))
    sought = fitting(listed.sought)
    let_in = Button(
        say.text("button-unblock", name=name),
        StandingCallback(verb="unblock", person=person.id, page=listed.page, sought=sought).pack(),
    )
    block = StandingCallback(verb="block", person=person.id, page=listed.page, sought=sought).pack()
    match person.standing:
        case Standing.BLOCKED:
            return (let_in,)
        case Standing.WAITING:
            return (let_in, Button(say.text("button-decline"), block))
        case Standing.NEW if listed.approving:
            return (let_in, Button(say.text("button-block", name=name), block))
        case _:
            return (Button(say.text("button-block", name=name), block),)


def _group_button(verb: str, text: str, group: Chat, page: int, say: Responder) -> Button:
    data = GroupCallback.model_validate({"verb": verb, "group": group.id, "page": page})
    return Button(say.text(text, title=_short(_title(group))), data.pack())


def _turns(page: int, pages: int, to_page: Callable[[int], CompactCallback]) -> Keyboard:
    turns = tuple(
        Button(arrow, to_page(to).pack()) for arrow, to in (("‹", page - 1), ("›", page + 1)) if 0 <= to < pages
    )
    return (turns,) if turns else ()


def _title(group: Chat) -> str:
    return group.title or str(group.id)


def _short(name: str) -> str:
    return name if len(name) <= MAX_BUTTON_NAME else name[: MAX_BUTTON_NAME - 1] + "…"
