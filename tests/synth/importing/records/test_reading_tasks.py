"""CoQA and Natural Questions: answers that stand in a text as spans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.prompt import ABSTENTION
from tests.synth.importing.records.test_shapes import jsonl, read

_PAGE = "Home <P> The moon is far , but not too far . </P>"
_LONG = {"start_token": 1, "end_token": 13}
_NONE = {"start_token": -1, "end_token": -1}
_WORDS = _PAGE.split(" ")
_TAGS = [word.startswith("<") for word in _WORDS]


@pytest.mark.parametrize(
    "record",
    [
        {
            "story": "S",
            "questions": [{"input_text": "q1", "turn_id": 1}, {"input_text": "q2", "turn_id": 2}],
            "answers": [
                {"input_text": "a1", "span_text": "the a1", "span_start": 0, "turn_id": 1},
                {"input_text": "unknown", "span_text": "unknown", "span_start": -1, "turn_id": 2},
            ],
        },
        {
            "story": "S",
            "questions": ["q1", "q2"],
            "answers": {"input_text": ["a1", "unknown"], "answer_start": [0, -1]},
        },
    ],
)
def test_every_question_on_a_story_is_a_row_with_the_story(tmp_path: Path, record: dict[str, Any]) -> None:
    told, drafts, faults = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert told == "CoQA" and not faults
    first, second = drafts[:2]
    assert (first.question, first.answer, first.context, first.turns) == ("q1", "a1", "S", ())
    assert (second.question, second.answer, second.context) == ("q2", ABSTENTION, "S")
    assert second.turns == (("q1", "a1"),) and second.untrained_turns == (0,) and second.kind == "unanswerable"


@pytest.mark.parametrize(
    "record",
    [
        {"document_text": _PAGE, "question_text": "q"},
        {
            "document_tokens": [{"token": w, "html_token": t} for w, t in zip(_WORDS, _TAGS, strict=True)],
            "question_text": "q",
        },
        {"document": {"title": "t", "tokens": {"token": _WORDS, "is_html": _TAGS}}, "question": {"text": "q"}},
    ],
)
def test_the_short_answer_stands_beside_its_paragraph(tmp_path: Path, record: dict[str, Any]) -> None:
    short = {"start_token": 5, "end_token": 6}
    if "document" in record:
        columns = {"start_token": [5], "end_token": [6], "text": ["far"]}
        annotations: Any = {"yes_no_answer": [-1], "long_answer": [_LONG], "short_answers": [columns]}
    else:
        annotations = [{"yes_no_answer": "NONE", "long_answer": _LONG, "short_answers": [short]}]
    told, drafts, faults = read(jsonl(tmp_path / "x.jsonl", *[{**record, "annotations": annotations}] * 2))
    assert told == "Natural Questions" and not faults
    assert (drafts[0].question, drafts[0].answer) == ("q", "far")
    assert drafts[0].context == "The moon is far, but not too far."


@pytest.mark.parametrize(
    ("annotation", "outcome"),
    [
        ({"yes_no_answer": "YES", "long_answer": _LONG, "short_answers": []}, "yes"),
        ({"yes_no_answer": "NONE", "long_answer": _NONE, "short_answers": []}, "its annotators found no answer"),
        (
            {"yes_no_answer": "NONE", "long_answer": _LONG, "short_answers": []},
            "its annotators marked a paragraph, and no answer in it",
        ),
        (
            {"long_answer": _LONG, "short_answers": [{"start_token": 90, "end_token": 91}]},
            "an annotated span lies outside the page",
        ),
    ],
)
def test_what_annotators_did_not_say_is_no_answer(tmp_path: Path, annotation: dict[str, Any], outcome: str) -> None:
    record = {"document_text": _PAGE, "question_text": "q", "annotations": [annotation]}
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", record, record))
    assert [draft.answer for draft in drafts] == [outcome] * 2 or [fault for _, fault in faults] == [outcome] * 2
