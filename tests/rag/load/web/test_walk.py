"""An HTML tree to elements: what each becomes, and where its blanks, links and marks go."""

from __future__ import annotations

import lxml.html
import pytest

from rag.load.outline import Element
from rag.load.web.sheet import Sheet
from rag.load.web.walk import Walk


def walked(markup: str) -> list[Element]:
    root = lxml.html.document_fromstring(f"<html><body>{markup}</body></html>")
    return list(Walk(root, Sheet([], quirks=False)).elements())


def kinds(markup: str) -> list[tuple[str, str]]:
    return [(element.kind, element.shown) for element in walked(markup)]


def text(markup: str) -> str:
    (element,) = walked(markup)
    return element.shown


def test_blanks_are_one_and_none_stands_at_an_end() -> None:
    assert text("<p>\n  The <b> rent</b>\t rose  </p>") == "The rent rose"
    assert text("<p>The<b>rent</b></p>") == "Therent"
    assert text("<p>no\u00a0break</p>") == "no\u00a0break"


def test_lines_of_preformatted_text_stay() -> None:
    assert text("<pre>a\n  b</pre>") == "a\n  b"
    assert text("<p>a<br>b</p>") == "a\nb"


def test_blocks_in_blocks_are_parted_and_loose_text_is_a_paragraph() -> None:
    assert kinds("loose<div>one<div>two</div>three</div>") == [
        ("paragraph", "loose"),
        ("paragraph", "one"),
        ("paragraph", "two"),
        ("paragraph", "three"),
    ]


def test_headings_have_their_level() -> None:
    assert [(element.level, element.shown) for element in walked("<h1>A</h1><h3>B</h3><p>c</p>")] == [
        (1, "A"),
        (3, "B"),
        (0, "c"),
    ]


def test_lists_in_lists() -> None:
    items = walked("<ol start=3><li>three<ul><li>dash</ul><li>four</ol>")
    assert [(item.kind, item.number, item.shown) for item in items] == [
        ("list_item", "3.", "3. three"),
        ("list_item", "-", "- dash"),
        ("list_item", "4.", "4. four"),
    ]


def test_a_second_paragraph_of_an_item_has_no_mark() -> None:
    assert kinds("<ul><li><p>one</p><p>more</p></li></ul>") == [("list_item", "- one"), ("paragraph", "more")]


def test_cells_with_spans_and_a_caption() -> None:
    caption, table = walked(
        "<table><caption>Rents</caption><thead><tr><th>Flat<th colspan=2>Rent</thead>"
        "<tr><td rowspan=2>Alder<td>900<td>a<br>b</tr><tr><td>950<td></tr></table>"
    )
    assert (caption.kind, caption.shown) == ("caption", "Rents")
    assert [[(cell.shown, cell.row_span, cell.column_span) for cell in row] for row in table.rows] == [
        [("Flat", 1, 1), ("Rent", 1, 2)],
        [("Alder", 1, 1), ("900", 1, 1), ("a b", 1, 1)],
        [("Alder", 1, 1), ("950", 1, 1), ("", 1, 1)],
    ]
    assert table.head_rows == 1


def test_a_foot_stands_below_the_body_and_no_cell_reaches_out_of_its_part() -> None:
    (table,) = walked(
        "<table><thead><tr><th>Line<th>Stop<th>Fare</thead><tfoot><tr><td colspan=3>Children ride free.</tfoot>"
        "<tbody><tr><th rowspan=9>12<td>Karlby<td>3 euro<tr><td>Solvik<td>4 euro<tbody><tr><td>14<td>Varde<td>5 euro"
        "</table>"
    )
    assert table.shown.split("\n") == [
        "Line | Stop | Fare",
        "12 | Karlby | 3 euro",
        "12 | Solvik | 4 euro",
        "14 | Varde | 5 euro",
        "Children ride free.",
    ]
    assert table.head_rows == 1


@pytest.mark.parametrize(
    ("markup", "shown"),
    [
        ('<p>see <a href="https://a.example/rent">the page</a>.</p>', "see the page (https://a.example/rent)."),
        ('<p><a href="https://a.example/">a.example</a></p>', "a.example"),  # the text says it already
        ('<p><a href="#part">part</a></p>', "part"),
        ('<p><a href="javascript:evil()">part</a></p>', "part"),
        ('<nav><a href="https://a.example/rent">Rents</a></nav>', "Rents"),
    ],
)
def test_targets_of_links(markup: str, shown: str) -> None:
    assert text(markup) == shown


