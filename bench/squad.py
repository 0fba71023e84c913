"""Question sets in SQuAD format as tasks for a reader: a question and eight passages, with or without its answer.

Contexts are wrapped to 95 columns, as a PDF page is; long ones are cut at sentence ends into passages of about 900
characters. Passages are found as the product finds them, by the embedder's cosine and a part of BM25, so that
distractors are near misses. Three kinds of task:

    own      the question over all documents of its set, the right passage among the eight
    other    the question over one other document of the set: no answer
    without  the question over all documents but its own: no answer
"""

from __future__ import annotations

import json
import random
import textwrap
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.reading.passages import Passage
from core.reading.text.sentences import split_prose
from core.reading.text.words import terms
from rag.embed.base import Embedder
from rag.search.similar import Similarity

PASSAGES = 8
_CHUNK_CHARS = 900
_COLUMNS = 95
_BM25_SHARE = 0.3  # of the cosine's spread; the product's default


@dataclass(frozen=True, slots=True)
class Task:
    """A question before its passages.

    Attributes:
        question: As asked.
        answers: Gold spans; empty where the passages hold none.
        passages: Best first.
        gold: Index of the right passage, -1 where there is none.
        cosine: Best cosine of a passage to the question.
        group: Set and document; what a split moves whole.
        kind: `own`, `other`, `without`, or the label of a set that brings its own passages.
    """

    question: str
    answers: tuple[str, ...]
    passages: tuple[Passage, ...]
    gold: int
    cosine: float
    group: str
    kind: str

    @property
    def held_out(self) -> bool:
        """Half of the documents, by a hash of their name, are never fitted to."""
        return zlib.crc32(self.group.encode()) % 2 == 1


def _passages(texts: Sequence[str]) -> tuple[Passage, ...]:
    return tuple(Passage(key=f"b2b2{chr(98 + index)}", source="", text=text) for index, text in enumerate(texts))


def _wrapped(text: str) -> str:
    return "\n".join("\n".join(textwrap.wrap(line, _COLUMNS)) for line in text.split("\n"))


def _pieces(text: str) -> list[tuple[int, int]]:
    """Spans of about `_CHUNK_CHARS` that end with a sentence."""
    pieces: list[tuple[int, int]] = []
    for start, end in split_prose(text, 0, len(text)):
        if pieces and end - pieces[-1][0] <= _CHUNK_CHARS:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return pieces


class Collection:
    """Passages of many documents with a search over them.

    Args:
        name: Of the set; part of every group.
        path: SQuAD-format JSON.
        embedder: Finds passages.
        documents: Most documents read.
    """

    def __init__(self, name: str, path: Path, embedder: Embedder, *, documents: int) -> None:
        self.name = name
        self._texts: list[str] = []
        self._document: list[int] = []
        self.questions: list[tuple[str, tuple[str, ...], int, int]] = []
        data = json.loads(path.read_text(encoding="utf-8"))["data"][:documents]
        for number, article in enumerate(data):
            for paragraph in article["paragraphs"]:
                self._add(number, paragraph)
        self._embedder = embedder
        self._vectors = Similarity(embedder).vectors(self._texts)
        self._bm25 = _BM25(self._texts)

    def _add(self, document: int, paragraph: dict[str, object]) -> None:
        context = str(paragraph["context"])
        pieces = _pieces(context)
        base = len(self._texts)
        self._texts += [_wrapped(context[start:end]) for start, end in pieces]
        self._document += [document] * len(pieces)
        for entry in paragraph["qas"]:  # type: ignore[attr-defined]
            answers = tuple(dict.fromkeys(answer["text"] for answer in entry["answers"]))
            begins = entry["answers"][0]["answer_start"] if answers else -1
            gold = next((base + index for index, (start, end) in enumerate(pieces) if start <= begins < end), None)
            if gold is not None:
                self.questions.append((entry["question"], answers, gold, document))

    def _best(self, question: str, documents: NDArray[np.bool_], forced: int | None) -> tuple[list[int], float]:
        cosines = self._vectors @ self._embedder.embed_query(question)
        bm25 = self._bm25.scores(question)
        scores = cosines + _BM25_SHARE * cosines.std() * bm25 / (bm25.std() or 1.0)
        order = [int(index) for index in np.argsort(-scores) if documents[index]][:PASSAGES]
        if forced is not None and forced not in order:
            order[-1] = forced
        return order, float(max(cosines[index] for index in order))

    def tasks(self, count: int, rng: random.Random) -> list[Task]:
        """Return up to `count` questions, each as three tasks."""
        document_of = np.array(self._document)
        tasks: list[Task] = []
        for question, answers, gold, document in rng.sample(self.questions, min(count, len(self.questions))):
            other = rng.choice([index for index in set(self._document) if index != document])
            for kind, allowed in (
                ("own", document_of >= 0),
                ("other", document_of == other),
                ("without", document_of != document),
            ):
                own = kind == "own"
                order, cosine = self._best(question, allowed, gold if own else None)
                tasks.append(
                    Task(
                        question,
                        answers if own else (),
                        _passages([self._texts[index] for index in order]),
                        order.index(gold) if own else -1,
                        cosine,
                        f"{self.name}:{document}",
                        kind,
                    )
                )
        return tasks


class _BM25:
    """Okapi BM25, k1 = 1.2, b = 0.75 (Robertson and Zaragoza 2009)."""

    def __init__(self, texts: Sequence[str]) -> None:
        bags = [terms(text) for text in texts]
        lengths = np.array([len(bag) for bag in bags], dtype=np.float64)
        self._norm = 1.2 * (0.25 + 0.75 * lengths / lengths.mean())
        self._places: dict[str, dict[int, int]] = {}
        for index, bag in enumerate(bags):
            for term in bag:
                row = self._places.setdefault(term, {})
                row[index] = row.get(index, 0) + 1

    def scores(self, question: str) -> NDArray[np.float64]:
        """Return one score per text."""
        total = np.zeros(len(self._norm))
        for term in set(terms(question)):
            row = self._places.get(term, {})
            idf = np.log(1 + (len(self._norm) - len(row) + 0.5) / (len(row) + 0.5))
            for index, count in row.items():
                total[index] += idf * count * 2.2 / (count + self._norm[index])
        return total


def mtrag(path: Path, embedder: Embedder) -> list[Task]:
    """Read the last turns of MTRAG tasks with contexts; kind is their answerability, lower case."""
    tasks = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        texts = [context["text"].strip() for context in row["contexts"]][:PASSAGES]
        question = row["input"][-1]["text"]
        if not texts or not question.strip():
            continue
        similarity = Similarity(embedder)
        cosine = max(similarity(question, texts))
        kind = row["answerability"][0].lower()
        tasks.append(Task(question, (), _passages(texts), -1, cosine, f"mtrag:{row['conversation_id']}", kind))
    return tasks
