"""JSON schemas that answers keep to: what is wrong with a schema, and whether an answer keeps to it.

A back end turns a schema into a grammar, and may leave out what a grammar cannot say; so the answer is checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_MOST_CHARS = 200


def schema_fault(schema: Mapping[str, Any]) -> str:
    """Return what is wrong with a JSON schema; empty for a sound one."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(dict(schema))
        return next((fault for ref in _references(schema) if (fault := _reference_fault(schema, ref))), "")
    except SchemaError as error:
        place = ".".join(str(part) for part in error.absolute_path)
        return f"{place + ': ' if place else ''}{error.message[:_MOST_CHARS]}"
    except RecursionError:
        return "it is nested too deeply"


def answer_fault(text: str, schema: Mapping[str, Any]) -> str:
    """Return how an answer breaks a sound schema; empty where it keeps to it."""
    from jsonschema import Draft202012Validator

    try:
        error = next(iter(Draft202012Validator(dict(schema)).iter_errors(json.loads(text))), None)
    except ValueError:
        return "it is not JSON"
    except RecursionError:
        return "it is nested too deeply"
    return "" if error is None else error.message[:_MOST_CHARS]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if "$ref" in value and not isinstance(value["$ref"], Mapping):  # else a property of that name
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _reference_fault(schema: Mapping[str, Any], reference: str) -> str:
    """Return why a reference leads nowhere; nothing outside the schema is looked up."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    registry = Registry().with_resource("", DRAFT202012.create_resource(dict(schema)))
    try:
        registry.resolver().lookup(reference)
    except (Unresolvable, ValueError):
        return f"$ref {reference!r} leads nowhere in the schema"
    return ""
