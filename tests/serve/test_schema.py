"""What the OpenAPI document promises, tried with what nobody thought of."""

from __future__ import annotations

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.serve.conftest import Running

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def described(server: Running) -> schemathesis.BaseSchema:
    with server.client() as client:
        found = schemathesis.openapi.from_dict(client.get("/v1/openapi.json").json())
    found.config.update(base_url=server.url)
    return found


schema = schemathesis.pytest.from_fixture("described")


@schema.exclude(method=["DELETE"]).parametrize()
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_api_keeps_its_word(case: schemathesis.Case) -> None:
    case.call_and_validate(checks=CHECKS, timeout=60)


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
