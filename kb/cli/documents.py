"""`kb list`, `kb show`, `kb forget`: what is in a collection."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.cli import options, screen
from kb.cli.session import Session, begin

if TYPE_CHECKING:
    from core.types import Document, Page
    from rag.catalogue.reader import CatalogueReader

Doc = Annotated[str, typer.Argument(help="File name, id, or unique prefix of the hash.", metavar="DOC")]


def _catalogue(session: Session) -> CatalogueReader:
    from rag.catalogue.reader import CatalogueReader

    catalogue = CatalogueReader(session.home.catalogue)
    catalogue.require_collection(session.collection)
    return catalogue


def list_documents(
    collection: options.Collection = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """List the documents of a collection."""
    session = begin(collection=collection, pairs=pairs)
    catalogue = _catalogue(session)
    documents = catalogue.documents(session.collection)
    if as_json:
        screen.document({"documents": [_row(document) for document in documents]})
        return
    rows = [[d.doc, d.sha256[:12], str(d.n_pages), d.status, d.title[:48]] for d in documents]
    screen.table(["document", "id", "pages", "status", "title"], rows, right=frozenset({2}))
    counts = catalogue.counts(session.collection)
    others = [name for name in catalogue.collections() if name != session.collection]
    more = f"; other collections: {', '.join(others)}" if others else ""
    size = f"{counts['documents']} documents, {counts['pages']} pages, {counts['chunks']} chunks"
    screen.note(f"{size}{more}", quiet=quiet)


def _row(document: Document) -> dict[str, Any]:
    return {
        "doc": document.doc,
        "sha256": document.sha256,
        "pages": document.n_pages,
        "status": document.status,
        "title": document.title,
        "source": document.source,
        "unit": document.unit,
        "size_bytes": document.size_bytes,
        "ingested_at": document.ingested_at,
        "metadata": dict(document.metadata),
    }


def show(
    doc: Doc,
    page: Annotated[
        int | None, typer.Option("--page", help="Page to print, counted from 1.", min=1, metavar="N")
    ] = None,
    hidden: Annotated[bool, typer.Option("--hidden", help="Print what was removed as hidden text.")] = False,
    collection: options.Collection = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
) -> None:
    """Show a document: its facts, or one page's text as offsets count in it."""
    session = begin(collection=collection, pairs=pairs)
    catalogue = _catalogue(session)
    document = catalogue.resolve(session.collection, doc)
    if page is not None:
        _page(document, catalogue.page(session.collection, document.sha256, page - 1), hidden=hidden, as_json=as_json)
    elif hidden:
        _hidden(catalogue, session, document, as_json=as_json)
    elif as_json:
        problems = catalogue.page_problems(session.collection, document.sha256)
        screen.document(
            {**_row(document), "problems": [{"page": p, "quality": q, "reason": r} for p, q, r in problems]}
        )
    else:
        _facts(catalogue, session, document)


def _page(document: Document, page: Page, *, hidden: bool, as_json: bool) -> None:
    if as_json:
        screen.document(
            {
                "doc": document.doc,
                "sha256": document.sha256,
                "page": page.index,
                "text": page.text,
                "quality": page.quality,
                "reason": page.reason,
                "label": page.label,
                "hidden": dict(page.hidden),
                **({"hidden_text": page.hidden_text} if hidden else {}),
            }
        )
    else:
        screen.say(screen.plain(page.hidden_text if hidden else page.text))


def _hidden(catalogue: CatalogueReader, session: Session, document: Document, *, as_json: bool) -> None:
    counts = catalogue.hidden_counts(session.collection, document.sha256)
    pages = {index: catalogue.page(session.collection, document.sha256, index) for index in counts}
    if as_json:
        rows = [{"page": i, "hidden": dict(p.hidden), "hidden_text": p.hidden_text} for i, p in pages.items()]
        screen.document({"doc": document.doc, "sha256": document.sha256, "pages": rows})
        return
    for index, page in pages.items():
        kinds = ", ".join(f"{count} {kind}" for kind, count in page.hidden.items())
        screen.say(f"{screen.page_label(document.doc, index, document.unit)}: {kinds} (code points removed)")
        screen.say(screen.plain(page.hidden_text))
    if not pages:
        screen.say("nothing was removed")


def _facts(catalogue: CatalogueReader, session: Session, document: Document) -> None:
    screen.say(f"{screen.line(document.doc)}: {screen.line(document.title)}")
    screen.say(f"  id        {document.sha256}")
    screen.say(f"  pages     {document.n_pages}{' (sections)' if document.unit == 'section' else ''}")
    screen.say(f"  status    {document.status}")
    screen.say(f"  source    {screen.line(document.source)}")
    screen.say(f"  ingested  {document.ingested_at}")
    for key, value in document.metadata.items():
        screen.say(f"  {screen.line(key):<9} {screen.line(value)[:100]}")
    for index, quality, reason in catalogue.page_problems(session.collection, document.sha256)[:20]:
        screen.say(f"  page {index + 1} is {quality}: {screen.line(reason)}")


def forget(
    docs: Annotated[list[str], typer.Argument(help="File names, ids, or prefixes of hashes.", metavar="DOC...")],
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    quiet: options.Quiet = False,
) -> None:
    """Remove documents with everything kept of them."""
    session = begin(collection=collection, store=store, pairs=pairs)
    catalogue = _catalogue(session)
    found = [catalogue.resolve(session.collection, doc) for doc in docs]
    names = ", ".join(f"{screen.line(d.doc)} ({d.n_pages} pages)" for d in found)
    if dry_run:
        screen.say(f"would forget {names}")
        return
    if not yes:
        screen.confirm(f"Forget {names}?", f"kb forget --yes {shlex.join(docs)}")
    _forget(session, found, quiet=quiet)
    screen.note(f"forgot {names}. Next: kb list", quiet=quiet)


def _forget(session: Session, documents: list[Document], *, quiet: bool) -> None:
    from rag.catalogue.forget import forget
    from rag.catalogue.writer import Catalogue
    from rag.open import open_store, writing

    with writing(session.home, lambda: screen.note("another kb is writing here; waiting", quiet=quiet)):
        catalogue = Catalogue(session.home.catalogue)
        dimension = int(str(catalogue.require_collection(session.collection)["dimension"]))
        store = open_store(session.settings, session.home, session.collection, dimension)
        for document in documents:
            forget(session.home, catalogue, store, document)
