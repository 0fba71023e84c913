"""Contradictions of a collection: found, shown side by side, and added to answers that cite one of the sides."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import ConfigError
from core.types import Answer, Citation, Hit
from kb.contradictions import DisagreementCheck, find_contradictions
from kb.workspace import Workspace, open_workspace
from rag.catalogue.writer import Catalogue
from tests.support.documents import put

COVER = "Handbook. In force from 1 September 2024."
HANDBOOK = "Each passenger may bring 32 kg of baggage free of charge."
UPDATE = "In force from 1 March 2025.\nEach passenger may bring 25 kg of baggage free of charge instead of 32 kg."


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = open_workspace(tmp_path)
    catalogue = Catalogue(workspace.home.catalogue, create=True)
    put(catalogue, "handbook.pdf", [COVER, HANDBOOK])
    put(catalogue, "update.pdf", [UPDATE])
    put(catalogue, "menu.pdf", ["Soup costs 4 crowns."])
    catalogue.close()
    return workspace


def test_both_sides_stand_on_their_pages_with_their_days(workspace: Workspace) -> None:
    seen: list[tuple[int, int]] = []
    (found,) = find_contradictions(workspace, on_progress=lambda done, total: seen.append((done, total)))
    record = found.to_json()
    assert [side["value"] for side in record["sides"]] == ["32 kg", "25 kg"]
    assert [side["page"] for side in record["sides"]] == [1, 0] and record["newest"] == 1
    assert record["attribute"].startswith("passenger") and seen[-1] == (2, 3)
    catalogue = Catalogue(workspace.home.catalogue)
    for side in record["sides"]:
        text = catalogue.page_text("default", side["sha256"], side["page"])
        assert text[side["start"] : side["end"]] == side["quote"]
        assert text[side["value_start"] : side["value_end"]] == side["value"]
    assert found.sentence().endswith("update.pdf, p. 1 (2025-03-01) says 25 kg, the newest")
    lines = found.side_by_side(80)
    assert "handbook.pdf, p. 2" in lines[1] and "  |  update.pdf, p. 1" in lines[1]
    assert all(len(line) <= 80 for line in lines)


def test_documents_narrow_what_is_shown(workspace: Workspace) -> None:
    assert len(find_contradictions(workspace, ["update.pdf"])) == 1
    assert find_contradictions(workspace, ["menu.pdf"]) == []
    with pytest.raises(ConfigError, match=r"no document 'none\.pdf'"):
        find_contradictions(workspace, ["none.pdf"])


def answer_from(catalogue: Catalogue, value: str, **fields: Any) -> Answer:
    document = catalogue.resolve("default", "handbook.pdf")
    text = catalogue.page_text("default", document.sha256, 1)
    start = text.index("Each")
    cited = Citation(doc=document.doc, sha256=document.sha256, page=1, start=start, end=len(text), quote=text[start:])
    filled = {"ground": "cited", "citations": (cited,), "short_answer": value, **fields}
    return Answer(question="How much baggage is free?", answer=f"{value} of baggage.", **filled)


def test_an_answer_says_what_another_document_has(workspace: Workspace) -> None:
    catalogue = Catalogue(workspace.home.catalogue)
    update = catalogue.resolve("default", "update.pdf")
    hit = Hit(doc=update.doc, sha256=update.sha256, page=0, start=0, end=len(UPDATE), text=UPDATE, score=1.0)
    searcher = SimpleNamespace(search=lambda query, k: [hit])
    knowledge: Any = SimpleNamespace(catalogue=catalogue, searcher=searcher)
    check = DisagreementCheck(knowledge, "default")
    told = check(answer_from(catalogue, "32 kg"))
    (note,) = told.notes
    assert note.startswith("documents disagree: handbook.pdf, p. 2 (2024-09-01) says 32 kg; update.pdf, p. 1")
    assert note.endswith("(2025-03-01) says 25 kg, the newest")
    assert told.disagreements[0]["sides"][1]["value"] == "25 kg"
    # an answer that is not about the value, or cites nothing, is left as it is
    for answer in (answer_from(catalogue, "a passenger"), answer_from(catalogue, "32 kg", ground="abstained")):
        assert check(answer) is answer
