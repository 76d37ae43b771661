"""Markup of whole lines: fences, tables, headings, formulas, lists and quotations as models mean them."""

from __future__ import annotations

import pytest

from bot.rendering.markup import Entity, Formatted, render
from tests.rendering.strict import check, shown, written


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ('python title="a.py" {1,3}', "python"),
        ("python  # Inside our function", "python"),
        ("malbolge-like (conceptual)", "malbolge-like"),
        ("{.python .numberLines}", "python"),
        ("js{1,3}", "js"),
        ("rust,no_run", "rust"),
        ("c++", "c++"),
        ("objective-c", "objective-c"),
        ("", None),
    ],
)
def test_the_first_word_after_a_fence_is_the_language(info: str, language: str | None) -> None:
    assert render(f"```{info}\nx=1\n```") == Formatted("x=1", (Entity("pre", 0, 3, language=language),))


def test_a_fence_within_a_markdown_fence_opens_another_one() -> None:
    inner = "# Project\n\n```bash\nnpm install\n```\n\n## Usage\n\nRun it."
    for name in ("markdown", "md"):
        formatted = render(f"```{name}\n{inner}\n```\n\nSave *it*.")
        assert shown(formatted, "pre") == [inner]
        assert shown(formatted, "italic") == ["it"]


@pytest.mark.parametrize("name", ["", "text", "python"])
def test_other_fences_end_at_the_first_closing_one(name: str) -> None:
    assert shown(render(f"```{name}\na\n```\n*b*\n```\nc\n```"), "pre") == ["a", "c"]


def test_a_markdown_fence_whose_fences_do_not_add_up_ends_at_the_first_closing_one() -> None:
    assert shown(render("```md\na\n```bash\nb\n```\n*c*"), "pre") == ["a\n```bash\nb"]


@pytest.mark.parametrize(
    "text",
    [
        "x:\n   1 | 1  -4   6  -24\n     |    1  -3   3\n     ---------------\n     1  -3   3  -21",
        "a | b\n:-",
    ],
)
def test_a_line_with_pipes_above_dashes_is_no_table(text: str) -> None:
    assert render(text) == Formatted(text)


def test_a_table_of_one_column_is_one() -> None:
    assert shown(render("| a |\n|---|\n| b |"), "pre") == ["a\n-\nb"]


def test_a_formula_in_a_cell_keeps_its_escapes() -> None:
    assert "\\|x\\|" in render("| $\\|x\\|$ | n |\n|---|---|\n| a\\|b | c |").text


@pytest.mark.parametrize(
    ("source", "formula"),
    [
        ("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}", "\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}"),
        ("$$\na = b\n\nc = d\n$$", "a = b\n\nc = d"),
        ("\\[\na = b\n\nc = d\n\\]", "a = b\n\nc = d"),
        ("$$x = y$$", "x = y"),
    ],
)
@pytest.mark.parametrize("around", ["{}", "So:\n{}\nand", "- So:\n\n  {}"])
def test_formulas_for_themselves_are_blocks_of_code(source: str, formula: str, around: str) -> None:
    indented = around.format(source.replace("\n", "\n  ") if around.startswith("-") else source)

    assert shown(render(indented), "pre") == [formula]


def test_dollars_that_are_never_closed_take_nothing() -> None:
    assert render("$$\nSome words.\n\n- **a**").text == "$$\nSome words.\n\n• a"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("1. [ ] Buy milk\n2. [x] Call Bob", "1. ☐ Buy milk\n2. ☑ Call Bob"),
        ("- [ ] a\n  1) [x] b", "☐ a\n  1) ☑ b"),
    ],
)
def test_numbers_of_tasks_stay(source: str, text: str) -> None:
    assert render(source) == Formatted(text)


@pytest.mark.parametrize("title", ["Title", "Заголовок", "标题", "כותרת"])
def test_a_line_with_equals_signs_below_is_a_heading(title: str) -> None:
    formatted = render(f"before\n{title}\n=====\nafter")

    assert formatted.text == f"before\n{title}\nafter"
    assert shown(formatted, "bold") == [title]


