"""The questions that every arm is asked: the held-out rows of a dataset, or a file of records.

From a dataset these are phrasings (or documents) that training did not contain; each comes with one phrasing that it
did contain, which counts in a stratum of its own only.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path
from typing import Any

from core.chat.thoughts import split_thought
from core.errors import ConfigError, DataError
from core.metrics import numbers_of
from core.question_file import read_gold_answer, read_question_records
from core.rows import DatasetFolder, row_fault, row_from_json
from core.shell import quoted
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
UNTAUGHT_DOCUMENT = "untaught document"
# Questions that bring their passages: invented documents that nobody taught; passages with another value than taught.
STAND_IN = "invented document"
CONTRADICTED = "contradicting passage"
# Kinds of rows whose question asks for the fact and can be put without a passage beside it.
_ASKING = frozenset({"closed-book", "evidence", "distractors", "abstain", "memory"})
# Kinds of rows about a fact that do not say it, or say another value.
_SILENT = frozenset({"abstain", "unanswerable", "contradicts"})
_TOLERANCE = 0.01
_HINT = "kb compare --arm a=extractive+rag --arm b=smollm2+rag --questions QUESTIONS.jsonl"
_IMPORT = "kb synth import {path} --split test --out DIR  # then: --questions DIR"


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
        passages: Shown in place of what search finds; only arms that search are asked then.
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
    passages: tuple[str, ...] = ()
    strata: tuple[str, ...] = ()
    tolerance: float = _TOLERANCE

    @property
    def held_out(self) -> bool:
        """Whether training never saw it and every arm is asked it; the others stand in tables of their own."""
        return SEEN not in self.strata and not self.passages


def read_questions(
    path: Path,
    *,
    lesson: Path | None = None,
    trained: Mapping[str, str] | None = None,
    current: Mapping[str, str] | None = None,
    indexed: Collection[str] = (),
) -> list[GoldQuestion]:
    """Read a dataset folder's test split, or a file of records: JSON lines or a JSON array.

    A record has a `question`, an answer under one of the names of `core.gold` (null: the documents do not say), and may
    have `doc` (a name, a glob or a list), `pages` (0-based), `evidence`, `fact`, `tolerance`, `changed` and `strata`.
    Of the judgements that the page keeps (`feedback.jsonl`, known by `rating`) those are asked that a person wrote a
    better answer to; that one is gold.

    Args:
        path: The folder or file.
        lesson: Dataset folder that the model was trained on; `path` itself if None.
        trained: Document name to SHA-256, of what the model was trained on; None where that is not known.
        current: The same of the collection that is asked now.
        indexed: Names of documents that were there at training and not taught.

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
            for line, record in read_question_records(path, hint=_IMPORT)
            if "rating" not in record or record.get("correction")
        ]
    else:
        raise ConfigError(
            f"no file or dataset folder at {path}", hint=f"ls {quoted(path.parent)}", click="choose another run"
        )
    unique = {(question.text, question.answer): question for question in reversed(questions)}
    if not unique:
        raise DataError(
            "contains no question that can be asked by itself",
            path=path,
            hint=_HINT,
            click="make training data under Data, then train a run on it",
        )
    return [_marked(question, trained, current or {}, indexed) for question in reversed(unique.values())]


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
        for index in sorted(range(len(questions)), key=lambda index: _place(questions[index].id)):
            if questions[index].held_out is held_out:
                waiting[questions[index].strata].append(index)
        turns = zip_longest(*waiting.values())
        chosen += [index for turn in turns for index in turn if index is not None][: count - len(chosen)]
    return [questions[index] for index in sorted(chosen)]


