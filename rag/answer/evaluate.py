"""Scores search and answers on questions with known answers, documents and pages.

A record may lack any field but the question; what it lacks is not scored. Intervals are drawn by documents, since
questions about one document are not independent; by pages where there are too few documents to draw from. Knows no
model and no file format but its own records.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.gold import answer_columns
from core.metrics import (
    Interval,
    bootstrap_mean,
    contains,
    exact_match,
    hit_at_k,
    ndcg_at_k,
    numbers_of,
    numeric_match,
    paired_bootstrap,
    reciprocal_rank,
    token_f1,
)
from core.question_file import read_gold_answer, read_question_records
from core.types import Answer, Document, Hit, Retriever

DOC_CUTS = (1, 5)
PAGE_CUTS = (1, 5, 20)
# Hits asked for: enough that twenty distinct pages are among them, since a page's further chunks come last.
DEPTH = 40
# A bootstrap over fewer clusters than this says little; pages are drawn then.
MIN_DOCUMENTS = 10
_IMPORT = "kb synth import {path} --split test --out DIR && kb eval DIR/test.jsonl"

PageId = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One question.

    Attributes:
        line: 1-based line in the file.
        question: As asked.
        answer: Gold answer; None where the documents do not say.
        scored_answer: Whether the record speaks of an answer at all.
        docs: Hashes of the documents that hold it; empty where not given.
        pages: 0-based pages of those documents; empty where not given.
        cluster: What the bootstrap draws whole with this record.
    """

    line: int
    question: str
    answer: str | None
    scored_answer: bool
    docs: frozenset[str]
    pages: frozenset[int]
    cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One figure of one record."""

    metric: str
    value: float
    line: int
    cluster: str


# From a document's hash to the labels of its pages, in order.
PageLabels = Callable[[str], Sequence[str]]


def no_labels(_sha256: str) -> Sequence[str]:
    """Return no labels: pages are then named by number alone."""
    return ()


def read_records(path: Path, documents: Sequence[Document], page_labels: PageLabels = no_labels) -> list[Record]:
    """Read a file of questions about these documents: JSON lines or a JSON array.

    A record names pages by `pages`, which count from 0, or by `page_labels`, as they are printed.

    Args:
        path: The file.
        documents: What the records may name.
        page_labels: Gives the labels of a document's pages; called only for records with `page_labels`.

    Raises:
        DataError: Not JSON, a field of the wrong type, a `doc` that matches no document, or a page that the document
            does not have; with its line.
    """
    if not path.is_file():
        raise DataError("no such file", path=path, hint="kb eval QUESTIONS.jsonl")
    records = [
        _record(path, line, row, documents, page_labels) for line, row in read_question_records(path, hint=_IMPORT)
    ]
    if not records:
        raise DataError("holds no question", path=path, hint="kb eval QUESTIONS.jsonl")
    return clustered(records)


def clustered(records: Sequence[Record]) -> list[Record]:
    """Return records with what the bootstrap draws whole: documents, or their pages where there are few documents."""
    named = {record.docs for record in records if record.docs}
    clustered = []
    for record in records:
        parts = sorted(record.docs) or [f"line {record.line}"]
        if len(named) < MIN_DOCUMENTS:
            parts += [str(page) for page in sorted(record.pages)] or [f"line {record.line}"]
        clustered.append(replace(record, cluster=" ".join(parts)))
    return clustered


def _record(
    path: Path, number: int, row: dict[str, Any], documents: Sequence[Document], page_labels: PageLabels
) -> Record:
    named = _matching(path, number, row.get("doc"), documents)
    pages = _pages(path, number, row, named, page_labels)
    # A record that names a document alone is scored on search alone.
    scored_answer = bool(answer_columns(row)) or "doc" not in row
    return Record(
        line=number,
        question=row["question"],
        answer=read_gold_answer(row, path, number) if scored_answer else None,
        scored_answer=scored_answer,
        docs=frozenset(document.sha256 for document in named),
        pages=pages,
        cluster="",
    )


def _pages(
    path: Path, number: int, row: Mapping[str, Any], documents: Sequence[Document], page_labels: PageLabels
) -> frozenset[int]:
    """Return 0-based pages, each of which at least one of the documents has."""
    pages, labels = row.get("pages") or [], row.get("page_labels") or []
    if not isinstance(pages, list) or not all(type(page) is int and page >= 0 for page in pages):
        raise DataError('"pages" must be a list of page numbers counted from 0', path=path, line=number)
    if not isinstance(labels, list) or not all(isinstance(label, (str, int)) for label in labels):
        raise DataError('"page_labels" must be a list of labels as printed on the pages', path=path, line=number)
    if pages and labels:
        raise DataError('give "pages" (from 0) or "page_labels" (as printed), not both', path=path, line=number)
    longest = max(documents, key=lambda document: document.n_pages, default=None)
    for page in pages:
        if longest is not None and page >= longest.n_pages:
            last = longest.n_pages - 1
            reason = f"no page {page}: {longest.doc} has {longest.n_pages} pages, 0 to {last} as counted here"
            raise DataError(reason, path=path, line=number, hint=f"kb show {longest.doc}")
    return frozenset(pages) | _labelled(path, number, labels, documents, page_labels)


def _labelled(
    path: Path, number: int, labels: Sequence[object], documents: Sequence[Document], page_labels: PageLabels
) -> frozenset[int]:
    if not labels:
        return frozenset()
    if not documents:
        raise DataError('"page_labels" requires "doc"', path=path, line=number)
    by_document = [list(page_labels(document.sha256)) for document in documents]
    pages: set[int] = set()
    for label in map(str, labels):
        matching = {names.index(label) for names in by_document if label in names}
        if not matching:
            counts = ", ".join(f"{document.doc} ({document.n_pages} pages)" for document in documents[:3])
            raise DataError(f"no page is labelled {label!r} in {counts}", path=path, line=number, hint="kb list")
        pages |= matching
    return frozenset(pages)


def _matching(path: Path, number: int, doc: object, documents: Sequence[Document]) -> list[Document]:
    if doc is None:
        return []
    patterns = [pattern for pattern in (doc if isinstance(doc, list) else [doc]) if isinstance(pattern, str)]
    if not patterns or (isinstance(doc, list) and len(patterns) < len(doc)):
        raise DataError('"doc" is neither a name, a glob nor a list of them', path=path, line=number)
    matching = [
        document
        for document in documents
        if any(document.doc == pattern or fnmatch.fnmatchcase(document.doc, pattern) for pattern in patterns)
    ]
    if not matching:
        raise DataError(f"no document matches {doc!r}", path=path, line=number, hint="kb list")
    return matching


def score_search(record: Record, hits: Sequence[Hit], k: int) -> list[Score]:
    """Score one result list; `k` passages are what an answer would read."""
    pages: list[PageId] = list(dict.fromkeys((hit.sha256, hit.page) for hit in hits))
    scores: dict[str, float] = {}
    if record.docs:
        ranked_docs = list(dict.fromkeys(sha256 for sha256, _ in pages))
        scores |= {f"doc_hit@{cut}": hit_at_k(ranked_docs, record.docs, cut) for cut in DOC_CUTS}
    if record.docs and record.pages:
        gold = {(sha256, page) for sha256 in record.docs for page in record.pages}
        scores |= {f"page_hit@{cut}": hit_at_k(pages, gold, cut) for cut in PAGE_CUTS}
        scores["mrr"] = reciprocal_rank(pages, gold)
        scores["ndcg@20"] = ndcg_at_k(pages, gold, max(PAGE_CUTS))
    if record.answer:
        scores["answer_in_context"] = contains(" ".join(hit.text for hit in hits[:k]), record.answer)
    return _scores(record, scores)


def score_answer(record: Record, answer: Answer) -> list[Score]:
    """Score one answer; an abstention on an answerable question scores 0 on every measure of content.

    Exact match, token F1 and numbers are those of the short answer where there is one.
    """
    abstained = answer.ground == "abstained"
    scores: dict[str, float] = {}
    if not record.scored_answer:
        return []
    if abstained:
        scores["abstention_precision"] = float(record.answer is None)
    if record.answer is None:
        scores["abstention_recall"] = float(abstained)
        return _scores(record, scores)
    text = "" if abstained else answer.answer
    short = answer.short_answer if text and answer.short_answer else text
    scores |= {
        "exact_match": exact_match(short, record.answer),
        "token_f1": token_f1(short, record.answer),
        "answer_contains": contains(text, record.answer),
    }
    if numbers_of(record.answer):
        scores["number_match"] = numeric_match(short, record.answer)
    return _scores(record, scores)


def _scores(record: Record, scores: Mapping[str, float]) -> list[Score]:
    return [Score(metric=m, value=v, line=record.line, cluster=record.cluster) for m, v in scores.items()]


def run(
    records: Collection[Record],
    retriever: Retriever,
    *,
    k: int,
    ask: Callable[[str], Answer] | None = None,
    on_record: Callable[[], None] = lambda: None,
) -> list[Score]:
    """Ask every question and score what comes back.

    Args:
        records: The questions.
        retriever: What is measured.
        k: Passages an answer reads.
        ask: Answers a question; None leaves answers out.
        on_record: Told after every record.
    """
    scores: list[Score] = []
    for record in records:
        scores += score_search(record, retriever.search(record.question, max(DEPTH, k)), k)
        if ask is not None:
            scores += score_answer(record, ask(record.question))
        on_record()
    return scores


def summary(scores: Sequence[Score]) -> dict[str, dict[str, Any]]:
    """Return `value`, `low`, `high` (95%, clustered by document) and `n` per metric."""
    return {
        metric: _interval_json(bootstrap_mean(values, clusters=clusters), len(values))
        for metric, (values, clusters) in _by_metric(scores).items()
    }


def difference(ours: Sequence[Score], theirs: Sequence[Score]) -> dict[str, dict[str, Any]]:
    """Return the paired difference `ours - theirs` per metric, over records that both scored."""
    other = {(score.metric, score.line): score.value for score in theirs}
    intervals: dict[str, dict[str, Any]] = {}
    for metric in _by_metric(ours):
        both = [s for s in ours if s.metric == metric and (metric, s.line) in other]
        if both:
            own_values, other_values = [s.value for s in both], [other[metric, s.line] for s in both]
            interval = paired_bootstrap(own_values, other_values, clusters=[s.cluster for s in both])
            intervals[metric] = _interval_json(interval, len(both))
    return intervals


def _by_metric(scores: Sequence[Score]) -> dict[str, tuple[list[float], list[str]]]:
    grouped: dict[str, tuple[list[float], list[str]]] = {}
    for score in scores:
        values, clusters = grouped.setdefault(score.metric, ([], []))
        values.append(score.value)
        clusters.append(score.cluster)
    return grouped


def _interval_json(interval: Interval, n: int) -> dict[str, Any]:
    return {"value": interval.mean, "low": interval.low, "high": interval.high, "n": n}
