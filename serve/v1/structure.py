"""JSON in answers: the schema that a request's format or a tool's parameters ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serve.answers.json_answers import schema_fault
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
        ValueError: The format is unknown, or its schema is absent or at fault.
    """
    if response_format is None:
        return None
    if not isinstance(response_format, Mapping):
        raise ValueError("must be an object")
    kind = response_format.get("type")
    if kind == "text" or not response_format:
        return None
    if kind == "json_object":
        return _ANY_OBJECT
    if kind != "json_schema":
        raise ValueError(f"unknown type {kind!r}; use text, json_object or json_schema")
    inner = response_format.get("json_schema", response_format)
    schema = inner.get("schema") if isinstance(inner, Mapping) else None
    if not isinstance(schema, Mapping):
        raise ValueError("json_schema.schema must be an object")
    fault = schema_fault(schema)
    if fault:
        raise ValueError(f"json_schema.schema cannot be used: {fault}")
    return schema


def forced_tool(tools: Sequence[Any], choice: str | Mapping[str, Any] | None) -> ToolDeclaration | None:
    """Return the tool that a request wants to be called; None where the model may answer in text.

    Raises:
        RequestRefused: The choice names no tool that is there, or leaves more than one.
    """
    if isinstance(choice, Mapping) and choice.get("type") == "allowed_tools":
        tools, choice = _allowed(tools, choice)
    if choice is None or choice in ("auto", "none"):
        return None
    declared = [tool for tool in map(_declaration, tools) if tool is not None]
    if choice in ("required", "any"):
        if tools and not declared:
            raise _refused("only tools of type 'function' can be called")
        if len(declared) != 1:
            raise _refused(f"'{choice}' is supported with one tool, not with {len(declared)}; name the tool to call")
        return _usable(declared[0])
    name = _chosen_name(choice)
    tool = next((tool for tool in declared if tool.name == name), None)
    if tool is None:
        raise _refused(f"no tool {name!r} among tools")
    return _usable(tool)


def _usable(tool: ToolDeclaration) -> ToolDeclaration:
    fault = schema_fault(tool.schema)
    if fault:
        message = f"tools: the parameters of {tool.name!r} cannot be used: {fault}"
        raise RequestRefused(message, status=400, code="invalid_request", param="tools")
    return tool


def _allowed(tools: Sequence[Any], choice: Mapping[str, Any]) -> tuple[list[Any], str]:
    """Return the tools that a choice allows, and its mode: `auto` or `required`."""
    inner = choice.get("allowed_tools", choice)
    allowed = inner.get("tools") if isinstance(inner, Mapping) else None
    if not isinstance(inner, Mapping) or not isinstance(allowed, list):
        raise _refused("allowed_tools.tools must be a list")
    names = {_chosen_name(tool) for tool in allowed if isinstance(tool, Mapping)}
    mode = str(inner.get("mode", "auto"))
    return [tool for tool in tools if isinstance(tool, Mapping) and _chosen_name(tool) in names], mode


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
    if not isinstance(schema, Mapping) or not schema:  # a function without arguments takes an object all the same
        schema = _ANY_OBJECT
    return ToolDeclaration(name=function["name"], schema=schema)


def _refused(message: str) -> RequestRefused:
    return RequestRefused(f"tool_choice: {message}", status=400, code="unsupported_value", param="tool_choice")
