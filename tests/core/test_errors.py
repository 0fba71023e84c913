"""Errors carry what is wrong, where, and the next step for a terminal and for the page."""

from __future__ import annotations

import json

import pytest

from core.errors import (
    ERROR_TYPES,
    BackendError,
    ConfigError,
    DataError,
    GateError,
    KbError,
    MissingExtra,
    error_from_json,
)

EXIT_CODES = {KbError: 1, ConfigError: 2, MissingExtra: 3, BackendError: 4, DataError: 5, GateError: 1}


@pytest.mark.parametrize(("error_type", "code"), EXIT_CODES.items())
def test_exit_codes(error_type: type[KbError], code: int) -> None:
    assert error_type.exit_code == code
    assert ERROR_TYPES[error_type.__name__] is error_type


def test_the_place_stands_before_the_message() -> None:
    assert str(DataError("not JSON", path="rows.jsonl", line=3)) == "rows.jsonl, line 3: not JSON"
    assert str(DataError("no text", path="a.pdf", page=0)) == "a.pdf, p. 1: no text"
    assert DataError("no rows").where == ""
    assert str(DataError("no rows")) == "no rows"


def test_the_two_next_steps_are_apart() -> None:
    error = ConfigError("no documents", hint="kb ingest PATH", click="Documents > Add files")
    assert (error.hint, error.click) == ("kb ingest PATH", "Documents > Add files")
    assert "kb ingest" not in str(error)


@pytest.mark.parametrize("error_type", list(EXIT_CODES))
def test_an_error_crosses_a_process(error_type: type[KbError]) -> None:
    error = error_type("wrong", hint="kb doctor", click="Status")
    copy = error_from_json(json.loads(json.dumps(error.to_json())))
    assert type(copy) is error_type
    assert copy.to_json() == error.to_json()


def test_the_place_crosses_a_process() -> None:
    copy = error_from_json(json.loads(json.dumps(DataError("not JSON", path="rows.jsonl", line=3).to_json())))
    assert str(copy) == "rows.jsonl, line 3: not JSON"


def test_an_error_of_another_tree_becomes_the_base() -> None:
    error = error_from_json({"type": "Busy", "message": "too many requests"})
    assert type(error) is KbError and str(error) == "too many requests"
