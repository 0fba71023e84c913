"""`kb ask`, `kb search`, `kb chat`: questions, with places a person can check."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigError
from kb.cli import options, screen
from kb.cli.models import provide_chat
from kb.cli.session import Session, begin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.types import Answer, Citation, Hit, Retriever
    from rag.answer.answer import Answerer
    from rag.open import Knowledge
    from rag.search.search import Explanation

# Rows of each list that --explain prints; --json holds all.
SHOWN = 10
# Words of a question that no document holds, named at most.
STRANGERS = 4

Question = Annotated[str, typer.Argument(help="A question in your own words.", metavar="QUESTION")]


def _filters(knowledge: Knowledge, session: Session, docs: list[str] | None, pages: list[int] | None) -> dict[str, Any]:
    """Return search filters: document hashes and 0-based pages."""
    found = [knowledge.catalogue.resolve(session.collection, name).sha256 for name in docs or ()]
    return {"docs": found or None, "pages": [page - 1 for page in pages or ()] or None}


def open_collection(session: Session, *, quiet: bool) -> Knowledge:
    """Open the session's collection; a note on stderr says when it is empty or its index behind."""
    from rag.open import open_knowledge

    knowledge = open_knowledge(session.settings, session.home, session.collection)
    flag = "" if session.settings.rag.store == "lancedb" else f" --store {session.settings.rag.store}"
    flag += "" if session.collection == "default" else f" --collection {session.collection}"
    if knowledge.behind:
        screen.note(f"kb: the index lacks {knowledge.behind} documents; to add them: kb reindex{flag}", quiet=quiet)
    if not knowledge.catalogue.counts(session.collection)["documents"]:
        screen.note(f"kb: {session.collection!r} holds no document; to add some: kb ingest{flag} PATH", quiet=quiet)
    return knowledge


def _required(text: str, what: str, command: str) -> str:
    """Return what was typed without terminal controls and bytes that are no UTF-8, if that leaves anything."""
    typed = screen.plain(text).encode("utf-8", "replace").decode()
    if not typed.strip():
        raise ConfigError(f"the {what} is empty", hint=f'kb {command} "What is the limit for guests?"')
    return typed


