"""Ways to hide text from a person who looks at a page, and styles that look like hiding and are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.load.outline import shown
from rag.load.web.html import outline_of

# What is between the marks is what a browser window of 1,280 by 720 pixels does not show.
HIDDEN = {
    "descendant selector": "<style>.note p { display: none }</style><div class=note><p>evil</p></div>",
    "child selector": "<style>.note > p { display: none }</style><div class=note><p>evil</p></div>",
    "sibling selector": "<style>h2 + p { display: none }</style><h2>Seen</h2><p>evil</p>",
    "later sibling": "<style>h2 ~ .x { display: none }</style><h2>Seen</h2><p>Seen</p><p class=x>evil</p>",
    "attribute selector": "<style>[data-x='1'] { display: none }</style><p data-x=1>evil</p>",
    "attribute prefix": "<style>p[class^=hid] { display: none }</style><p class=hidden-note>evil</p>",
    "two classes": "<style>.a.b { display: none }</style><p class='b c a'>evil</p><p class=a>Seen</p>",
    "any element": "<style>.box * { display: none }</style><div class=box><em>evil</em></div>",
    "nth child": "<style>p:nth-child(2) { display: none }</style><div><p>Seen</p><p>evil</p></div>",
    "not": "<style>p:not(.seen) { display: none }</style><p class=seen>Seen</p><p>evil</p>",
    "is": "<style>:is(.a, .b) { display: none }</style><p class=b>evil</p>",
    "has": "<style>div:has(> em) { display: none }</style><div><em>evil</em></div>",
    "selector list": "<style>h1, .x::before, .x { display: none }</style><p class=x>evil</p>",
    "part of a list that matches nothing": "<style>p:invalid, .x { display: none }</style><p class=x>evil</p>",
    "media screen": "<style>@media screen { .x { display: none } }</style><p class=x>evil</p>",
    "media width": "<style>@media (min-width: 600px) { .x { display: none } }</style><p class=x>evil</p>",
    "media range": "<style>@media (width > 40em) { .x { display: none } }</style><p class=x>evil</p>",
    "media list": "<style>@media print, screen { .x { display: none } }</style><p class=x>evil</p>",
    "media attribute": "<style media=screen>.x { display: none }</style><p class=x>evil</p>",
    "supports": "<style>@supports (display: grid) { .x { display: none } }</style><p class=x>evil</p>",
    "layer": "<style>@layer base { .x { display: none } }</style><p class=x>evil</p>",
    "nested rule": "<style>.box { & .x { display: none } }</style><div class=box><p class=x>evil</p></div>",
    "nested without mark": "<style>.box { .x { display: none } }</style><div class=box><p class=x>evil</p></div>",
    "important on an id": "<style>#x { display: none !important }</style><p id=x style='display:block'>evil</p>",
    "important wins": "<style>p { display: none !important } #x { display: block }</style><p id=x>evil</p>",
    "specificity": "<style>#x { display: none } p { display: block }</style><p id=x>evil</p>",
    "order": "<style>.x { display: block } .x { display: none }</style><p class=x>evil</p>",
    "sheet in a data address": "<link rel=stylesheet href='data:text/css,.x{display:none}'><p class=x>evil</p>",
    "hidden attribute": "<p hidden>evil</p>",
    "closed dialog": "<dialog>evil</dialog>",
    "popover": "<div popover>evil</div>",
    "visibility": "<div style='visibility: hidden'><p>evil</p></div>",
    "collapsed": "<table><tr><td>Seen<td>1</tr><tr style='visibility: collapse'><td>evil<td>evil</tr></table>",
    "content visibility": "<div style='content-visibility: hidden'>evil</div>",
    "opacity": "<p style='opacity: 0.01'>evil</p>",
    "opacity in percent": "<p style='opacity: 5%'>evil</p>",
    "opacity of several": "<div style='opacity: .3'><div style='opacity: .3'><p>evil</p></div></div>",
    "opacity filter": "<p style='filter: opacity(0)'>evil</p>",
    "named colour": "<p style='color: whitesmoke; background: white'>evil</p>",
    "another named colour": "<div style='background: rebeccapurple'><p style='color: #663399'>evil</p></div>",
    "hsl": "<p style='color: hsl(0, 0%, 100%)'>evil</p>",
    "hsl of level 4": "<p style='color: hsl(0 0% 99% / 1)'>evil</p>",
    "rgb in percent": "<p style='color: rgb(100%, 100%, 100%)'>evil</p>",
    "rgb without commas": "<p style='color: rgb(255 255 255)'>evil</p>",
    "hwb": "<p style='color: hwb(0 100% 0%)'>evil</p>",
    "lab": "<p style='color: lab(100% 0 0)'>evil</p>",
    "oklch": "<p style='color: oklch(100% 0 0)'>evil</p>",
    "short hash": "<p style='color: #fffe'>evil</p>",
    "nearly transparent": "<p style='color: rgba(0, 0, 0, 0.02)'>evil</p>",
    "transparent": "<p style='color: transparent'>evil</p>",
    "fill colour": "<p style='-webkit-text-fill-color: #fff'>evil</p>",
    "same as background": "<div style='background-color: hsl(210 50% 20%)'><p style='color: #19334d'>evil</p></div>",
    "background shorthand": "<div style='background: no-repeat #222'><p style='color: #222'>evil</p></div>",
    "inherited colour": "<div style='color: white'><p>evil</p></div>",
    "variable": "<style>:root { --c: #fff } p { color: var(--c) }</style><p>evil</p>",
    "variable that falls back": "<p style='color: var(--none, white)'>evil</p>",
    "variable of a variable": "<style>:root{--a: var(--b); --b: none} .x{display:var(--a)}</style><p class=x>evil</p>",
    "font shorthand": "<p style='font: 0/0 a'>evil</p>",
    "font shorthand with weight": "<p style='font: italic bold 1px/2 serif'>evil</p>",
    "font size of nothing": "<p style='font-size: 0'>evil</p>",
    "font size below a pixel": "<p style='font-size: 0.5px'>evil</p>",
    "font size calculated": "<p style='font-size: calc(2px - 1px)'>evil</p>",
    "font size of em": "<div style='font-size: .1em'><p>evil</p></div>",
    "font size of window": "<p style='font-size: 0.1vw'>evil</p>",
    "scale": "<p style='transform: scale(0)'>evil</p>",
    "scale of one axis": "<p style='transform: rotate(3deg) scaleY(0)'>evil</p>",
    "scale property": "<p style='scale: 0.01'>evil</p>",
    "turned away": "<p style='transform: rotateX(90deg)'>evil</p>",
    "translated": "<p style='transform: translateX(-9999px)'>evil</p>",
    "translate property": "<p style='translate: -9999px 0'>evil</p>",
    "left": "<p style='position: absolute; left: -9999px'>evil</p>",
    "top in em": "<p style='position: fixed; top: -200em'>evil</p>",
    "inset": "<p style='position: absolute; inset: -9999px auto auto auto'>evil</p>",
    "margin": "<p style='margin-left: -9999px'>evil</p>",
    "text indent": "<div style='text-indent: -9999px'><p>evil</p></div>",
    "indented out": "<p style='text-indent:100%;white-space:nowrap;overflow:hidden'>evil</p>",
    "clip": "<p style='position: absolute; clip: rect(0 0 0 0)'>evil</p>",
    "clip of a pixel": "<p style='position: absolute; clip: rect(1px, 1px, 1px, 1px)'>evil</p>",
    "clip path": "<p style='clip-path: inset(50%)'>evil</p>",
    "clip path circle": "<p style='clip-path: circle(0)'>evil</p>",
    "clip path polygon": "<p style='clip-path: polygon(0 0, 0 0, 0 0)'>evil</p>",
    "no height": "<p style='height: 0; overflow: hidden'>evil</p>",
    "little height": "<p style='max-height: 1px; overflow-y: hidden'>evil</p>",
    "screen reader only": "<span style='position:absolute;width:1px;height:1px;overflow:hidden'>evil</span>",
    "case of tags and properties": "<STYLE>P { DISPLAY: NONE }</STYLE><P>evil</P>",
    "escape": "<style>.x { d\\69 splay: none }</style><p class=x>evil</p>",
    "comment in a value": "<p style='display:/* */none'>evil</p>",
    "old attributes": "<table bgcolor=336699><tr><td><font color='#336699'>evil</font><td>x</table>",
    "case of classes without document type": "<style>.Hide { display: none }</style><p class=hide>evil</p>",
}
SHOWN = {
    "print": "<style>@media print { p { display: none } }</style><p>kept</p>",
    "narrow window": "<style>@media (max-width: 600px) { p { display: none } }</style><p>kept</p>",
    "dark scheme": "<style>@media (prefers-color-scheme: dark) { p { color: #fff } }</style><p>kept</p>",
    "not screen": "<style>@media not screen { p { display: none } }</style><p>kept</p>",
    "style for print": "<style media=print>p { display: none }</style><p>kept</p>",
    "supports not": "<style>@supports not (display: grid) { p { display: none } }</style><p>kept</p>",
    "hover": "<style>p:hover { display: none }</style><p>kept</p>",
    "pseudo element": "<style>p::after { display: none }</style><p>kept</p>",
    "another class": "<style>.a.b { display: none }</style><p class=a>kept</p>",
    "not a child": "<style>div > p { display: none }</style><div><section><p>kept</p></section></div>",
    "specificity": "<style>#x { display: block } p { display: none }</style><p id=x>kept</p>",
    "important": "<style>p { display: block !important }</style><p style='display: none'>kept</p>",
    "shown again": "<div style='visibility: hidden'><p style='visibility: visible'>kept</p></div>",
    "size set again": "<div style='font-size: 0'><p style='font-size: 12px'>kept</p></div>",
    "white on navy": "<div style='background: navy'><p style='color: white'>kept</p></div>",
    "white on a picture": "<div style='background: url(x) #fff'><p style='color: white'>kept</p></div>",
    "white on a gradient": "<div style='background-image: linear-gradient(red)'><b style='color:white'>kept</b></div>",
    "letters cut out of a gradient": "<style>p{background:linear-gradient(red,blue);-webkit-background-clip:text;"
    "color:transparent}</style><p>kept</p>",
    "colour not understood": "<p style='color: color-mix(in srgb, white, black)'>kept</p>",
    "variable without a value": "<p style='color: var(--none)'>kept</p>",
    "variables in a circle": "<style>:root{--a: var(--b); --b: var(--a)} p{display: var(--a)}</style><p>kept</p>",
    "height of a span": "<span style='height: 0; overflow: hidden'>kept</span>",
    "height without cutting": "<p style='height: 0'>kept</p>",
    "scale of a span": "<span style='transform: scale(0)'>kept</span>",
    "clip without position": "<p style='clip: rect(0 0 0 0)'>kept</p>",
    "left without position": "<p style='left: -9999px'>kept</p>",
    "small shift": "<p style='position: relative; left: -20px; margin-left: -10px'>kept</p>",
    "indent set again": "<div style='text-indent: -9999px'><p style='text-indent: 0'>kept</p></div>",
    "opacity of a half": "<p style='opacity: .5'>kept</p>",
    "hidden attribute overridden": "<style>[hidden] { display: block }</style><p hidden>kept</p>",
    "open dialog": "<dialog open>kept</dialog>",
    "small print": "<p style='font-size: 4pt'>kept</p>",
    "grey": "<p style='color: #ccc'>kept</p>",
    "list with a selector that nobody knows": "<style>:nonsense, p { display: none }</style><p>kept</p>",
    "broken sheet": "<style>p { display: none; } } { p</style><div>kept</div>",
}


def texts(markup: str) -> tuple[str, str]:
    """Return what is shown and what is hidden of a page."""
    outline = outline_of(f"<html><body>{markup}</body></html>", Path("page.html"))
    runs = [run for element in outline.elements for run in element.all_runs]
    return shown(runs), "".join(run.text for run in runs if run.hidden)


@pytest.mark.parametrize("markup", HIDDEN.values(), ids=HIDDEN.keys())
def test_hidden(markup: str) -> None:
    visible, hidden = texts(markup)
    assert "evil" not in visible
    assert "evil" in hidden
    assert visible.count("Seen") == markup.count("Seen")


@pytest.mark.parametrize("markup", SHOWN.values(), ids=SHOWN.keys())
def test_shown(markup: str) -> None:
    visible, hidden = texts(markup)
    assert visible.strip() == "kept"
    assert hidden == ""


def test_classes_compare_with_case_where_there_is_a_document_type() -> None:
    markup = "<!DOCTYPE html><html><style>.Hide { display: none }</style><body><p class=hide>kept</p></body></html>"
    outline = outline_of(markup, Path("page.html"))
    assert [element.shown for element in outline.elements] == ["kept"]


@pytest.mark.parametrize("depth", [300, 1900])
def test_deep_trees_and_long_rows_of_siblings_take_no_recursion(depth: int) -> None:
    sheet = "<style>div .x { color: red } p ~ .y { display: none }</style>"
    visible, _ = texts(sheet + "<div>" * depth + "<p class=x>deep</p>" + "</div>" * depth)
    assert visible == "deep"
    visible, hidden = texts(sheet + "<p>a</p>" * depth + "<p class=y>evil</p>")
    assert (visible.count("a"), hidden) == (depth, "evil")
