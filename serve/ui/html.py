"""Small pieces of HTML for what Gradio has no component for; every value is escaped, so documents stay text."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from html import escape, unescape
from typing import Any

from core.types import Citation
from serve.documents.pages import PageView

# Where a parser leaves text: HTML standard, 13.2.5.6 "Tag open state" and 13.2.5.72 "Character reference state".
_TAG, _ENTITY = re.compile(r"<(?=[A-Za-z/!?])"), re.compile(r"&[#A-Za-z0-9]+;?")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 400, 200, 62, 30


def shown(text: str) -> str:
    """Return text for a component that takes it for HTML: what a parser would read as a tag or an entity is escaped.

    The rest stays as it is, so that what is copied from there is what was written.
    """
    text = _ENTITY.sub(lambda found: found[0] if unescape(found[0]) == found[0] else "&amp;" + found[0][1:], text)
    return _TAG.sub("&lt;", text)


def note(text: str, *, alert: bool = False) -> str:
    """Return a line that screen readers say when it changes."""
    return f'<p class="kb-note" role="{"alert" if alert else "status"}">{escape(text)}</p>'


def table(label: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> str:
    """Return a table of text; `numbers` are the columns that hold figures, the last column is a wide one."""
    if not rows:
        return note(f"{label}: none")

    def cell(tag: str, at: int, text: str) -> str:
        kind = ' class="number"' if at in numbers else ' class="wide"' if at == len(heads) - 1 else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{kind}>{escape(text)}</{tag}>"

    head = "".join(cell("th", at, text) for at, text in enumerate(heads))
    body = "".join("<tr>" + "".join(cell("td", at, text) for at, text in enumerate(row)) + "</tr>" for row in rows)
    return (
        f'<div class="kb-scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table class="kb-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def place(source: Mapping[str, Any] | Citation) -> str:
    """Return where a quote stands, as a person says it."""
    doc, page = (source.doc, source.page) if isinstance(source, Citation) else (source["doc"], source["page"])
    return f"{doc}, p. {page + 1}"


def page_view(view: PageView) -> str:
    """Return a page with its span marked: the picture where there is one, and the text."""
    document, page = view.document, view.page
    where = f"{document.doc}, p. {page.index + 1} of {document.n_pages}"
    marked = bool(view.end > view.start)
    before, span, after = (
        escape(part)
        for part in (page.text[: view.start], page.text[view.start : view.end], page.text[view.end :])
    )  # fmt: skip
    text = f"<pre>{before}<mark>{span}</mark>{after}</pre>" if marked else f"<pre>{escape(page.text)}</pre>"
    if not view.picture:
        return f'<div class="kb-view"><p><strong>{escape(where)}</strong></p>{text}</div>'
    encoded = base64.b64encode(view.picture).decode()
    alt = f"{where}{', the quote marked' if marked else ''}"
    return (
        f'<div class="kb-view"><figure><img alt="{escape(alt)}" src="data:image/png;base64,{encoded}">'
        f"<figcaption><strong>{escape(where)}</strong></figcaption></figure>"
        f"<details><summary>Text of the page</summary>{text}</details></div>"
    )


def quotes(sources: Sequence[Mapping[str, Any] | Citation]) -> str:
    """Return quotes with their places."""
    if not sources:
        return note("no quote stands behind this")
    parts = [
        f"<blockquote>{escape(each.quote if isinstance(each, Citation) else each['quote'])}<br>"
        f"<cite>{escape(place(each))}</cite></blockquote>"
        for each in sources
    ]
    return f'<div class="kb-view">{"".join(parts)}</div>'


def curve(title: str, points: Sequence[tuple[float, float]]) -> str:
    """Return figures over steps as a line in SVG, with the last one in words."""
    if not points:
        return note(f"{title}: nothing logged yet")
    xs, ys = zip(*points, strict=True)
    (x0, x1), (y0, y1) = (min(xs), max(xs)), (min(ys), max(ys))

    def at(x: float, y: float) -> str:
        right = _LEFT + (x - x0) / ((x1 - x0) or 1) * (_WIDTH - _LEFT - 10)
        down = 10 + (1 - (y - y0) / ((y1 - y0) or 1)) * (_HEIGHT - _BOTTOM - 10)
        return f"{right:.1f},{down:.1f}"

    line = f'<polyline points="{" ".join(at(x, y) for x, y in points)}"/>'
    if len(points) == 1:  # a line of one point is not drawn
        right, down = at(*points[0]).split(",")
        line = f'<circle cx="{right}" cy="{down}" r="3"/>'
    caption = escape(f"{title}: {ys[-1]:.4g} at step {xs[-1]:.0f}")
    return (
        f'<figure class="kb-view"><svg class="kb-curve" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'aria-label="{caption}">{line}'
        f'<text x="4" y="18">{y1:.3g}</text><text x="4" y="{_HEIGHT - _BOTTOM}">{y0:.3g}</text>'
        f'<text x="{_LEFT}" y="{_HEIGHT - 8}">step {x0:.0f}</text>'
        f'<text x="{_WIDTH - 10}" y="{_HEIGHT - 8}" text-anchor="end">{x1:.0f}</text></svg>'
        f"<figcaption>{caption}</figcaption></figure>"
    )
