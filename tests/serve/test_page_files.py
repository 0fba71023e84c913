"""What the page keeps for people: conversations per key, forgotten files for a minute, who learned a document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.files import Home
from core.settings import Settings
from core.types import RunCard
from finetune.load_recipe import load_recipe
from finetune.runs import create_run
from finetune.training.machine import this_machine
from kb.staleness import register_dataset
from serve.documents.learned import learned_by
from serve.documents.undo import ForgottenFiles
from serve.errors import NotFound, RequestRefused
from serve.service import Service
from serve.ui.conversations import ConversationFiles
from serve.work.jobs import JobQueue

ID = "0123456789abcdef"


def test_conversations_of_two_keys_are_apart(tmp_path: Path) -> None:
    files = ConversationFiles(Home(tmp_path))
    files.put("key:ann", ID, {"id": ID, "title": "Tides", "turns": []})
    files.put("key:ann", ID, {"id": ID, "title": "Tides, later", "turns": []})
    assert [each["title"] for each in files.listed("key:ann")] == ["Tides, later"]
    assert files.listed("key:bob") == []
    files.remove("key:bob", ID)
    assert len(files.listed("key:ann")) == 1
    files.remove("key:ann", ID)
    assert files.listed("key:ann") == []


@pytest.mark.parametrize(
    ("id_", "value"), [("../x", {}), (ID, []), (ID, {"id": "other", "turns": []}), (ID, {"id": ID})]
)
def test_what_is_no_conversation_is_refused(tmp_path: Path, id_: str, value: object) -> None:
    with pytest.raises(RequestRefused):
        ConversationFiles(Home(tmp_path)).put("key:ann", id_, value)
    assert not list(tmp_path.rglob("*.json"))


async def test_a_forgotten_document_can_be_brought_back_once(stocked: Home, tmp_path: Path) -> None:
    service = Service(Settings(), stocked)
    try:
        document = await service.document("manual.pdf")
        forgotten = ForgottenFiles(service, keep_s=60)
        undo = forgotten.keep(document)
        job = forgotten.restore(undo, "me")
        (item,) = job.items
        assert item["source"] == document.source
        assert Path(item["path"]).read_bytes() == stocked.original(document.sha256, document.doc).read_bytes()
        with pytest.raises(NotFound):
            forgotten.restore(undo, "me")
        with pytest.raises(NotFound):
            forgotten.restore("../../catalogue.sqlite", "me")
    finally:
        for job in service.jobs.listed():
            service.jobs.fail(job.id, "test")
        service.close()


def test_datasets_that_quote_a_document_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "datasets" / "mine"
    folder.mkdir(parents=True)
    (folder / "pairs.jsonl").write_text(json.dumps({"evidence": [{"sha256": "a" * 64}]}) + "\n", encoding="utf-8")
    assert learned_by(Home(tmp_path), ["a" * 64]) == ["dataset mine"]
    assert learned_by(Home(tmp_path), ["b" * 64]) == []


def test_what_was_made_elsewhere_and_what_outlived_its_dataset_is_named(tmp_path: Path) -> None:
    home, outside = Home(tmp_path / "home"), tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "pairs.jsonl").write_text("")
    manifest = {"documents": [{"doc": "tides.pdf", "sha256": "a" * 64}], "counts": {}}
    (outside / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    register_dataset(home, outside)
    documents = ({"doc": "tides.pdf", "sha256": "a" * 64},)
    card = RunCard(
        name="tidal", base="smollm2", method="lora", data_sha256="", seed=0, versions={}, documents=documents
    )
    create_run(home, card, load_recipe("", this_machine(), flags={}, pairs=()))
    assert learned_by(home, ["a" * 64]) == ["dataset elsewhere", "run tidal"]
    assert learned_by(home, ["b" * 64]) == []


def test_what_was_refused_can_be_tried_again(tmp_path: Path) -> None:
    jobs = JobQueue(Home(tmp_path))
    first = jobs.new_id()
    paths = [jobs.folder(first) / str(number) / f"{number}.pdf" for number in range(2)]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    items = [{"path": str(path), "source": f"upload:{path.name}"} for path in paths]
    jobs.add(first, "default", "me", items)
    jobs.finish(first, [{"doc": "0.pdf", "status": "indexed"}, {"doc": "1.pdf", "status": "refused"}])
    assert [path.is_file() for path in paths] == [False, True]
    again = jobs.retry(first, who="me", password="tide")
    assert [Path(item["path"]).name for item in again.items] == ["1.pdf"]
    assert Path(again.items[0]["path"]).is_file()
    with pytest.raises(NotFound):  # its file has moved on
        jobs.retry(first, who="me")
    # The password is known until the job ends, and stands in no file.
    assert (jobs.password(first), jobs.password(again.id)) == ("", "tide")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files and not any(b"tide" in path.read_bytes() for path in files)
    jobs.finish(again.id, [{"doc": "1.pdf", "status": "refused", "reason": "is locked; pass --password"}])
    assert jobs.password(again.id) == ""
    (shown,) = jobs.get(again.id).to_json()["files"]
    assert shown["locked"] and shown["reason"] == "is locked with a password"
    jobs.close()
