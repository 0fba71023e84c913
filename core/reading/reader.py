"""Which sentences of a few passages answer a question, by words alone or with an embedder's help.

A linear score over features that a person can check: rare question words in the sentence and around it, phrases,
the kind of answer the question word asks for. `bench/abstain.py` fits the weights on the calibration half of public
question sets.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from core.language.answer_kinds import Expectation, expectation
from core.language.english.questions.asking import ASKS_FOR_PLACE, TITLED
from core.reading.passages import Passage
from core.reading.text.sentences import Sentence, sentences_of
from core.reading.text.values import value_keys, values
from core.reading.text.words import is_empty, listed_stems, same_name, stem, wider, words

# Maps a question and n texts to n cosines.
Cosines = Callable[[str, Sequence[str]], Sequence[float]]

FEATURES = (
    "coverage",  # question terms in the sentence, weighted by rarity
    "context",  # the same, in the sentence, the one before, its heading and the passage's source
    "phrases",  # neighbouring question terms that are neighbours in the sentence
    "known",  # names, codes and numbers of the question, anywhere in the passages: tells what the question is not of
    "expected",  # the kind of answer asked for is there, or none is
    "news",  # content words that the question has not
    "rank",  # the passage's place
    "short",
    "long",
    "heading",  # unless a heading is asked for
    "question",  # it is itself a question
    "cosine",  # to the question, where an embedder is given
)
# Fitted by `python -m bench.abstain --fit`, which also prints held-out figures. Headings and questions are too rare
# in that data: their weights are set. The cosine changes what the words are worth, so there are two sets.
# Fitted while shared words weighed in full: fitted anew, they lose a point or two on filings and papers alike.
WEIGHTS = (4.5, 3.4, 1.7, 0.0, 1.4, 0.6, 2.0, -0.5, -0.6, -2.0, -0.5, 0.0)
WEIGHTS_EMBED = (2.8, 3.9, 1.4, 0.0, 1.4, 0.9, 1.3, -0.2, -0.2, -2.0, -0.5, 5.2)

_NAME_BONUS = 1.5  # names, codes and numbers identify: they weigh more than their rarity in a few passages tells
_NAMING_SHARE = 0.1  # of a term's weight, where it names the one document that all passages are of
_SHARED_DISCOUNT = 0.8  # of a term's weight, where all of several passages hold it
_PASSAGES_HELD = 256
# Kinds of answers that are values; those of the second row may be bare figures.
_VALUES = frozenset(("phone", "email", "time", "duration", "date", "money", "number", "percent"))
_NUMERIC = frozenset(("money", "number", "percent"))
_EMBEDDED = 16  # sentences that are worth an embedding, best by words
_NAME = re.compile(r"(?<!^)(?<![.?!]\s)\b[A-Z][\w’'-]*|\b[A-Z][A-Z\d]+\b|\b\w*\d\w*|(?<=[\"“])[^\"”]+(?=[\"”])")
# Words that say how to answer, not what about.
_EMPTY = listed_stems("request")
# A line of a table of contents: it says where something stands, and is asked for by few questions.
_CONTENTS_ENTRY = re.compile(r"(?:\.\s?){3,}\s*(?:\d+|[ivxlc]+)\s*$")


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart.

    Attributes:
        terms: Distinct stems of its content words, in order.
        pairs: Neighbouring stems, for phrase matches.
        names: Stems of its capitalised, quoted and numbered words.
        expected: The kind of answer it asks for, if its words tell.
        titled: Whether it asks for what a heading says.
    """

    terms: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    names: frozenset[str]
    expected: Expectation | None
    titled: bool


def read_question(question: str) -> Question:
    """Take a question apart."""
    keys, rest = _values_of(question)
    every = [stem(word) for word in words(rest) if not is_empty(word)]
    stems = [word_stem for word_stem in every if word_stem not in _EMPTY] or every
    stems += [key for key in keys if key not in stems]
    names = frozenset(stem(word) for part in _NAME.findall(question) for word in words(part) if not is_empty(word))
    names -= {"i"}
    return Question(
        terms=tuple(dict.fromkeys(stems)),
        pairs=frozenset(pairwise(stems)),
        names=names,
        expected=expectation(question),
        titled=bool(TITLED.search(question)),
    )


