"""People's decisions: they hold, they can be changed, and a bad edit does not get in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError, DataError
from core.rows import read_pairs
from core.types import Alteration, Citation, Pair, Preference
from synth.dataset.review import Decision, Review, altered_lines, text_of
from synth.dataset.write import JudgedFolder, locked
from synth.dataset.write import replace as replace_rows
from tests.support.json_lines import read_jsonl

PAGE = "The club has 14 boats and 2 slips."
QUOTE = Citation(doc="club.pdf", sha256="ab", page=0, start=0, end=21, quote=PAGE[:21])
ROW = Pair(
    id="aa01",
    kind="closed-book",
    question="How many boats?",
    answer="14 boats",
    context="",
    evidence=(QUOTE,),
    fact="f",
    group="g1",
    split="train",
    checks={"schema": 1.0},
)
OTHER = replace(ROW, id="ab02", question="How many slips?", answer="2 slips", group="g2", split="test")
BETTER = Preference(id="ac03", kind="corrupted", prompt="Boats?", chosen="14", rejected="15", group="g1", split="train")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with locked(tmp_path) as dataset:
        replace_rows(dataset, [ROW, OTHER, BETTER], {"mode": "knowledge"})
    return tmp_path


def reviewing(folder: Path) -> Review:
    return Review(folder, lambda _sha256, _page: PAGE)


def decide(folder: Path, row, action, **changes):
    said = {**text_of(row), **changes} if action == "edit" else {}
    evidence = row.evidence if action == "edit" and isinstance(row, Pair) else ()
    return reviewing(folder).decide(
        Decision(id=row.id, action=action, time="2025-01-01T00:00:00Z", evidence=evidence, **said)
    )


def test_decisions_are_applied_and_counted(folder):
    decide(folder, ROW, "accept")
    decide(folder, OTHER, "reject")
    decide(folder, BETTER, "edit", answer="14 boats")
    done = reviewing(folder).apply()
    assert (done.accepted, done.edited, done.rejected) == (1, 1, 1)
    (row,) = read_pairs(folder / "pairs.jsonl")
    assert row.checks["person"] == 1.0
    assert [better.chosen for better in JudgedFolder(folder).preferences()] == ["14 boats"]
    assert done.manifest["counts"]["splits"] == {"train": 1, "val": 0, "test": 0}
    assert list(read_pairs(folder / "test.jsonl")) == []
    (aside,) = read_jsonl(folder / "rejected.jsonl")
    assert aside["check"] == "person"


def test_doing_it_twice_changes_nothing_and_a_changed_mind_brings_a_row_back(folder):
    decide(folder, OTHER, "reject")
    reviewing(folder).apply()
    before = (folder / "pairs.jsonl").read_bytes()
    reviewing(folder).apply()
    assert (folder / "pairs.jsonl").read_bytes() == before
    decide(folder, OTHER, "accept")
    done = reviewing(folder).apply()
    assert (done.accepted, done.rejected) == (1, 0)
    assert {row.id for row in read_pairs(folder / "pairs.jsonl")} == {ROW.id, OTHER.id}


def test_an_altered_passage_is_shown_and_an_edit_may_take_it_out(folder):
    alteration = Alteration(evidence=0, quote="The club has 15 boats", value="15 boats", true_value="14 boats")
    shown = "The club has 15 boats and 2 slips."
    row = replace(ROW, id="ad04", kind="contradicts", context=shown, answer="15 boats", altered=(alteration,))
    assert altered_lines(row) == ["“The club has 15 boats” has 15 boats in place of 14 boats"]
    assert altered_lines(ROW) == altered_lines(BETTER) == []
    with locked(folder) as dataset:
        replace_rows(dataset, [row, BETTER], {})
    assert decide(folder, row, "edit", answer="It has 15 boats.").altered == (alteration,)
    after = decide(folder, row, "edit", answer="It has 14 boats.", context=PAGE)
    assert (after.altered, after.evidence) == ((), ROW.evidence)
    with pytest.raises(ConfigError, match="the number 16"):
        decide(folder, row, "edit", answer="16 boats")


def test_an_edit_makes_the_row_a_persons(folder):
    after = decide(folder, ROW, "edit", answer="There are 14 boats.")
    assert after.origin == "person"
    reviewing(folder).apply()
    row = next(row for row in read_pairs(folder / "pairs.jsonl") if row.id == ROW.id)
    assert row == after
    assert set(row.checks) == {"person", "quotes"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"answer": " "}, "must not be empty"), ({"question": ""}, "must not be empty"), ({"answer": "15 boats"}, "15")],
)
def test_an_edit_that_does_not_hold_is_refused(folder, changes, says):
    with pytest.raises(ConfigError, match=says):
        decide(folder, ROW, "edit", **changes)
    assert not (folder / "review.jsonl").exists()


def test_a_quote_must_stand_at_its_place(folder):
    forged = replace(QUOTE, quote="The club has 15 boats", start=0, end=21)
    with pytest.raises(ConfigError, match="is not at its offsets"):
        reviewing(folder).decide(
            Decision(id=ROW.id, action="edit", time="", question="How many?", answer="15 boats", evidence=(forged,))
        )


def test_rows_are_found_by_a_prefix(folder):
    review = reviewing(folder)
    assert review.find("aa").row == ROW
    with pytest.raises(ConfigError, match="no row has"):
        review.find("zz")
    with pytest.raises(ConfigError, match="3 rows have"):
        review.find("a")
    decide(folder, ROW, "accept")
    assert [item.row.id for item in reviewing(folder).items(undecided=True)] == [OTHER.id, BETTER.id]


def test_there_must_be_a_dataset(tmp_path):
    with pytest.raises(DataError, match="no dataset"):
        Review(tmp_path)
