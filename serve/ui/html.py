"""Small pieces of HTML for what Gradio has no component for; every value is escaped, so documents stay text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from html import escape, unescape
from typing import Any

from core.types import Citation

# Where a parser leaves text: HTML standard, 13.2.5.6 "Tag open state" and 13.2.5.72 "Character reference state".
_TAG, _ENTITY = re.compile(r"<(?=[A-Za-z/!?])"), re.compile(r"&[#A-Za-z0-9]+;?")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 400, 200, 62, 30


def literal(text: str) -> str:
    """Return text for a component that reads it as HTML: what a parser would take for a tag or an entity is escaped.

    The rest stays as it is, so that copied text is the text that was written.
    """
    text = _ENTITY.sub(lambda match: match[0] if unescape(match[0]) == match[0] else "&amp;" + match[0][1:], text)
    return _TAG.sub("&lt;", text)


def note(text: str, *, alert: bool = False) -> str:
    """Return a line that screen readers announce when it changes."""
    kind = "kb-note kb-alert" if alert else "kb-note"
    return f'<p class="{kind}" role="{"alert" if alert else "status"}">{escape(text)}</p>'


def table(label: str, heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: Collection[int] = ()) -> str:
    """Return a table of text.

    Args:
        label: Name for screen readers.
        heads: One per column; the last column is a wide one.
        rows: Cells by row.
        numbers: Columns of figures, which are aligned to the right.
    """
    if not rows:
        return note(f"{label}: none")

    def cell(tag: str, column: int, text: str) -> str:
        kind = ' class="number"' if column in numbers else ' class="wide"' if column == len(heads) - 1 else ""
        scope = ' scope="col"' if tag == "th" else ""
        return f"<{tag}{scope}{kind}>{escape(text)}</{tag}>"

    head = "".join(cell("th", column, text) for column, text in enumerate(heads))
    body = "".join(
        "<tr>" + "".join(cell("td", column, text) for column, text in enumerate(row)) + "</tr>" for row in rows
    )
    return (
        f'<div class="kb-scroll" tabindex="0" role="region" aria-label="{escape(label)}"><table class="kb-table">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def place(source: Mapping[str, Any] | Citation) -> str:
    """Return document and page of a quote, the page counted from 1, with its printed label where that differs."""
    if isinstance(source, Citation):
        return f"{source.doc}, p. {source.page + 1}"
    number = str(source["page"] + 1)
    label = source.get("page_label", number)
    return f"{source['doc']}, p. {number}" + (f" (printed: {label})" if label != number else "")


def quotes(sources: Sequence[Mapping[str, Any] | Citation]) -> str:
    """Return quotes with document and page."""
    if not sources:
        return note("No quote supports this.")
    parts = [
        f"<blockquote>{escape(each.quote if isinstance(each, Citation) else each['quote'])}<br>"
        f"<cite>{escape(place(each))}</cite></blockquote>"
        for each in sources
    ]
    return f'<div class="kb-view">{"".join(parts)}</div>'


def answer_card(status: str, *, short_answer: str, likelihood: str, computed_from: Sequence[Mapping[str, Any]]) -> str:
    """Return what stands under an answer: the short answer large, how likely it is, its cells, and a status line.

    Args:
        status: What was checked and which model wrote it.
        short_answer: A span of a quote or a computed value; empty where there is none.
        likelihood: `likely` or `possibly`; empty where it is not known.
        computed_from: Citations of the cells that a value was computed from.
    """
    parts = []
    if short_answer:
        word = f' <span class="kb-likelihood">{escape(likelihood)}</span>' if likelihood else ""
        parts.append(f'<p class="kb-short">{escape(short_answer)}{word}</p>')
    if computed_from:
        cells = "; ".join(f"{cell['quote']} ({place(cell)})" for cell in computed_from)
        parts.append(f'<p class="kb-note">Computed from {escape(cells)}.</p>')
    return f'<div role="status">{"".join(parts)}<p class="kb-note">{escape(status)}</p></div>'


def curve(title: str, points: Sequence[tuple[float, float]]) -> str:
    """Return figures over steps as a line in SVG, captioned with the last one."""
    if not points:
        return note(f"{title}: no figures yet")
    xs, ys = zip(*points, strict=True)
    (x0, x1), (y0, y1) = (min(xs), max(xs)), (min(ys), max(ys))

    def point(x: float, y: float) -> str:
        right = _LEFT + (x - x0) / ((x1 - x0) or 1) * (_WIDTH - _LEFT - 10)
        down = 10 + (1 - (y - y0) / ((y1 - y0) or 1)) * (_HEIGHT - _BOTTOM - 10)
        return f"{right:.1f},{down:.1f}"

    line = f'<polyline points="{" ".join(point(x, y) for x, y in points)}"/>'
    if len(points) == 1:  # a line of one point is not drawn
        right, down = point(*points[0]).split(",")
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
