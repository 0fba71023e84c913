"""Files as a stream of events: read, kept, refused; each of them is named and says how far the whole is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from core.files import Home, sha256_of
from core.settings import Settings
from rag.catalogue.identity import claim_collection
from rag.catalogue.writer import Catalogue
from rag.embed.base import Embedder, EmbedderIdentity
from rag.ingest.place import Here
from rag.ingest.reading import DocumentEnded, FileKept, FileReader, FileRefused, IngestEvent, PageRead, showable

TEXT = "The pump lifts 40 litres a minute.\n\nIt is served every March by the keeper of the mill."


class WordEmbedder:
    """Counts words as tokens; nothing here is embedded."""

    identity = EmbedderIdentity(model="words@1", dimension=4, pooling="mean", max_tokens=64)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


def _reader(home: Home, **ingest: Any) -> FileReader:
    catalogue = Catalogue(home.catalogue, create=True)
    claim_collection(catalogue, "default", WordEmbedder.identity.to_json())
    catalogue.close()
    settings = Settings()
    settings = settings.model_copy(update={"ingest": settings.ingest.model_copy(update=ingest)})
    embedder = cast(Embedder, WordEmbedder())
    place = Here(settings, embedder)
    return FileReader(home=home, settings=settings, collection="default", identity=embedder.identity, place=place)


def _events(reader: FileReader, *paths: Path) -> list[IngestEvent]:
    return list(reader.events([(path, str(path)) for path in paths]))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "pump.md"
    path.write_text(TEXT)
    return path


def test_a_file_is_read_page_by_page_and_its_bytes_are_kept(tmp_path: Path, page: Path) -> None:
    home = Home(tmp_path / "home")
    read, ended = _events(_reader(home), page)
    assert isinstance(read, PageRead) and isinstance(ended, DocumentEnded)
    assert (read.doc, read.source, read.sha256) == ("pump.md", str(page), sha256_of(page))
    assert "40 litres" in read.page.text and read.document == ended.document
    assert all(read.page.text[chunk.start : chunk.end] == chunk.text for chunk in read.chunks) and read.chunks
    assert (read.share, ended.share) == (1.0, 1.0)
    assert home.original(read.sha256, "pump.md").read_bytes() == page.read_bytes()


def test_equal_bytes_are_read_once(tmp_path: Path, page: Path) -> None:
    copy = tmp_path / "copy.md"
    copy.write_bytes(page.read_bytes())
    events = _events(_reader(Home(tmp_path / "home")), page, copy)
    assert [type(event) for event in events] == [PageRead, DocumentEnded, FileKept]
    assert [round(event.share, 2) for event in events] == [0.5, 0.5, 1.0]


def test_what_cannot_be_used_is_refused_and_the_next_file_is_read(tmp_path: Path, page: Path) -> None:
    home = Home(tmp_path / "home")
    large, broken, gone = tmp_path / "large.md", tmp_path / "broken.pdf", tmp_path / "gone.md"
    large.write_text("word " * 300_000)
    broken.write_bytes(b"%PDF-1.7\nnothing")
    events = _events(_reader(home, max_file_mb=1), large, broken, gone, tmp_path, page)
    refused = [event for event in events if isinstance(event, FileRefused)]
    assert [event.doc for event in refused] == ["large.md", "broken.pdf", "gone.md", tmp_path.name]
    assert refused[0].reason == "is larger (2 MiB) than ingest.max_file_mb allows (1)"
    assert f"--set ingest.max_file_mb=2 {large}" in refused[0].hint
    assert "No such file" in refused[2].reason and refused[3].reason == "is not a file"
    # Nothing is kept of a refused file, and no hint names a path inside the home.
    assert not home.original(sha256_of(broken), "broken.pdf").exists()
    assert all(str(home.root) not in event.hint for event in refused)
    assert isinstance(events[-1], DocumentEnded)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a.pdf", "a.pdf"), ("a\nb.pdf", "a\ufffdb.pdf"), ("\u202efdp.exe", "\ufffdfdp.exe"), ("caf\udce9", "caf\ufffd")],
)
def test_a_name_fits_on_one_line(name: str, shown: str) -> None:
    assert showable(name) == shown
