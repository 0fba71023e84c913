"""Fields by name: text, lists, the names of documents, and which fields were read."""

from __future__ import annotations

import pytest

from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import ReadFields, documents, has, normal_name, normalised, optional, required, texts


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        (" Document ID ", "document_id"),
        ("answer-key", "answer_key"),
        (3, "3"),
        ("groundTruth", "ground_truth"),
        ("ID", "id"),
    ],
)
def test_names_are_compared_without_case_blanks_and_hyphens(name, normal):
    assert normal_name(name) == normal
    assert normalised({name: 1}) == {normal: 1}


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ({"answer": float("nan")}, {"answer": None}),
        ({"messages": '[{"role": "user", "content": "q"}]'}, {"messages": [{"role": "user", "content": "q"}]}),
        ({"messages": "[{'role': 'user', 'content': 'q'}]"}, {"messages": [{"role": "user", "content": "q"}]}),
        ({"contexts": "['a', 'b']", "answer": "['a']"}, {"contexts": ["a", "b"], "answer": "['a']"}),
        ({"prompt": '{"call": 1}', "completion": "[1, 2]"}, {"prompt": '{"call": 1}', "completion": "[1, 2]"}),
        ({"prompt": '[{"from": "human", "value": "q"}]'}, {"prompt": [{"from": "human", "value": "q"}]}),
        ({"context": "[Note] A text."}, {"context": "[Note] A text."}),
        ({"context": "[1, 2]"}, {"context": "[1, 2]"}),
        ({"messages": "[" * 5000}, {"messages": "[" * 5000}),
        ({"data": '{"Question": "q", "answer": "a"}'}, {"question": "q", "answer": "a"}),
        ({"data": {"question": "q"}, "id": 1}, {"data": {"question": "q"}, "id": 1}),
        ({"inputs": {"question": "q"}, "outputs": {"answer": "a"}}, {"question": "q", "answer": "a"}),
        ({"inputs": "q", "targets": "a"}, {"inputs": "q", "targets": "a"}),
        (
            {"row_idx": 0, "row": {"question": "q"}, "truncated_cells": []},
            {"row_idx": 0, "question": "q", "truncated_cells": []},
        ),
    ],
)
def test_values_that_are_none_and_structures_given_as_text(record, fields):
    assert normalised(record) == fields


def test_the_first_field_with_text_counts():
    record = {"a": "", "b": " text ", "c": "other", "n": 0, "f": False}
    assert optional(record, "a", "b", "c") == "text"
    assert optional(record, "x") == ""
    assert optional(record, "n") == "0"
    assert optional(record, "f") == "False"
    assert has(record, "a")
    assert not has(record, "x")


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({}, "field 'q' is missing"),
        ({"question": " "}, "field 'question' is empty"),
        ({"q": ["a"]}, "field 'q' is not text"),
    ],
)
def test_a_required_text_that_is_not_there(record, reason):
    with pytest.raises(Unusable, match=reason):
        required(record, "q", "question")


def test_lists_of_texts():
    assert texts({"a": "one"}, "a") == ["one"]
    assert texts({"a": ["one", "two"]}, "a") == ["one", "two"]
    with pytest.raises(Unusable, match="not a list of texts"):
        texts({"a": [1]}, "a")
    with pytest.raises(Unusable, match="not a list of texts"):
        texts({}, "a")


def test_documents_carry_their_field():
    assert documents({"title": "Boats", "doc_id": 7, "group": ""}) == ("doc_id:7", "title:Boats")


def test_fields_remember_what_was_read():
    fields = ReadFields({"a": "1", "b": "2", "c": "", "d": "4"})
    assert fields["a"] == "1"
    assert fields.get("x") is None
    assert optional(fields, "b") == "2"
    assert fields.unread() == ["d"]


def test_a_draft_comes_back_from_json_and_its_id_depends_on_its_texts():
    draft = Draft(question="Who?", answer="Ole", turns=(("a", "b"),), documents=("title:x",), checks=(("person", 1.0),))
    assert Draft.from_json(draft.to_json()) == draft
    assert draft.id == Draft(question="Who?", answer="Ole", turns=(("a", "b"),)).id
    assert draft.id != Draft(question="Who?", answer="Ole").id
