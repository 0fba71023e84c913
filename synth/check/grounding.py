"""Scores how well evidence supports a claim, in [0, 1]: by words, or by a model of natural-language inference."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, Protocol

from core.errors import ConfigError
from core.machine.install import missing_extra
from core.reading.text.words import stated_numbers, stem, terms, words
from synth.check.base import CheckResult
from synth.facts.english.values import SMALL_NUMBERS, TENS
from synth.work.candidate import QuestionCandidate

_NAME = re.compile(r"(?<!^)(?<![.?!:]\s)\b[A-Z][\w’'-]+|\b\w*\d\w*")
_NAME_WEIGHT = 2.0
_SPELLED = frozenset((*SMALL_NUMBERS, *TENS))
# A claim with a number that the evidence does not state is no better grounded than this.
_FOREIGN_NUMBER = 0.3
_BATCH = 16
_HELD = 256  # the phrasings of a fact make one claim of one text
_MOST_TOKENS = 512


class GroundingScorer(Protocol):
    """Scores claims against evidence."""

    def scores(self, pairs: Iterable[tuple[str, str]]) -> Iterator[float]:
        """Yield, for each (claim, evidence), how well the evidence supports the claim, in [0, 1], in order."""
        ...


class LexicalScorer:
    """Share of the claim's content words that are in the evidence; names and numbers count twice.

    A number that is not in the evidence caps the score at 0.3, because the words around a wrong figure mostly match.
    """

    def scores(self, pairs: Iterable[tuple[str, str]]) -> Iterator[float]:
        """Yield a score for each pair."""
        return (_by_words(claim, evidence) for claim, evidence in pairs)


@lru_cache(maxsize=_HELD)
def _by_words(claim: str, evidence: str) -> float:
    needed = set(terms(claim))
    if not needed:
        return 0.0
    named = {stem(word) for name in _NAME.findall(claim) for word in words(name)}
    present = set(terms(evidence))
    weights = {term: _NAME_WEIGHT if term in named or term[0].isdigit() else 1.0 for term in needed}
    share = sum(weights[term] for term in needed & present) / sum(weights.values())
    foreign = (stated_numbers(claim) - stated_numbers(evidence)) or (_SPELLED & set(words(claim))) - set(
        words(evidence)
    )
    missing_names = {term for term in named & needed if term not in present and not term[0].isdigit()}
    return min(share, _FOREIGN_NUMBER) if foreign else share * (0.5 if missing_names else 1.0)


@dataclass(frozen=True)
class NliScorer:
    """Probability of entailment under a cross-encoder for natural-language inference.

    Attributes:
        name: Folder or Hub id of a sequence classifier with a label that begins with "entail".

    Raises:
        MissingExtra: transformers and torch are not installed.
        ConfigError: The model has no such label, or cannot be loaded.
    """

    name: str

    def scores(self, pairs: Iterable[tuple[str, str]]) -> Iterator[float]:
        """Yield a score for each pair; the evidence is cut to what the model reads."""
        stream = iter(pairs)
        while batch := list(islice(stream, _BATCH)):
            yield from self._batch(batch)

    def _batch(self, batch: list[tuple[str, str]]) -> list[float]:
        tokenizer, model, entailed = self._loaded
        import torch

        inputs = tokenizer(
            [evidence for _, evidence in batch],
            [claim for claim, _ in batch],
            truncation="only_first",
            max_length=_MOST_TOKENS,
            padding=True,
            return_tensors="pt",
        )
        with torch.inference_mode():
            return [float(row[entailed]) for row in model(**inputs).logits.float().softmax(-1)]

    @cached_property
    def _loaded(self) -> tuple[Any, Any, int]:
        if not self.name:
            message = "synth.grounding = nli needs synth.nli_model"
            raise ConfigError(message, hint="kb synth --set synth.nli_model=FOLDER")
        if importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None:
            raise missing_extra("synth.grounding = nli", "train")
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(self.name)
            model = AutoModelForSequenceClassification.from_pretrained(self.name).eval()
        except (OSError, ValueError) as error:
            raise ConfigError(f"synth.nli_model {self.name}: {error}", hint="kb config show") from error
        labels = {index: str(label).casefold() for index, label in model.config.id2label.items()}
        entailed = next((index for index, label in labels.items() if label.startswith("entail")), None)
        if entailed is None:
            message = f"synth.nli_model {self.name}: no label “entailment” among {', '.join(labels.values())}"
            raise ConfigError(message, hint="kb config show")
        return tokenizer, model, int(entailed)


@dataclass(frozen=True, slots=True)
class GroundingCheck:
    """Drops facts whose statement the passage and its headings do not support; the figure is the score."""

    scorer: GroundingScorer
    least: float

    @property
    def name(self) -> str:
        """Name of the stage."""
        return "grounding"

    def run(self, candidates: Iterable[QuestionCandidate]) -> Iterator[tuple[QuestionCandidate, CheckResult]]:
        """Yield every candidate with its result."""
        stream = iter(candidates)
        while batch := list(islice(stream, _BATCH)):
            scores = self.scorer.scores(
                (f"{candidate.fact.statement} {candidate.fact.answer}", candidate.about) for candidate in batch
            )
            for candidate, score in zip(batch, scores, strict=True):
                reason = f"grounding score {score:.2f} is below {self.least}" if score < self.least else ""
                yield candidate, CheckResult(reason, score)
