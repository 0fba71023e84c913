"""Fits the weights of `core.reading.confidence` and `core.reading.answerability` to rows of `bench.confidence`."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.reading.answerability import ANSWERABILITY_WEIGHTS
from core.reading.confidence import WEIGHTS, chance_of, logit

_FOLDS = 5
# What a question counts for the confidences: fewer questions lack an answer in use than among the rows.
_COUNTS = {"answerable": 1.0, "twin": 0.7, "removed": 0.5}
_AGAINST = ("no_answer", "missing")
_FEWEST = 30

Weights = Mapping[str, float]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights by kind of answer, and of whether the passages answer at all."""

    answerability: Weights
    confidence: Mapping[str, Weights]


def chance(weights: Weights, features: Mapping[str, float]) -> float:
    """Return the probability that a logistic model gives."""
    return chance_of(weights[""] + sum(weights.get(name, 0.0) * value for name, value in features.items()))


def fold_of(row: Row) -> str:
    """The part that a row is tested in: its article for the few of SQuAD, else a hash of its document."""
    document = str(row["document"])
    return document if row["source"] == "squad" else str(zlib.crc32(document.encode()) % _FOLDS)


def folds(rows: Sequence[Row]) -> Iterator[tuple[Row, Fitted]]:
    """Yield every row with weights fitted to the rows of other documents."""
    for fold in sorted({fold_of(row) for row in rows}):
        fitted = fit([row for row in rows if fold_of(row) != fold])
        yield from ((row, fitted) for row in rows if fold_of(row) == fold)


def fit(rows: Sequence[Row]) -> Fitted:
    """Fit all weights; a kind with too few rows keeps those in the code.

    The confidences see the answerability that is fitted to other documents than theirs. A table's weights are scaled
    together, for there are too few rows to fit each.
    """
    known = [row for row in rows if row["evidence"]]
    outside: list[tuple[Row, float]] = []
    for fold in sorted({fold_of(row) for row in known}):
        weights = _answerability([row for row in known if fold_of(row) != fold])
        outside += [(row, logit(chance(weights, row["evidence"]))) for row in known if fold_of(row) == fold]
    confidence = dict(WEIGHTS)
    confidence["span"] = _of_kind(outside, "span", ["score", "margin", "support", "agrees", "expected", "known"])
    confidence["sentence"] = _of_kind(outside, "sentence", ["support", "margin", "expected", "known", "answerable"])
    confidence["table"] = _scaled(outside, WEIGHTS["table"])
    return Fitted(_answerability(known), confidence)


def _answerability(rows: Sequence[Row]) -> Weights:
    names = [name for name in ANSWERABILITY_WEIGHTS if name]
    signs = {name: -1.0 if name in _AGAINST else 1.0 for name in names}
    design = np.array([[signs[name] * row["evidence"][name] for name in names] for row in rows])
    labels = np.array([row["label"] == "answerable" for row in rows])
    weights = _fit_positive(names, design, labels, np.ones(len(rows)), l2=4.0)
    return {name: round(weight * signs.get(name, 1.0), 3) for name, weight in weights.items()}


def _firsts(rows: Sequence[tuple[Row, float]], kind: str) -> list[tuple[dict[str, float], bool, float]]:
    """Features of each row's best proposal of a kind, whether it is right, and what it counts."""
    firsts = []
    for row, answerable in rows:
        first = next((p for p in row["proposals"] if p["kind"] == kind), None)
        if first is not None:
            features = {**first["features"], "answerable": answerable}
            firsts.append((features, bool(first["right"]), _COUNTS[row["label"]]))
    return firsts


def _of_kind(rows: Sequence[tuple[Row, float]], kind: str, names: Sequence[str]) -> Weights:
    firsts = _firsts(rows, kind)
    if len(firsts) < _FEWEST:
        return WEIGHTS[kind]
    design = np.array([[features[name] for name in names] for features, _, _ in firsts])
    labels, counts = np.array([right for _, right, _ in firsts]), np.array([count for _, _, count in firsts])
    return {name: round(weight, 3) for name, weight in _fit_positive(names, design, labels, counts, l2=2.0).items()}


def _scaled(rows: Sequence[tuple[Row, float]], weights: Weights) -> Weights:
    firsts = _firsts(rows, "table")
    if len(firsts) < _FEWEST:
        return weights
    own = {name: weight for name, weight in weights.items() if name != "answerable"}
    odds = [own[""] + sum(own.get(name, 0.0) * value for name, value in features.items()) for features, _, _ in firsts]
    design = np.column_stack([odds, [features["answerable"] for features, _, _ in firsts]])
    labels, counts = np.array([right for _, right, _ in firsts]), np.array([count for _, _, count in firsts])
    fitted = _fit_positive(("odds", "answerable"), design, labels, counts, l2=2.0)
    scale = fitted.get("odds", 0.0)
    scaled = {name: round(scale * weight, 3) for name, weight in own.items()}
    return {**scaled, "": round(scaled[""] + fitted[""], 3), "answerable": round(fitted.get("answerable", 0.0), 3)}


def _fit_positive(
    names: Sequence[str], design: NDArray[np.float64], labels: NDArray[np.bool_], counts: NDArray[np.float64], l2: float
) -> dict[str, float]:
    """Logistic regression without negative weights: what speaks for an answer must not lower its probability.

    The column with the most negative weight is left out until there is none.
    """
    kept = list(range(len(names)))
    while True:
        intercept, weights = _logistic(design[:, kept], labels, counts, l2)
        if not kept or weights.min() >= 0:
            return {
                "": intercept,
                **{names[column]: float(weight) for column, weight in zip(kept, weights, strict=True)},
            }
        kept.pop(int(weights.argmin()))


def _logistic(
    design: NDArray[np.float64], labels: NDArray[np.bool_], counts: NDArray[np.float64], l2: float
) -> tuple[float, NDArray[np.float64]]:
    """Newton's method on standardised columns with an L2 penalty; returns the intercept and a weight per column."""
    mean, spread = design.mean(axis=0), design.std(axis=0) + 1e-6
    columns = np.column_stack([np.ones(len(design)), (design - mean) / spread])
    penalty = l2 * np.array([0.0, *np.ones(design.shape[1])])
    weights = np.zeros(columns.shape[1])
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-columns @ weights))
        slope = columns.T @ (counts * (predicted - labels)) + penalty * weights
        curve = (columns.T * (counts * predicted * (1 - predicted))) @ columns + np.diag(penalty + 1e-6)
        weights -= np.linalg.solve(curve, slope)
    own = weights[1:] / spread
    return float(weights[0] - own @ mean), own
