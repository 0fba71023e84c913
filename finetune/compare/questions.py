"""The questions that every arm is asked: the held-out rows of a dataset, or a file of records.

From a dataset these are phrasings (or documents) that training did not contain; each comes with one phrasing that it
did contain, which counts in a stratum of its own only.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path
from typing import Any

from core.errors import ConfigError, DataError
from core.metrics import numbers_of
from core.rows import DatasetFolder, read_records, row_fault, row_from_json
from core.types import Citation, Pair
from finetune.data.rows import open_dataset

SEEN = "seen phrasing"
NEW = "new phrasing"
NEW_DOCUMENT = "new document"
UNTAUGHT = "untaught fact"
NUMERIC = "numeric"
MULTI = "multi-passage"
UNANSWERABLE = "unanswerable"
CHANGED = "changed since training"
# Kinds of rows whose question asks for the fact and can be put without a passage beside it.
_ASKING = frozenset({"closed-book", "evidence", "distractors", "abstain", "memory"})
# Kinds of rows about a fact that do not say it.
_SILENT = frozenset({"abstain", "unanswerable"})
_TOLERANCE = 0.01
_HINT = "kb compare --arm a=extractive+rag --arm b=smollm2+rag --questions QUESTIONS.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer stands: a document by name or glob, and a 0-based page where it is known."""

    doc: str
    page: int | None = None

    def holds(self, doc: str, page: int) -> bool:
        """Whether a place in a document is there."""
        named = doc == self.doc or fnmatchcase(doc, self.doc)
        return named and self.page in (None, page)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldQuestion:
    """One question.

    Attributes:
        id: The same for the same source and text.
        text: As asked.
        answer: Gold answer; None where the documents do not say.
        places: Where the answer is; empty where unknown.
        evidence: Verbatim quotes that prove it.
        fact: What it asks for; phrasings of one question share it.
        taught: Whether the fact was in the training data.
        strata: Which tables it counts in.
        tolerance: Relative error at which a number is right.
    """

    id: str
    text: str
    answer: str | None
    places: tuple[Place, ...] = ()
    evidence: tuple[Citation, ...] = ()
    fact: str = ""
    taught: bool = False
    strata: tuple[str, ...] = ()
    tolerance: float = _TOLERANCE

    @property
    def held_out(self) -> bool:
        """Whether training never saw it; the others stand in a table of their own."""
        return SEEN not in self.strata


def read_questions(
    path: Path,
    *,
    lesson: Path | None = None,
    trained: Mapping[str, str] | None = None,
    current: Mapping[str, str] | None = None,
) -> list[GoldQuestion]:
    """Read a dataset folder's test split, or a JSONL file of records.

    A record has a `question` and may have `answer` (null: the documents do not say), `doc` (a name, a glob or a list),
    `pages` (0-based), `evidence`, `fact`, `tolerance`, `changed` and `strata`. Of the judgements that the page keeps
    (`feedback.jsonl`, known by `rating`) those are asked that a person wrote a better answer to; that one is gold.

    Args:
        path: The folder or file.
        lesson: Dataset folder that the model was trained on; `path` itself if None.
        trained: Document name to SHA-256, of what the model was trained on; None where that is not known.
        current: The same of the collection that is asked now.

    Raises:
        ConfigError: There is no such file or folder.
        DataError: A record is at fault, or none can be asked.
    """
    path = path.expanduser().absolute()
    if path.is_dir():
        questions = list(_of_dataset(path, lesson or path))
    elif path.is_file():
        questions = [
            _of_record(record, path, line)
            for line, record in _records(path)
            if "rating" not in record or record.get("correction")
        ]
    else:
        raise ConfigError(f"no file or dataset folder at {path}", hint=f"ls '{path.parent}'")
    unique = {(question.text, question.answer): question for question in reversed(questions)}
    if not unique:
        raise DataError("contains no question that can be asked by itself", path=path, hint=_HINT)
    return [_marked(question, trained, current or {}) for question in reversed(unique.values())]


def trained_documents(path: Path) -> dict[str, str] | None:
    """Return document name to SHA-256 of what a dataset folder was made of, None where its manifest does not say.

    Raises:
        DataError: The manifest cannot be read.
    """
    documents = DatasetFolder(path.expanduser()).manifest().documents
    return {document.doc: document.sha256 for document in documents} or None


def limited(questions: Sequence[GoldQuestion], count: int) -> list[GoldQuestion]:
    """Choose `count` questions, strata in turn, the same ones each time; their order stays.

    Phrasings that training saw decide nothing, so they come in only where others do not suffice.
    """
    chosen: list[int] = []
    for held_out in (True, False):
        waiting: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for at in sorted(range(len(questions)), key=lambda at: _place(questions[at].id)):
            if questions[at].held_out is held_out:
                waiting[questions[at].strata].append(at)
        turns = zip_longest(*waiting.values())
        chosen += [at for turn in turns for at in turn if at is not None][: count - len(chosen)]
    return [questions[at] for at in sorted(chosen)]


