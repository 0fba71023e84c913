"""How text looks inside an element: sizes, colours and places at the very border between seen and hidden."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.load.web.look import Look, look_of


def look(*elements: tuple[str, str]) -> Look:
    """Return the look inside nested elements, each a tag and its declarations."""
    inner = Look()
    for tag, declarations in elements:
        pairs = [part.split(":", 1) for part in declarations.split(";") if part.strip()]
        inner = look_of(tag, {name.strip(): value.strip() for name, value in pairs}, inner)
    return inner


def hidden(declarations: str, tag: str = "div") -> str:
    return look((tag, declarations)).hidden


def test_no_style_is_the_look_around() -> None:
    outer = look(("div", "font-size: 20px"))
    assert look_of("p", {}, outer) is outer
    assert Look().hidden == ""


@pytest.mark.parametrize(
    ("seen", "unseen", "kind"),
    [
        ("color: #e7e7e7", "color: #e8e8e8", "no_contrast"),  # 24 of 255 apart from white, and 23
        ("opacity: 0.1", "opacity: 0.09", "no_contrast"),
        ("color: rgba(0, 0, 0, 0.1)", "color: rgba(0, 0, 0, 0.09)", "no_contrast"),
        ("font-size: 2.7px", "font-size: 2.6px", "tiny"),  # 2 points are 2.67 pixels
        ("font-size: 2pt", "font-size: 1.9pt", "tiny"),
        ("transform: scale(0.17)", "transform: scale(0.16)", "tiny"),  # of 16 pixels
        ("position: absolute; left: -499px", "position: absolute; left: -500px", "off_page"),
        ("position: absolute; left: 1999px", "position: absolute; left: 2000px", "off_page"),
        ("margin-left: -499px", "margin-left: -500px", "off_page"),
        ("margin: 0 0 0 -499px", "margin: 0 0 0 -500px", "off_page"),
        ("text-indent: -499px", "text-indent: -500px", "off_page"),
        ("height: 2px; overflow: hidden", "height: 1px; overflow: hidden", "off_page"),
        ("height: 1px", "max-height: 0; overflow: clip", "off_page"),
        ("clip-path: inset(49%)", "clip-path: inset(50%)", "off_page"),
        ("clip-path: circle(10px)", "clip-path: circle(0)", "off_page"),
        ("clip: rect(0, 0, 0, 0)", "position: absolute; clip: rect(0, 0, 0, 0)", "off_page"),
        ("visibility: visible", "visibility: hidden", "not_displayed"),
        ("display: block", "display: none", "not_displayed"),
    ],
)
def test_the_border_between_seen_and_hidden(seen: str, unseen: str, kind: str) -> None:
    assert hidden(seen) == ""
    assert hidden(unseen) == kind


def test_opacity_multiplies_from_element_to_element() -> None:
    assert look(("div", "opacity: 0.4"), ("div", "opacity: 0.3")).opacity == pytest.approx(0.12)
    assert look(("div", "opacity: 0.3"), ("div", "opacity: 0.3")).hidden == "no_contrast"
    assert hidden("filter: opacity(5%)") == "no_contrast"


def test_sizes_follow_the_element_around() -> None:
    assert look(("div", "font-size: 20px"), ("p", "font-size: 50%"), ("span", "font-size: 2em")).size_px == 20
    assert look(("div", "font-size: larger")).size_px == pytest.approx(19.2)
    assert look(("div", "font-size: 20px"), ("p", "font-size: initial")).size_px == 16
    assert look(("div", "font: bold 12px/1.5 serif")).size_px == 12
    assert look(("div", "font-size: 7")).size_px == 16  # no unit: not valid, so not followed
    assert look(("div", "font-size: -3px")).size_px == 16
    assert look(("div", "font-size: x-small")).size_px == 10


def test_what_is_visible_again_and_what_is_gone_for_good() -> None:
    assert look(("div", "visibility: hidden"), ("p", "visibility: visible")).hidden == ""
    assert look(("div", "display: none"), ("p", "display: block; visibility: visible")).hidden == "not_displayed"


def test_an_element_in_a_line_has_no_size_to_cut() -> None:
    assert hidden("height: 0; overflow: hidden", tag="span") == ""
    assert hidden("display: block; height: 0; overflow: hidden", tag="span") == "off_page"
    assert hidden("transform: scale(0)", tag="em") == ""
    assert hidden("float: left; transform: scale(0)", tag="em") == "tiny"


def test_backgrounds() -> None:
    assert hidden("color: white; background: black") == ""
    assert hidden("color: black; background-color: #000") == "no_contrast"
    assert hidden("color: white; background: url(dark.png)") == ""  # not known, so not judged
    assert hidden("color: white; background-image: linear-gradient(black, black)") == ""
    assert hidden("background-color: currentcolor") == "no_contrast"
    assert look(("div", "background: black"), ("p", "color: white")).hidden == ""
    assert look(("div", "background: black"), ("p", "color: black; background: white")).hidden == ""
    # Half-transparent white on black is grey.
    grey = look(("div", "background: #000"), ("p", "background: rgba(255, 255, 255, 0.5); color: #808080"))
    assert grey.hidden == "no_contrast"


def test_custom_properties_are_inherited() -> None:
    assert look(("div", "--ink: white"), ("p", "color: var(--ink)")).hidden == "no_contrast"
    assert look(("div", "--ink: white"), ("p", "--ink: black"), ("b", "color: var(--ink)")).hidden == ""
    assert look(("p", "color: var(--none, white)")).hidden == "no_contrast"


DECLARATIONS = st.sampled_from(
    [
        "color: red",
        "opacity: 1",
        "visibility: visible",
        "display: block",
        "font-size: 30px",
        "position: static",
        "transform: scale(9)",
        "background: black",
        "text-indent: 0",
        "",
        "display: inline",
    ]
)


@settings(max_examples=20)
@given(st.sampled_from(["display: none", "opacity: 0", "margin-left: -900px"]), st.lists(DECLARATIONS, max_size=4))
def test_nothing_inside_a_hidden_element_shows(outer: str, inner: list[str]) -> None:
    assert look(("div", outer), *(("div", declarations) for declarations in inner)).hidden != ""
