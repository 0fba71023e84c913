"""What the doctor says of an empty home and of the configured chat model."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import Home
from core.settings import RagSettings, Settings
from rag.doctor import Check, examine


def check_named(name: str, settings: Settings, home: Home) -> Check:
    return next(check for check in examine(settings, home) if check.name == name)


@pytest.mark.parametrize(
    ("model", "state", "detail"),
    [
        ("extractive", "good", "nothing leaves this machine"),
        ("openai:m@https://api.example.org/v1", "note", "leave this machine for https://api.example.org/v1"),
        ("x", "bad", "unknown model 'x'; use one of auto"),
    ],
)
def test_the_chat_model_is_checked_and_told_where_it_sends_text(
    home: Home, model: str, state: str, detail: str
) -> None:
    settings = Settings(rag=RagSettings(model=model, ollama_url="http://127.0.0.1:9"))
    check = check_named("model", settings, home)
    assert check.state == state and detail in check.detail


def test_an_empty_home_is_told_what_to_fetch_and_ingest(home: Home) -> None:
    settings = Settings(rag=RagSettings(ollama_url="http://127.0.0.1:9"))
    checks = {check.name: check for check in examine(settings, home)}
    assert checks["embedder"].state == "bad" and checks["embedder"].hint == "kb models pull minilm"
    assert (checks["catalogue"].state, checks["catalogue"].hint) == ("note", "kb ingest PATH")
    assert checks["home"].state == "good" and checks["ollama"].state == "note"


def test_a_store_of_originals_is_written_to_and_read(home: Home, tmp_path: Path) -> None:
    settings = Settings(rag=RagSettings(ollama_url="http://127.0.0.1:9"))
    assert "originals" not in {check.name for check in examine(settings, home)}
    url = f"file://{tmp_path}/store"
    check = check_named("originals", settings, Home(home.root, url))
    assert (check.state, check.detail) == ("good", url) and not list((tmp_path / "store").iterdir())
    (tmp_path / "file").write_text("x")
    broken = check_named("originals", settings, Home(home.root, f"file://{tmp_path}/file/below"))
    assert broken.state == "bad" and "cannot be written" in broken.detail and broken.hint == "kb config show"