def _place(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, record in read_records(path):
        if not isinstance(record, dict):
            raise row_fault("a record must be a JSON object", path, line)
        yield line, record


def _of_dataset(folder: Path, lesson: Path) -> Iterator[GoldQuestion]:
    """Yield the test split's questions, and after each one phrasing of its fact that training saw."""
    dataset = open_dataset(folder)
    facts = {fact.id: fact.answer for fact in DatasetFolder(folder).facts() if fact.answer}
    taught: dict[str, str] = {}  # empty where no row asks for the fact in a question of its own
    read: set[str] = set()
    for row in open_dataset(lesson).pairs("train"):
        read.update(one.doc for one in row.evidence)
        if row.fact and row.kind not in _SILENT:
            taught[row.fact] = taught.get(row.fact) or (row.question if row.kind in _ASKING else "")
    seen: set[str] = set()
    for row in dataset.pairs("test"):
        novelty = NEW if row.fact in taught else UNTAUGHT if read & {one.doc for one in row.evidence} else NEW_DOCUMENT
        question = _of_row(row, facts, novelty)
        if question is None:
            continue
        yield question
        if question.taught and question.answer is not None and taught[row.fact] and row.fact not in seen:
            seen.add(row.fact)
            strata = (SEEN, *(stratum for stratum in question.strata if stratum != NEW))
            yield replace(question, id=f"{question.id}.seen", text=taught[row.fact], strata=strata)


def _of_row(row: Pair, facts: Mapping[str, str], novelty: str) -> GoldQuestion | None:
    """Return a row as a question, None where it cannot be asked by itself."""
    if row.kind == "unanswerable":
        gold = None
    elif row.kind in _ASKING and (row.fact in facts or row.kind == "closed-book"):
        gold = facts.get(row.fact, row.answer)
    elif not row.fact and row.question and not row.context and not row.turns:
        gold = row.answer
    else:
        return None
    return _question(
        row.id,
        row.question,
        gold,
        evidence=row.evidence,
        fact=row.fact,
        taught=novelty == NEW,
        strata=(novelty,) if gold is not None and row.fact else (),
    )


def _question(
    identity: str,
    text: str,
    answer: str | None,
    *,
    evidence: Sequence[Citation] = (),
    places: Sequence[Place] = (),
    fact: str = "",
    taught: bool = False,
    strata: Iterable[str] = (),
    tolerance: float = _TOLERANCE,
) -> GoldQuestion:
    """Put a question together; its strata follow from its answer and its places."""
    found = tuple(dict.fromkeys([*places, *(Place(doc=one.doc, page=one.page) for one in evidence)]))
    marks = list(strata)
    if answer is None:
        marks.append(UNANSWERABLE)
    else:
        marks += [NUMERIC] if numbers_of(answer) else []
        marks += [MULTI] if len({place for place in found if place.page is not None}) > 1 else []
    return GoldQuestion(
        id=identity,
        text=" ".join(text.split()),
        answer=answer,
        places=found,
        evidence=tuple(evidence),
        fact=fact,
        taught=taught,
        strata=tuple(dict.fromkeys(marks)),
        tolerance=tolerance,
    )


def _of_record(record: Mapping[str, Any], path: Path, line: int) -> GoldQuestion:
    fields = _Fields(record, path, line)
    text = record.get("question")
    if not isinstance(text, str) or not text.strip():
        raise fields.fault('needs a text "question"')
    answer = record.get("correction" if "rating" in record else "answer")
    if not (answer is None or isinstance(answer, str | int | float)) or isinstance(answer, bool):
        raise fields.fault('"answer" must be a text, a number or null')
    if record.get("kind") in ("unanswerable", "abstain"):
        answer = None
    return _question(
        str(record.get("id") or f"{path.name}:{line}"),
        text,
        None if answer is None else str(answer),
        evidence=fields.evidence(),
        places=fields.places(),
        fact=str(record.get("fact") or ""),
        strata=[*fields.texts("strata"), *([CHANGED] if record.get("changed") is True else [])],
        tolerance=fields.tolerance(),
    )


@dataclass(frozen=True, slots=True)
class _Fields:
    """Typed access to a person's record; a fault names file and line."""

    record: Mapping[str, Any]
    path: Path
    line: int

    def fault(self, message: str) -> DataError:
        """Return the error that names this record."""
        return row_fault(message, self.path, self.line)

    def texts(self, name: str) -> list[str]:
        """Return a text or a list of texts as a list."""
        value = self.record.get(name) or []
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(one, str) for one in values):
            raise self.fault(f'"{name}" must be a text or a list of texts')
        return values

    def places(self) -> list[Place]:
        """Return where `doc` and `pages` say that the answer stands."""
        docs, pages = self.texts("doc"), self.record.get("pages") or []
        if not isinstance(pages, list) or not all(type(page) is int and page >= 0 for page in pages):
            raise self.fault('"pages" must be a list of page numbers, counted from 0')
        return [Place(doc=doc, page=page) for doc in docs for page in pages or [None]]

    def evidence(self) -> tuple[Citation, ...]:
        """Return the quotes."""
        quotes = self.record.get("evidence") or []
        if not isinstance(quotes, list):
            raise self.fault('"evidence" must be a list')
        try:
            return tuple(row_from_json(Citation, quote, self.path, self.line) for quote in quotes)
        except DataError as error:
            raise self.fault(f'"evidence": {error.message}') from error

    def tolerance(self) -> float:
        """Return the relative error at which a number is right."""
        value = self.record.get("tolerance", _TOLERANCE)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise self.fault('"tolerance" must be a number from 0 to 1')
        return float(value)


def _marked(question: GoldQuestion, trained: Mapping[str, str] | None, current: Mapping[str, str]) -> GoldQuestion:
    """Add the stratum of what changed since training: a document that is new, or has other bytes now."""
    docs = {place.doc for place in question.places}
    if trained is None or not docs or CHANGED in question.strata or question.taught:
        return question
    known = [name for name in trained if any(name == doc or fnmatchcase(name, doc) for doc in docs)]
    if known and all(current.get(name, trained[name]) == trained[name] for name in known):
        return question
    return replace(question, strata=(*question.strata, CHANGED))
