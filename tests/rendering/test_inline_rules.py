"""Markup within a line: what is emphasis, an address, a formula, HTML or code in the writing of many languages."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.rendering.markup import Formatted, render
from tests.rendering.strict import check, shown


@pytest.mark.parametrize(
    "text",
    [
        "d = sqrt((x2-x1)**2 + (y2-y1)**2)",
        "Call f(**kwargs) and then g(**kwargs).",
        "f(a, **first) or f(b, **second)",
        "See [1]**2 and [2]**3",
        "x**2 + y**2 = z**2",
        "π**2 + e**2, х**2 + у**2",
        "2*3*4 = a*b*c",
        "f(*args) and g(*args)",
        "Delete *tmp.*old and *a:*b",
    ],
)
def test_powers_and_unpacking_stay(text: str) -> None:
    assert render(text) == Formatted(text)


@pytest.mark.parametrize(
    ("source", "bold"),
    [
        ("الذكاء الاصطناعي و**التعلم الآلي** جزء منه", ["التعلم الآلي"]),
        ("וה**מילה** גם", ["מילה"]),
        ("ข้อแรก**ตัวหนา**ต่อกัน", ["ตัวหนา"]),
        ("ဒါက**စာလုံးထူ**ပါ · ນີ້ແມ່ນ**ຕົວໜາ**", ["စာလုံးထူ", "ຕົວໜາ"]),
        ("यह**शब्द**है", ["शब्द"]),
        ("这是**重点**内容，**（注）**也是。**结束。**后面", ["重点", "（注）", "结束。"]),
        ("これは**「重要」**です。**例：**文", ["「重要」", "例："]),
        ("이것은**'중요'**합니다", ["'중요'"]),
        ("пере**писать** и **Linux**а", ["писать", "Linux"]),
        ("слово**«цитата»**слово", ["«цитата»"]),
        ("**Важно:**текст, **Да!**Нет", ["Важно:", "Да!"]),
        ("re**write** and un**believ**able", ["write", "believ"]),
        ("第**2**章", ["2"]),
    ],
)
def test_bold_begins_and_ends_within_words_of_every_script(source: str, bold: list[str]) -> None:
    formatted = render(source)

    assert shown(formatted, "bold") == bold
    assert "*" not in formatted.text


def test_italics_stand_within_words_of_scripts_without_spaces() -> None:
    assert shown(render("และ*สำคัญมาก*ใน"), "italic") == ["สำคัญมาก"]


@pytest.mark.parametrize(
    "address",
    [
        "https://photos.example/_user_name_/",
        "http://example.com/_foo/bar_/baz",
        "https://example.com/a_b_c/d_e_f?x=_1_&y=*2*",
        "https://e.com/?q=~~x~~",
        "https://ru.example.org/wiki/Кот_(животное)_и_пёс_",
        "https://e.com/a*b*c?d=$x$&e=[y]",
        "www.example.com/_a_/*b*",
    ],
)
@pytest.mark.parametrize("around", ["{}", "See {}, please", "({})", "请看{}。", "«{}»"])
def test_bare_addresses_stay_whole(address: str, around: str) -> None:
    text = around.format(address)

    assert render(text) == Formatted(text)


def test_an_address_may_stand_in_bold() -> None:
    formatted = render("**https://a.bc/d_e** and *http://f.gh/_i_*")

    assert formatted.text == "https://a.bc/d_e and http://f.gh/_i_"
    assert (shown(formatted, "bold"), shown(formatted, "italic")) == (["https://a.bc/d_e"], ["http://f.gh/_i_"])


@pytest.mark.parametrize(
    "text",
    ["<_< and >_>", "¯\\_(ツ)_/¯ and (>_<)", "(AB)_{ij} = ∑_{k=1}^n A_{ik}", "^_^ or -_- or o_O", "f(_, _) = _"],
)
def test_underscores_between_signs_stay(text: str) -> None:
    assert render(text) == Formatted(text)


@pytest.mark.parametrize("source", ["(_a_)", '_"a"_', "_(a)_.", "«_a_»", "_a_, b", "**_a_**"])
def test_underscores_beside_brackets_and_quotation_marks_emphasize(source: str) -> None:
    assert len(shown(render(source), "italic")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "while [ ${i} -lt ${n} ]; do\nx=${a}_${b}\ndone",
        "${a}+${b}, $a-$b, $1,$2",
        "'{print $1}' | sed 's#[^.]*$##'",
        "awk '{s+=$1} END {print s/$2}'",
        "echo $(date)_$(hostname)",
        "it is $ 5 or $ 6, or 5 $ and 6 $",
        "Run $ cd src/app $ make, then $ ls -l $ again",
        "Es kostet 5$ statt 10$, 价格 $5/$10",
    ],
)
def test_shell_variables_and_prices_are_no_formulas(text: str) -> None:
    assert render(text) == Formatted(text)


@pytest.mark.parametrize(
    ("source", "formula"),
    [
        ("so $ A = (a_{ij}) $ holds", "A = (a_{ij})"),
        ("so $x$ is", "x"),
        ("so ${}^{14}C$ is", "{}^{14}C"),
        ("so \\(x\\) is", "x"),
        ("so \\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix} is", "\\begin{bmatrix} 1 & 2 \\\\ 3 & 4 \\end{bmatrix}"),
    ],
)
def test_formulas_in_a_line_are_code(source: str, formula: str) -> None:
    formatted = render(source)

    assert shown(formatted, "code") == [formula]
    assert formatted.text == f"so {formula} {source.rsplit(maxsplit=1)[1]}"


@pytest.mark.parametrize(
    ("source", "text"),
    [("array\\[0\\]", "array[0]"), ("an \\(optional\\) word", "an (optional) word"), ("f\\(x\\)", "f(x)")],
)
def test_escaped_brackets_are_no_formulas(source: str, text: str) -> None:
    assert render(source) == Formatted(text)


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("First line<br>Second<br/>\nThird", "First line\nSecond\nThird", []),
        ("λ<sub>max</sub> = mc<sup>2</sup>", "λmax = mc2", []),
        ("<kbd>Ctrl</kbd>+<code>a*b*</code>", "Ctrl+a*b*", ["code", "code"]),
        ("<b>a</b> <strong>b</strong>", "a b", ["bold", "bold"]),
        ("<i>a</i> <em>b</em>", "a b", ["italic", "italic"]),
        ("<u>a</u> <ins>b</ins>", "a b", ["underline", "underline"]),
        ("<s>a</s> <del>b</del> <strike>c</strike>", "a b c", ["strikethrough"] * 3),
        ('<a href="https://b.cd/e_f_">a *g*</a>', "a g", ["text_link", "italic"]),
        ('<a href="#top">a</a>', "a", []),
        ("<B>a **b** <I>c</I></B>", "a b c", ["bold", "italic"]),
        ("a <!-- **not** shown -->b", "a b", []),
        ("<!-- not\n\nshown -->\na", "a", []),
        ("<p align='center'>a</p>", "a", []),
        ("# <u>a</u>", "a", ["underline", "bold"]),
        ("| a<br>b | <b>c</b> |\n|---|---|\n| - d<br>- e | f |", "a; b     | c\n---------+--\n- d; - e | f", ["pre"]),
    ],
)
def test_html_is_shown_as_what_it_means(source: str, text: str, kinds: list[str]) -> None:
    formatted = render(source)

    assert formatted.text == text
    assert [entity.type for entity in formatted.entities] == kinds
    check(formatted)


@pytest.mark.parametrize(
    "text",
    [
        "<div>a</div> <script>alert(1)</script>",
        "Use <b> for bold",
        "a </b> and </i>",
        "if a<b and b>c",
        "List<String> x = new List<>()",
        "<b a</b>",
        "<!-- open",
        "<br",
        "#include <vector>",
        "<a>b</a",
        "<font color=red>a</font>",
    ],
)
def test_unknown_and_unfinished_html_is_text(text: str) -> None:
    assert render(text) == Formatted(text)


@pytest.mark.parametrize(
    ("source", "text", "kinds"),
    [
        ("a <", "a", []),
        ("a <b", "a", []),
        ("a <b>", "a", []),
        ("a <b>c", "a c", ["bold"]),
        ("a <b>c</", "a c", ["bold"]),
        ("a <b>c</b", "a c", ["bold"]),
        ('a <a href="https://b.', "a", []),
        ("a <!-- b", "a", []),
        ("a\n<det", "a", []),
        ("a\n<!-- b\n\nc", "a", []),
        ("if a <5", "if a <5", []),
        ("a <x", "a <x", []),
        ("<details>\n<summary>A</summary>\n\nb", "A\n\nb", ["expandable_blockquote", "bold"]),
    ],
)
def test_growing_html_is_shown_as_if_complete(source: str, text: str, kinds: list[str]) -> None:
    formatted = render(source, growing=True)

    assert formatted.text == text
    assert [entity.type for entity in formatted.entities] == kinds


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("[info@example.org](mailto:info@example.org)", "info@example.org"),
        ("[+49 30 1](tel:+49301)", "+49 30 1 (tel:+49301)"),
        ("[docs](docs)", "docs"),
        ("[Usage](#usage) and [Использование](#использование)", "Usage and Использование"),
    ],
)
def test_an_address_that_says_nothing_new_is_not_shown(source: str, text: str) -> None:
    assert render(source) == Formatted(text)


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("See README.md and run /new, ask @durov", ["README.md", "/new", "@durov"]),
        ("Open src/main.rs or ./run.sh (or ~/a/b.py).", ["src/main.rs", "./run.sh", "~/a/b.py"]),
        ("Edit /etc/hosts. Then /start_now, please", ["/etc/hosts", "/start_now"]),
        ("Файл **main.py** и «скрипт.sh»", ["main.py", "скрипт.sh"]),
        ("The @property decorator", ["@property"]),
        ("打开 README.md。", ["README.md"]),
        ("my_file_name.test.py", ["my_file_name.test.py"]),
    ],
)
def test_words_that_telegram_would_make_tappable_are_code(source: str, code: list[str]) -> None:
    assert shown(render(source), "code") == code


@pytest.mark.parametrize(
    "text",
    [
        "https://a.bc/README.md and www.a.bc/x.py",
        "docs.rs/serde and example.com/a/b.md",
        "write to anna@example.org",
        "git@example.org:anna/tool.rs",
        "and/or, 1/2, km/h, he/she",
        "config.yaml, main.js and a.txt",
        "Dr. No said so.The end",
        "50 @ 3",
    ],
)
def test_real_addresses_and_ordinary_words_are_no_code(text: str) -> None:
    assert render(text) == Formatted(text)


@pytest.mark.parametrize("source", ["[README.md](https://a.bc/README.md)", "```\nREADME.md /tmp\n```", "`a README.md`"])
def test_words_in_code_and_links_are_left_alone(source: str) -> None:
    assert len(render(source).entities) == 1


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("Put [your name] here", "Put [your name] here"),
        ("Put [your name](https://example.org/a_b) here", "Put your name here"),
        ("Put [your name](#there) here", "Put your name here"),
        ("See ![a cat](https://example.org/cat.png), [1] and [x]: y", "See a cat, [1] and [x]: y"),
    ],
)
def test_what_is_in_brackets_never_takes_back_a_character(source: str, shown: str) -> None:
    states = [render(source[:end], growing=True).text for end in range(len(source) + 1)]
    assert states[-1] == shown
    for before, after in pairwise(states):
        assert after.startswith(before)
