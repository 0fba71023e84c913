"""JSON in answers: the schema that a request's format or a tool's parameters ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serve.errors import RequestRefused

_ANY_OBJECT: Mapping[str, Any] = {"type": "object"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDeclaration:
    """A function that a client offers.

    Attributes:
        schema: JSON schema of its arguments.
    """

    name: str
    schema: Mapping[str, Any]


def format_schema(response_format: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the JSON schema that a format asks for; None for text.

    Args:
        response_format: As in chat completions (`json_schema.schema`), or flat as in responses (`schema`).

    Raises:
        ValueError: The format is unknown or lacks its schema.
    """
    if response_format is None:
        return None
    if not isinstance(response_format, Mapping):
        raise ValueError("must be an object")
    kind = response_format.get("type", "text")
    if kind == "text":
        return None
    if kind == "json_object":
        return _ANY_OBJECT
    if kind != "json_schema":
        raise ValueError(f"unknown type {kind!r}; use text, json_object or json_schema")
    inner = response_format.get("json_schema", response_format)
    schema = inner.get("schema") if isinstance(inner, Mapping) else None
    if not isinstance(schema, Mapping):
        raise ValueError("json_schema.schema must be an object")
    return schema


def forced_tool(tools: Sequence[Any], choice: str | Mapping[str, Any] | None) -> ToolDeclaration | None:
    """Return the tool that a request wants to be called; None where the model may answer in text.

    Raises:
        RequestRefused: The choice names no tool that is there, or leaves more than one.
    """
    if choice is None or choice in ("auto", "none"):
        return None
    declared = [tool for tool in map(_declaration, tools) if tool is not None]
    if choice in ("required", "any"):
        if len(declared) != 1:
            raise _refused(f"'{choice}' is supported with one tool, not with {len(declared)}; name the tool to call")
        return declared[0]
    name = _chosen_name(choice)
    tool = next((tool for tool in declared if tool.name == name), None)
    if tool is None:
        raise _refused(f"no tool {name!r} among tools")
    return tool


def _chosen_name(choice: str | Mapping[str, Any]) -> str:
    if isinstance(choice, str):
        return choice
    function = choice.get("function", choice)
    return str(function.get("name", "")) if isinstance(function, Mapping) else ""


def _declaration(tool: Any) -> ToolDeclaration | None:
    function = tool.get("function", tool) if isinstance(tool, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        return None
    schema = function.get("parameters")
    return ToolDeclaration(name=function["name"], schema=schema if isinstance(schema, Mapping) else _ANY_OBJECT)


def _refused(message: str) -> RequestRefused:
    return RequestRefused(f"tool_choice: {message}", status=400, code="unsupported_value", param="tool_choice")
