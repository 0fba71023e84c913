"""Splits: whatever the rows, no group and no fact's only recalled phrasing is torn, and shares are kept."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import Pair
from synth.dataset.holdout import assigned, first_of_each, pins
from synth.dataset.leaks import Linked
from synth.dataset.split import nearest, prove
from synth.work.components import components
from synth.work.kinds import RECALLED
from synth.work.workspace import SynthTables

kinds = st.sampled_from(["closed-book", "evidence", "abstain", "instruction"])
# Per fact, per cluster of phrasings, the kinds of its rows.
facts = st.lists(st.lists(st.lists(kinds, min_size=1, max_size=3, unique=True), min_size=1, max_size=5), max_size=20)


def filled(work: SynthTables, shape: list[list[list[str]]]) -> list[Pair]:
    made = [
        Pair(
            id=f"{fact}.{cluster}.{kind}",
            kind=kind,
            question=f"Question {cluster} about thing {fact}?",
            answer="14",
            context="",
            evidence=(),
            fact=f"fact{fact}",
            group=f"fact{fact}.{cluster}",
            split="train",
        )
        for fact, clusters in enumerate(shape)
        for cluster, held in enumerate(clusters)
        for kind in held
    ]
    for pair in made:
        work.add_row(pair, "c", np.ones(4, dtype=np.float32).tobytes())
    return made


@given(facts, st.sampled_from([0.0, 0.1, 0.3]), st.sampled_from([0.0, 0.1, 0.3]))
@settings(max_examples=60)
def test_knowledge_mode_holds_out_phrasings_of_facts_that_train(shape, val, test):
    with tempfile.TemporaryDirectory() as folder:
        work = SynthTables(Path(folder) / "w.sqlite", 0)
        made = filled(work, shape)
        proof = prove(work, mode="knowledge", val_share=val, test_share=test)
        assert proof.shared_groups == proof.shared_grams == 0
        rows = list(work.records("rows"))
        splits, trained, sizes = defaultdict(set), defaultdict(set), defaultdict(int)
        for row in rows:
            splits[row["group"]].add(row["split"])
            sizes[row["split"]] += 1
            if row["split"] == "train":
                trained[row["fact"]].add(row["kind"])
        assert len(rows) == len(made)
        assert all(len(found) == 1 for found in splits.values())
        for row in rows:
            if row["split"] != "train":
                assert trained[row["fact"]]
                if row["kind"] in RECALLED:
                    assert trained[row["fact"]] & RECALLED
        largest = max((len(held) for clusters in shape for held in clusters), default=0)
        for name, share in (("val", val), ("test", test)):
            assert sizes[name] < share * len(made) + largest + 1e-9 or not sizes[name]
        assert all(near["cosine"] == 4.0 for near in nearest(work))
        work.close()


def test_a_question_that_trains_word_for_word_is_not_held_out(tmp_path):
    work = SynthTables(tmp_path / "w.sqlite", 0)
    for fact in range(4):
        for cluster in range(3):
            question = "The very same question?" if fact == 0 else f"Question {cluster} about {fact}?"
            work.add_row(
                Pair(
                    id=f"{fact}.{cluster}",
                    kind="closed-book",
                    question=question,
                    answer="14",
                    context="",
                    evidence=(),
                    fact=f"f{fact}",
                    group=f"f{fact}.{cluster}",
                    split="train",
                ),
                "c",
            )
    proof = prove(work, mode="knowledge", val_share=0.0, test_share=0.4)
    held = [row for row in work.records("rows") if row["split"] == "test"]
    assert proof.shared_grams == 0
    assert held
    assert all(row["question"] != "The very same question?" for row in held)
    work.close()


edges = st.lists(st.tuples(st.integers(0, 19), st.integers(0, 19)), max_size=30)


@given(edges)
def test_components_are_those_of_the_graph(found):
    labels = components(20, [np.array(found, dtype=np.uint32).reshape(-1, 2)])
    reach = {node: {node} for node in range(20)}
    for left, right in found:
        merged = reach[left] | reach[right]
        for node in merged:
            reach[node] = merged
    for node in range(20):
        assert labels[node] == min(reach[node])


texts = st.text(alphabet="abcde ", max_size=12)


@given(st.lists(st.tuples(texts, texts, st.sampled_from(["", "one", "two"])), min_size=1, max_size=12))
def test_rows_of_one_document_or_question_stay_together(rows):
    linked = Linked()
    for question, answer, document in rows:
        linked.add(documents=[document] if document else [], question=question, answer=answer, context="", turns=())
    groups = linked.groups()
    for one, (question, _, document) in enumerate(rows):
        for other, (asked, _, named) in enumerate(rows):
            if (document and document == named) or (question.split() and question.split() == asked.split()):
                assert groups[one] == groups[other]


def test_rows_on_one_passage_stay_together_and_others_do_not():
    passage = "The boathouse of the rowing club has fourteen racks for eight boats and two slips"
    linked = Linked()
    for context in (
        passage,
        f"Before it. {passage}. After it.",
        "Nothing of the kind is said in this text",
    ):
        linked.add(documents=[], question="What?", answer="", context=context, turns=())
    assert list(linked.groups()) == [0, 0, 2]


@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=60),
    st.sampled_from([0.0, 0.1, 0.25]),
    st.sampled_from([0.0, 0.1, 0.25]),
    st.integers(0, 5),
)
def test_groups_are_assigned_whole(drawn, val, test, seed):
    labels = [drawn.index(label) for label in drawn]  # a group is named by its first row
    groups = np.array(labels, dtype=np.uint32)
    wanted = np.ones(len(groups), dtype=np.bool_)
    fixed = np.zeros(len(groups), dtype=np.int64)
    found = assigned(groups, wanted, fixed, val=val, test=test, seed=seed)
    assert set(found) == set(labels)
    assert found == assigned(groups, wanted, fixed, val=val, test=test, seed=seed)
    for split, share in (("val", val), ("test", test)):
        size = sum(labels.count(label) for label in found if found[label] == split)
        assert size <= max(1.5 * share * len(labels), len(labels) / 4)
        assert share or not size


def test_pinned_groups_stay_and_torn_ones_are_told():
    groups = np.array([0, 0, 2, 2, 4], dtype=np.uint32)
    fixed, clash = pins(groups, np.array([1, 0, 3, 1, 0]))
    assert list(fixed[[0, 2, 4]]) == [1, 0, 0]
    assert list(clash[[0, 2, 4]]) == [False, True, False]
    assert list(first_of_each(np.array([5, 5, 7], dtype=np.uint64))) == [True, False, True]


def test_validation_and_test_fill_at_one_pace(tmp_path):
    work = SynthTables(tmp_path / "w.sqlite", 0)
    filled(work, [[["closed-book"]] * 8] * 12)  # one phrasing of eight can be spared of every fact
    prove(work, mode="knowledge", val_share=0.1, test_share=0.2)
    assert (work.count("rows", "split='val'"), work.count("rows", "split='test'")) == (4, 8)
