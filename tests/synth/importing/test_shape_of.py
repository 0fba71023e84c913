"""Which shape a source has: the first that fits most of its records, the specific before the general."""

from __future__ import annotations

import pytest

from synth.importing.records.shapes import SHAPES, shape_of

ANSWERED = {"question": "Who?", "answer": "Ann."}


def name_of(*sample):
    shape = shape_of(sample)
    return shape.name if shape else ""


def test_no_two_shapes_have_one_name():
    assert len({shape.name for shape in SHAPES}) == len(SHAPES)


@pytest.mark.parametrize(("fitting", "other", "fits"), [(2, 1, True), (1, 1, False), (1, 2, False)])
def test_more_than_half_of_the_records_must_fit(fitting, other, fits):
    assert bool(name_of(*[ANSWERED] * fitting, *[{"x": 1}] * other)) is fits


def test_what_is_no_record_does_not_count():
    assert name_of(ANSWERED, "text", 7, None, [ANSWERED]) == "questions and answers"
    assert shape_of([]) is None
    assert shape_of(["text"]) is None


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({**ANSWERED, "context": "Ann rows."}, "questions and answers"),
        ({**ANSWERED, "choices": ["Ann", "Bo"]}, "multiple choice"),
        ({"question": "Who?", "context": "Ann rows.", "answers": {"text": ["Ann"]}}, "SQuAD, one question a record"),
        ({"question": "Who?", "context": "Ann rows.", "answers": ["Ann"]}, "questions and answers"),
        ({"context": "Ann rows.", "qas": []}, "SQuAD"),
        ({"paragraphs": []}, ""),
        ({"messages": [{"role": "user", "content": "Hello"}]}, "OpenAI messages"),
        ({"messages": []}, ""),
        ({"conversations": [{"from": "human", "value": "Hello"}]}, "ShareGPT"),
        ({"conversations": ["Hello", "Hi"]}, "utterances (LIMA, dialog)"),
        ({"conversations": ["Hello"]}, ""),
        ({"instruction": "Say it.", "context": "A club.", "response": "A."}, "Dolly (instruction, context, response)"),
        ({"instruction": "Say it.", "output": "A."}, "Alpaca (instruction, input, output)"),
        ({"prompt": "Say it.", "completion": "A.", "label": True}, "judged answers (KTO)"),
        ({"prompt": "Say it.", "completion": "A."}, "prompts and completions"),
        ({"prompt": "Say it.", "chosen": "A", "rejected": "B"}, "preferences (chosen, rejected)"),
        ({"text": "A [MASK] rows.", "label": "woman"}, "masked words"),
        ({"text": "A woman rows.", "label": "sport"}, "classification"),
        ({"text": "A woman rows.", "label": "this is far too long to be the label of a class"}, "plain texts"),
        ({"text": "A woman rows.", "label": ["sport", "people"]}, "plain texts"),
        ({"text": "A woman rows every day in every season.", "headline": "Rowing"}, "summaries"),
        ({"text": "A woman rows.", "headline": "A woman rows on"}, "plain texts"),
        ({"title": "Rowing", "text": "A woman rows."}, "titles and texts"),
        ({"tokens": ["Ann"], "ner_tags": ["B-PER"]}, "named entities"),
        ({"translation": {"en": "boat", "de": "Boot"}}, "translation"),
        ({"concepts": ["boat", "row"], "target": "Ann rows a boat."}, "words to a sentence"),
        ({"sentence1": "Ann rows.", "sentence2": "She rows.", "score": 4.0}, "sentence pairs"),
        ({"premise": "Ann rows.", "hypothesis": "She rows.", "label": 0}, "inference (premise, hypothesis, label)"),
    ],
)
def test_one_record(record, name):
    assert name_of(record) == name
