"""Whatever documents and models hold, it is text in the page."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import example, given
from hypothesis import strategies as st

from core.types import Citation, Document, Page
from serve.documents.pages import PageView
from serve.ui import html
from serve.ui.page_html import page_html
from tests.support.stored import stored_document

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">'
ALLOWED = {
    "blockquote",
    "br",
    "cite",
    "details",
    "div",
    "figcaption",
    "figure",
    "h4",
    "small",
    "span",
    "img",
    "mark",
    "p",
    "polyline",
    "pre",
    "strong",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "tr",
}


class _Seen(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def _document(name: str) -> Document:
    return stored_document(name, title=name, n_pages=3)


def _check(markup: str) -> _Seen:
    seen = _Seen(markup)
    assert seen.tags <= ALLOWED
    assert not [name for name in seen.attributes if name.startswith("on") or name in {"href", "style", "srcdoc"}]
    assert all(value.startswith("data:image/png;base64,") for value in seen.attributes.get("src", ()))
    return seen


@given(st.text(max_size=300), st.text(max_size=60), st.integers(0, 300), st.integers(0, 300), st.binary(max_size=20))
@example(HOSTILE, HOSTILE, 0, 5, b"")
@example(HOSTILE, HOSTILE, 0, 5, b"\x89PNG")
def test_a_page_is_text(text: str, name: str, start: int, end: int, picture: bytes) -> None:
    start, end = sorted((min(start, len(text)), min(end, len(text))))
    page = Page(index=0, text=text)
    seen = _check(page_html(PageView(document=_document(name), page=page, start=start, end=end, picture=picture)))
    assert "".join(text.split()) in "".join(seen.text.split()) or "\r" in text or "\0" in text


@given(st.text(max_size=200), st.text(max_size=60))
@example(HOSTILE, HOSTILE)
def test_quotes_tables_notes_and_curves_are_text(text: str, name: str) -> None:
    citation = Citation(doc=name, sha256="0" * 64, page=0, start=0, end=len(text), quote=text)
    _check(html.quotes([citation]))
    _check(html.table(name, [text, name], [[text, name]]))
    _check(html.note(text))
    assert _check(f"<p>{html.literal(text)}</p>").tags == {"p"}
    _check(html.curve(name, [(0, 1.0), (1, 0.5)]))
    assert "<circle" in html.curve(name, [(1, 0.5)])


@given(st.text(max_size=300) | st.text(alphabet="<>&;#/!?abgltxX 0123456789", max_size=40))
@example("<b>x</b> <!-- y --> </p> <?z?> &lt;b&gt; &copy &#65; &#x41 &notit; &amp;lt; a<b")
def test_what_looks_like_markup_is_shown_as_it_was_written(text: str) -> None:
    seen = _Seen(html.literal(text))
    assert not seen.tags and seen.text == text


def test_what_does_not_look_like_markup_is_copied_as_it_was_written() -> None:
    text = "if a < b && c <= d: R&D, AT&T <3 & more; x<-1"
    assert html.literal(text) == text
