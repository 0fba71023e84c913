"""Work that is begun before its turn and taken in order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from core.errors import DataError
from core.settings import Settings
from rag.embed.base import Embedder
from rag.ingest.document import DocumentTask
from rag.ingest.place import Ended, Here, in_order
from tests.rag.ingest.test_reading import WordEmbedder


@dataclass
class Slow:
    """Done when it is asked for, and not before."""

    value: int

    def done(self) -> bool:
        return False

    def result(self) -> int:
        return self.value


def _here() -> Here:
    embedder: Embedder = WordEmbedder()  # type: ignore[assignment]
    return Here(Settings(), embedder)


def test_what_is_done_at_once_is_taken_at_once() -> None:
    begun: list[int] = []

    def begin(item: int) -> Ended[int]:
        begun.append(item)
        return Ended(item * item)

    results = [(item, pending.result(), len(begun)) for item, pending in in_order(range(4), begin, 2)]
    assert results == [(0, 0, 1), (1, 1, 2), (2, 4, 3), (3, 9, 4)]


@pytest.mark.parametrize("ahead", [0, 2, 9])
def test_as_many_are_begun_as_may_wait_and_each_is_taken_in_order(ahead: int) -> None:
    begun: list[int] = []

    def begin(item: int) -> Slow:
        begun.append(item)
        return Slow(item)

    taken = [(pending.result(), len(begun)) for _, pending in in_order(range(5), begin, ahead)]
    assert taken == [(item, min(5, item + ahead + 1)) for item in range(5)]


def test_here_a_file_is_read_at_its_turn_alone(tmp_path: Path) -> None:
    path = tmp_path / "pump.md"
    path.write_text("# Pump\n\nThe pump lifts 40 litres a minute.\n")
    place, task = _here(), DocumentTask(doc="pump.md", sha256="0" * 64)
    assert place.ahead == 0
    place.begin(tmp_path / "gone.md", path, task)  # nothing is looked at
    opened = place.open(path, task)
    ((page, chunks),) = opened.pages
    assert opened.info.n_pages == 1 and "40 litres" in page.text and chunks[0].sha256 == task.sha256


def test_here_a_refused_download_is_raised_where_it_is_taken(tmp_path: Path) -> None:
    download = _here().fetch("http://127.0.0.1:9/a.pdf", tmp_path, allow_private=False)
    assert download.done()
    with pytest.raises(DataError, match="private address"):
        download.result()
    assert _here().take_notes() == []
