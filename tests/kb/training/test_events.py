"""What a training process reports, as lines for a person."""

from __future__ import annotations

from kb.training.events import event_lines


def test_progress_names_place_figures_and_time_left() -> None:
    event = {"event": "progress", "stage": "sft", "step": 3, "steps": 40, "loss": 1.23456, "eta_s": 125, "other": 7}
    assert event_lines(event) == ["sft 3/40  loss 1.2346  2:05 left"]
    assert "margin 0.500" in event_lines({**event, "rewards/margins": 0.5})[0]


def test_an_audit_shows_its_example_first() -> None:
    event = {"event": "audit", "example": "Q ⟦A⟧", "passed": ["ends are trained"], "warnings": ["3 rows are cut"]}
    assert event_lines(event) == ["Q ⟦A⟧\n", "good  ends are trained", "note  3 rows are cut"]


def test_the_end_of_a_stage_gives_its_scores() -> None:
    done = {"event": "stage", "stage": "dpo", "steps": 20, "scores": {"recall": 0.75}}
    assert event_lines(done) == ["dpo is done after 20 steps: recall 0.750"]
    assert event_lines({**done, "scores": {}}) == ["dpo is done after 20 steps: no held-out rows"]


def test_notes_are_passed_on_and_unknown_events_are_silent() -> None:
    assert event_lines({"event": "note", "text": "run mine"}) == ["run mine"]
    assert event_lines({"event": "model", "text": "trainable 5"}) == ["good  trainable 5"]
    assert event_lines({"event": "rows", "rows": 4}) == []
