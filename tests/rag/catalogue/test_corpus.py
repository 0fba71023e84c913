from __future__ import annotations

from pathlib import Path

from core.blocks import Block
from core.types import Page
from rag.catalogue.corpus import CatalogueCorpus
from rag.catalogue.writer import Catalogue, Finished
from tests.support.documents import IDENTITY, RECIPE, new_document, put


def test_a_corpus_gives_pages_with_blocks_and_without_what_was_hidden(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite", create=True)
    catalogue.set_collection("default", IDENTITY)
    new = new_document("a.pdf", ["Fees"])
    document, _ = catalogue.stage("default", new, RECIPE)
    blocks = (Block(kind="heading", start=0, end=4, level=2),)
    page = Page(
        index=0, text="Fees", blocks=blocks, hidden={"tiny": 4}, hidden_text="evil", label="Fees", parser="made"
    )
    with catalogue.transaction():
        catalogue.add_pages(document, [page], [])
        catalogue.finish(document, "/a.pdf", Finished(title="A", profile={}, status="no text", n_pages=1))
    corpus = CatalogueCorpus(catalogue, "default")
    (given,) = corpus.pages(new.sha256)
    assert (given.blocks, given.label, given.parser) == (blocks, "Fees", "made")
    assert (given.hidden, given.hidden_text) == ({}, "")
    assert catalogue.page("default", new.sha256, 0) == page


def test_a_corpus_gives_documents_by_name_and_chunks_in_order(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue.sqlite", create=True)
    for name in ("b.pdf", "a.pdf"):
        put(catalogue, name, [f"{name} one\ntwo", "three"])
    corpus = CatalogueCorpus(catalogue, "default")
    assert [document.doc for document in corpus.documents()] == ["a.pdf", "b.pdf"]
    chunks = list(corpus.chunks(corpus.documents()[0].sha256))
    assert [(chunk.page, chunk.text) for chunk in chunks] == [(0, "a.pdf one"), (0, "two"), (1, "three")]
