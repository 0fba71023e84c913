"""Which sentences of a few passages answer a question, by words alone.

A linear score over features that a person can check: rare question words in the sentence and around it, phrases,
names, numbers, the kind of answer the question word asks for. The weights are fitted by `bench/abstain.py` on the
calibration half of public question sets. Knows passages and questions; refuses to know prompts, models and files.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kb.passages import Passage
from kb.sentences import Sentence, sentences
from kb.words import STOPWORDS, canonical, stem, words

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_COUNT = r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|half)\b"
_DURATION = (
    rf"(?:{_COUNT}).{{0,14}}\b(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|centur(?:y|ies))\b"
)
# What the question asks for, and what a sentence that gives it looks like. First match wins.
_EXPECTED: tuple[tuple[str, str, str], ...] = (
    ("percent", r"\b(?:what|which) (?:percent|percentage|share|proportion)|\bhow many percent", r"\d\s?(?:%|per ?cent)"),
    ("money", r"\bhow much (?:money|does|did|do|is|was|were)\b|\b(?:cost|price|fee|budget|revenue|income|salary|fine)s?\b",
     r"[$€£¥]\s?\d|\d.{0,12}\b(?:dollars?|euros?|pounds?|usd|eur|gbp|million|billion)\b|\d,\d{3}"),
    ("duration", r"\bhow (?:long|often|frequently|soon|old)\b|\bwhat (?:age|period|duration|interval)\b", _DURATION),
    ("date", r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade|time)\b|\bsince what\b",
     rf"\b(?:1\d|20)\d\d\b|\b(?:{_MONTH})\b|\b\d{{1,2}}[/.:]\d{{1,2}}|\bcentury\b|\b(?:mon|tues|wednes|thurs|fri|satur|sun)day"),
    ("number", r"\bhow (?:many|much|far|high|tall|large|big|deep|fast|heavy|wide|hot|cold)\b|\bwhat (?:is the )?(?:number|"
     r"amount|total|size|length|height|weight|temperature|rate|ratio|population|area|score|distance|capacity)\b", _COUNT),
    ("person", r"\bwho(?:m|se)?\b|\b(?:what|which) (?:person|man|woman|author|scientist|researcher|king|president|player|"
     r"artist|leader|team|company|group|organi[sz]ation)\b|\bname of\b", r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+"),
    ("place", r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|region|town|river|continent|location|area)\b",
     r"\b(?:in|at|from|near|to|of|on|via|under) (?:the )?[A-Z]|https?:|www\."),
    ("reason", r"\bwhy\b|\bwhat (?:caused|causes|reason|led)\b|\bhow come\b",
     r"\b(?:because|due to|owing|in order|so that|since|result|caus|reason|therefore|thus|to avoid|to ensure|reflect)"),
    ("definition", r"^(?:what|who) (?:is|are|was|were) (?:an? |the )?[\w\s-]{2,40}\??$|\bmean(?:s|ing)?\b|\bdefin",
     r"\b(?:is|are|was|were) (?:an?|the|any|one)\b|\b(?:means?|refers? to|defined as|known as|called)\b"),
    ("manner", r"^how (?:do|does|did|can|should|is|are|was|were|to)\b", r"\b(?:by|via|through|using|with|must|should|press|use)\b"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart.

    Attributes:
        terms: Distinct stems of its content words, in order.
        pairs: Neighbouring stems, for phrase matches.
        names: Stems of its capitalised words, codes and quoted words.
        numbers: Canonical numbers in it.
        expected: Pattern of the answer it asks for, or None.
    """

    terms: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    names: frozenset[str]
    numbers: frozenset[str]
    expected: re.Pattern[str] | None


@lru_cache(maxsize=16)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, 0 if "[A-Z]" in pattern else re.IGNORECASE)


# Words that say which document or how to answer, not what about.
_EMPTY = frozenset(
    stem(word) for word in "name list describe explain give state document documents according mention".split()
)


