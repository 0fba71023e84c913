"""A page of a document as HTML: its picture where there is one, and its text by blocks, with a span marked.

Every value is escaped, so whatever a document holds stays text.
"""

from __future__ import annotations

import base64
from html import escape

from core.blocks import Block, Cell
from serve.documents.pages import PageView

_TAGS = {"heading": "h4", "caption": "figcaption", "footnote": "small"}


def page_html(view: PageView) -> str:
    """Return a page with its span marked: the picture and, folded away, the text; the text alone without a picture."""
    where = page_name(view)
    text = f'<div class="kb-page">{page_body(view)}</div>'
    if not view.picture:
        return f'<div class="kb-view"><p><strong>{escape(where)}</strong></p>{text}</div>'
    encoded = base64.b64encode(view.picture).decode()
    marked = mark_name(view)
    alt = f"{where}{f', the {marked} marked' if marked else ''}"
    return (
        '<div class="kb-view"><figure><div class="kb-zoom" tabindex="0" role="group" aria-label="Page; focus enlarges">'
        f'<img alt="{escape(alt)}" src="data:image/png;base64,{encoded}"></div>'
        f"<figcaption><strong>{escape(where)}</strong></figcaption></figure>"
        f"<details><summary>Text of the page</summary>{text}</details></div>"
    )


def page_name(view: PageView) -> str:
    """Return document and page, counted from 1, with the printed label where it differs."""
    page, document = view.page, view.document
    label = page.label if page.label and page.label != str(page.index + 1) else ""
    printed = f" (printed: {label})" if label and document.unit == "page" else f" ({label})" if label else ""
    return f"{document.doc}, p. {page.index + 1} of {document.n_pages}{printed}"


def mark_name(view: PageView) -> str:
    """Return what is marked on a page: `table cell`, `quote`, or nothing."""
    if view.end <= view.start:
        return ""
    return "table cell" if view.cell is not None else "quote"


def page_body(view: PageView) -> str:
    """Return the page's text: block by block where its blocks are known, else as one piece."""
    if not view.page.blocks:
        return f"<pre>{_marked(view, 0, len(view.page.text))}</pre>"
    parts: list[str] = []
    shown_to = 0
    for block in view.page.blocks:
        between = view.page.text[shown_to : block.start]
        if block.start > shown_to and between.strip():  # text that no block holds
            parts.append(f"<pre>{_marked(view, shown_to, block.start)}</pre>")
        parts.append(_block_html(view, block))
        shown_to = max(shown_to, block.end)
    if view.page.text[shown_to:].strip():
        parts.append(f"<pre>{_marked(view, shown_to, len(view.page.text))}</pre>")
    return "".join(parts)


def _block_html(view: PageView, block: Block) -> str:
    if block.kind == "table" and block.rows:
        return _table_html(view, block)
    text = _marked(view, block.start, block.end)
    if block.kind in _TAGS:
        tag = _TAGS[block.kind]
        return f"<{tag}>{text}</{tag}>"
    if block.kind == "form_field" and block.name:
        return f"<p>{escape(block.name)}: {text}</p>"
    return f'<p class="kb-text">{text}</p>'


def _table_html(view: PageView, block: Block) -> str:
    heads = "".join(
        "<tr>" + "".join(f"<th>{escape(text)}</th>" for text in row) + "</tr>" for row in block.carried_heads
    )
    rows = []
    for number, row in enumerate(block.rows):
        tag = "th" if number < block.head_rows else "td"
        rows.append("<tr>" + "".join(_cell_html(view, cell, tag) for cell in row) + "</tr>")
    return (
        '<div class="kb-scroll" tabindex="0" role="region" aria-label="Table">'
        f'<table class="kb-grid"><tbody>{heads}{"".join(rows)}</tbody></table></div>'
    )


def _cell_html(view: PageView, cell: Cell, tag: str) -> str:
    spans = "".join(
        f' {name}="{count}"' for name, count in (("rowspan", cell.row_span), ("colspan", cell.column_span)) if count > 1
    )
    marked = ' class="kb-marked"' if cell == view.cell else ""
    return f"<{tag}{spans}{marked}>{_marked(view, cell.start, cell.end)}</{tag}>"


def _marked(view: PageView, start: int, end: int) -> str:
    """Return a stretch of the page's text as HTML, the part of the span that lies in it marked."""
    text = view.page.text
    first, last = max(start, view.start), min(end, view.end)
    if first >= last:
        return escape(text[start:end])
    before, span, after = text[start:first], text[first:last], text[last:end]
    return f"{escape(before)}<mark>{escape(span)}</mark>{escape(after)}"