def test_controls_show_their_values_and_hidden_ones_none() -> None:
    assert text('<p>Name: <input value="Ada"></p>') == "Name: Ada"
    assert text('<p>Name:<input value="Ada">, born <input value=1815>in London</p>') == "Name: Ada, born 1815 in London"
    assert text("<p>Fuel: <select><option>Petrol<option selected>Electric</select></p>") == "Fuel: Electric"
    assert text("<p>Fuel: <select><option>Petrol<option>Electric</select></p>") == "Fuel: Petrol"
    assert text("<p>Note: <textarea>two words</textarea></p>") == "Note: two words"
    assert text("<p><input type=checkbox checked> heated <input type=checkbox> furnished</p>") == "☒ heated ☐ furnished"
    assert text("<p><input type=radio>day <input type=radio checked>night</p>") == "○ day ◉ night"
    assert text("<p>Key: <input type=password value=x>none</p>") == "Key: none"
    runs = [run for element in walked("<p>Key: <input type=hidden value=x></p>") for run in element.all_runs]
    assert "x" not in "".join(run.text for run in runs if not run.hidden)


def test_what_is_no_text_is_left_out() -> None:
    assert text("<p>rent<script>evil()</script><style>p{}</style><template>x</template></p>") == "rent"
    assert walked("<script>evil()</script><noscript>turn it on</noscript>") == []


def test_hidden_runs_are_kept_with_their_reason() -> None:
    (element,) = walked('<p>The <span style="display:none">secret </span>rent</p>')
    assert element.shown == "The rent"
    assert [(run.text, run.hidden) for run in element.runs if run.hidden] == [("secret ", "not_displayed")]
    assert walked("<div hidden>secret</div>")[0].shown == ""


def test_old_attributes_hide_too() -> None:
    assert text("<p>rent<font color=FFFFFF>evil</font></p>") == "rent"
    (table,) = walked("<table bgcolor=black><tr><td><font color=white>rent</font><td>evil</tr></table>")
    assert [cell.shown for cell in table.rows[0]] == ["rent", ""]  # black on black is not seen


def test_raised_figures_change_no_amount() -> None:
    assert text("<p>12 m<sup>2</sup></p>") == "12 m²"
    assert text("<p>1,204<sup>3</sup> units</p>") == "1,204 ³ units"
    assert text("<p>H<sub>2</sub>O</p>") == "H2O"


def test_text_that_is_struck_out_is_marked() -> None:
    assert text("<p>Rent: <s>900</s> <ins>950</ins> euro</p>") == "Rent: ~~900~~ 950 euro"
    assert kinds("<del><p>Pets are allowed.</p><p>Dogs too.</p></del><p>No pets.</p>") == [
        ("paragraph", "~~Pets are allowed.~~"),
        ("paragraph", "~~Dogs too.~~"),
        ("paragraph", "No pets."),
    ]
    assert text("<p>Rent <del> </del>950</p>") == "Rent 950"


def test_what_a_closed_part_holds_is_read_for_a_click_opens_it() -> None:
    assert kinds("<details><summary>Pets?</summary><p>No pets.</p></details>") == [
        ("paragraph", "Pets?"),
        ("paragraph", "No pets."),
    ]


def test_lists_and_tables_in_a_cell_stand_on_its_line() -> None:
    (table,) = walked(
        "<table><tr><th>Flat<th>Has<th>Rents</tr><tr><td>Alder<td><ol><li>heating<li>a lift</ol>"
        "<td><table><tr><td>summer<td>900<tr><td>winter<td>950</table></tr></table>"
    )
    assert [[cell.shown for cell in row] for row in table.rows] == [
        ["Flat", "Has", "Rents"],
        ["Alder", "1. heating 2. a lift", "summer | 900; winter | 950"],
    ]
    assert table.head_rows == 1


def test_notes_are_numbered_by_the_marks_that_lead_to_them() -> None:
    assert kinds('<p>Sales were 1,204<a role=doc-noteref href="#n1">3</a> units.</p><p id=n1>Without Bern.</p>') == [
        ("paragraph", "Sales were 1,204 ³ units."),
        ("footnote", "[3] Without Bern."),
    ]
    assert kinds('<p>Rent<sup><a href="#r2">[2]</a></sup> rose.</p><ol><li>a<li id=r2>Roth.</ol>') == [
        ("paragraph", "Rent [2] rose."),
        ("list_item", "1. a"),
        ("footnote", "[2] Roth."),
    ]


def test_formulas_keep_their_figures_apart() -> None:
    assert text("<p>A <math><mfrac><mn>1</mn><mn>2</mn></mfrac></math> share.</p>") == "A 1/2 share."
    assert text("<p><math><msup><mn>10</mn><mn>6</mn></msup><msub><mi>x</mi><mn>1</mn></msub></math></p>") == "10⁶x1"
    assert text("<p><math><mn>4</mn><mo>=</mo><mn>2</mn></math></p>") == "4=2"


def test_paragraphs_that_word_exports_for_list_items() -> None:
    style = "mso-list:l0 level1 lfo1"
    markup = f"<p style='{style}'><span style='mso-list:Ignore'>2.1)<span>&nbsp; </span></span>Pay the rent</p>"
    (item,) = walked(markup)
    assert (item.kind, item.number) == ("list_item", "2.1)")
    assert item.shown.split() == ["2.1)", "Pay", "the", "rent"]
    assert kinds("<p>2. Pay</p>") == [("paragraph", "2. Pay")]