def _values_of(question: str) -> tuple[list[str], str]:
    """The keys of a question's scaled numbers and times, and the question without their words ("1.25 million")."""
    keys: list[str] = []
    for value in reversed(values(question)):
        text = question[value.start : value.end]
        large = value.amount is not None and abs(value.amount) >= 1000
        worded = re.search(r"\d\s?[^\W\d_]{2,}", text) is not None and value.key.rstrip("%") not in words(text)
        if value.kind == "time" or (large and worded):
            keys.append(value.key)
            question = f"{question[: value.start]} {question[value.end :]}"
        elif value.kind == "date" and len(value.key) == 10:
            keys.append(value.key)
    return keys[::-1], question


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may answer.

    Attributes:
        passage: Index of its passage.
        sentence: Its span there.
        features: Values in the order of `FEATURES`.
        score: Weighted sum of the features; comparable within one question.
    """

    passage: int
    sentence: Sentence
    features: tuple[float, ...]
    score: float


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence of a passage with its words, made once."""

    sentence: Sentence
    text: str
    stems: tuple[str, ...]
    around: frozenset[str]


@lru_cache(maxsize=_PASSAGES_HELD)
def _units(source: str, text: str) -> tuple[_Unit, ...]:
    """Cut a passage; kept, because several questions are asked of the same one."""
    units = []
    before = tuple(map(stem, words(source)))
    named = frozenset(before)
    for sentence in sentences_of(text):
        piece = text[sentence.start : sentence.end]
        stems = tuple(map(stem, words(piece)))
        stems += tuple(value_keys(piece).difference(stems))
        governing = " ".join(text[slice(*span)] for span in (sentence.header, sentence.label) if span)
        around = named.union(before, map(stem, words(governing)))
        units.append(_Unit(sentence, piece, stems, around))
        before = stems
    return tuple(units)


def _alike(term: str, vocabulary: frozenset[str]) -> frozenset[str]:
    """Return the stems that begin like a term, "production" for "product", and wider ones: "pet" for "dog"."""
    if len(term) < 5 or not term.isalpha():
        return wider(term) & vocabulary
    root = term[: max(5, len(term) - 3)]
    begun = frozenset(word for word in vocabulary if word.startswith(root) and len(word) - len(term) < 5)
    return begun | (wider(term) & vocabulary)


@dataclass(frozen=True, slots=True)
class _Term:
    """A question term: what it weighs, and which stems of the passages count half for it."""

    stem: str
    weight: float
    alike: frozenset[str]

    def worth(self, stems: frozenset[str]) -> float:
        """The weight where the term is among the stems, half of it where one begins alike, else nothing."""
        as_named = self.stem in stems or not same_name(self.stem).isdisjoint(stems)
        return self.weight * (1.0 if as_named else 0.0 if self.alike.isdisjoint(stems) else 0.5)


def _rarity(question: Question, units: Sequence[tuple[int, _Unit]], passages: Sequence[Passage]) -> dict[str, float]:
    """Share of each question term in what the question is about: BM25's inverse frequency over the sentences.

    A term weighs less the more passages hold it: "according to the March report" must not choose among the sentences
    of that report. It keeps a part, for a question may have no other words.
    """
    sentence_counts = Counter(term for _, unit in units for term in set(unit.stems).intersection(question.terms))
    passage_stems = [set(map(stem, words(passage.source))) for passage in passages]
    # The document's own name is said everywhere in it.
    naming = set.intersection(*passage_stems) if passage_stems else set()
    for index, unit in units:
        passage_stems[index].update(unit.stems)
    holding = Counter(term for stems in passage_stems for term in stems.intersection(question.terms))
    idf = {
        term: math.log(1 + (len(units) - sentence_counts[term] + 0.5) / (sentence_counts[term] + 0.5))
        * (1 - _SHARED_DISCOUNT * max(0, holding[term] - 1) / max(1, len(passages) - 1))
        * (_NAMING_SHARE if term in naming else _NAME_BONUS if term in question.names else 1.0)
        for term in question.terms
    }
    total = sum(idf.values()) or 1.0
    return {term: value / total for term, value in idf.items()}


def expects(question: Question, text: str) -> bool:
    """Whether a text holds the kind of answer that a question asks for; True where its words do not tell."""
    return _expected(question, text) > 0


def gives_value(question: Question, text: str) -> bool:
    """Whether a text holds a value of the kind that a question asks for; True where what it asks for is no value."""
    if question.expected is None or question.expected.kind not in _VALUES:
        return True
    numeric = question.expected.kind in _NUMERIC and any(sign.isdigit() for sign in text)
    return numeric or expects(question, text)


def _expected(question: Question, text: str) -> float:
    """1 where the sentence holds what the question word asks for, other than by repeating the question."""
    if question.expected is None:
        return 1.0
    for match in question.expected.gives.finditer(text):
        match_stems = {stem(word) for word in words(match[0])}
        if not match_stems or match_stems - set(question.terms):
            return 1.0
    return 0.0


