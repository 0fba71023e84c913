"""Preference pairs: the better answer leads in grounding, lengths are alike, and near-equal pairs are dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.reading.extractive import ABSTENTION
from core.types import Pair, Preference
from synth.check.grounding import LexicalScorer
from synth.making.prefer import Preferences, policy_preference, weighed
from synth.making.prompted import fault
from synth.making.render import Renderer
from synth.work.kinds import PREFERENCE_KINDS
from tests.support.club import candidate, filled, sha256_of


@pytest.fixture
def work(tmp_path):
    work = filled(tmp_path)
    yield work
    work.close()


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
    assert pair.chosen.rpartition("[[")[2] == pair.rejected.rpartition("[[")[2]


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


def grounded(work) -> Pair:
    renderer = Renderer(work, seed=0, distractors=2, mode="knowledge")
    row = renderer.row(candidate(work), "evidence")
    assert row is not None
    return row


def test_the_policys_wrong_answer_loses(work):
    row = grounded(work)
    wrong = "The boathouse of the Rowing Club has 19 racks for 40 boats."
    pair, reason = policy_preference(row, "policy-memory", wrong, LexicalScorer(), 0.1)
    assert reason == ""
    assert pair is not None
    assert (pair.chosen, pair.rejected, pair.kind) == (row.answer, wrong, "policy-memory")


def test_a_right_policy_gives_no_pair(work):
    pair, reason = policy_preference(grounded(work), "policy-memory", "It has 14 racks.", LexicalScorer(), 0.1)
    assert (pair, reason) == (None, "the policy is right")


def test_an_abstaining_policy_is_not_grounded_where_the_passage_answers(work):
    pair, reason = policy_preference(grounded(work), "policy-distractors", ABSTENTION * 3, LexicalScorer(), 0.1)
    assert pair is not None or reason.startswith("length ratio")


def test_other_kinds_and_rows_without_passages_are_refused(work):
    row = grounded(work)
    with pytest.raises(ValueError, match="kind 'corrupted'"):
        policy_preference(row, "corrupted", "x", LexicalScorer(), 0.1)
    with pytest.raises(ValueError, match="without passages"):
        policy_preference(replace(row, context=""), "policy-memory", "x", LexicalScorer(), 0.1)
