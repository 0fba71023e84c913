"""Errors as JSON with a status, and as a sentence on the page."""

from __future__ import annotations

import pytest

from core.errors import BackendError, ConfigError, DataError, GateError, KbError, MissingExtra
from serve.errors import (
    NotFound,
    RequestRefused,
    ServerBusy,
    error_response,
    page_text,
    validation_fault,
    without_command,
)


@pytest.mark.parametrize(
    ("error", "status", "code", "kind"),
    [
        (ServerBusy("busy", retry_after_s=7), 429, "rate_limit_exceeded", "rate_limit_error"),
        (NotFound("gone"), 404, "not_found", "not_found_error"),
        (ConfigError("wrong"), 400, "invalid_request", "invalid_request_error"),
        (MissingExtra("absent"), 503, "not_installed", "server_error"),
        (BackendError("down"), 502, "backend_failed", "server_error"),
        (DataError("damaged"), 422, "unusable_data", "invalid_request_error"),
        (GateError("no"), 400, "invalid_request", "invalid_request_error"),
        (RequestRefused("no key", status=401, code="invalid_api_key"), 401, "invalid_api_key", "authentication_error"),
    ],
)
def test_every_error_has_a_status_and_openais_shape(error: KbError, status: int, code: str, kind: str) -> None:
    answered, body, headers = error_response(error)
    assert answered == status
    assert (body["error"]["code"], body["error"]["type"]) == (code, kind)
    assert headers == ({"Retry-After": "7"} if isinstance(error, ServerBusy) else {})


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            ConfigError("unknown model 'x'", hint="kb models list", click="choose a model"),
            "Unknown model 'x'. Choose a model.",
        ),
        (ConfigError("is empty!", hint="kb ask"), "Is empty!"),
        (DataError("is locked", path="/in/big.pdf", hint="kb ingest --password P"), "/in/big.pdf: is locked."),
    ],
)
def test_the_page_shows_the_click_and_never_the_command(error: KbError, text: str) -> None:
    assert page_text(error) == text


@pytest.mark.parametrize(
    ("note", "text"),
    [
        ("run one; to resume after an interruption: kb finetune --resume one", "run one"),
        ("3 documents are not indexed; to index them: kb reindex --collection x", "3 documents are not indexed"),
        ("exported to /runs/one/model.gguf", "exported to /runs/one/model.gguf"),
        ("only 3 facts were found; others may find more: --generator writer", "only 3 facts were found"),
    ],
)
def test_a_note_loses_the_command_that_it_ends_in(note: str, text: str) -> None:
    assert without_command(note) == text


def _fault(*loc: str | int, kind: str = "string_type", msg: str = "wrong") -> dict[str, object]:
    return {"type": kind, "loc": ("body", *loc), "msg": msg}


@pytest.mark.parametrize(
    ("faults", "body", "message", "field"),
    [
        ([_fault("a", 0, "b")], {"a": [{"b": 5}]}, "a.0.b: wrong", "a.0.b"),
        ([_fault("a", 0, "b", kind="missing")], {"a": [{}]}, "a.0.b: wrong", "a.0.b"),
        ([_fault("a", "dict[str,any]")], {"a": 5}, "a: wrong", "a"),  # a name of pydantic's
        ([_fault("a", 0)], {"a": "text"}, "a: wrong", "a"),  # an item of a list that only we made
        ([_fault("a", "str", msg="text"), _fault("a", "list[x]", 0, msg="item")], {"a": [5]}, "a.0: item", "a.0"),
        ([_fault(msg="Value error, odd")], {}, "odd", None),
        ([_fault(kind="missing")], None, "send the body as a JSON object, with the header content-type: ", None),
        ([_fault(kind="model_attributes_type")], b"x=1", "send the body as a JSON object, with the header ", None),
        ([{**_fault(7, kind="json_invalid"), "ctx": {"error": "Odd"}}], "{", "the body is not JSON: Odd (char", None),
    ],
)
def test_a_fault_is_said_with_the_field_as_the_client_spelled_it(
    faults: list[dict[str, object]], body: object, message: str, field: str | None
) -> None:
    text, name = validation_fault(faults, body)
    assert text.startswith(message) and name == field
