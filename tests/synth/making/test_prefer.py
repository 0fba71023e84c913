"""Preference pairs: the better answer leads in grounding, lengths are alike, and near-equal pairs are dropped."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.reading.passages import KEY_SHAPE
from core.types import Preference
from synth.check.grounding import LexicalScorer
from synth.making.prefer import Preferences, weighed
from synth.making.prompted import fault
from synth.making.render import Renderer
from synth.work.kinds import PREFERENCE_KINDS
from tests.support.club import candidate, sha256_of


@pytest.fixture
def maker(work):
    return Preferences(work, Renderer(work, seed=0, distractors=2, mode="knowledge"), LexicalScorer(), 0.1)


@pytest.fixture
def asked(work):
    museum = work.stretch(sha256_of("museum.pdf"), 0, 0, 80, chunk="m")
    return replace(candidate(work), hits=(museum,))


@pytest.mark.parametrize("kind", PREFERENCE_KINDS)
def test_a_pair_keeps_its_promises_or_has_a_reason(maker, asked, kind):
    pair, reason = maker.pair(asked, kind)
    if pair is None:
        assert reason.startswith(("length ratio", "chosen and rejected", "grounding"))
        return
    assert reason == ""
    assert pair.chosen != pair.rejected
    assert fault(pair.chosen, pair.context) == ""
    assert 0.8 <= pair.checks["length_ratio"] <= 1.25
    assert pair.checks["chosen_grounding"] - pair.checks["rejected_grounding"] >= 0.1


def test_a_corrupted_pair_changes_the_figure_and_keeps_the_key(maker, asked):
    pair, _ = maker.pair(asked, "corrupted")
    assert pair is not None
    assert "14 racks" in pair.chosen
    assert "14 racks" not in pair.rejected
    assert re.findall(KEY_SHAPE, pair.chosen) == re.findall(KEY_SHAPE, pair.rejected) != []


def test_a_counterfactual_passage_is_obeyed(maker, asked):
    pair, _ = maker.pair(asked, "counterfactual")
    assert pair is not None
    assert "14 racks" not in pair.chosen
    assert "14 racks" not in pair.context
    assert "14 racks" in pair.rejected


def test_without_distractors_nothing_is_unsupported(maker, work):
    assert maker.pair(candidate(work), "unsupported") == (None, "")


def preference(chosen: str, rejected: str, context: str = "") -> Preference:
    return Preference(
        id="p",
        kind="corrupted",
        prompt="q",
        context=context,
        chosen=chosen,
        rejected=rejected,
        group="g",
        split="train",
        fact="",
        origin="rules",
    )


@pytest.mark.parametrize(
    ("chosen", "rejected", "reason"),
    [
        ("a b c d e f g h", "a", "length ratio"),
        (
            "The club has fourteen racks in all.",
            "The club has fourteen racks in all. ",
            "chosen and rejected are 100% equal",
        ),
        ("Boats of all kinds.", "Sails of the north.", "grounding 0.00 against 0.00"),
    ],
)
def test_why_a_pair_is_dropped(chosen, rejected, reason):
    pair, why = weighed(preference(chosen, rejected), ("x", "y"), "14", LexicalScorer(), 0.1)
    assert pair is None
    assert why.startswith(reason)
