"""The privacy page says where text goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import Home
from core.settings import IngestSettings, RagSettings, Settings
from rag.catalogue.postgres import URL_VARIABLE
from serve.ui.privacy import STORED, privacy_page


def _page(tmp_path: Path, **rag: object) -> str:
    return privacy_page(Settings(rag=RagSettings(**rag)), Home(tmp_path))


def test_the_defaults_leave_everything_here(tmp_path: Path) -> None:
    page = _page(tmp_path)
    assert str(tmp_path) in page and "Questions and passages go to" not in page and "another machine" not in page
    assert all(path in page for path, _ in STORED)
    assert "kb forget" not in page


def test_a_remote_model_is_named(tmp_path: Path) -> None:
    page = _page(tmp_path, model="openai:m@https://models.example/v1")
    assert "Questions and passages go to the model" in page and "models.example" in page


def test_an_ollama_elsewhere_is_named(tmp_path: Path) -> None:
    assert "another machine" in _page(tmp_path, ollama_url="http://10.0.0.9:11434")


def test_a_shared_database_is_named_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, "postgresql://kb:geheim@db.example:5432/kb")
    page = _page(tmp_path)
    assert "kept in PostgreSQL db.example:5432/kb." in page and "geheim" not in page


def test_a_store_of_originals_and_a_cluster_are_named(tmp_path: Path) -> None:
    settings = Settings(ingest=IngestSettings(originals="s3://papers/kb", on="ray:10.0.0.5:6379"))
    page = privacy_page(settings, Home(tmp_path))
    assert "Originals are kept at s3://papers/kb." in page and "the cluster ray:10.0.0.5:6379." in page
    assert "Originals are kept at" not in privacy_page(Settings(), Home(tmp_path))
