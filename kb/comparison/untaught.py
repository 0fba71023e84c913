"""Questions about documents that a run was not trained on, made of the collection where no file brings any."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.rows import row_to_json, write_rows
from core.types import Document, Pair
from finetune.compare.questions import CHANGED, NEW_DOCUMENT, UNTAUGHT_DOCUMENT, GoldQuestion
from kb.data.datasets import DatasetRequest, preview_rows
from kb.workspace import Workspace

# Questions that are made at most, of rows that are looked at.
_QUESTIONS, _ROWS = 40, 400
_STRATA = frozenset({CHANGED, NEW_DOCUMENT, UNTAUGHT_DOCUMENT})


@dataclass(frozen=True, slots=True)
class UntaughtDocuments:
    """The documents of a collection that a run was not trained on.

    Attributes:
        left_out: Those that were there when training began.
        later: Those that came after it, or have other bytes since.
    """

    left_out: tuple[Document, ...]
    later: tuple[Document, ...]

    @property
    def all(self) -> tuple[Document, ...]:
        """Both."""
        return (*self.left_out, *self.later)


def untaught_documents(documents: Sequence[Document], trained: Mapping[str, str], began_at: str) -> UntaughtDocuments:
    """Sort out the documents whose bytes were not trained on.

    Args:
        documents: The collection's.
        trained: Document name to SHA-256, of what the run was trained on.
        began_at: When training began, ISO 8601; empty where it is not known.
    """
    hashes = set(trained.values())
    untaught = [document for document in documents if document.sha256 not in hashes]
    began = datetime.fromisoformat(began_at) if began_at else None
    left_out = [
        document
        for document in untaught
        if began is not None and document.doc not in trained and datetime.fromisoformat(document.ingested_at) < began
    ]
    return UntaughtDocuments(tuple(left_out), tuple(document for document in untaught if document not in left_out))


def asks_untaught(questions: Sequence[GoldQuestion]) -> bool:
    """Tell whether a question is about a document that was not trained on."""
    return any(question.answer is not None and _STRATA & set(question.strata) for question in questions)


def untaught_questions(
    workspace: Workspace, documents: UntaughtDocuments, folder: Path, on_note: Callable[[str], None]
) -> Path | None:
    """Write questions about untaught documents as records, one per fact; those of an earlier call are kept.

    Args:
        documents: To ask about.
        folder: Receives the file.
        on_note: Receives why no question was made.

    Returns:
        The file; None where the documents give no question.
    """
    hashes = sorted(document.sha256 for document in documents.all)
    path = folder / f"untaught-{hashlib.sha256(' '.join(hashes).encode()).hexdigest()[:12]}.jsonl"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_rows(path, [_record(row) for row in _rows(workspace, frozenset(hashes), on_note)])
    return path if path.stat().st_size else None


def _rows(workspace: Workspace, hashes: frozenset[str], on_note: Callable[[str], None]) -> list[Pair]:
    shares = dict.fromkeys(workspace.settings.synth.shares, 0.0) | {"closed-book": 1.0}
    synth = workspace.settings.synth.model_copy(update={"shares": shares})
    narrowed = replace(workspace, settings=workspace.settings.model_copy(update={"synth": synth}))
    try:
        rows = preview_rows(narrowed, _ROWS, DatasetRequest(documents=hashes))
    except DataError as error:
        on_note(f"no questions about documents that were not trained on: {error}")
        return []
    facts = {row.fact or row.id: row for row in reversed(rows)}
    by_document: dict[str, list[Pair]] = {}
    for row in reversed(facts.values()):
        by_document.setdefault(row.evidence[0].sha256 if row.evidence else "", []).append(row)
    in_turn = [row for turn in range(_QUESTIONS) for rows in by_document.values() for row in rows[turn : turn + 1]]
    return in_turn[:_QUESTIONS]


def _record(row: Pair) -> dict[str, Any]:
    evidence = row_to_json(row)["evidence"]
    return {"id": f"untaught-{row.id}", "question": row.question, "answer": row.answer, "evidence": evidence}
