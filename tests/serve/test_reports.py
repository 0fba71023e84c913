"""Reports of comparisons: which there are, and that each is served closed off."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from core.files import Home
from serve.errors import NotFound
from serve.ui.report import mount_reports, reports


def _report(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")


def test_reports_of_runs_come_first(tmp_path: Path) -> None:
    _report(tmp_path / "compare" / "alone" / "report.html", "a")
    _report(tmp_path / "runs" / "two" / "compare" / "report.html", "b")
    _report(tmp_path / "runs" / "one" / "compare" / "report.html", "c")
    assert list(reports(Home(tmp_path))) == ["run one", "run two", "alone"]


def test_a_report_is_served_in_a_sandbox(tmp_path: Path) -> None:
    _report(tmp_path / "runs" / "one" / "compare" / "report.html", "<h1>Which is better</h1>")
    app = FastAPI()
    mount_reports(app, Home(tmp_path))
    client = TestClient(app)
    response = client.get("/report/run%20one")
    assert "Which is better" in response.text
    policy = response.headers["content-security-policy"]
    assert policy.startswith("sandbox") and "default-src 'none'" in policy
    assert client.get("/report/..%2f..%2fetc").status_code == 404
    for name in ("none", "run%20two"):
        with pytest.raises(NotFound):
            client.get(f"/report/{name}")
    client.close()
