"""`kb list`, `kb show`, `kb forget`: what is in a collection."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from kb.cli import options, screen
from kb.cli.session import begin, collection_flag

if TYPE_CHECKING:
    from core.types import Document, Page
    from kb.workspace import Workspace
    from rag.catalogue.reader import CatalogueReader

Doc = Annotated[str, typer.Argument(help="File name, id, or unique prefix of the hash.", metavar="DOC")]


def _catalogue(workspace: Workspace) -> CatalogueReader:
    from rag.catalogue.reader import CatalogueReader

    catalogue = CatalogueReader(workspace.home.catalogue)
    catalogue.require_collection(workspace.collection)
    for text in catalogue.take_notes():
        screen.note(f"kb: {text}")
    return catalogue


def list_documents(
    collection: options.Collection = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """List the documents of a collection."""
    workspace = begin(collection=collection, pairs=pairs)
    catalogue = _catalogue(workspace)
    documents = catalogue.documents(workspace.collection)
    from kb.staleness import stale_documents

    stale = stale_documents(workspace.home, workspace.collection, screen.note)
    if as_json:
        from kb.views.as_json import document_json

        rows_json = [document_json(document) for document in documents]
        screen.document({"documents": rows_json, "stale": [document.to_json() for document in stale]})
        return
    rows = [[d.doc, d.sha256[:12], str(d.n_pages), d.status, " ".join(d.languages), d.title[:48]] for d in documents]
    screen.table(["document", "id", "pages", "status", "language", "title"], rows, right=frozenset({2}))
    for document in stale:
        screen.say(f"stale: {screen.line(document.line())}")
    counts = catalogue.counts(workspace.collection)
    others = [name for name in catalogue.collections() if name != workspace.collection]
    more = f"; other collections: {', '.join(others)}" if others else ""
    size = f"{counts['documents']} documents, {counts['pages']} pages, {counts['chunks']} chunks"
    screen.note(f"{size}{more}", quiet=quiet)


def contradictions(
    doc: options.InDoc = None,
    collection: options.Collection = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Show facts on which documents disagree, both pages side by side; the same fact of another period is none."""
    workspace = begin(collection=collection, pairs=pairs)
    from kb.contradictions import find_contradictions

    with screen.bar("{task.completed}/{task.total} documents", quiet=quiet) as bar:
        disagreements = find_contradictions(workspace, doc or (), on_progress=screen.step(bar, "reading"))
    sides = ("\n".join([*each.side_by_side(), ""]) for each in disagreements)
    screen.shown({"contradictions": [each.to_json() for each in disagreements]}, sides, as_json=as_json)
    count = len(disagreements)
    step = ". Next: kb show DOC --page N" if count else " found"
    screen.note(f"{count or 'no'} contradiction{'s' if count != 1 else ''}{step}", quiet=quiet)


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
    """Show a document: its facts, or one page, tables in columns; with --json the text that offsets count in."""
    workspace = begin(collection=collection, pairs=pairs)
    catalogue = _catalogue(workspace)
    document = catalogue.resolve(workspace.collection, doc)
    if page is not None:
        _page(document, catalogue.page(workspace.collection, document.sha256, page - 1), hidden=hidden, as_json=as_json)
    elif hidden:
        _hidden(catalogue, workspace, document, as_json=as_json)
    elif as_json:
        from kb.views.as_json import document_json

        problems = catalogue.page_problems(workspace.collection, document.sha256)
        rows = [{"page": page, "quality": quality, "reason": reason} for page, quality, reason in problems]
        screen.document({**document_json(document), "problems": rows})
    else:
        from kb.views.page_view import document_facts

        screen.say(f"{screen.line(document.doc)}: {screen.line(document.title)}")
        for name, value in document_facts(catalogue, document):
            screen.say(f"  {screen.line(name):<9} {screen.line(value)}")


def _page(document: Document, page: Page, *, hidden: bool, as_json: bool) -> None:
    if as_json:
        from kb.views.as_json import page_json

        screen.document(page_json(document, page, hidden=hidden))
    else:
        from kb.views.page_view import readable

        screen.say(screen.plain(page.hidden_text if hidden else readable(page)))


def _hidden(catalogue: CatalogueReader, workspace: Workspace, document: Document, *, as_json: bool) -> None:
    counts = catalogue.hidden_counts(workspace.collection, document.sha256)
    pages = {index: catalogue.page(workspace.collection, document.sha256, index) for index in counts}
    if as_json:
        rows = [{"page": i, "hidden": dict(p.hidden), "hidden_text": p.hidden_text} for i, p in pages.items()]
        screen.document({"doc": document.doc, "sha256": document.sha256, "pages": rows})
        return
    for index, page in pages.items():
        kinds = ", ".join(f"{count} {kind}" for kind, count in page.hidden.items())
        screen.say(f"{screen.page_place(document.doc, index, document.unit)}: {kinds} (code points removed)")
        screen.say(screen.plain(page.hidden_text))
    if not pages:
        screen.say("no hidden text was removed")


def forget(
    docs: Annotated[list[str], typer.Argument(help="File names, ids, or prefixes of hashes.", metavar="DOC...")],
    from_runs: Annotated[
        bool, typer.Option("--from-runs", help="Also rebuild every run that learned them, and prove it; resumable.")
    ] = False,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> int:
    """Remove documents with everything kept of them."""
    workspace = begin(collection=collection, store=store, pairs=pairs)
    if from_runs:
        from kb.knowledge.forgetting import forget_from_runs, plan_forgetting, report_lines

        names = screen.line(plan_forgetting(workspace, docs).sentence())
    else:
        catalogue = _catalogue(workspace)
        documents = [catalogue.resolve(workspace.collection, doc) for doc in docs]
        names = ", ".join(f"{screen.line(d.doc)} ({d.n_pages} page{'s' if d.n_pages != 1 else ''})" for d in documents)
    if dry_run:
        screen.shown({"would_forget": names}, [f"would forget {names}"], as_json=as_json)
        return 0
    if not yes:
        screen.confirm(f"Forget {names}?", f"kb forget --yes {'--from-runs ' if from_runs else ''}{shlex.join(docs)}")
    if from_runs:
        on_note, on_event = screen.notes(quiet=quiet), screen.events(quiet=quiet)
        report = forget_from_runs(workspace, docs, on_note=on_note, on_event=on_event)
        screen.shown(report, report_lines(report), as_json=as_json)
        return 1 if any("error" in run for run in report["runs"]) else 0
    from kb.maintenance import forget_documents

    forget_documents(workspace, [document.sha256 for document in documents], on_note=screen.notes(quiet=quiet))
    if as_json:
        screen.document({"documents": [{"doc": each.doc, "sha256": each.sha256} for each in documents]})
    screen.note(f"forgot {names}. Next: kb list{collection_flag(workspace)}", quiet=quiet)
    return 0
