"""Hits, answers, documents and pages as the JSON that commands and the server share.

`page` counts from 0; `page_label` is what a person reads on the page, or the number from 1 where nothing is printed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.blocks import with_texts
from core.types import Answer, Citation, Document, Hit, Page, Statement
from rag.catalogue.reader import CatalogueReader

if TYPE_CHECKING:
    from rag.ingest.ingest import FileResult
    from synth.importing.load import ImportReport

# From document hash and 0-based page to a label.
PageLabel = Callable[[str, int], str]


def page_labels(catalogue: CatalogueReader, collection: str) -> PageLabel:
    """Return a function that looks up labels of pages; each page is read at most once."""
    known: dict[tuple[str, int], str] = {}

    def label(sha256: str, page: int) -> str:
        if (sha256, page) not in known:
            known[sha256, page] = label_of(catalogue.page(collection, sha256, page))
        return known[sha256, page]

    return label


def label_of(page: Page) -> str:
    """Return the page's own label, or its number counted from 1."""
    return page.label or str(page.index + 1)


def hit_json(hit: Hit, label: PageLabel) -> dict[str, Any]:
    """Return a hit of `kb search --json`."""
    return {
        "doc": hit.doc,
        "sha256": hit.sha256,
        "page": hit.page,
        "page_label": label(hit.sha256, hit.page),
        "start": hit.start,
        "end": hit.end,
        "text": hit.text,
        "score": hit.score,
    }


def citation_json(citation: Citation, label: PageLabel) -> dict[str, Any]:
    """Return a citation of `kb ask --json`; `text[start:end] == quote` holds on its page."""
    return {
        "doc": citation.doc,
        "sha256": citation.sha256,
        "page": citation.page,
        "page_label": label(citation.sha256, citation.page),
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
    }


def statement_json(statement: Statement) -> dict[str, Any]:
    """Return a sentence of an answer: its citations by index, whether it holds, and `why` where that was tested."""
    values: dict[str, Any] = {"text": statement.text, "citations": list(statement.citations)}
    values["supported"] = statement.supported
    return values | ({"why": statement.why.to_json()} if statement.why else {})


def answer_json(answer: Answer, label: PageLabel) -> dict[str, Any]:
    """Return what `kb ask --json` prints; the built-in reader adds its short answer and how sure it is."""
    own: dict[str, Any] = {}
    if answer.confidence is not None:
        own = {"short_answer": answer.short_answer, "confidence": answer.confidence}
    if answer.computed_from:
        own["computed_from"] = [citation_json(cell, label) for cell in answer.computed_from]
    if answer.disagreements:
        own["disagreements"] = [dict(each) for each in answer.disagreements]
    if answer.route:
        own["route"] = dict(answer.route)
    if any(statement.why for statement in answer.statements):
        own["statements"] = [statement_json(statement) for statement in answer.statements]
    return {
        "answer": answer.answer,
        **own,
        "ground": answer.ground,
        "citations": [citation_json(citation, label) for citation in answer.citations],
        "model": answer.model,
        "timings": dict(answer.timings),
        "tokens": dict(answer.tokens),
    }


def file_json(result: FileResult) -> dict[str, Any]:
    """Return a file of `kb ingest --json`."""
    values = asdict(result)
    del values["hint"]
    return values


def document_json(document: Document) -> dict[str, Any]:
    """Return a document of `kb list --json`; `pages` is their number, `language` the code of the main language."""
    values = asdict(document)
    del values["collection"]
    values["pages"] = values.pop("n_pages")
    values["languages"] = list(document.languages)
    values["language"] = document.languages[0] if document.languages else ""
    return values


def page_json(document: Document, page: Page, *, hidden: bool = False) -> dict[str, Any]:
    """Return a page of `kb show DOC --page N --json`.

    Args:
        hidden: Include the text that was removed as hidden.
    """
    values = {
        "doc": document.doc,
        "sha256": document.sha256,
        "page": page.index,
        "page_label": label_of(page),
        "text": page.text,
        "blocks": with_texts(page.blocks, page.text),
        "quality": page.quality,
        "reason": page.reason,
        "language": page.language,
        "label": page.label,
        "hidden": dict(page.hidden),
    }
    return values | ({"hidden_text": page.hidden_text} if hidden else {})


def import_json(done: ImportReport) -> dict[str, Any]:
    """Return what `kb synth import --json` prints."""
    return {
        "sources": [
            {
                "source": read.source,
                "container": read.container,
                "shape": read.shape,
                "rows": read.rows,
                "skipped": read.skipped,
                "unused_columns": read.unused,
                "left_out": read.left_out,
                "faults": [{"line": line, "reason": reason} for line, reason in read.examples],
            }
            for read in done.reads
        ],
        "added": done.added,
        "duplicates": done.duplicates,
        "leaking": done.leaking,
        "splits": done.manifest["counts"]["splits"],
        "groups": done.manifest["counts"]["groups"],
    }
