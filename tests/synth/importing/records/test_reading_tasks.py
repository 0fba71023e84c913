"""CoQA and Natural Questions: answers that stand in a text as spans."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.prompt import ABSTENTION
from synth.importing.drafts import Unusable
from synth.importing.records.reading_tasks import coqa, is_coqa, is_natural, natural_questions
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


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        ({"story": "S", "questions": ["q"], "answers": []}, "differ in number"),
        ({"story": "S", "questions": ["q"], "answers": "a"}, "not a list"),
        ({"story": "S", "questions": [""], "answers": ["a"]}, "has no text"),
        ({"story": "S", "questions": [{"turn_id": 1}], "answers": ["a"]}, "has no text"),
        ({"story": " ", "questions": ["q"], "answers": ["a"]}, "'story' is empty"),
    ],
)
def test_a_story_that_is_not_whole_says_why(record: dict[str, Any], fault: str) -> None:
    assert is_coqa(record)
    with pytest.raises(Unusable, match=fault):
        list(coqa(record))


def test_rows_of_one_story_stay_together() -> None:
    record = {"story": "S" * 100, "questions": ["q1", "q2"], "answers": ["a1", "Unknown."]}
    first, second = coqa(record)
    assert first.documents == second.documents == (f"story:{'S' * 80}",)
    assert (first.kind, second.kind) == ("import", "unanswerable")
    assert {draft.documents for draft in coqa({**record, "id": "7"})} == {("story:7",)}
    assert not is_coqa({"story": 3, "questions": [], "answers": []})
    assert not is_coqa({"story": "S", "questions": []})


@pytest.mark.parametrize(
    "annotation",
    [
        {"long_answer": _LONG, "short_answers": {"start_token": [5, 6], "end_token": [6]}},  # an end is missing
        {"long_answer": _LONG, "short_answers": [{"start_token": None, "end_token": 6}]},
        {"long_answer": 3, "short_answers": []},
    ],
)
def test_an_annotation_of_other_types_costs_its_record_alone(tmp_path: Path, annotation: dict[str, Any]) -> None:
    whole = {"long_answer": _LONG, "short_answers": [{"start_token": 5, "end_token": 6}]}
    records = [{"document_text": _PAGE, "question_text": "q", "annotations": [each]} for each in (whole, annotation)]
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", *records))
    assert [draft.answer for draft in drafts] == ["far"]
    assert [(line, text.startswith("not of the shape Natural Questions")) for line, text in faults] == [(2, True)]


def test_columns_of_unequal_length_cost_their_record_alone(tmp_path: Path) -> None:
    columns = {"long_answer": [_LONG], "short_answers": [{"start_token": [5], "end_token": [6]}]}
    records = [
        {"document": {"tokens": {"token": _WORDS, "is_html": tags}}, "question": "q", "annotations": columns}
        for tags in (_TAGS, _TAGS[:3])
    ]
    _, drafts, faults = read(jsonl(tmp_path / "x.jsonl", *records))
    assert (len(drafts), [line for line, _ in faults]) == (1, [2])


def test_several_short_answers_are_listed_and_a_verdict_stands_alone() -> None:
    short = [{"start_token": 2, "end_token": 4}, {"start_token": 5, "end_token": 6}]
    record = {"document_text": _PAGE, "question_text": " q ", "annotations": [{"long_answer": _LONG}]}
    record["annotations"] = [{"long_answer": _LONG, "short_answers": short}]
    (draft,) = natural_questions(record)
    assert (draft.question, draft.answer) == ("q", "The moon, far")
    record["annotations"] = [{"long_answer": _LONG, "short_answers": [], "yes_no_answer": 0}]
    (draft,) = natural_questions(record)
    assert draft.answer == "no"
    with pytest.raises(Unusable, match="question_text"):
        list(natural_questions({**record, "question_text": " "}))
    assert not is_natural({**record, "annotations": []})
