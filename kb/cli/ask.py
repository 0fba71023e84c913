"""`kb ask`, `kb search`, `kb chat`: questions, with places a person can check."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import ConfigError
from kb.cli import options, screen
from kb.cli.models import provide_chat
from kb.cli.session import begin, open_collection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.types import Answer
    from kb.scope import Scope
    from kb.views.as_json import PageLabel
    from kb.workspace import Workspace
    from rag.open import Knowledge
    from rag.search.search import Explanation

# Rows of each list that --explain prints; --json holds all.
_LISTED = 10
# Words of a question that no document holds, named at most.
_UNKNOWN_WORDS = 4
_GROUNDS = {
    "cited": "{quotes} found on {places}",
    "ungrounded": "nothing in the documents supports this",
    "abstained": "the documents do not support an answer",
}

Question = Annotated[str, typer.Argument(help="A question in your own words.", metavar="QUESTION")]


def _scope(knowledge: Knowledge, workspace: Workspace, docs: list[str] | None, pages: list[int] | None) -> Scope:
    from kb.scope import scope_of

    return scope_of(knowledge, workspace.collection, docs, [page - 1 for page in pages or ()])


def _labels(knowledge: Knowledge, workspace: Workspace) -> PageLabel:
    from kb.views.as_json import page_labels

    return page_labels(knowledge.catalogue, workspace.collection)


def _required(text: str, name: str, command: str) -> str:
    """Return typed text without terminal controls and without bytes that are not UTF-8."""
    typed = screen.plain(text).encode("utf-8", "replace").decode()
    if not typed.strip():
        raise ConfigError(f"the {name} is empty", hint=f'kb {command} "What is the limit for guests?"')
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
    """Find passages: dense and BM25, fused. In JSON `page` counts from 0 and `page_label` is what is printed."""
    workspace = begin(collection=collection, store=store, top_k=top_k, pairs=pairs)
    query = _required(query, "query", "search")
    knowledge = open_collection(workspace, quiet=quiet)
    scope = _scope(knowledge, workspace, doc, page)
    k = workspace.settings.rag.top_k
    if explain:
        explanation = knowledge.searcher.explain(query, k, docs=scope.docs, pages=scope.pages)
        if as_json:
            screen.document(explanation.to_json())
        else:
            names = {d.sha256: d.doc for d in knowledge.catalogue.documents(workspace.collection)}
            _explain(explanation, names)
        return
    hits = knowledge.searcher.search(query, k, docs=scope.docs, pages=scope.pages)
    label = _labels(knowledge, workspace)
    if as_json:
        from kb.views.as_json import hit_json

        screen.document({"hits": [hit_json(hit, label) for hit in hits]})
        return
    for rank, hit in enumerate(hits, 1):
        place = screen.page_place(hit.doc, hit.page, label(hit.sha256, hit.page))
        screen.say(f"{rank}. {place}  (score {hit.score:.3f})")
        screen.say(f"   {screen.line(hit.text)[:300]}")
    screen.note('Next: kb ask "QUESTION", or kb show DOC --page N' if hits else "no passage was found", quiet=quiet)


def _explain(explanation: Explanation, names: Mapping[str, str]) -> None:
    route = explanation.route

    def place(sha256: str, page: int) -> str:
        return screen.page_place(names.get(sha256, sha256[:12]), page)

    screen.say(f"query: {screen.plain(explanation.query)}")
    screen.say(f"asks for a number: {'yes' if explanation.asks_for_number else 'no'}")
    screen.say("route: " + ("no document is named" if not route.scores else ""))
    for sha256, score in sorted(route.scores.items(), key=lambda item: -item[1])[:_LISTED]:
        reasons = ", ".join(route.reasons.get(sha256, ()))
        depth = " (searched in depth)" if sha256 in explanation.named else ""
        screen.say(f"  {score:6.3f}  {screen.line(names.get(sha256, sha256[:12]))}{depth}: {screen.plain(reasons)}")
    for label, scored in (("dense (cosine)", explanation.dense), ("bm25", explanation.bm25)):
        screen.say(f"{label}: {len(scored)} chunks")
        for chunk_id, score in scored[:_LISTED]:
            sha256, page, start, end = chunk_id.split(":")
            screen.say(f"  {score:6.3f}  {place(sha256, int(page))} [{start}:{end}]")
    screen.say("fusion, by page: score = text + route + figures")
    for ranked in explanation.pages[:_LISTED]:
        parts = f"{ranked.score:6.3f} = {ranked.text:.3f} + {ranked.route:.3f} + {ranked.figures:.3f}"
        screen.say(f"  {parts}  {place(ranked.sha256, ranked.page)}")


def ask(
    question: Question,
    doc: options.InDoc = None,
    page: options.InPage = None,
    top_k: options.TopK = None,
    model: options.Model = None,
    pull: options.Pull = False,
    why: Annotated[
        bool, typer.Option("--why", help="Ask again to tell what was read from what was remembered.")
    ] = False,
    at: Annotated[str, typer.Option("--at", help="Ask this snapshot (kb snapshot).", metavar="NAME")] = "",
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Answer a question from the documents, with quotes and pages.

    In JSON `page` counts from 0 and `page_label` is what is printed on the page.
    """
    workspace = begin(collection=collection, store=store, top_k=top_k, model=model, pairs=pairs)
    question = _required(question, "question", "ask")
    knowledge = open_collection(workspace, at=at, quiet=quiet)
    if pull:
        provide_chat(workspace, quiet=quiet)
    from kb.answering import open_answerer

    scope = _scope(knowledge, workspace, doc, page)
    answerer = open_answerer(workspace, knowledge, scope=scope, on_note=screen.notes(quiet=quiet))
    # A pipe gets the checked text at the end; a terminal sees it grow.
    live = sys.stdout.isatty() and not as_json
    answer = answerer.ask(question, on_token=screen.stream if live else None)
    answer = answerer.why(answer) if why else answer
    label = _labels(knowledge, workspace)
    if as_json:
        from kb.views.as_json import answer_json

        screen.document(answer_json(answer, label))
        return
    _show_answer(answer, label, live=live, quiet=quiet)
    for statement in answer.statements:
        if statement.why:
            screen.say(screen.line(statement.why.line(statement.text)))
    if answer.ground == "abstained":
        _show_unknown_words(question, knowledge, quiet=quiet)


