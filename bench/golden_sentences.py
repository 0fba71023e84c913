"""Precision and recall of the rules and of the answer candidates on 400 plain sentences with the questions wanted.

    python -m bench.golden_sentences

A fact is right if its answer agrees with a wanted one of its sentence; a wanted answer is found if a fact, or a
candidate, has it. Needs the base install alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.metrics import contains, token_f1
from core.types import Document, Fact, Page
from synth.facts.english.candidates import answer_candidates
from synth.facts.english.casing import Casing
from synth.facts.read import read_facts

GOLDEN = Path(__file__).with_name("golden") / "sentences.tsv"
_PAGE_SENTENCES = 20
_LEAST_F1 = 0.6


@dataclass(frozen=True, slots=True)
class GoldenSentence:
    """A sentence and what should be asked of it: questions with their answers."""

    text: str
    expected: tuple[tuple[str, str], ...]


def read_golden(path: Path = GOLDEN) -> list[GoldenSentence]:
    """Read sentences, one a line, with questions and answers in turn behind tabs."""
    sentences = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text, *rest = line.split("\t")
        sentences.append(GoldenSentence(text, tuple(zip(rest[::2], rest[1::2], strict=True))))
    return sentences


def agrees(given: str, expected: str) -> bool:
    """Whether two answers are the same in other words: one holds the other, or they share most words."""
    return bool(contains(given, expected) or contains(expected, given) or token_f1(given, expected) >= _LEAST_F1)


def measure_rules(golden: Sequence[GoldenSentence]) -> dict[str, float]:
    """Return facts per sentence, precision and recall of the rules."""
    n_facts = n_right = 0
    found_pairs: set[tuple[str, str]] = set()
    for sentence, facts in _facts(golden):
        for fact in facts:
            hits = [expected for expected in sentence.expected if agrees(fact.answer, expected[1])]
            n_facts += 1
            n_right += bool(hits)
            found_pairs.update((sentence.text, question) for question, _ in hits)
    n_expected = sum(len(sentence.expected) for sentence in golden)
    return {
        "facts per sentence": round(n_facts / len(golden), 3),
        "precision": round(n_right / n_facts, 3) if n_facts else 0.0,
        "recall": round(len(found_pairs) / n_expected, 3),
    }


def measure_candidates(golden: Sequence[GoldenSentence]) -> dict[str, float]:
    """Return candidates per sentence, and the share of expected answers among them."""
    casing = Casing()
    for sentence in golden:
        casing.learn(sentence.text)
    n_candidates = n_found = 0
    for sentence in golden:
        texts = [
            sentence.text[candidate.start : candidate.end] for candidate in answer_candidates(sentence.text, casing)
        ]
        n_candidates += len(texts)
        n_found += sum(any(agrees(text, answer) for text in texts) for _, answer in sentence.expected)
    n_expected = sum(len(sentence.expected) for sentence in golden)
    return {"candidates per sentence": round(n_candidates / len(golden), 3), "recall": round(n_found / n_expected, 3)}


def _facts(golden: Sequence[GoldenSentence]) -> Iterator[tuple[GoldenSentence, list[Fact]]]:
    """Yield each sentence with the facts that the rules read in it, on pages of twenty paragraphs."""
    pages = [golden[start : start + _PAGE_SENTENCES] for start in range(0, len(golden), _PAGE_SENTENCES)]
    texts = ["\n\n".join(sentence.text for sentence in page) for page in pages]
    document = Document(
        sha256="0" * 64,
        doc="golden.txt",
        collection="golden",
        source="golden.txt",
        title="Golden sentences",
        unit="page",
        metadata={},
        n_pages=len(pages),
        status="indexed",
        size_bytes=1,
        ingested_at="2026-01-01T00:00:00Z",
    )
    facts = list(read_facts(document, (Page(index=index, text=text) for index, text in enumerate(texts))))
    for index, page in enumerate(pages):
        start = 0
        for sentence in page:
            end = start + len(sentence.text)
            quotes = [(fact, fact.evidence[0]) for fact in facts if fact.evidence[0].page == index]
            yield sentence, [fact for fact, quote in quotes if start <= quote.start < end]
            start = end + 2


def main() -> None:
    """Print both measurements as one JSON document."""
    golden = read_golden()
    expected_count = sum(len(sentence.expected) for sentence in golden)
    report = {
        "sentences": len(golden),
        "expected": expected_count,
        "rules": measure_rules(golden),
        "candidates": measure_candidates(golden),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
