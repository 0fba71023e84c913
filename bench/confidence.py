"""How good the built-in reader's short answers are, and how well it knows: eight passages, documents kept apart.

    python -m bench.confidence --data FOLDER --out FILE [--count 100] [--weights FILE] [--lexical]    ask, keep features
    python -m bench.confidence --from FILE             figures of the weights in the code
    python -m bench.confidence --from FILE --fit       weights fitted anew, and figures cross-validated by document

Questions come from documents that the span reader's training left out. A question's own paragraph stands among seven
others of its set, ordered by the words they share with it. Two kinds of questions have no answer: twins that SQuAD's
writers made of a paragraph that does not answer them, and every second answerable question without its paragraph. An
answer is right with a token F1 of at least 0.5, or the gold number; on a question without an answer every one is wrong.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from bench.abstain import holds
from bench.confidence_fit import Fitted, chance, fit, folds
from bench.reader_data import Corpus, held_out_items, is_held_out, read_corpus
from bench.tatqa import Context, contexts, gold_of, is_right
from core.files import Home
from core.metrics import exact_match, token_f1
from core.reading import read as reading
from core.reading.answerability import ANSWERABILITY_WEIGHTS, STRONG_SUPPORT, is_answered, names_thing
from core.reading.asked import read_asked
from core.reading.confidence import WEIGHTS, chance_of, logit
from core.reading.passages import Passage
from core.reading.proposals.candidates import Proposal, quote_span
from core.reading.spans.reader import open_span_reader
from core.reading.text.words import terms
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
    label: str = "answerable"  # or "twin", or "removed"
    own: str = ""  # the text of its table


@dataclass(frozen=True, slots=True)
class Result:
    """What the reader makes of a row.

    Attributes:
        row: As `_row` makes it.
        best: The proposal that it answers with.
        sure: Its confidence.
        answerable: Probability that the passages answer; None where the span reader took no part.
    """

    row: dict[str, Any]
    best: dict[str, Any]
    sure: float
    answerable: float | None

    @property
    def standing(self) -> float:
        """What decides whether it is given: the sum of the log-odds."""
        return logit(self.sure) + (0.0 if self.answerable is None else logit(self.answerable))

    @property
    def answered(self) -> bool:
        """Whether it is given."""
        log_odds = self.row["evidence"].get("support", self.best["features"].get("support", -math.inf))
        if self.answerable is not None:
            named = names_thing(self.row["question"], self.best["quote"])
            return is_answered(self.answerable, self.sure, chance_of(log_odds), named=named)
        if self.best["kind"] == "sentence":
            return bool(log_odds >= logit(reading.MIN_SUPPORT))
        return self.sure >= reading.MIN_CONFIDENCE or log_odds >= logit(STRONG_SUPPORT)


def _passages(texts: Sequence[str], question: str) -> tuple[Passage, ...]:
    question_terms = set(terms(question))
    ordered = sorted(texts, key=lambda text: -len(question_terms & set(terms(text))))
    wrapped = ["\n".join("\n".join(textwrap.wrap(line, _COLUMNS)) for line in text.split("\n")) for text in ordered]
    return tuple(Passage(key=f"b2b2{chr(98 + index)}", source="", text=text) for index, text in enumerate(wrapped))


def span_cases(corpus: Corpus, source: str, count: int) -> Iterator[Case]:
    """Questions of a set in SQuAD form: `count` with an answer, and as many without where the set has such."""
    rng = random.Random(f"confidence {source}")
    items = held_out_items(corpus, source)
    rng.shuffle(items)
    chosen = [item for item in items if item.answers][:count] + [item for item in items if not item.answers][:count]
    for item in chosen:
        text = corpus.paragraphs[item.paragraph]
        start = max(0, item.answers[0][0] - _CHARS // 2) if item.answers and len(text) > 2 * _CHARS else 0
        beside = [
            index for index, name in enumerate(corpus.documents) if name == item.document and index != item.paragraph
        ]
        others = rng.sample(beside, min(_PASSAGES - 1, len(beside)))
        others += rng.sample(range(len(corpus.paragraphs)), _PASSAGES - 1 - len(others))
        texts = [text[start : start + _CHARS], *(corpus.paragraphs[index][:_CHARS] for index in others)]
        golds = tuple(text[slice(*span)] for span in item.answers)
        label = "answerable" if golds else "twin"
        yield Case(source, item.document, item.question, _passages(texts, item.question), golds, label=label)


def table_cases(sets: Sequence[Context], count: int) -> Iterator[Case]:
    """Questions on financial tables, the right table among those of seven other documents."""
    rng = random.Random("confidence tatqa")
    pairs = [(context, question) for context in sets for question in context.questions]
    for context, question in rng.sample(pairs, min(count, len(pairs))):
        shown = [context, *rng.sample([other for other in sets if other is not context], _PASSAGES - 1)]
        question_terms = set(terms(question["question"]))
        shown.sort(key=lambda table: -len(question_terms & set(terms(table.text))))
        passages = tuple(
            Passage(
                key=f"b2b2{chr(98 + index)}", source="", text=table.text, page_text=table.text, blocks=(table.block,)
            )
            for index, table in enumerate(shown)
        )
        yield Case(
            "tatqa", context.uid, question["question"], passages, (gold_of(question),), question, own=context.text
        )


def without_answer(cases: Sequence[Case]) -> Iterator[Case]:
    """Every second answerable question without the passages that hold its answer."""
    for case in [case for case in cases if case.label == "answerable"][::2]:
        golds = [" ".join(gold.split()) for gold in case.golds]
        kept = tuple(
            passage
            for passage in case.passages
            if not any(gold in " ".join(passage.text.split()) for gold in golds)
            and (case.table_question is None or passage.text != case.own)
        )
        if kept:
            yield replace(case, passages=kept, golds=(), label="removed")


def _row(case: Case, cosines: Similarity, spans: Any) -> dict[str, Any]:
    proposals, evidence = reading.proposals(case.question, case.passages, cosines=cosines, spans=spans)

    def right(proposal: Proposal) -> bool:
        if case.label != "answerable":
            return False
        if case.table_question is not None:
            return is_right(proposal.short, case.table_question)
        return any(token_f1(proposal.short, gold) >= 0.5 for gold in case.golds)

    return {
        "source": case.source,
        "document": case.document,
        "question": case.question,
        "golds": case.golds,
        "label": case.label,
        "evidence": dict(evidence),
        "proposals": [
            {
                "kind": candidate.kind,
                "short": candidate.short,
                "features": dict(candidate.features),
                "right": right(candidate),
                "quote": " ".join(quote_span(case.passages, quote) for quote in candidate.quotes),
                "f1": max((token_f1(candidate.short, gold) for gold in case.golds), default=0.0),
                "em": max((exact_match(candidate.short, gold) for gold in case.golds), default=0.0),
            }
            for candidate in proposals
        ],
    }


def chosen(row: dict[str, Any], fitted: Fitted | None = None) -> Result | None:
    """What the reader answers with, under other weights than those in the code if given; None without a proposal."""
    weights = fitted.confidence if fitted else WEIGHTS
    evidence = row["evidence"]
    answerable = chance(fitted.answerability if fitted else ANSWERABILITY_WEIGHTS, evidence) if evidence else None
    made = []
    for p in row["proposals"]:
        features = p["features"] if answerable is None else {**p["features"], "answerable": logit(answerable)}
        kind = p["kind"] if p["kind"] != "sentence" or evidence else "words"
        sure = chance(weights[kind], features)
        made.append(Proposal(p["kind"], p["short"], (), confidence=sure, features=features))
    if not made:
        return None
    best = reading.choose(made, read_asked(row["question"]))
    return Result(row, row["proposals"][made.index(best)], best.confidence, answerable)


def report(results: Sequence[Result]) -> None:
    """Print figures per set, refusals, and the expected calibration error of ten bins of equal width."""
    for source in dict.fromkeys(result.row["source"] for result in results):
        own = [r for r in results if r.row["source"] == source and r.row["label"] == "answerable"]
        given = [r for r in own if r.answered]
        f1, em, right = (sum(r.best[name] for r in given) / len(own) for name in ("f1", "em", "right"))
        in_quote = sum(holds(r.best["quote"], r.row["golds"]) for r in given) / len(own)
        print(
            f"{source}: n={len(own)} F1 {f1:.3f} EM {em:.3f} right {right:.3f} gold in first quote {in_quote:.3f} "
            f"answered {len(given) / len(own):.3f}"
        )
        for label in ("twin", "removed"):
            none = [r for r in results if r.row["source"] == source and r.row["label"] == label]
            if none:
                _report_refusals(label, own, none)
    sure = np.array([r.sure for r in results])
    right_ = np.array([bool(r.best["right"]) for r in results])
    print(f"expected calibration error {calibration_error(sure, right_):.3f} (n={len(sure)})")


def _report_refusals(label: str, own: Sequence[Result], none: Sequence[Result]) -> None:
    """Print how well questions without an answer are told from those with one, `own`."""
    limit = float(np.quantile([r.standing for r in own], 0.1))
    area = np.mean([(r.standing > n.standing) + 0.5 * (r.standing == n.standing) for r in own for n in none])
    recall = float(np.mean([n.standing < limit for n in none]))
    refused, kept = float(np.mean([not n.answered for n in none])), float(np.mean([r.answered for r in own]))
    precision = refused / max(1e-9, refused + 1 - kept)
    print(
        f"    {label}: n={len(none)} area under the curve {area:.3f}; where .90 are kept {recall:.2f} refused; "
        f"as it is refused {refused:.2f}, precision {precision:.2f} at equal numbers, kept {kept:.2f}"
    )


def calibration_error(sure: np.ndarray[Any, Any], right: np.ndarray[Any, Any], bins: int = 10) -> float:
    """Mean distance of confidence and share right over bins of equal width (Guo et al. 2017)."""
    places = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        (places == bin_index).mean() * abs(sure[places == bin_index].mean() - right[places == bin_index].mean())
        for bin_index in range(bins)
        if (places == bin_index).any()
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
        if options.fit:
            print(json.dumps(asdict(fit(rows)), indent=2))
        results = [chosen(row, fitted) for row, fitted in (folds(rows) if options.fit else zip(rows, repeat(None)))]
        report([result for result in results if result is not None])
        return
    home = Home(home_dir(os.environ))
    cosines = Similarity(open_embedder("minilm", home, precision="auto"))
    spans = None if options.lexical else open_span_reader(home, weights=options.weights)
    corpus = read_corpus(options.data / "qa")
    sets = [c for c in contexts(options.data / "qa" / "tatqa-dev.json") if is_held_out("tatqa", f"tatqa/{c.uid}")]
    cases = [case for name in ("squad", "policyqa", "covidqa") for case in span_cases(corpus, name, options.count)]
    cases += table_cases(sets, 2 * options.count)
    cases += without_answer(cases)
    random.Random(0).shuffle(cases)
    with options.out.open("w", encoding="utf-8") as handle:
        for case in cases:
            handle.write(json.dumps(_row(case, cosines, spans), ensure_ascii=False) + "\n")
            handle.flush()


if __name__ == "__main__":
    main()
