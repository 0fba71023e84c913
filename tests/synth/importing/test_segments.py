"""Axolotl's segments: what is marked is learned, the rest asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth.importing.chats.segments import is_segmented, segmented
from synth.importing.drafts import Unusable
from tests.synth.importing.records.test_shapes import jsonl, read


def _record(*parts: tuple[bool, str]) -> dict[str, object]:
    return {"segments": [{"label": label, "text": text} for label, text in parts]}


@pytest.mark.parametrize(
    ("record", "row"),
    [
        (_record((False, "<s>Q: when?\nA:"), (True, " at noon</s>")), ("Q: when?\nA:", "at noon", ())),
        (
            _record((False, "one?"), (True, "yes"), (False, "two?"), (True, "no</s>")),
            ("two?", "no", (("one?", "yes"),)),
        ),
        (_record((True, "<s>All of"), (True, " it.</s>")), ("", "All of it.", ())),
        (
            _record(
                (False, "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"),
                (True, "hello<|im_end|>\n"),
                (False, "<|im_start|>user\nmore<|im_end|>\n<|im_start|>assistant\n"),
                (True, "so<|im_end|>"),
            ),
            ("more", "so", (("hi", "hello"),)),
        ),
    ],
)
def test_segments_become_questions_and_answers(tmp_path: Path, record, row) -> None:
    told, drafts, faults = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert told == "Axolotl segments" and not faults
    assert (drafts[0].question, drafts[0].answer, drafts[0].turns) == row


def test_what_no_row_holds_is_counted(tmp_path: Path) -> None:
    record = _record((True, "learn"), (False, "ask"), (True, "answer"), (False, "end"))
    _, drafts, _ = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert (drafts[0].question, drafts[0].answer) == ("learnask", "answer")
    assert [count for _, count in drafts[0].left_out] == [1, 1]


def test_a_masked_turn_of_a_template_is_context(tmp_path: Path) -> None:
    masked = (
        "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nnot this<|im_end|>\n"
        "<|im_start|>user\nmore<|im_end|>\n<|im_start|>assistant\n"
    )
    record = _record((False, masked), (True, "so<|im_end|>"))
    _, drafts, _ = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert drafts[0].answer == "so" and drafts[0].untrained_turns == (0,)


def test_without_anything_to_train_there_is_no_row(tmp_path: Path) -> None:
    record = _record((False, "a"), (False, "b"))
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert not drafts and faults[0][1] == "every segment is marked as not to be trained"


@pytest.mark.parametrize(
    "segments",
    [None, [], {}, "text", [{"label": 1, "text": "a"}], [{"label": True}], [{"label": True, "text": "a"}, 3]],
)
def test_other_lists_are_no_segments(segments: object) -> None:
    assert not is_segmented({"segments": segments})
    assert is_segmented(_record((True, "")))


def test_segments_that_only_end_a_text_part_nothing() -> None:
    (draft,) = segmented(_record((False, "<s>"), (True, "All"), (False, "</s>"), (True, " of it")))
    assert (draft.question, draft.answer, draft.kind) == ("", "All of it", "text")


def test_a_question_after_the_answer_alone_asks_nothing() -> None:
    with pytest.raises(Unusable, match="no segment to train follows"):
        list(segmented(_record((True, "learn"), (False, "ask"))))
