"""Scores search and answers on questions with known answers, documents and pages.

A record may lack any field but the question; what it lacks is not scored. Intervals are drawn by documents, since
questions about one document are not independent; by pages where there are too few documents to draw from. Knows no
model and no file format but its own records.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.errors import DataError
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
from core.types import Answer, Document, Hit, Retriever

DOC_CUTS = (1, 5)
PAGE_CUTS = (1, 5, 20)
# Hits asked for: enough that twenty distinct pages are among them, since a page's further chunks come last.
DEPTH = 40
# A bootstrap over fewer clusters than this says little; pages are drawn then.
MIN_DOCUMENTS = 10

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


def read_records(path: Path, documents: Sequence[Document]) -> list[Record]:
    """Read a JSONL file of questions about these documents.

    Raises:
        DataError: Not JSON, a field of the wrong type, or a `doc` that matches no document; with its line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read: {error}", path=path, hint="kb eval QUESTIONS.jsonl") from error
    records = [_record(path, number, line, documents) for number, line in enumerate(lines, 1) if line.strip()]
    if not records:
        raise DataError("holds no question", path=path, hint="kb eval QUESTIONS.jsonl")
    return _clustered(records)


def _clustered(records: Sequence[Record]) -> list[Record]:
    named = {record.docs for record in records if record.docs}
    clustered = []
    for record in records:
        parts = sorted(record.docs) or [f"line {record.line}"]
        if len(named) < MIN_DOCUMENTS:
            parts += [str(page) for page in sorted(record.pages)] or [f"line {record.line}"]
        clustered.append(replace(record, cluster=" ".join(parts)))
    return clustered


def _record(path: Path, number: int, line: str, documents: Sequence[Document]) -> Record:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"is not JSON: {error.msg}", path=path, line=number) from error
    question = row.get("question") if isinstance(row, dict) else None
    if not isinstance(question, str) or not question.strip():
        raise DataError('needs a text "question"', path=path, line=number)
    answer, pages = row.get("answer"), row.get("pages") or []
    if not (answer is None or isinstance(answer, (str, int, float))):
        raise DataError('"answer" is neither text nor null', path=path, line=number)
    if not isinstance(pages, list) or not all(isinstance(page, int) and page >= 0 for page in pages):
        raise DataError('"pages" is no list of 0-based page numbers', path=path, line=number)
    return Record(
        line=number, question=question, answer=None if answer is None else str(answer),
        scored_answer="answer" in row, docs=_matching(path, number, row.get("doc"), documents), pages=frozenset(pages),
        cluster="",
    )  # fmt: skip


def _matching(path: Path, number: int, doc: object, documents: Sequence[Document]) -> frozenset[str]:
    if doc is None:
        return frozenset()
    patterns = [pattern for pattern in (doc if isinstance(doc, list) else [doc]) if isinstance(pattern, str)]
    if not patterns or (isinstance(doc, list) and len(patterns) < len(doc)):
        raise DataError('"doc" is neither a name, a glob nor a list of them', path=path, line=number)
    found = frozenset(
        document.sha256
        for document in documents
        for pattern in patterns
        if document.doc == pattern or fnmatch.fnmatchcase(document.doc, pattern)
    )
    if not found:
        raise DataError(f"no document matches {doc!r}", path=path, line=number, hint="kb list")
    return found


def score_search(record: Record, hits: Sequence[Hit], k: int) -> list[Score]:
    """Score one result list; `k` passages are what an answer would read."""
    pages: list[PageId] = list(dict.fromkeys((hit.sha256, hit.page) for hit in hits))
    scores: dict[str, float] = {}
    if record.docs:
        found = list(dict.fromkeys(sha256 for sha256, _ in pages))
        scores |= {f"doc_hit@{cut}": hit_at_k(found, record.docs, cut) for cut in DOC_CUTS}
    if record.docs and record.pages:
        gold = {(sha256, page) for sha256 in record.docs for page in record.pages}
        scores |= {f"page_hit@{cut}": hit_at_k(pages, gold, cut) for cut in PAGE_CUTS}
        scores["mrr"] = reciprocal_rank(pages, gold)
        scores["ndcg@20"] = ndcg_at_k(pages, gold, max(PAGE_CUTS))
    if record.answer:
        scores["answer_in_context"] = contains(" ".join(hit.text for hit in hits[:k]), record.answer)
    return _scores(record, scores)


def score_answer(record: Record, answer: Answer) -> list[Score]:
    """Score one answer; an abstention on an answerable question scores 0 on every measure of content."""
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
    scores |= {
        "exact_match": exact_match(text, record.answer),
        "token_f1": token_f1(text, record.answer),
        "answer_contains": contains(text, record.answer),
    }
    if numbers_of(record.answer):
        scores["number_match"] = numeric_match(text, record.answer)
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
    return {metric: _interval_json(bootstrap_mean(values, clusters=clusters), len(values))
            for metric, (values, clusters) in _by_metric(scores).items()}  # fmt: skip


def difference(ours: Sequence[Score], theirs: Sequence[Score]) -> dict[str, dict[str, Any]]:
    """Return the paired difference `ours - theirs` per metric, over records that both scored."""
    other = {(score.metric, score.line): score.value for score in theirs}
    found: dict[str, dict[str, Any]] = {}
    for metric in _by_metric(ours):
        both = [s for s in ours if s.metric == metric and (metric, s.line) in other]
        if both:
            left, right = [s.value for s in both], [other[metric, s.line] for s in both]
            interval = paired_bootstrap(left, right, clusters=[s.cluster for s in both])
            found[metric] = _interval_json(interval, len(both))
    return found


def _by_metric(scores: Sequence[Score]) -> dict[str, tuple[list[float], list[str]]]:
    grouped: dict[str, tuple[list[float], list[str]]] = {}
    for score in scores:
        values, clusters = grouped.setdefault(score.metric, ([], []))
        values.append(score.value)
        clusters.append(score.cluster)
    return grouped


def _interval_json(interval: Interval, n: int) -> dict[str, Any]:
    return {"value": interval.mean, "low": interval.low, "high": interval.high, "n": n}
