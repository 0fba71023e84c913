"""Measures of a comparison that a small model provides: likeness of meaning, and support by the evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from core.settings import SynthSettings
from finetune.compare.questions import GoldQuestion
from finetune.compare.tables import Scorer
from rag.embed.base import Embedder
from rag.search.similar import Similarity
from synth.check.grounding import GroundingScorer, LexicalScorer, NliScorer


def model_scorers(
    *, similarity: bool, grounding: bool, embedder: Callable[[], Embedder], settings: SynthSettings
) -> dict[str, Scorer]:
    """Return the measures that are asked for.

    Args:
        similarity: Cosine of reply and gold answer under the collection's embedder.
        grounding: How well a question's evidence supports the reply; nan where it has none.
        embedder: Opens it, if it is needed.
        settings: `grounding` and `nli_model` are read.
    """
    scorers: dict[str, Scorer] = {}
    if similarity:
        cosines = Similarity(embedder())
        scorers["similarity"] = lambda replies: [
            cosines(question.answer or "", [text])[0] if text else 0.0 for question, text in replies
        ]
    if grounding:
        grounder: GroundingScorer = NliScorer(settings.nli_model) if settings.grounding == "nli" else LexicalScorer()
        scorers["grounding"] = lambda replies: _grounded(grounder, replies)
    return scorers


def _grounded(grounder: GroundingScorer, replies: Sequence[tuple[GoldQuestion, str]]) -> list[float]:
    evidence = ["\n".join(citation.quote for citation in question.evidence) for question, _ in replies]
    scores = grounder.scores((text, proof) for (_, text), proof in zip(replies, evidence, strict=True))
    return [value if proof else math.nan for value, proof in zip(scores, evidence, strict=True)]
