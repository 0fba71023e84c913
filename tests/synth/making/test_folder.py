"""The files of a dataset: what is written, in which order, and what is left as it was."""

from __future__ import annotations

import pytest

from core.files import sha256_of
from core.rows import MANIFEST
from synth.dataset.split import SplitProof, prove
from synth.dataset.write import JUDGED
from synth.making import folder, make
from synth.work.parts import DocumentParts
from tests.support.json_lines import read_jsonl
from tests.support.synth_rows import club_run


@pytest.fixture
def run(tmp_path):
    run = club_run(tmp_path, pairs=6)
    for _ in make.pairs(run):
        pass
    yield run
    run.work.close()


def proof(run) -> SplitProof:
    return prove(run.work, mode="knowledge", val_share=0.2, test_share=0.2)


def test_every_table_and_split_is_a_file_and_the_manifest_knows_their_hashes(run, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    manifest = folder.write(out, run, parted=None, proof=proof(run), audit=None)
    written = {path.name for path in out.iterdir()}
    assert written == {*manifest["files"], MANIFEST}
    assert all(sha256_of(out / name) == sha256 for name, sha256 in manifest["files"].items())
    rows = read_jsonl(out / "pairs.jsonl")
    assert len(rows) == 6
    assert sorted(row["id"] for row in rows) == sorted(
        row["id"] for split in ("train", "val", "test") for row in read_jsonl(out / f"{split}.jsonl")
    )
    assert all(
        row["split"] == split for split in ("train", "val", "test") for row in read_jsonl(out / f"{split}.jsonl")
    )


def test_the_head_says_what_the_dataset_was_made_of(run, tmp_path):
    manifest = folder.write(tmp_path, run, parted=None, proof=proof(run), audit={"caught": 1})
    assert manifest["generator"] == "builtin"
    assert manifest["judge"] == ""
    assert manifest["pairs_asked"] == 6
    assert manifest["prompts"]["kb ask"] == run.plan.answer_prompt.text
    assert manifest["audit"] == {"caught": 1}
    assert "parts" not in manifest
    assert all(set(document) == {"doc", "sha256"} for document in manifest["documents"])


def test_in_document_mode_every_document_has_its_split(run, tmp_path):
    parted = DocumentParts(parts=2, shared=1)
    manifest = folder.write(tmp_path, run, parted=parted, proof=proof(run), audit=None)
    assert (manifest["parts"], manifest["shared_chunks"]) == (2, 1)
    assert {document["split"] for document in manifest["documents"]} <= {"train", "val", "test"}


def test_rows_of_people_are_listed_but_not_written(run, tmp_path):
    judged = tmp_path / JUDGED
    judged.write_text("{}\n")
    manifest = folder.write(tmp_path, run, parted=None, proof=proof(run), audit=None)
    assert manifest["files"][JUDGED] == sha256_of(judged)
    assert judged.read_text(encoding="utf-8") == "{}\n"


def test_coverage_of_documents_adds_up_to_the_whole(run, tmp_path):
    covered = folder.write(tmp_path, run, parted=None, proof=proof(run), audit=None)["coverage"]
    pages = read_jsonl(tmp_path / folder.COVERAGE)
    assert pages
    for what in ("facts", "sentences"):
        for count in ("all", "covered"):
            assert covered[what][count] == sum(page[what][count] for page in pages)
            assert covered[what][count] == sum(sums[what][count] for sums in covered["documents"].values())


def test_rejected_rows_do_not_replace_those_of_a_complete_dataset(run, tmp_path):
    path = folder.write_rejected(tmp_path, run.work)
    assert path is not None
    assert read_jsonl(path) == list(run.work.records("rejected"))
    path.write_text("kept\n")
    (tmp_path / MANIFEST).write_text("{}")
    assert folder.write_rejected(tmp_path, run.work) is None
    assert path.read_text(encoding="utf-8") == "kept\n"