def _show_unknown_words(question: str, knowledge: Knowledge, *, quiet: bool) -> None:
    from kb.scope import words_without_document

    unknown = words_without_document(knowledge, question)
    if unknown:
        named = ", ".join(repr(word) for word in unknown[:_UNKNOWN_WORDS])
        screen.note(f"kb: no document contains {named}; ask in the documents' own words and language", quiet=quiet)


def _show_answer(answer: Answer, label: PageLabel, *, live: bool, quiet: bool) -> None:
    if live:
        screen.say()
    if not live or any(not statement.supported for statement in answer.statements):
        screen.say(screen.plain(answer.answer))
    shown = " ".join(answer.answer.split())
    for citation in answer.citations:
        quote = screen.line(citation.quote)
        if quote not in shown:
            place = screen.page_place(citation.doc, citation.page, label(citation.sha256, citation.page))
            screen.note(f"  {place}: “{quote[:240]}”", quiet=quiet)
    count = len(answer.citations)
    places = dict.fromkeys(
        screen.page_place(citation.doc, citation.page, label(citation.sha256, citation.page))
        for citation in answer.citations
    )
    ground = _GROUNDS[answer.ground].format(quotes=f"{count} quote{'s' * (count != 1)}", places=", ".join(places))
    if answer.confidence is not None and answer.ground == "cited":
        ground += f"; that it answers the question: {answer.confidence:.0%} sure"
    for note in answer.notes:
        screen.note(f"kb: {note}", quiet=quiet)
    screen.note(
        f"ground: {answer.ground} ({ground}); written by {answer.model} in {answer.timings.get('total_s', 0.0):.1f} s",
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
    workspace = begin(collection=collection, store=store, top_k=top_k, model=model, pairs=pairs)
    knowledge = open_collection(workspace, quiet=quiet)
    if pull:
        provide_chat(workspace, quiet=quiet)
    from kb.answering import Conversation, open_answerer

    answerer = open_answerer(workspace, knowledge, on_note=screen.notes(quiet=quiet))
    conversation = Conversation(answerer)
    label = _labels(knowledge, workspace)
    live = sys.stdout.isatty()
    if sys.stdin.isatty():
        import readline  # noqa: F401 - importing it gives input() a line editor and a history

        screen.note("Ask a question; an empty line or Ctrl-D ends.", quiet=quiet)
    while question := _prompt():
        answer = conversation.ask(question, on_token=screen.stream if live else None)
        _show_answer(answer, label, live=live, quiet=quiet)


def _prompt() -> str:
    try:
        return screen.plain(input("> " if sys.stdin.isatty() else "")).strip()
    except EOFError:
        return ""
