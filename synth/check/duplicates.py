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
from core.reading.text.words import words
from synth.check.base import CheckResult
from synth.work.candidate import QuestionCandidate, digest
from synth.work.similar import jaccard, sign_shingles
from synth.work.workspace import SynthTables

_BATCH = 32
_NAME = re.compile(r"(?<!^)(?<![.?!:]\s)\b[A-Z][\w’'&.-]*|\b\w*\d[\w.,]*")


class QuestionEmbedder(Protocol):
    """Turns texts into vectors."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text, float32, `(len(texts), d)`."""
        ...


@dataclass(frozen=True, slots=True)
class AmbiguityCheck:
    """Drops questions that facts of the collection answer differently."""

    work: SynthTables

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "ambiguous"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its result."""
        for candidate in candidates:
            others = self.work.answers_to(candidate.question) - {normalised(candidate.fact.answer)}
            reason = f"another fact gives the answer “{min(others)}”" if others else ""
            yield candidate, CheckResult(reason)


@dataclass(frozen=True, slots=True)
class DuplicateCheck:
    """Drops questions that another fact's row asks already; the figure is one minus the greatest similarity.

    Attributes:
        work: Stores the questions that were kept.
        embedder: Embeds the questions.
        jaccard: Jaccard index of five-character shingles from which two questions are duplicates.
        cosine: Cosine similarity from which two questions are duplicates.
    """

    work: SynthTables
    embedder: QuestionEmbedder
    jaccard: float
    cosine: float

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "duplicate"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its vector, cluster and result; candidates that pass are stored."""
        stream = iter(candidates)
        while batch := list(islice(stream, _BATCH)):
            vectors = unit(self.embedder.embed([candidate.question for candidate in batch]))
            for candidate, vector in zip(batch, vectors, strict=True):
                likeness, other = self._nearest(candidate, vector)
                if other:
                    yield candidate, CheckResult(f"duplicate of “{other}”", likeness)
                    continue
                cluster = self._cluster(candidate)
                self.work.db.execute(
                    "INSERT INTO kept VALUES(?,?,?,?,?)",
                    (alike(candidate), candidate.fact.id, cluster, candidate.question, vector.tobytes()),
                )
                yield replace(candidate, cluster=cluster, vector=vector.tobytes()), CheckResult(figure=1 - likeness)

    def _nearest(self, candidate: QuestionCandidate, vector: NDArray[np.float32]) -> tuple[float, str]:
        """Return the greatest similarity to another fact's question, and that question where it is a duplicate."""
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
        """Return the cluster of the fact's phrasings that are similar to this one, a new one where there is none."""
        rows = self.work.db.execute(
            "SELECT cluster, question FROM kept WHERE fact=? ORDER BY rowid", (candidate.fact.id,)
        ).fetchall()
        shingles = sign_shingles(candidate.question)
        near = (cluster for cluster, question in rows if jaccard(shingles, sign_shingles(question)) >= self.jaccard)
        return next(near, max((cluster for cluster, _ in rows), default=-1) + 1)


def alike(candidate: QuestionCandidate) -> str:
    """Return a key that two duplicates share: a digest of answer, numbers and names."""
    named = sorted({word for name in _NAME.findall(candidate.question) for word in words(name)})
    return digest(normalised(candidate.fact.answer), *named)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return vectors of length one, float32, `(n, d)`."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
