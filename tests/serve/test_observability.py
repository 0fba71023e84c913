"""Logs hold no contents, metrics count what happened."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from core.files import Home
from serve.observability import logs
from serve.observability.metrics import ServerMetrics


@pytest.fixture
def loggers() -> object:
    """Loggers as they were, after the test."""
    names = ("kb.serve", "uvicorn.error", "")
    saved = {name: logging.getLogger(name).handlers for name in names}
    levels = {name: (logging.getLogger(name).level, logging.getLogger(name).propagate) for name in names}
    yield
    for name, handlers in saved.items():
        logger = logging.getLogger(name)
        logger.handlers = handlers
        logger.level, logger.propagate = levels[name]


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_exception_is_logged_by_type_and_place_without_its_text(loggers, capsys) -> None:
    logs.set_up(quiet=False)
    try:
        raise ValueError("a secret sentence of a document")
    except ValueError as error:
        logs.log("unexpected", logging.ERROR, error=error, requests=3)
    (line,) = _lines(capsys)
    assert (line["event"], line["level"], line["error"], line["requests"]) == ("unexpected", "error", "ValueError", 3)
    assert "test_observability.py" in line["at"] and "secret" not in json.dumps(line)


def test_a_library_says_where_and_not_what(loggers, capsys) -> None:
    logs.set_up(quiet=False)
    logging.getLogger("some.package").warning("a secret sentence")
    (line,) = _lines(capsys)
    assert (line["event"], line["logger"]) == ("library", "some.package")
    assert line["line"].startswith("test_observability.py:") and "secret" not in json.dumps(line)


def test_quiet_leaves_warnings(loggers, capsys) -> None:
    logs.set_up(quiet=True)
    logs.log("request")
    logs.log("disk", logging.ERROR)
    assert [line["event"] for line in _lines(capsys)] == ["disk"]


def test_the_audit_log_is_lines_of_who_did_what(tmp_path: Path) -> None:
    audit = logs.AuditLog(Home(tmp_path))
    audit.note("forget", "key:alice", sha256="0" * 64, page=None)
    audit.close()
    (line,) = (tmp_path / "serve" / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert (record["event"], record["who"], record["sha256"]) == ("forget", "key:alice", "0" * 64)
    assert "page" not in record and record["time"]


def test_metrics_count_requests_tokens_refusals_and_what_waits() -> None:
    waiting = {"quick": 2, "chat": 0}
    metrics = ServerMetrics({name: (lambda name=name: waiting[name]) for name in waiting}, lambda: 5)
    metrics.request("/v1/search", "POST", 200, 0.2)
    metrics.request("/v1/search", "POST", 200, 0.3)
    metrics.tokens(7, 3)
    metrics.refused("rate")
    text = metrics.exposition().decode()
    for line in (
        'kb_requests_total{method="POST",route="/v1/search",status="200"} 2.0',
        'kb_tokens_total{kind="prompt"} 7.0',
        'kb_refused_total{reason="rate"} 1.0',
        'kb_lane_calls{lane="quick"} 2.0',
        "kb_jobs 5.0",
    ):
        assert line in text