def read_question(question: str) -> Question:
    """Take a question apart."""
    tokens = [word for word in words(question) if word not in STOPWORDS]
    stems = [found for found in map(stem, tokens) if found not in _EMPTY] or [stem(word) for word in tokens]
    capitalised = re.findall(
        r"(?<!^)(?<![.?!]\s)\b[A-Z][\w’'-]*|\b\w*\d\w*\b|\b[A-Z]{2,}\b|[\"“]([^\"”]+)[\"”]", question
    )
    spelled = re.findall(r"(?<!^)(?<![.?!]\s)\b[A-Z][\w’'-]*|\b[A-Z][A-Z\d]+\b|\b[A-Za-z]+\d\w*", question)
    names = {stem(word) for part in [*spelled, *capitalised] for word in words(part) if word not in STOPWORDS}
    figures = frozenset(canonical(word) for word in tokens if re.fullmatch(r"\d+(?:,\d{3})*(?:\.\d+)?", word))
    expected = next((give for _, ask, give in _EXPECTED if re.search(ask, question, re.IGNORECASE)), None)
    return Question(
        tuple(dict.fromkeys(stems)),
        frozenset(zip(stems, stems[1:], strict=False)),
        frozenset(names),
        figures,
        _compiled(expected) if expected else None,
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer.

    Attributes:
        passage: Index of its passage.
        sentence: Its span there.
        features: Values in the order of `FEATURES`.
        score: Weighted sum of the features.
    """

    passage: int
    sentence: Sentence
    features: tuple[float, ...]
    score: float


FEATURES = (
    "coverage", "context", "source", "phrases", "names", "numbers", "expected", "news", "density", "rank",
    "passage", "short", "long", "heading", "row", "question", "cosine",
)  # fmt: skip
# Fitted by `python bench/abstain.py --fit`; see there for the data and the held-out figures.
WEIGHTS = (4.0, 2.0, 0.5, 1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 1.0, -1.0, -0.5, -1.5, -0.5, -1.5, 4.0)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence with its words, made once."""

    passage: int
    sentence: Sentence
    text: str
    stems: tuple[str, ...]
    around: frozenset[str]


def _units(passages: Sequence[Passage]) -> list[_Unit]:
    units: list[_Unit] = []
    for index, passage in enumerate(passages):
        before: tuple[str, ...] = ()
        for sentence in sentences(passage.text):
            piece = passage.text[sentence.start : sentence.end]
            stems = tuple(map(stem, words(piece)))
            governing = [passage.text[slice(*span)] for span in (sentence.header, sentence.label) if span]
            around = frozenset([*before, *map(stem, words(" ".join(governing)))])
            units.append(_Unit(index, sentence, piece, stems, around))
            before = stems
    return units


def _match(term: str, stems: frozenset[str]) -> float:
    """1 for the same stem, 0.5 for one that begins alike ("pay" does not match "paint"; "product" does "production")."""
    if term in stems:
        return 1.0
    if len(term) < 5 or not term.isalpha():
        return 0.0
    root = term[: max(5, len(term) - 3)]
    return 0.5 if any(word.startswith(root) and len(word) - len(term) < 5 for word in stems) else 0.0


def _idf(question: Question, units: Sequence[_Unit]) -> dict[str, float]:
    """Smoothed inverse frequency of each question term over the sentences; never negative (BM25's, plus 1)."""
    seen: Counter[str] = Counter()
    for unit in units:
        stems = frozenset(unit.stems)
        seen.update(term for term in question.terms if term in stems)
    return {
        term: math.log(1 + (len(units) - seen[term] + 0.5) / (seen[term] + 0.5))
        * (1.5 if term in question.names else 1.0)
        for term in question.terms
    }


def _share(wanted: frozenset[str], held: frozenset[str]) -> float:
    return len(wanted & held) / len(wanted) if wanted else 1.0


def _expected(question: Question, unit: _Unit) -> float:
    """Whether the sentence holds what the question word asks for, other than by repeating the question."""
    if question.expected is None:
        return 0.0
    asked = set(question.terms) | question.numbers
    for found in question.expected.finditer(unit.text):
        held = {stem(word) for word in words(found[0])} - STOPWORDS
        if not held or held - asked:
            return 1.0
    return 0.0


def _density(question: Question, stems: Sequence[str]) -> float:
    """Distinct question terms over the width of the stretch that holds them."""
    places = [at for at, word in enumerate(stems) if word in question.terms]
    if len(places) < 2:
        return 0.0
    return len({stems[at] for at in places}) / (places[-1] - places[0] + 1)


def _phrases(question: Question, stems: Sequence[str]) -> float:
    content = [word for word in stems if word not in STOPWORDS]
    return _share(question.pairs, frozenset(zip(content, content[1:], strict=False))) if question.pairs else 0.0


def _features(
    question: Question, unit: _Unit, idf: dict[str, float], source: frozenset[str], page: float, cosine: float
) -> tuple[float, ...]:
    held = frozenset(unit.stems)
    near = held | unit.around
    total = sum(idf.values()) or 1.0

    def coverage(stems: frozenset[str]) -> float:
        return sum(weight * _match(term, stems) for term, weight in idf.items()) / total

    new = len({word for word in held - set(question.terms) if word not in STOPWORDS})
    numeric = question.expected is not None and r"\d" in question.expected.pattern
    return (
        coverage(held),
        coverage(near),
        coverage(near | source),
        _phrases(question, unit.stems),
        _share(question.names, near | source),
        _share(question.numbers, near | source),
        _expected(question, unit),
        min(1.0, new / 5),
        _density(question, unit.stems),
        math.exp(-unit.passage / 3),
        page,
        float(len(held) < 4),
        min(1.0, max(0.0, len(unit.stems) / 40 - 1)),
        float(unit.sentence.kind == "heading"),
        float(unit.sentence.kind == "row" and not numeric),
        float(unit.text.endswith("?")),
        cosine,
    )


def rank(
    question: str, passages: Sequence[Passage], *, embed: Embed | None = None, weights: Sequence[float] = WEIGHTS
) -> list[Candidate]:
    """Score every sentence of the passages, best first.

    Args:
        question: As a person asks it.
        passages: Best first; earlier ones weigh a little more.
        embed: Maps n texts to an array (n, d) of L2-normalised vectors; adds the cosine to the question.
        weights: One per feature of `FEATURES`.
    """
    asked = read_question(question)
    units = _units(passages)
    if not units:
        return []
    idf = _idf(asked, units)
    total = sum(idf.values()) or 1.0
    sources = [frozenset(map(stem, words(passage.source))) for passage in passages]
    whole = [
        frozenset(word for unit in units if unit.passage == at for word in unit.stems) for at in range(len(passages))
    ]
    pages = [sum(weight * _match(term, stems) for term, weight in idf.items()) / total for stems in whole]
    cosines = _cosines(question, units, embed)
    candidates = []
    for unit, cosine in zip(units, cosines, strict=True):
        features = _features(asked, unit, idf, sources[unit.passage], pages[unit.passage], cosine)
        score = sum(weight * value for weight, value in zip(weights, features, strict=True))
        candidates.append(Candidate(unit.passage, unit.sentence, features, score))
    return sorted(candidates, key=lambda candidate: -candidate.score)


def _cosines(question: str, units: Sequence[_Unit], embed: Embed | None) -> list[float]:
    if embed is None:
        return [0.0] * len(units)
    vectors = embed([question, *(unit.text for unit in units)])
    return [float(value) for value in vectors[1:] @ vectors[0]]


# Logistic model of "one of the passages answers": intercept, then one weight per feature of `EVIDENCE`.
SUPPORT_WEIGHTS = (-4.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 0.5)
EVIDENCE = ("coverage", "context", "source", "phrases", "names", "numbers", "expected")


def support(question: str, ranked: Sequence[Candidate], *, weights: Sequence[float] = SUPPORT_WEIGHTS) -> float:
    """Estimate the probability that the passages answer the question from the best candidate's features."""
    if not ranked or not read_question(question).terms:
        return 0.0
    features = dict(zip(FEATURES, ranked[0].features, strict=True))
    logit = weights[0] + sum(weight * features[name] for weight, name in zip(weights[1:], EVIDENCE, strict=True))
    return 1 / (1 + math.exp(-logit))