def search(
    query: Annotated[str, typer.Argument(help="Words or a question.", metavar="QUERY")],
    explain: Annotated[bool, typer.Option("--explain", help="Show the route, both lists and the fusion.")] = False,
    doc: options.InDoc = None,
    page: options.InPage = None,
    top_k: options.TopK = None,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Find passages: dense and BM25, fused."""
    session = begin(collection=collection, store=store, top_k=top_k, pairs=pairs)
    query = _required(query, "query", "search")
    knowledge = open_collection(session, quiet=quiet)
    filters = _filters(knowledge, session, doc, page)
    k = session.settings.rag.top_k
    if explain:
        explanation = knowledge.searcher.explain(query, k, **filters)
        if as_json:
            screen.document(explanation.to_json())
        else:
            names = {d.sha256: d.doc for d in knowledge.catalogue.documents(session.collection)}
            _lay_open(explanation, names)
        return
    hits = knowledge.searcher.search(query, k, **filters)
    if as_json:
        screen.document({"hits": [_hit(hit) for hit in hits]})
        return
    for rank, hit in enumerate(hits, 1):
        screen.say(f"{rank}. {screen.page_label(hit.doc, hit.page)}  (score {hit.score:.3f})")
        screen.say(f"   {screen.line(hit.text)[:300]}")
    screen.note("nothing found" if not hits else 'Next: kb ask "QUESTION", or kb show DOC --page N', quiet=quiet)


def _lay_open(explanation: Explanation, names: Mapping[str, str]) -> None:
    route = explanation.route

    def place(sha256: str, page: int) -> str:
        return screen.page_label(names.get(sha256, sha256[:12]), page)

    screen.say(f"query: {screen.plain(explanation.query)}")
    screen.say(f"asks for a number: {'yes' if explanation.asks_for_number else 'no'}")
    screen.say("route: " + ("no document is named" if not route.scores else ""))
    for sha256, score in sorted(route.scores.items(), key=lambda item: -item[1])[:SHOWN]:
        reasons = ", ".join(route.reasons.get(sha256, ()))
        depth = " (searched in depth)" if sha256 in explanation.named else ""
        screen.say(f"  {score:6.3f}  {screen.line(names.get(sha256, sha256[:12]))}{depth}: {screen.plain(reasons)}")
    for label, scored in (("dense (cosine)", explanation.dense), ("bm25", explanation.bm25)):
        screen.say(f"{label}: {len(scored)} chunks")
        for chunk_id, score in scored[:SHOWN]:
            sha256, page, start, end = chunk_id.split(":")
            screen.say(f"  {score:6.3f}  {place(sha256, int(page))} [{start}:{end}]")
    screen.say("fusion, by page: score = text + route + figures")
    for ranked in explanation.pages[:SHOWN]:
        parts = f"{ranked.score:6.3f} = {ranked.text:.3f} + {ranked.route:.3f} + {ranked.figures:.3f}"
        screen.say(f"  {parts}  {place(ranked.sha256, ranked.page)}")


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "doc": hit.doc,
        "sha256": hit.sha256,
        "page": hit.page,
        "start": hit.start,
        "end": hit.end,
        "text": hit.text,
        "score": hit.score,
    }


def open_answerer(session: Session, knowledge: Knowledge, retriever: Retriever) -> Answerer:
    """Put the session's chat model behind a retriever over this collection."""
    from core.models import open_chat, resolve
    from rag.answer.answer import Answerer

    spec = str(resolve(session.settings.rag.model, session.settings))
    answerer = Answerer(
        retriever,
        open_chat(spec, session.settings, session.home),
        session.settings,
        lambda sha256, page: knowledge.catalogue.page(session.collection, sha256, page).text,
        model=spec,
        embedder=knowledge.embedder,
    )
    if answerer.prompt_note:
        screen.note(answerer.prompt_note)
    return answerer


def ask(
    question: Question,
    doc: options.InDoc = None,
    page: options.InPage = None,
    top_k: options.TopK = None,
    model: options.Model = None,
    pull: options.Pull = False,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Answer a question from the documents, with quotes and pages."""
    session = begin(collection=collection, store=store, top_k=top_k, model=model, pairs=pairs)
    question = _required(question, "question", "ask")
    knowledge = open_collection(session, quiet=quiet)
    if pull:
        provide_chat(session, quiet=quiet)
    answerer = open_answerer(session, knowledge, knowledge.narrowed(**_filters(knowledge, session, doc, page)))
    # A pipe gets the checked text at the end; a terminal sees it grow.
    live = sys.stdout.isatty() and not as_json
    answer = answerer.ask(question, on_token=screen.stream if live else None)
    if as_json:
        screen.document(answer_json(answer))
        return
    screen.say() if live else None
    _tell(answer, live=live, quiet=quiet)
    if answer.ground == "abstained":
        _tell_strangers(question, knowledge, quiet=quiet)


def _tell_strangers(question: str, knowledge: Knowledge, *, quiet: bool) -> None:
    """Say that a question without an answer may be in another language than the documents."""
    unknown, asked = knowledge.searcher.unknown_words(question)
    if unknown and 2 * len(unknown) >= asked:
        named = ", ".join(repr(word) for word in unknown[:STRANGERS])
        screen.note(f"kb: the documents hold no {named}; ask in the documents' own words and language", quiet=quiet)


def answer_json(answer: Answer) -> dict[str, Any]:
    """Return the contract of `kb ask --json`."""
    return {
        "answer": answer.answer,
        "ground": answer.ground,
        "citations": [_citation(citation) for citation in answer.citations],
        "model": answer.model,
        "timings": dict(answer.timings),
        "tokens": dict(answer.tokens),
    }


def _citation(citation: Citation) -> dict[str, Any]:
    return {
        "doc": citation.doc,
        "sha256": citation.sha256,
        "page": citation.page,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
    }


def _tell(answer: Answer, *, live: bool, quiet: bool) -> None:
    if not live or any(not statement.supported for statement in answer.statements):
        screen.say(screen.plain(answer.answer))
    told = " ".join(answer.answer.split())
    for citation in answer.citations:
        quote = screen.line(citation.quote)
        if quote in told:
            continue
        screen.note(f"  {screen.page_label(citation.doc, citation.page)}: “{quote[:240]}”", quiet=quiet)
    grounds = {
        "cited": f"{len(answer.citations)} quote{'s' * (len(answer.citations) != 1)} checked against the page",
        "ungrounded": "nothing in the documents was found to support this",
        "abstained": "the documents do not support an answer",
    }
    screen.note(
        f"ground: {answer.ground} ({grounds[answer.ground]}); written by {answer.model}"
        f" in {answer.timings.get('total_s', 0.0):.1f} s",
        quiet=quiet,
    )


def chat(
    top_k: options.TopK = None,
    model: options.Model = None,
    pull: options.Pull = False,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    quiet: options.Quiet = False,
) -> None:
    """Ask and follow up, until an empty line or Ctrl-D."""
    session = begin(collection=collection, store=store, top_k=top_k, model=model, pairs=pairs)
    knowledge = open_collection(session, quiet=quiet)
    if pull:
        provide_chat(session, quiet=quiet)
    answerer = open_answerer(session, knowledge, knowledge.narrowed())
    history: list[tuple[str, str]] = []
    if sys.stdin.isatty():
        import readline  # noqa: F401 - importing it gives input() a line editor and a history

        screen.note("Ask; an empty line or Ctrl-D ends.", quiet=quiet)
    while question := _prompt():
        live = sys.stdout.isatty()
        answer = answerer.ask(question, on_token=screen.stream if live else None, history=history)
        history.append((question, answer.answer))
        screen.say() if live else None
        _tell(answer, live=live, quiet=quiet)


def _prompt() -> str:
    try:
        return screen.plain(input("> " if sys.stdin.isatty() else "")).strip()
    except EOFError:
        return ""