def _share(names: frozenset[str], vocabulary: frozenset[str]) -> float:
    known = sum(name in vocabulary or not same_name(name).isdisjoint(vocabulary) for name in names)
    return known / len(names) if names else 1.0


def _features(question: Question, unit: _Unit, passage: int, terms: Sequence[_Term], known: float) -> tuple[float, ...]:
    unit_stems = frozenset(unit.stems)
    near = unit_stems | unit.around
    content = [word for word in unit.stems if not is_empty(word)]
    return (
        sum(term.worth(unit_stems) for term in terms),
        sum(term.worth(near) for term in terms),
        len(question.pairs.intersection(pairwise(content))) / (len(question.pairs) or 1),
        known,
        _expected(question, unit.text),
        min(1.0, len(set(content).difference(question.terms)) / 5),
        math.exp(-passage / 3),
        float(len(unit_stems) < 4),
        min(1.0, max(0.0, len(unit.stems) / 40 - 1)),
        float(unit.sentence.kind == "heading" and not question.titled),
        float(unit.text.endswith("?")),
        0.0,
    )


def _score(features: Sequence[float], weights: Sequence[float]) -> float:
    return sum(weight * value for weight, value in zip(weights, features, strict=True))


def rank(question: str, passages: Sequence[Passage], *, cosines: Cosines | None = None) -> list[Candidate]:
    """Score the sentences of the passages, best first.

    Args:
        question: As a person asks it.
        passages: Best first; earlier ones weigh a little more.
        cosines: Maps the question and n texts to n cosines. Given it, the best sentences by words are scored again
            with their cosine, and only they are returned.
    """
    parsed = read_question(question)
    units = [(index, unit) for index, passage in enumerate(passages) for unit in _units(passage.source, passage.whole)]
    if not ASKS_FOR_PLACE.search(question):
        units = [(index, unit) for index, unit in units if not _CONTENTS_ENTRY.search(unit.text)]
    vocabulary = frozenset(word for _, unit in units for word in (*unit.stems, *unit.around))
    rarity = _rarity(parsed, units, passages)
    terms = [_Term(term, weight, _alike(term, vocabulary)) for term, weight in rarity.items()]
    known = _share(parsed.names, vocabulary)
    scored = [(index, unit, _features(parsed, unit, index, terms, known)) for index, unit in units]
    scored.sort(key=lambda entry: -_score(entry[2], WEIGHTS))
    weights = WEIGHTS
    if cosines is not None and scored:
        weights, scored = WEIGHTS_EMBED, scored[:_EMBEDDED]
        values = cosines(question, [" ".join(unit.text.split()) for _, unit, _ in scored])
        scored = [(index, unit, (*part[:-1], value)) for (index, unit, part), value in zip(scored, values, strict=True)]
    candidates = [Candidate(index, unit.sentence, part, _score(part, weights)) for index, unit, part in scored]
    return sorted(candidates, key=lambda candidate: -candidate.score)


# Logistic models of "a sentence of these passages answers", by words alone and with cosines: intercept, then one weight
# per value of `evidence`. Fitted by `python -m bench.abstain --fit` at equal numbers of both cases.
SUPPORT_WEIGHTS = (-5.67, -1.44, 4.87, 4.19, 2.56, 0.63, 2.6, 0.0)
SUPPORT_WEIGHTS_EMBED = (-10.28, 0.17, 3.91, 1.9, 2.09, 0.37, -0.44, 11.83)
_EVIDENCE = ("coverage", "context", "phrases", "known", "expected")


def evidence(ranked: Sequence[Candidate]) -> tuple[float, ...]:
    """What speaks for an answer: features of the best sentence, then the best context and cosine of any."""
    best = dict(zip(FEATURES, ranked[0].features, strict=True))
    context, cosine = FEATURES.index("context"), FEATURES.index("cosine")
    return (
        *(best[name] for name in _EVIDENCE),
        max(candidate.features[context] for candidate in ranked),
        max(candidate.features[cosine] for candidate in ranked),
    )


def has_cosines(ranked: Sequence[Candidate]) -> bool:
    """Whether a ranking was made with cosines."""
    return any(candidate.features[-1] for candidate in ranked)


def support(ranked: Sequence[Candidate]) -> float:
    """Estimate how probable it is that the passages behind a ranking answer its question, in [0, 1]."""
    if not ranked:
        return 0.0
    values = evidence(ranked)
    weights = SUPPORT_WEIGHTS_EMBED if has_cosines(ranked) else SUPPORT_WEIGHTS
    return 1 / (1 + math.exp(-_score((1.0, *values), weights)))
