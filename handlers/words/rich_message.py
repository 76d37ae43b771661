"""Rich messages of Premium users, written out as a generator reads them: their blocks as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from aiogram.types import (
    RichBlockBlockQuotation,
    RichBlockCollage,
    RichBlockDetails,
    RichBlockExpandableBlockQuotation,
    RichBlockFooter,
    RichBlockList,
    RichBlockListItem,
    RichBlockMap,
    RichBlockMathematicalExpression,
    RichBlockParagraph,
    RichBlockPreformatted,
    RichBlockPullQuotation,
    RichBlockSectionHeading,
    RichBlockSlideshow,
    RichBlockTable,
    RichMessage,
    RichTextAnchor,
    RichTextBotCommand,
    RichTextButton,
    RichTextCode,
    RichTextCustomEmoji,
    RichTextMathematicalExpression,
    RichTextMention,
    RichTextTextMention,
    RichTextUrl,
)

from bot.conversation.addressing import EntityKind, MessageEntity
from handlers.words.marks import MarkedText, code_mark, fence_marks, link_marks, units_of

if TYPE_CHECKING:
    from aiogram.types import RichBlockTableCell, RichBlockUnion, RichTextUnion

MAX_BLOCK_DEPTH = 16
"""Blocks and marks within each other; what is deeper is left out."""
MAX_RICH_CHARACTERS = 40_000
"""Characters that are read: Telegram lets a rich message have 32,768."""
MAX_HEADING = 6
"""Levels of headings in Markdown."""
MEDIA = {
    "animation": "[GIF]",
    "audio": "[recording]",
    "document": "[file]",
    "photo": "[picture]",
    "video": "[video]",
    "voice_note": "[recording]",
}
"""Blocks of media, which are not read, by the word that stands for them."""
_PARAGRAPH = "\n\n"
_MARKS = re.compile(r"\x00(?P<kind>[a-z_]+):(?P<user>\d*)\x01|\x02")
"""The places of what addresses somebody while a text is put together."""
_NO_MARKS = dict.fromkeys((0, 1, 2))


def rich_words(message: RichMessage) -> MarkedText:
    """Everything that a rich message says, and the places in it of what addresses somebody."""
    return _with_places(_blocks(message.blocks, 0)[:MAX_RICH_CHARACTERS])


def has_media(message: RichMessage) -> bool:
    """Tell whether a rich message shows something that is not read."""
    return any(word in rich_words(message).text for word in MEDIA.values())


def _blocks(blocks: Sequence[RichBlockUnion], depth: int) -> str:
    """Blocks below each other; one that says nothing takes no room."""
    if depth > MAX_BLOCK_DEPTH:
        return ""
    return _PARAGRAPH.join(filter(None, (_block(block, depth) for block in blocks)))


def _block(block: RichBlockUnion, depth: int) -> str:
    match block:
        case RichBlockPreformatted():
            words = _inline(block.text, depth)
            above, below = fence_marks(words, block.language)
            return above + words + below
        case RichBlockParagraph() | RichBlockFooter():
            return _inline(block.text, depth)
        case RichBlockList():
            return "\n".join(_item(item, depth) for item in block.items)
        case RichBlockTable():
            return _table(block, depth)
        case _:
            return _framed_block(block, depth)


def _framed_block(block: RichBlockUnion, depth: int) -> str:
    match block:
        case RichBlockSectionHeading():
            return f"{'#' * min(max(block.size, 1), MAX_HEADING)} {_line(block.text, depth)}"
        case RichBlockBlockQuotation():
            return _quoted(_blocks(block.blocks, depth + 1), block.credit, depth)
        case RichBlockExpandableBlockQuotation() | RichBlockPullQuotation():
            return _quoted(_inline(block.text, depth), block.credit, depth)
        case RichBlockDetails():
            return _PARAGRAPH.join(filter(None, (_inline(block.summary, depth), _blocks(block.blocks, depth + 1))))
        case _:
            return _medium(block, depth)


def _medium(block: RichBlockUnion, depth: int) -> str:
    match block:
        case RichBlockMathematicalExpression():
            return f"$$\n{_clean(block.expression)}\n$$"
        case RichBlockCollage() | RichBlockSlideshow():
            shown = _blocks(block.blocks, depth + 1)
        case RichBlockMap():
            shown = f"[Place: {block.location.latitude:.5f}, {block.location.longitude:.5f}]"
        case _:
            shown = MEDIA.get(block.type, "")
    caption = getattr(block, "caption", None)
    return "\n".join(filter(None, (shown, _inline(caption.text, depth) if caption is not None else "")))


def _item(item: RichBlockListItem, depth: int) -> str:
    """A line of a list with its mark; what stands below it is indented."""
    label = _clean(item.label).strip()
    mark = f"- [{'x' if item.is_checked else ' '}] " if item.has_checkbox else f"{label or '-'} "
    return mark + _blocks(item.blocks, depth + 1).replace("\n", "\n  ")


def _table(table: RichBlockTable, depth: int) -> str:
    rows = [_row(_cell(cell, depth) for cell in row) for row in table.cells]
    if rows:
        rows.insert(1, _row("---" for _ in table.cells[0]))
    caption = _line(table.caption, depth) if table.caption is not None else ""
    return "\n".join(filter(None, (caption, *rows)))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: RichBlockTableCell, depth: int) -> str:
    return "" if cell.text is None else _line(cell.text, depth).replace("|", "\\|")


def _quoted(text: str, credit: RichTextUnion | None, depth: int) -> str:
    author = f"— {_line(credit, depth)}" if credit is not None else ""
    return "\n".join(f"> {line}" for line in "\n".join(filter(None, (text, author))).split("\n"))


def _line(text: RichTextUnion, depth: int) -> str:
    """Words without line breaks."""
    return " ".join(_inline(text, depth).split())


def _inline(text: RichTextUnion, depth: int) -> str:
    """Words with their marks."""
    if depth > MAX_BLOCK_DEPTH:
        return ""
    match text:
        case str():
            return _clean(text)
        case list():
            return "".join(_inline(one, depth + 1) for one in text)
        case RichTextUrl():
            words = _inline(text.text, depth + 1)
            before, after = link_marks(words, _clean(text.url)) or ("", "")
            return before + words + after
        case RichTextMention() | RichTextTextMention() | RichTextBotCommand():
            user = str(text.user.id) if isinstance(text, RichTextTextMention) else ""
            return f"\x00{EntityKind(text.type).value}:{user}\x01{_inline(text.text, depth + 1)}\x02"
        case _:
            return _symbol(text, depth)


def _symbol(text: RichTextUnion, depth: int) -> str:
    match text:
        case RichTextCode():
            words = _inline(text.text, depth + 1)
            return code_mark(words) + words + code_mark(words)
        case RichTextCustomEmoji():
            return _clean(text.alternative_text)
        case RichTextMathematicalExpression():
            return f"${_clean(text.expression)}$"
        case RichTextButton():
            return _inline(text.button.text, depth + 1)
        case str() | list() | RichTextAnchor():
            return ""
        case _:
            return _inline(text.text, depth + 1)


def _clean(text: str) -> str:
    return text.translate(_NO_MARKS)


def _with_places(text: str) -> MarkedText:
    """Take the marks of places out of a text, and give the places."""
    pieces: list[str] = []
    entities: list[MessageEntity] = []
    begin = units = 0
    opened: tuple[EntityKind, int | None, int] | None = None
    for mark in _MARKS.finditer(text):
        pieces.append(text[begin : mark.start()])
        units += units_of(pieces[-1])
        begin = mark.end()
        if mark["kind"]:
            opened = EntityKind(mark["kind"]), int(mark["user"]) if mark["user"] else None, units
        elif opened is not None:
            kind, user, offset = opened
            entities.append(MessageEntity(kind, offset, units - offset, user))
            opened = None
    return MarkedText("".join([*pieces, text[begin:].translate(_NO_MARKS)]), tuple(entities))
