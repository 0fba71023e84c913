"""Schemas that cannot be kept to, and answers that do not keep to theirs."""

from __future__ import annotations

from typing import Any

import pytest

from serve.answers.json_answers import answer_fault, schema_fault


def _nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


@pytest.mark.parametrize(
    ("schema", "fault"),
    [
        ({"type": "number-ish"}, "type: 'number-ish' is not valid"),
        ({"properties": {"a": {"enum": "x"}}}, "properties.a.enum: 'x' is not of type 'array'"),
        ({"properties": {"a": {"$ref": "#/$defs/absent"}}}, "leads nowhere"),
        ({"$ref": "other.json#/a"}, "leads nowhere in the schema"),
        ({"items": {"$ref": 5}}, "5 is not of type 'string'"),
        (_nested(2000), "nested too deeply"),
    ],
)
def test_a_schema_at_fault_says_where(schema: dict[str, Any], fault: str) -> None:
    assert fault in schema_fault(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"$defs": {"a/b": {"type": "null"}}, "properties": {"x": {"$ref": "#/$defs/a~1b"}}},
        {"anyOf": [{"type": "null"}, {"$ref": "#"}]},
        {"anyOf": [{"const": 1}, {"$ref": "#/anyOf/0"}]},
        {"properties": {"$ref": {"type": "string"}}},
    ],
)
def test_sound_schemas_have_no_fault(schema: dict[str, Any]) -> None:
    assert schema_fault(schema) == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"n": 14}', ""),
        ('{"n": 15}', "15 is not a multiple of 7"),
        ('{"m": 7}', "'n' is a required property"),
        ("{", "it is not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_an_answer_is_checked_against_the_whole_schema(text: str, fault: str) -> None:
    schema = {"type": "object", "properties": {"n": {"multipleOf": 7}}, "required": ["n"]}
    assert answer_fault(text, schema) == fault or (fault and fault in answer_fault(text, schema))
