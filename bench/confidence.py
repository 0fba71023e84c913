"""How good the built-in reader's short answers are, and how well it knows: eight passages, documents kept apart.

    python -m bench.confidence --data FOLDER --out FILE [--count 100] [--weights FILE] [--lexical]    ask, keep features
    python -m bench.confidence --from FILE [--fit]                                      figures, or weights fitted anew

Questions come from documents that the span reader's training left out. Half of those documents, by a hash, fit the
weights of `core.reading.confidence`; every figure printed is of the other half. A question's own paragraph stands among
seven others of its set, ordered by the words they share with it. An answer is right with a token F1 of at least 0.5, or
the gold number; on a question without an answer every answer is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import textwrap
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.abstain import fit_logistic, holds
from bench.reader_data import Corpus, held_out_items, is_held_out, read_corpus
from bench.tatqa import Context, contexts, gold_of, is_right
from core.files import Home
from core.metrics import exact_match, token_f1
from core.reading import read as reading
from core.reading.asked import read_asked
from core.reading.candidates import Proposal, quote_span
from core.reading.confidence import WEIGHTS, probability
from core.reading.passages import Passage
from core.reading.spans import open_span_reader
from core.reading.words import terms
from core.settings import home_dir
from rag.embed.open import open_embedder
from rag.search.similar import Similarity

_PASSAGES = 8
_CHARS = 1800
_COLUMNS = 95


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its passages."""

    source: str
    document: str
    question: str
    passages: tuple[Passage, ...]
    golds: tuple[str, ...]
    table_question: dict[str, Any] | None = None


def _passages(texts: Sequence[str], question: str) -> tuple[Passage, ...]:
    asked = set(terms(question))
    ordered = sorted(texts, key=lambda text: -len(asked & set(terms(text))))
    wrapped = ["\n".join("\n".join(textwrap.wrap(line, _COLUMNS)) for line in text.split("\n")) for text in ordered]
    return tuple(Passage(key=f"b2b2{chr(98 + at)}", source="", text=text) for at, text in enumerate(wrapped))


