"""The schema that a format or a forced tool asks for, or why there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serve.errors import RequestRefused
from serve.v1.structure import ToolDeclaration, forced_tool, format_schema

SCHEMA = {"type": "object", "properties": {"metres": {"type": "integer"}}}
LOOK = {"type": "function", "function": {"name": "look", "parameters": SCHEMA}}
FLAT = {"type": "function", "name": "read", "parameters": {"type": "object"}}


@pytest.mark.parametrize(
    ("given_format", "schema"),
    [
        (None, None),
        ({}, None),
        ({"type": "text"}, None),
        ({"type": "json_object"}, {"type": "object"}),
        ({"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}, SCHEMA),
        ({"type": "json_schema", "name": "x", "schema": SCHEMA}, SCHEMA),  # as responses have it
        ({"type": "json_schema", "schema": {}}, {}),
    ],
)
def test_a_format_asks_for_a_schema(given_format: Any, schema: Any) -> None:
    assert format_schema(given_format) == schema


@pytest.mark.parametrize(
    ("given_format", "message"),
    [
        ("json", "must be an object"),
        ({"type": "xml"}, "unknown type 'xml'; use text, json_object or json_schema"),
        ({"type": None}, "unknown type None"),
        ({"type": "json_schema"}, "schema must be an object"),
        ({"type": "json_schema", "json_schema": "x"}, "schema must be an object"),
        ({"type": "json_schema", "json_schema": {"schema": [1]}}, "schema must be an object"),
        ({"schema": {"type": "object"}}, "unknown type None"),
        ({"type": "json_schema", "schema": {"type": "text"}}, "cannot be used: type: 'text' is not valid"),
        ({"type": "json_schema", "schema": {"$ref": "#/$defs/none"}}, "leads nowhere"),
    ],
)
def test_a_format_that_cannot_be_kept_is_refused(given_format: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        format_schema(given_format)


@pytest.mark.parametrize("choice", [None, "auto", "none"])
def test_a_model_may_answer_in_text(choice: str | None) -> None:
    assert forced_tool([LOOK], choice) is None


@pytest.mark.parametrize(
    ("tools", "choice", "name", "schema"),
    [
        ([LOOK], "required", "look", SCHEMA),
        ([LOOK], "any", "look", SCHEMA),
        ([LOOK, FLAT], "read", "read", {"type": "object"}),
        ([LOOK, FLAT], {"type": "function", "function": {"name": "look"}}, "look", SCHEMA),
        ([LOOK, FLAT], {"type": "function", "name": "read"}, "read", {"type": "object"}),
        ([{"name": "bare", "parameters": None}], "required", "bare", {"type": "object"}),
        ([{"name": "bare", "parameters": {}}], "required", "bare", {"type": "object"}),
        (
            [LOOK, FLAT],
            {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [{"function": {"name": "look"}}]}},
            "look",
            SCHEMA,
        ),
        ([LOOK, FLAT], {"type": "allowed_tools", "mode": "required", "tools": [FLAT]}, "read", {"type": "object"}),
        ([LOOK, "no tool", {"type": "web_search"}], "required", "look", SCHEMA),  # one that can be called
    ],
)
def test_a_tool_is_forced_by_its_name_or_where_it_is_alone(
    tools: list[Any], choice: Any, name: str, schema: Any
) -> None:
    assert forced_tool(tools, choice) == ToolDeclaration(name=name, schema=schema)


@pytest.mark.parametrize(
    ("tools", "choice", "message"),
    [
        ([LOOK, FLAT], "required", "supported with one tool, not with 2"),
        ([], "required", "supported with one tool, not with 0"),
        ([{"type": "web_search"}], "required", "only tools of type 'function' can be called"),
        (
            [LOOK],
            {"type": "allowed_tools", "allowed_tools": {"mode": "required"}},
            "allowed_tools.tools must be a list",
        ),
        ([LOOK], "read", "no tool 'read' among tools"),
        ([LOOK], {"function": "look"}, "no tool '' among tools"),
        ([{"function": {"name": 5}}], "5", "no tool '5' among tools"),
    ],
)
def test_a_choice_that_names_no_tool_is_refused(tools: list[Any], choice: Any, message: str) -> None:
    with pytest.raises(RequestRefused, match=message) as raised:
        forced_tool(tools, choice)
    assert (raised.value.status, raised.value.param) == (400, "tool_choice")


def test_allowed_tools_may_leave_the_choice_to_the_model() -> None:
    assert forced_tool([LOOK], {"type": "allowed_tools", "mode": "auto", "tools": [FLAT]}) is None


def test_a_forced_tool_whose_parameters_are_no_schema_is_refused() -> None:
    with pytest.raises(RequestRefused, match="parameters of 'dig' cannot be used") as raised:
        forced_tool([{"name": "dig", "parameters": {"required": "depth"}}], "required")
    assert (raised.value.status, raised.value.param) == (400, "tools")


NAMES = st.sampled_from(["look", "required", "any", ""])
TOOLS = st.dictionaries(st.sampled_from(["name", "function", "parameters"]), st.none() | NAMES | st.integers())


@given(st.lists(TOOLS | NAMES | st.none(), max_size=3), NAMES)
def test_whatever_stands_among_the_tools_a_choice_ends_in_a_tool_or_a_refusal(tools: list[Any], choice: str) -> None:
    try:
        forced_tool(tools, choice)
    except RequestRefused as refused:
        assert refused.param == "tool_choice"
