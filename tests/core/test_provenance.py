"""Labels from effects, and a label in words."""

from __future__ import annotations

import pytest

from core.provenance import Effect, Provenance, ValueChange, label_of


@pytest.mark.parametrize(
    ("effects", "label"),
    [
        (["changed", "changed"], "read"),
        (["changed"], "read"),
        (["same", "same"], "remembered"),
        (["same", "changed"], "both"),
        (["mixed"], "both"),
    ],
)
def test_the_label_follows_from_the_effects(effects: list[Effect], label: str) -> None:
    assert label_of(effects) == label


def test_there_is_no_label_without_an_effect() -> None:
    with pytest.raises(ValueError, match="no passage"):
        label_of([])


def test_a_line_shows_the_answers_that_tell() -> None:
    why = Provenance(
        label="read",
        reason="It changed.",
        without="No idea.",
        contradicted="It is 8.",
        changes=(ValueChange(old="7", new="8"),),
    )
    assert why.line("“It is 7.” (a.pdf, p. 1)").startswith("read: “It is 7.” (a.pdf, p. 1) It changed.;")
    line = why.line("It is 7.")
    assert line == "read: “It is 7.” It changed.; without the passage: “No idea.”; with 8 in place of 7: “It is 8.”"
    assert why.to_json()["changes"] == [{"old": "7", "new": "8"}]
