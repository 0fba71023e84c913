"""The report for an issue: what helps is in it, what is the user's own is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.files import Home
from kb import diagnosis
from kb.workspace import open_workspace
from rag.doctor import Check

KEY = "sk-" + "a1B2" * 12


def _checks(home: Home) -> list[Check]:
    return [
        Check(name="home", state="good", detail=f"{Path.home()}/kept/{home.root.name}"),
        Check(name="collection letters-of-anna", state="bad", detail="index out of step: letters-of-anna"),
        Check(name="model", state="note", detail=f"openai:big@https://anna:{KEY}@models.example/v1"),
    ]


def test_a_report_holds_what_helps_and_no_words_of_the_users_own(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEAVIATE_API_KEY", KEY)
    monkeypatch.setattr(diagnosis, "examine", lambda settings, home_: _checks(home_))
    home.runs.mkdir(parents=True)
    (home.runs / "secret-novel").mkdir()
    flags = {"rag.collection": "letters-of-anna", "rag.top_k": 4, "rag.ollama_url": "http://anna.example:11434"}
    target = tmp_path / "bundle.json"
    diagnosis.diagnose(open_workspace(flags=flags), target)
    text = target.read_text(encoding="utf-8")
    report = json.loads(text)
    assert report["settings"]["rag.top_k"]["value"] == 4 and report["machine"]["cores"] >= 1
    assert report["settings"]["rag.ollama_url"]["value"] == "(set)"
    assert {"kb", "packages", "checks", "collections", "runs", "models"} <= set(report)
    for private in (KEY, "anna", "secret-novel", str(Path.home()) + "/"):
        assert private not in text, private


@pytest.mark.weights
def test_a_report_of_a_stocked_home_has_counts_and_no_names_or_text(stocked_home: Home, tmp_path: Path) -> None:
    target = tmp_path / "bundle.json"
    diagnosis.diagnose(open_workspace(stocked_home.root, flags={"rag.ollama_url": "http://127.0.0.1:9"}), target)
    text = target.read_text(encoding="utf-8")
    (collection,) = json.loads(text)["collections"]
    assert collection["documents"] >= 1 and collection["chunks"] >= 1 and sum(collection["suffixes"].values()) >= 1
    from rag.catalogue.reader import CatalogueReader

    catalogue = CatalogueReader(stocked_home.catalogue)
    for document in catalogue.documents("default"):
        assert document.doc not in text and document.sha256[:16] not in text
        for page in catalogue.pages("default", document.sha256):
            assert [line for line in page.text.splitlines() if len(line) > 20 and line in text] == []
