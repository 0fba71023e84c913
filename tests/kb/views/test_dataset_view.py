"""What a terminal shows of a dataset: its checks, and lines on what it holds."""

from __future__ import annotations

from typing import Any

from kb.views.dataset_view import CHECK_HEADS, check_rows, manifest_lines

MANIFEST: dict[str, Any] = {
    "mode": "by document",
    "checks": {
        "form": {"seen": 8, "dropped": 2, "pass_rate": 0.75},
        "repeats": {"seen": 6, "dropped": 0, "pass_rate": 1},
    },
    "counts": {
        "kinds": {"cited": 4, "unanswerable": 2},
        "splits": {"train": 5, "val": 1},
        "preferences": 3,
        "rejected": 2,
        "rejected_by": {"form": 2},
    },
    "coverage": {"enough": 3, "facts": {"share": 0.5, "all": 10}, "sentences": {"share": 0.126, "all": 40}},
    "split": {"shared_groups": 0, "shared_grams": 1},
}


def test_checks_are_rows_under_their_heads() -> None:
    rows = check_rows(MANIFEST)
    assert rows == [["form", "8", "2", "75%"], ["repeats", "6", "0", "100%"]]
    assert {len(row) for row in rows} == {len(CHECK_HEADS)}
    assert check_rows({"checks": {}}) == []


def test_lines_say_what_the_rows_are() -> None:
    assert manifest_lines(MANIFEST) == [
        "kinds: cited 4, unanswerable 2",
        "splits: train 5, val 1 (by document)",
        "preferences: 3; rejected: 2 (form 2)",
        "covered by 3 rows or more: 50% of 10 facts, 13% of 40 sentences",
        "shared between splits: 0 groups, 1 rows",
    ]
    nothing = {**MANIFEST, "counts": {**MANIFEST["counts"], "rejected": 0, "rejected_by": {}}}
    assert manifest_lines(nothing)[2] == "preferences: 3; rejected: 0"


def test_an_audit_has_a_line_for_each_change() -> None:
    caught = {"caught": 9, "planted": 10, "share": 0.9, "alone": {"form": 0.5, "judge": 0.0}}
    missed = {"caught": 0, "planted": 10, "share": 0.0, "alone": {"form": 0.0}}
    audit = {"recall": {"other value": caught}, "false_alarms": {"other wording": missed}}
    assert manifest_lines({**MANIFEST, "audit": audit})[5:] == [
        "planted error: other value: 9 of 10 dropped (90.0%); each check alone: form 50%",
        "harmless change: other wording: 0 of 10 dropped (0.0%); each check alone: none",
    ]
