"""What the OpenAPI document promises, tried with what nobody thought of."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.serve.conftest import Running

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 16


def test_the_api_keeps_its_word(server: Running, subtests: pytest.Subtests) -> None:
    """Every operation, with data that fits its description and data that does not."""
    with server.client() as client:
        schema = schemathesis.openapi.from_dict(client.get("/v1/openapi.json").json())
    schema.config.update(base_url=server.url)
    operations = [found.ok() for found in schema.exclude(method="DELETE").get_all_operations()]
    assert len(operations) > 10
    for operation in operations:
        with subtests.test(operation.label):
            _try(operation)


def _try(operation: schemathesis.APIOperation) -> None:
    modes = (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE)
    strategies = [operation.as_strategy(generation_mode=mode) for mode in modes]

    @given(st.one_of(strategies))
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
    def one(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS, timeout=60)

    one()


def test_every_failure_has_one_shape(server: Running) -> None:
    with server.client() as client:
        found = [
            client.get("/v1/nothing"),
            client.put("/v1/search"),
            client.post("/v1/search", content=b"{", headers={"content-type": "application/json"}),
            client.post("/v1/search", json={"query": ""}),
            client.post("/v1/documents", json={}),
            client.get("/v1/documents/jobs/none"),
        ]
    assert [each.status_code for each in found] == [404, 405, 400, 400, 415, 404]
    for each in found:
        assert isinstance(each, httpx.Response)
        assert set(each.json()["error"]) == {"message", "type", "param", "code", "hint"}
