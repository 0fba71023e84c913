"""Questions with known pages, to fit the search to: made by rules, rows of a dataset, or a file of questions."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import ConfigError
from core.rows import PAIRS, DatasetFolder
from core.types import Document, Pair
from kb.data.datasets import DatasetRequest, preview_rows
from kb.evaluation import read_questions
from kb.workspace import Workspace
from rag.open import Knowledge
from rag.tuning.questions import TuningQuestion
from synth.work.kinds import TEXT_KINDS

# Rows that are made at most, and pages of the documents that are read for them.
MOST_ROWS, MOST_PAGES = 3_000, 3_000
# Phrasings of a fact: many facts in few words each teach more than few facts in many.
_PHRASINGS, _PER_CHUNK = 2, 2
# Rows stay whose page the search finds late: those are what there is to gain.
_RETRIEVER_K = 100
# Kinds of rows whose question no page answers, or is about a text in the prompt.
_NO_SEARCH = frozenset({"unanswerable", "false-premise", "instruction", "instruction-input", *TEXT_KINDS})
RULES = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSource:
    """Questions, and what was left out.

    Attributes:
        name: `rules`, or the path they came from.
        questions: Each about one document of the collection, no text twice.
        skipped: Reason to number of rows.
    """

    name: str
    questions: tuple[TuningQuestion, ...]
    skipped: Mapping[str, int]


def made_questions(workspace: Workspace, documents: Sequence[Document], seed: int) -> QuestionSource:
    """Make questions by the rules of `kb synth`.

    Args:
        documents: Of which; where they have many pages, some are drawn.
        seed: The same seed gives the same questions.

    Raises:
        DataError: The documents give no question.
    """
    synth = workspace.settings.synth
    changes = {
        "generator": RULES,
        "shares": dict.fromkeys(synth.shares, 0.0) | {"closed-book": 1.0},
        "phrasings": _PHRASINGS,
        "per_chunk": _PER_CHUNK,
        "retriever_k": _RETRIEVER_K,
    }
    settings = workspace.settings.model_copy(update={"synth": synth.model_copy(update=changes)})
    hashes = frozenset(document.sha256 for document in _drawn(documents, seed))
    rows = preview_rows(replace(workspace, settings=settings), MOST_ROWS, DatasetRequest(seed=seed, documents=hashes))
    return _source(RULES, rows, documents)


def _drawn(documents: Sequence[Document], seed: int) -> list[Document]:
    """Return documents in a drawn order until they have enough pages."""
    drawn, n_pages = [], 0
    for document in sorted(documents, key=lambda each: hashlib.sha256(f"{seed} {each.sha256}".encode()).digest()):
        if n_pages and n_pages + document.n_pages > MOST_PAGES:
            continue
        drawn.append(document)
        n_pages += document.n_pages
    return drawn


def given_questions(workspace: Workspace, knowledge: Knowledge, path: Path) -> QuestionSource:
    """Read questions of a dataset folder (`pairs.jsonl`), or of a file that `kb eval` reads.

    Raises:
        ConfigError: There is no such folder or file.
        DataError: A row is at fault.
    """
    documents = knowledge.catalogue.documents(workspace.collection)
    if (path / PAIRS).is_file():
        return _source(str(path), DatasetFolder(path).pairs(), documents)
    if not path.is_file():
        raise ConfigError(
            f"{path} is neither a dataset folder (no {PAIRS} in it) nor a file of questions",
            hint="kb synth --out data/mine",
        )
    skipped: Counter[str] = Counter()
    questions = []
    for record in read_questions(workspace, path):
        if len(record.docs) != 1 or not record.pages:
            skipped["without one document and its pages"] += 1
            continue
        (sha256,) = record.docs
        question = TuningQuestion(text=record.question, answer=record.answer or "", sha256=sha256, pages=record.pages)
        questions.append(question)
    return QuestionSource(name=str(path), questions=_distinct(questions, skipped), skipped=dict(skipped))


def _source(name: str, rows: Iterable[Pair], documents: Sequence[Document]) -> QuestionSource:
    here = {document.sha256 for document in documents}
    skipped: Counter[str] = Counter()
    questions = []
    for row in rows:
        if reason := _fault(row, here):
            skipped[reason] += 1
            continue
        pages = frozenset(citation.page for citation in row.evidence)
        sha256 = row.evidence[0].sha256
        questions.append(TuningQuestion(text=row.question, answer=_answer(row), sha256=sha256, pages=pages))
    return QuestionSource(name=name, questions=_distinct(questions, skipped), skipped=dict(skipped))


def _fault(row: Pair, here: set[str]) -> str:
    """Return why a row is no question to search for, `""` where it is."""
    if row.kind in _NO_SEARCH or not row.question or row.turns:
        return "no question that stands alone"
    if not row.evidence:
        return "without evidence"
    hashes = {citation.sha256 for citation in row.evidence}
    if not hashes <= here:
        return "about a document that is not in the collection"
    return "about several documents" if len(hashes) > 1 else ""


def _answer(row: Pair) -> str:
    """Return the gold answer; the target of a row with passages is a quote, and its page alone holds that."""
    return row.answer if row.kind == "closed-book" else ""


def _distinct(questions: Iterable[TuningQuestion], skipped: Counter[str]) -> tuple[TuningQuestion, ...]:
    """Return questions once each, with all their pages; those that several documents answer are left out."""
    by_text: dict[str, list[TuningQuestion]] = {}
    for question in questions:
        by_text.setdefault(" ".join(question.text.casefold().split()), []).append(question)
    distinct = []
    for group in by_text.values():
        if len({question.sha256 for question in group}) > 1:
            skipped["answered by several documents"] += len(group)
            continue
        answer = next((question.answer for question in group if question.answer), "")
        pages = frozenset(page for question in group for page in question.pages)
        distinct.append(replace(group[0], answer=answer, pages=pages))
    return tuple(distinct)
