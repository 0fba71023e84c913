"""Measures that a small model provides: only those that are asked for, and nothing where there is no evidence."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from core.settings import SynthSettings
from core.types import Citation
from finetune.compare.questions import GoldQuestion
from kb.comparison.arms import ArmFactory
from kb.comparison.scorers import model_scorers
from kb.workspace import Workspace
from rag.embed.base import Embedder

PROOF = Citation(doc="a.md", sha256="0", page=0, start=0, end=26, quote="The rent is 1,450 dollars.")
QUESTION = GoldQuestion(id="a", text="What is the rent?", answer="1,450 dollars", evidence=(PROOF,))


def _not_needed() -> Embedder:
    raise AssertionError("opened without need")


def test_support_is_by_the_evidence_of_each_question() -> None:
    scorers = model_scorers(similarity=False, grounding=True, embedder=_not_needed, settings=SynthSettings())
    assert set(scorers) == {"grounding"}
    asked = [
        (QUESTION, "The rent is 1,450 dollars."),
        (QUESTION, "Swans nest in May."),
        (replace(QUESTION, evidence=()), "1,450 dollars"),
    ]
    right, wrong, unknown = scorers["grounding"](asked)
    assert right > 0.9 > 0.4 > wrong and math.isnan(unknown)
    assert model_scorers(similarity=False, grounding=False, embedder=_not_needed, settings=SynthSettings()) == {}


@pytest.mark.weights
def test_likeness_is_by_the_embedder_of_the_collection(stocked: Workspace) -> None:
    factory = ArmFactory(stocked)
    scorers = model_scorers(
        similarity=True, grounding=False, embedder=lambda: factory.knowledge.embedder, settings=SynthSettings()
    )
    like, unlike, nothing = scorers["similarity"](
        [(QUESTION, "It is 1,450 dollars."), (QUESTION, "Swans nest in May."), (QUESTION, "")]
    )
    assert like > unlike and nothing == 0.0
