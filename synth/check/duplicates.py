"""Drops questions that another fact's row asks already, and questions that two facts answer differently.

Two questions are duplicates only where their numbers, names and answers agree: reports repeat their sentences with
other figures. Phrasings of one fact are only clustered by likeness, never dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.metrics import normalised
from core.reading.words import words
from synth.check.base import CheckResult
from synth.work.candidate import QuestionCandidate, digest
from synth.work.similar import jaccard, sign_shingles
from synth.work.workspace import Workspace

_BATCH = 32
_NAME = re.compile(r"(?<!^)(?<![.?!:]\s)\b[A-Z][\w’'&.-]*|\b\w*\d[\w.,]*")


class QuestionEmbedder(Protocol):
    """Turns texts into vectors; the door lends the collection's own."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text, float32, `(len(texts), d)`."""
        ...


@dataclass(frozen=True, slots=True)
class AmbiguityCheck:
    """A question that facts answer differently has no place in a training set."""

    work: Workspace

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "ambiguous"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with the verdict."""
        for candidate in candidates:
            others = self.work.answers_to(candidate.question) - {normalised(candidate.fact.answer)}
            reason = f"another fact answers it with “{min(others)}”" if others else ""
            yield candidate, CheckResult(reason)


@dataclass(frozen=True, slots=True)
class DuplicateCheck:
    """Drops what another fact's row asks already; the figure is the greatest likeness seen.

    Attributes:
        work: Where questions that were kept are remembered.
        embedder: Gives their vectors.
        jaccard: Of shingles of five characters, from which two questions are one.
        cosine: Of their vectors, from which they are one.
    """

    work: Workspace
    embedder: QuestionEmbedder
    jaccard: float
    cosine: float

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "duplicate"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its vector and cluster, and the verdict; what passes is remembered."""
        stream = iter(candidates)
        while batch := list(islice(stream, _BATCH)):
            vectors = unit(self.embedder.embed([candidate.question for candidate in batch]))
            for candidate, vector in zip(batch, vectors, strict=True):
                likeness, other = self._nearest(candidate, vector)
                if other:
                    yield candidate, CheckResult(f"asks what is asked already: “{other}”", likeness)
                    continue
                cluster = self._cluster(candidate)
                self.work.db.execute(
                    "INSERT INTO kept VALUES(?,?,?,?,?)",
                    (alike(candidate), candidate.fact.id, cluster, candidate.question, vector.tobytes()),
                )
                yield replace(candidate, cluster=cluster, vector=vector.tobytes()), CheckResult(figure=1 - likeness)

    def _nearest(self, candidate: QuestionCandidate, vector: NDArray[np.float32]) -> tuple[float, str]:
        """Return the greatest likeness to another fact's question, and that question where they are one."""
        rows = self.work.db.execute(
            "SELECT question, vector FROM kept WHERE alike=? AND fact<>?", (alike(candidate), candidate.fact.id)
        )
        shingles = sign_shingles(candidate.question)
        greatest = 0.0
        for question, stored in rows:
            shared = jaccard(shingles, sign_shingles(question))
            cosine = float(np.frombuffer(stored, dtype=np.float32) @ vector)
            if shared >= self.jaccard or cosine >= self.cosine:
                return max(shared, cosine), str(question)
            greatest = max(greatest, shared, cosine)
        return greatest, ""

    def _cluster(self, candidate: QuestionCandidate) -> int:
        """Return the number of the fact's phrasings that read like this one: a new one where none does."""
        rows = self.work.db.execute(
            "SELECT cluster, question FROM kept WHERE fact=? ORDER BY rowid", (candidate.fact.id,)
        ).fetchall()
        shingles = sign_shingles(candidate.question)
        near = (cluster for cluster, question in rows if jaccard(shingles, sign_shingles(question)) >= self.jaccard)
        return next(near, max((cluster for cluster, _ in rows), default=-1) + 1)


def alike(candidate: QuestionCandidate) -> str:
    """Return what two questions must share to be one: answer, numbers and names."""
    named = sorted({word for name in _NAME.findall(candidate.question) for word in words(name)})
    return digest(normalised(candidate.fact.answer), *named)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors of length one, float32, `(n, d)`."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