@pytest.mark.parametrize(
    ("source", "text", "folded"),
    [
        ("<details>\n<summary>A</summary>\n\nIt is **b**.\n\n</details>\n\nc", "A\n\nIt is b.\n\nc", "A\n\nIt is b."),
        ("<details><summary>A</summary>b</details>\n\nc", "A\nb\n\nc", "A\nb"),
        ("<details>\n\n- a\n- b\n\n</details>", "• a\n• b", "• a\n• b"),
        ("a\n\n<details>\n<summary>B</summary>\n\n> c", "a\n\nB\n\nc", "B\n\nc"),
    ],
)
def test_details_are_a_quotation_to_unfold(source: str, text: str, folded: str) -> None:
    formatted = render(source)

    assert formatted.text == text
    assert shown(formatted, "expandable_blockquote") == [folded]
    check(formatted)


def test_details_longer_than_a_message_go_on_unfolded() -> None:
    formatted = written(["<details>\n<summary>A</summary>\n\n" + "word " * 60 + "\n\n</details>\n\nend"], limit=100)

    assert " ".join(part.text for part in formatted).split() == ["A", *["word"] * 60, "end"]


def test_preformatted_html_is_a_block_of_code() -> None:
    formatted = render('<pre><code class="language-py">a &lt; b\n\nc</code></pre>\nd')

    assert formatted.text == "a < b\n\nc\nd"
    assert formatted.entities == (Entity("pre", 0, 8, language="py"),)


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_quotation_in_a_list_item_stands_at_the_margin(gap: str) -> None:
    formatted = render(f"1. text{gap}   > Tip: one\n   > two\n2. b")

    assert formatted.text.startswith("1. text\nTip: one\ntwo\n")
    assert shown(formatted, "blockquote") == ["Tip: one\ntwo"]


def test_a_message_is_cut_before_its_formatting_runs_out() -> None:
    for line in (
        "- `cmd{}` does thing",
        "- **bold{}** word",
        "- [a{}](https://b.cd)",
        "- a{}.py is /b",
        "- _i{}_ ~~s~~",
    ):
        formatted = written(["\n".join(line.format(number) for number in range(150))])
        whole = sum(len(render(line.format(number)).entities) for number in range(150))
        assert sum(len(part.entities) for part in formatted) == whole, line
        for part in formatted:
            check(part)
    assert max(len(part.entities) for part in formatted) > 90


TABLE = "| Name | Value |\n|---|---|\n" + "".join(f"| row {number} | {'x' * number} |\n" for number in range(8))


def test_a_growing_table_changes_at_its_tail_and_when_a_column_gets_wider() -> None:
    before, moves = "", 0
    for end in range(TABLE.index("| row 0"), len(TABLE) + 1):
        text = render(TABLE[:end], growing=True).text
        moves += not text.startswith(before[: before.rfind("\n") + 1])
        before = text

    assert moves <= 8


def test_a_growing_table_keeps_its_form() -> None:
    wide = TABLE + "| wide | " + "word " * 20 + "|\n| link | [a](https://b.cd) |\n| end | x |\n"
    forms = []
    for end in range(len(TABLE), len(wide) + 1):
        formatted = render(wide[:end], growing=True)
        forms.append([piece.split("\n")[-1][:5] for piece in shown(formatted, "pre")])

    assert all(form for form in forms)
    formatted = render(wide)
    assert formatted.text.endswith(f"\n• wide — {('word ' * 20).strip()}\n• link — a\n• end — x")
    assert shown(formatted, "text_link") == ["a"]
    check(formatted)


def test_a_table_with_a_row_too_wide_is_cut_like_others() -> None:
    wide = TABLE + "".join(f"| wide {number} | {'word ' * 15} |\n" for number in range(8))
    formatted = written([wide], limit=300)

    for part in formatted:
        check(part, 300)
    assert sum(part.text.count("wide") for part in formatted) == 8


def test_messages_are_the_same_however_a_table_grows() -> None:
    assert written(list(TABLE)) == written([TABLE])