def span_cases(corpus: Corpus, source: str, count: int) -> Iterator[Case]:
    """Questions of a set in SQuAD form: `count` with an answer, and as many without where the set has such."""
    rng = random.Random(f"confidence {source}")
    items = held_out_items(corpus, source)
    rng.shuffle(items)
    chosen = [item for item in items if item.answers][:count] + [item for item in items if not item.answers][:count]
    for item in chosen:
        text = corpus.paragraphs[item.paragraph]
        start = max(0, item.answers[0][0] - _CHARS // 2) if item.answers and len(text) > 2 * _CHARS else 0
        beside = [at for at, name in enumerate(corpus.documents) if name == item.document and at != item.paragraph]
        others = rng.sample(beside, min(_PASSAGES - 1, len(beside)))
        others += rng.sample(range(len(corpus.paragraphs)), _PASSAGES - 1 - len(others))
        texts = [text[start : start + _CHARS], *(corpus.paragraphs[at][:_CHARS] for at in others)]
        golds = tuple(text[slice(*span)] for span in item.answers)
        yield Case(source, item.document, item.question, _passages(texts, item.question), golds)


def table_cases(sets: Sequence[Context], count: int) -> Iterator[Case]:
    """Questions on financial tables, the right table among those of seven other documents."""
    rng = random.Random("confidence tatqa")
    pairs = [(context, question) for context in sets for question in context.questions]
    for context, question in rng.sample(pairs, min(count, len(pairs))):
        shown = [context, *rng.sample([other for other in sets if other is not context], _PASSAGES - 1)]
        asked = set(terms(question["question"]))
        shown.sort(key=lambda one: -len(asked & set(terms(one.text))))
        passages = tuple(
            Passage(key=f"b2b2{chr(98 + at)}", source="", text=one.text, page_text=one.text, blocks=(one.block,))
            for at, one in enumerate(shown)
        )
        yield Case("tatqa", context.uid, question["question"], passages, (gold_of(question),), question)


def _row(case: Case, cosines: Similarity, spans: Any) -> dict[str, Any]:
    proposals = reading.proposals(case.question, case.passages, cosines=cosines, spans=spans)

    def right(proposal: Proposal) -> bool:
        if case.table_question is not None:
            return is_right(proposal.short, case.table_question)
        return any(token_f1(proposal.short, gold) >= 0.5 for gold in case.golds)

    return {
        "source": case.source,
        "document": case.document,
        "question": case.question,
        "golds": case.golds,
        "proposals": [
            {
                "kind": one.kind,
                "short": one.short,
                "features": dict(one.features),
                "right": right(one),
                "quote": " ".join(quote_span(case.passages, quote) for quote in one.quotes),
                "f1": max((token_f1(one.short, gold) for gold in case.golds), default=0.0),
                "em": max((exact_match(one.short, gold) for gold in case.golds), default=0.0),
            }
            for one in proposals
        ],
    }


def _tested(document: str) -> bool:
    return zlib.crc32(f"confidence {document}".encode()) % 2 == 1


def fit(rows: Sequence[dict[str, Any]]) -> None:
    """Print the weights that fit the best proposal of each kind on the half that is not tested."""
    for kind, weights in WEIGHTS.items():  # those of "words" are fitted on a file made with --lexical
        names = [name for name in weights if name]
        found = []
        for row in rows:
            first = next((p for p in row["proposals"] if p["kind"] == kind), None)
            if first is not None and not _tested(row["document"]):
                found.append(([first["features"][name] for name in names], first["right"]))
        labels = np.array([label for _, label in found])
        if len(found) < 60 or labels.all() or not labels.any() or not names:
            print(f'    "{kind}": kept as it is ({len(found)} cases)')
            continue
        fitted = fit_logistic(np.array([values for values, _ in found], dtype=float), labels, balanced=False)
        print(
            f'    "{kind}": {dict(zip(["", *names], fitted, strict=True))},  # {len(found)} cases, {labels.mean():.2f}'
        )


def chosen(row: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """The proposal that the reader answers with, under the weights in the code, and its confidence."""
    made = [
        Proposal(p["kind"], p["short"], (), confidence=probability(p["kind"], p["features"]), features=p["features"])
        for p in row["proposals"]
    ]
    best = reading.choose(made, read_asked(row["question"]))
    return row["proposals"][made.index(best)], best.confidence


def report(rows: Sequence[dict[str, Any]]) -> None:
    """Print figures per set, refusals, and the expected calibration error of ten bins of equal width."""
    tested = [row for row in rows if _tested(row["document"])]
    results = [(row, *chosen(row)) for row in tested if row["proposals"]]
    for source in dict.fromkeys(row["source"] for row in tested):
        own = [(row, best, sure) for row, best, sure in results if row["source"] == source and row["golds"]]
        given = [(row, best, sure) for row, best, sure in own if sure >= reading.MIN_CONFIDENCE]
        f1 = sum(best["f1"] for _, best, _ in given) / len(own)
        em = sum(best["em"] for _, best, _ in given) / len(own)
        right = sum(best["right"] for _, best, _ in given) / len(own)
        held = sum(holds(best["quote"], row["golds"]) for row, best, _ in given) / len(own)
        print(
            f"{source}: n={len(own)} F1 {f1:.3f} EM {em:.3f} right {right:.3f} gold in first quote {held:.3f} "
            f"answered {len(given) / len(own):.3f}"
        )
        none = [sure for row, _, sure in results if row["source"] == source and not row["golds"]]
        if none:
            for limit in (reading.MIN_CONFIDENCE, 0.2, 0.3, 0.4):
                refused, wrongly = sum(s < limit for s in none), sum(s < limit for _, _, s in own)
                precision = refused / max(1, refused + wrongly * len(none) / len(own))
                print(
                    f"    below {limit}: refusal precision {precision:.2f} recall {refused / len(none):.2f}, "
                    f"kept {1 - wrongly / len(own):.2f}"
                )
    sure = np.array([sure for _, _, sure in results])
    right_ = np.array([best["right"] and bool(row["golds"]) for row, best, _ in results])
    print(f"expected calibration error {calibration_error(sure, right_):.3f} (n={len(sure)})")


def calibration_error(sure: np.ndarray[Any, Any], right: np.ndarray[Any, Any], bins: int = 10) -> float:
    """Mean distance of confidence and share right over bins of equal width (Guo et al. 2017)."""
    places = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        (places == at).mean() * abs(sure[places == at].mean() - right[places == at].mean())
        for at in range(bins)
        if (places == at).any()
    ]
    return float(sum(gaps))


def main() -> None:
    """Ask, or report on what was asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--from", dest="source", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--weights", type=Path, help="another span reader's weights")
    parser.add_argument("--lexical", action="store_true", help="without the span reader")
    parser.add_argument("--fit", action="store_true")
    options = parser.parse_args()
    if options.source:
        rows = [json.loads(line) for line in options.source.read_text("utf-8").splitlines()]
        (fit if options.fit else report)(rows)
        return
    home = Home(home_dir(os.environ))
    cosines = Similarity(open_embedder("minilm", home, precision="auto"))
    spans = None if options.lexical else open_span_reader(home, weights=options.weights)
    corpus = read_corpus(options.data / "qa")
    sets = [c for c in contexts(options.data / "qa" / "tatqa-dev.json") if is_held_out("tatqa", f"tatqa/{c.uid}")]
    cases = [case for name in ("squad", "policyqa", "covidqa") for case in span_cases(corpus, name, options.count)]
    cases += table_cases(sets, 2 * options.count)
    random.Random(0).shuffle(cases)
    with options.out.open("w", encoding="utf-8") as handle:
        for case in cases:
            handle.write(json.dumps(_row(case, cosines, spans), ensure_ascii=False) + "\n")
            handle.flush()


if __name__ == "__main__":
    main()
