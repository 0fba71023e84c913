"""Lists, links, tables and values of CSS, each by itself."""

from __future__ import annotations

import lxml.html
import pytest

from rag.load.web.links import target_of
from rag.load.web.lists import ListCounter, is_note_reference, note_number, spelled
from rag.load.web.sheet import media_matches
from rag.load.web.tables import is_layout
from rag.load.web.values import colour, over, pixels, substituted, transformed


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (1, "1", "1"),
        (3, "a", "c"),
        (27, "A", "AA"),
        (52, "a", "az"),
        (4, "i", "iv"),
        (1994, "I", "MCMXCIV"),
        (0, "a", "0"),
    ],
)
def test_numbers_are_spelled_as_lists_do(number: int, kind: str, text: str) -> None:
    assert spelled(number, kind) == text


def test_lists_count_as_a_browser_does() -> None:
    items = lxml.html.fromstring("<ol start=5><li>a<li value=9>b<li>c</ol>")
    counter = ListCounter.of(items)
    assert [counter.next_mark(item) for item in items] == ["5.", "9.", "10."]
    down = lxml.html.fromstring("<ol reversed><li>a<li>b</ol>")
    counter = ListCounter.of(down)
    assert [counter.next_mark(item) for item in down] == ["2.", "1."]
    assert ListCounter.of(lxml.html.fromstring("<ul><li>a</ul>")).next_mark(None) == "-"


@pytest.mark.parametrize(
    ("markup", "number"),
    [
        ("<p id=fn3>x</p>", "3"),
        ("<li id=cite_note-Smith-12>x</li>", "12"),
        ("<div role=doc-footnote>x</div>", "*"),
        ("<p id=function>x</p>", None),
        ("<p>x</p>", None),
        ("<span id=fn3>x</span>", None),
    ],
)
def test_footnotes_are_told_by_their_markup(markup: str, number: str | None) -> None:
    assert note_number(lxml.html.fragment_fromstring(markup), "", {}) == number


def test_what_a_raised_mark_led_to_is_its_note() -> None:
    assert note_number(lxml.html.fragment_fromstring("<p id=x>x</p>"), "", {"x": "a"}) == "a"
    assert is_note_reference(lxml.html.fragment_fromstring("<a role=doc-noteref href=#x>1</a>"))
    assert not is_note_reference(lxml.html.fragment_fromstring("<a href=#x>1</a>"))


@pytest.mark.parametrize(
    ("href", "target"),
    [
        ("https://desk.example.org", "https://desk.example.org"),
        (" /a b ", "/ab"),
        ("mailto:a@b.org", "a@b.org"),
        ("tel:+41 1", "+411"),
        ("#top", ""),
        ("javascript:go()", ""),
        ("data:text/html,x", ""),
        ("", ""),
        ("x" * 600, ""),
    ],
)
def test_targets_of_links(href: str, target: str) -> None:
    assert target_of(href) == target


def test_targets_beside_the_page_can_be_left_out() -> None:
    assert target_of("c1.xhtml") == "c1.xhtml"
    assert target_of("c1.xhtml", relative=False) == ""
    assert target_of("https://a.example", relative=False) == "https://a.example"


def test_tables_that_lay_out_a_page() -> None:
    data = "<table><tr><th>a<th>b<tr><td>1<td>2</table>"
    assert not is_layout(lxml.html.fromstring(data))
    assert is_layout(lxml.html.fromstring("<table><tr><td>alone</table>"))
    assert is_layout(lxml.html.fromstring(data.replace("<table", "<table role=presentation")))
    assert is_layout(lxml.html.fromstring("<table><tr><td><ul><li>x</ul><td>y</table>"))
    assert is_layout(lxml.html.fromstring(f"<table><tr><td><ul><li>{'x' * 400}</ul><td>y<tr><td>a<td>b</table>"))
    assert is_layout(lxml.html.fromstring("<table><tr><td><h2>x</h2><td>y<tr><td>a<td>b</table>"))
    assert not is_layout(lxml.html.fromstring("<table><tr><td><ul><li>x</ul><td>y<tr><td>a<td>b</table>"))
    assert not is_layout(lxml.html.fromstring("<table><tr><th>a<th>b<tr><td><ul><li>x</ul><td>y</table>"))


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("12px", 12.0),
        ("1in", 96.0),
        ("2em", 20.0),
        ("1rem", 16.0),
        ("50%", 50.0),
        ("0", 0.0),
        ("calc(1px + 2 * 3px)", 7.0),
        ("calc(10px - (2px + 3px))", 5.0),
        ("min(3px, 1em)", 3.0),
        ("clamp(1px, 9px, 5px)", 5.0),
        ("10vw", 128.0),
        ("auto", None),
        ("1px 2px", None),
        ("calc(1px / 0)", None),
        ("3furlongs", None),
    ],
)
def test_lengths(value: str, length: float | None) -> None:
    assert pixels(value, 10.0, 100.0) == length


@pytest.mark.parametrize("value", ["red", "#f00", "#ff0000ff", "rgb(255, 0, 0)", "rgb(100% 0% 0%)", "hsl(0 100% 50%)"])
def test_colours(value: str) -> None:
    assert colour(value) == (1.0, 0.0, 0.0, 1.0)


def test_colours_that_are_not_understood_and_those_that_let_through() -> None:
    assert colour("color-mix(in srgb, red, blue)") is None
    assert colour("currentcolor") is None
    assert over((1.0, 1.0, 1.0, 0.25), (0.0, 0.0, 0.0, 1.0)) == (0.25, 0.25, 0.25, 1.0)


def test_transforms() -> None:
    assert transformed("scale(0.5) translate(10px, -20px)", 16.0) == (0.5, 10.0, -20.0)
    assert transformed("matrix(0, 0, 0, 0, 1, 2)", 16.0)[0] == 0.0
    assert transformed("none", 16.0) == (1.0, 0.0, 0.0)


def test_custom_properties() -> None:
    assert substituted("1px var(--a) var(--b, 3px)", {"--a": "2px"}) == "1px 2px 3px"
    assert substituted("var(--a)", {}) is None
    assert substituted("var(--a)", {"--a": "var(--a) var(--a)"}) is None


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("screen", True),
        ("print", False),
        ("not print", True),
        ("only screen and (min-width: 40em)", True),
        ("(max-width: 600px)", False),
        ("(400px <= width <= 2000px)", True),
        ("(400px <= width < 900px)", False),
        ("(width >= 400px)", True),
        ("print, (orientation: landscape)", True),
        ("(unknown: 1)", False),
        ("all and (hover)", True),
        ("(min-width: 9000px) or (hover: hover)", True),
    ],
)
def test_media_queries(query: str, holds: bool) -> None:
    assert media_matches(query) is holds
