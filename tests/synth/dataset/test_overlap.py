"""Document mode: held-out rows that share thirteen words with training are dropped, and the split is then clean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import Pair, Preference, Split
from synth.dataset.split import follow, hold_out, prove
from synth.work.workspace import SynthTables

LONG = "the annual licence of a racing shell costs forty five euros and is due on the first of may"


def row(row_id: str, split: Split, answer: str = "x", context: str = "", group: str = "", question: str = "") -> Pair:
    return Pair(
        id=row_id,
        kind="evidence",
        question=question or f"What is said in {row_id}?",
        answer=answer,
        context=context,
        evidence=(),
        fact=f"f{row_id}",
        group=group or row_id,
        split=split,
    )


@pytest.fixture
def work(tmp_path):
    work = SynthTables(tmp_path / "w.sqlite", 0)
    yield work
    work.close()


def test_a_held_out_row_with_a_run_of_a_training_row_is_dropped(work):
    work.add_row(row("a", "train", context=LONG), "c")
    work.add_row(row("b", "test", answer=f"It says that {LONG}."), "c")
    work.add_row(row("c", "test", answer="It says nothing of the kind."), "c")
    proof = prove(work, mode="document", val_share=0.1, test_share=0.1)
    assert (proof.dropped, proof.shared_grams, proof.shared_groups) == (1, 0, 0)
    assert {record["id"] for record in work.records("rows")} == {"a", "c"}
    (dropped,) = work.records("rejected")
    assert (dropped["id"], dropped["check"]) == ("b", "overlap")


def test_validation_and_test_may_not_share_either(work):
    work.add_row(row("a", "val", context=LONG), "c")
    work.add_row(row("b", "test", context=LONG), "c")
    assert prove(work, mode="document", val_share=0.1, test_share=0.1).dropped == 1
    assert [record["id"] for record in work.records("rows")] == ["b"]


def test_twelve_shared_words_are_no_overlap(work):
    twelve = " ".join(LONG.split()[:12])
    work.add_row(row("a", "train", context=twelve), "c")
    work.add_row(row("b", "test", context=twelve), "c")
    assert prove(work, mode="document", val_share=0.1, test_share=0.1).dropped == 0


def test_a_group_on_two_sides_is_counted(work):
    work.add_row(row("a", "train", group="g"), "c")
    work.add_row(row("b", "test", group="g"), "c")
    assert prove(work, mode="document", val_share=0.1, test_share=0.1).shared_groups == 1


def test_preferences_follow_the_rows_of_their_group(work):
    work.add_row(row("a", "test", group="g"), "c")
    for number, group in enumerate(("g", "none")):
        work.add_preference(
            Preference(
                id=f"p{number}",
                kind="corrupted",
                prompt="q",
                context="",
                chosen="a",
                rejected="b",
                group=group,
                split="train",
                fact="",
                origin="rules",
            )
        )
    follow(work)
    assert [record["split"] for record in work.records("preferences")] == ["test", "train"]


def test_nothing_is_held_out_without_a_share(work):
    for cluster in range(3):
        work.add_row(row(f"a{cluster}", "train", group=f"g{cluster}"), "c")
    hold_out(work, val_share=0.0, test_share=0.0)
    assert work.count("rows", "split<>'train'") == 0


sentences = st.lists(st.sampled_from(LONG.split()), min_size=1, max_size=20).map(" ".join)


@given(st.lists(st.tuples(st.sampled_from(["train", "val", "test"]), sentences), min_size=1, max_size=8))
@settings(max_examples=25)
def test_whatever_the_rows_no_run_of_thirteen_words_remains(tmp_path_factory, rows):
    work = SynthTables(tmp_path_factory.mktemp("w") / "w.sqlite", 0)
    for number, (split, text) in enumerate(rows):
        work.add_row(row(str(number), split, context=text), "c")
    proof = prove(work, mode="document", val_share=0.1, test_share=0.1)
    assert proof.shared_grams == 0
    runs: dict[str, set[str]] = {"train": set(), "val": set(), "test": set()}
    for record in work.records("rows"):
        words = record["context"].split()
        runs[record["split"]] |= {" ".join(words[at : at + 13]) for at in range(len(words) - 12)}
    assert not runs["train"] & (runs["val"] | runs["test"])
    assert not runs["val"] & runs["test"]
    work.close()