def _place(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()


def _of_dataset(folder: Path, lesson: Path) -> Iterator[GoldQuestion]:
    """Yield the test split's questions, and after each one phrasing of its fact that training saw."""
    dataset = open_dataset(folder)
    facts = {fact.id: fact.answer for fact in DatasetFolder(folder).facts() if fact.answer}
    system = open_dataset(lesson).shared_system()
    taught: dict[str, str] = {}  # empty where no row asks for the fact in a question of its own
    read: set[str] = set()
    for row in open_dataset(lesson).pairs("train"):
        read.update(citation.doc for citation in row.evidence)
        if row.fact and row.kind not in _SILENT:
            taught[row.fact] = taught.get(row.fact) or (row.question if row.kind in _ASKING else "")
    seen: set[str] = set()
    for row in dataset.pairs("test"):
        documents = {citation.doc for citation in row.evidence}
        novelty = NEW if row.fact in taught else UNTAUGHT if read & documents else NEW_DOCUMENT
        question = _of_row(row, facts, novelty, system)
        if question is None:
            continue
        yield question
        if question.taught and question.answer is not None and taught[row.fact] and row.fact not in seen:
            seen.add(row.fact)
            strata = (SEEN, *(stratum for stratum in question.strata if stratum != NEW))
            yield replace(question, id=f"{question.id}.seen", text=taught[row.fact], strata=strata)


def _of_row(row: Pair, facts: Mapping[str, str], novelty: str, system: str) -> GoldQuestion | None:
    """Return a row as a question, None where it cannot be asked by itself.

    Args:
        system: The system message that every question to the run gets.
    """
    if row.kind == "unanswerable":
        gold = None
    elif row.kind in _ASKING and (row.fact in facts or row.kind == "closed-book"):
        gold = facts.get(row.fact, row.answer)
    elif not row.fact and row.question and not row.context and not row.turns and row.system in ("", system):
        gold = split_thought(row.answer)[1]
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
    all_places = tuple(
        dict.fromkeys([*places, *(Place(doc=citation.doc, page=citation.page) for citation in evidence)])
    )
    marks = list(strata)
    if answer is None:
        marks.append(UNANSWERABLE)
    else:
        marks += [NUMERIC] if numbers_of(answer) else []
        marks += [MULTI] if len({place for place in all_places if place.page is not None}) > 1 else []
    return GoldQuestion(
        id=identity,
        text=" ".join(text.split()),
        answer=answer,
        places=all_places,
        evidence=tuple(evidence),
        fact=fact,
        taught=taught,
        strata=tuple(dict.fromkeys(marks)),
        tolerance=tolerance,
    )


def _of_record(record: dict[str, Any], path: Path, line: int) -> GoldQuestion:
    fields = _Fields(record, path, line)
    if record.get("kind") in ("unanswerable", "abstain"):
        answer = None
    else:
        answer = read_gold_answer({"answer": record["correction"]} if "rating" in record else record, path, line)
    if altered := fields.altered():
        answer = altered
    return _question(
        str(record.get("id") or f"{path.name}:{line}"),
        record["question"],
        answer,
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
        if not all(isinstance(item, str) for item in values):
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

    def altered(self) -> str:
        """Return what the document says where the record's passage was altered; empty where none was."""
        altered = self.record.get("altered")
        first = altered[0] if isinstance(altered, list) and altered else {}
        return str(first.get("true_value") or "") if isinstance(first, dict) else ""

    def tolerance(self) -> float:
        """Return the relative error at which a number is right."""
        value = self.record.get("tolerance", _TOLERANCE)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1:
            raise self.fault('"tolerance" must be a number from 0 to 1')
        return float(value)


def _marked(
    question: GoldQuestion, trained: Mapping[str, str] | None, current: Mapping[str, str], indexed: Collection[str]
) -> GoldQuestion:
    """Add the stratum of what was not taught: a document that was left out, that came later, or has other bytes now."""
    docs = {place.doc for place in question.places}
    if trained is None or not docs or CHANGED in question.strata or question.taught:
        return question
    known = [name for name in trained if any(name == doc or fnmatchcase(name, doc) for doc in docs)]
    if known and all(current.get(name, trained[name]) == trained[name] for name in known):
        return question
    left_out = all(any(fnmatchcase(name, doc) for name in indexed) for doc in docs)
    return replace(question, strata=(*question.strata, UNTAUGHT_DOCUMENT if left_out else CHANGED))
