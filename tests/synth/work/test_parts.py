"""Document mode: documents that repeat each other form one part, and no two splits share a chunk."""

from __future__ import annotations

from dataclasses import replace

from core.types import Chunk, Page
from synth.work.parts import part_documents
from synth.work.workspace import SynthTables
from tests.support.club import document

WORDS = "alder birch cedar dune ember fjord gale heath inlet jetty kelp loam marsh oar pier quay reef sand tide".split()


def text_of(number: int) -> str:
    """Thirty words that no other number shares in the same order."""
    return " ".join(WORDS[(number * 7 + step * (number % 5 + 1)) % len(WORDS)] + str(number) for step in range(30))


def collection(tmp_path, documents: dict[str, list[str]], seed: int = 0) -> SynthTables:
    work = SynthTables(tmp_path / "w.sqlite", seed)
    for sha256, texts in documents.items():
        chunks = [Chunk(sha256=sha256, page=page, start=0, end=len(text), text=text) for page, text in enumerate(texts)]
        pages = [Page(index=page, text=text) for page, text in enumerate(texts)]
        work.add_document(replace(document("club.pdf"), sha256=sha256), pages, chunks)
    return work


def splits(work: SynthTables) -> dict[str, tuple[str, str]]:
    return {row[0]: (row[1], row[2]) for row in work.db.execute("SELECT sha256, part, split FROM documents")}


def test_documents_that_repeat_each_other_are_one_part(tmp_path):
    work = collection(
        tmp_path,
        {
            "a": [text_of(number) for number in range(5)],
            "b": [text_of(0), *(text_of(number) for number in range(10, 14))],
            "c": [text_of(number) for number in range(20, 25)],
        },
    )
    parted = part_documents(work, jaccard=0.8, val_share=0.0, test_share=0.4)
    found = splits(work)
    assert parted.parts == 2
    assert parted.shared == 0
    assert found["a"] == found["b"]
    assert found["a"][0] != found["c"][0]
    assert (found["a"][1], found["c"][1]) == ("train", "test")


def test_boilerplate_that_two_parts_share_makes_no_rows(tmp_path):
    many = {
        sha256: [text_of(99), *(text_of(100 * at + number) for number in range(1, 15))]
        for at, sha256 in enumerate("abc", start=1)
    }
    work = collection(tmp_path, many)
    parted = part_documents(work, jaccard=0.8, val_share=0.2, test_share=0.2)
    assert parted.parts == 3
    assert parted.shared == 3
    assert all(text_of(99) not in source.text for source in work.chunks_in_order())
    assert sorted(split for _, split in splits(work).values()) == ["test", "train", "val"]


def test_one_document_trains(tmp_path):
    work = collection(tmp_path, {"a": [text_of(1)]})
    assert part_documents(work, jaccard=0.8, val_share=0.3, test_share=0.3).parts == 1
    assert splits(work)["a"][1] == "train"


def test_no_share_no_split(tmp_path):
    work = collection(tmp_path, {"a": [text_of(1)], "b": [text_of(2)], "c": [text_of(3)]})
    part_documents(work, jaccard=0.8, val_share=0.0, test_share=0.0)
    assert {split for _, split in splits(work).values()} == {"train"}


def test_the_same_seed_gives_the_same_splits(tmp_path):
    documents = {name: [text_of(10 * at + number) for number in range(3)] for at, name in enumerate("abcdefgh")}
    results = []
    for number, seed in enumerate((1, 1, 2, 3)):
        folder = tmp_path / str(number)
        folder.mkdir()
        work = collection(folder, documents, seed)
        part_documents(work, jaccard=0.8, val_share=0.25, test_share=0.25)
        results.append(splits(work))
    assert results[0] == results[1]
    assert any(result != results[0] for result in results[2:])
