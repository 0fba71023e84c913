from __future__ import annotations

import pytest

from core.errors import BackendError, ConfigError, DataError, GateError, KbError, MissingExtra
from core.types import Chunk, Page


@pytest.mark.parametrize(
    ("sha256", "page", "start", "end", "text"),
    [("", 0, 0, 1, "a"), ("x", -1, 0, 1, "a"), ("x", 0, 1, 1, ""), ("x", 0, 0, 2, "a"), ("x", 0, -1, 0, "a")],
)
def test_a_chunk_needs_its_place(sha256: str, page: int, start: int, end: int, text: str) -> None:
    with pytest.raises(ValueError):
        Chunk(sha256=sha256, page=page, start=start, end=end, text=text)


def test_offsets_count_code_points() -> None:
    page = Page(index=0, text="a𝒳b")
    chunk = Chunk(sha256="x", page=0, start=1, end=2, text="𝒳")
    assert page.text[chunk.start : chunk.end] == chunk.text
    assert chunk.id == "x:0:1:2"


def test_exit_codes_are_the_contract() -> None:
    codes = {
        error: error.exit_code for error in (KbError, ConfigError, MissingExtra, BackendError, DataError, GateError)
    }
    assert list(codes.values()) == [1, 2, 3, 4, 5, 1]


def test_a_data_error_names_its_place_as_a_person_reads_it() -> None:
    assert str(DataError("is torn", path="a.pdf", page=2)) == "a.pdf, p. 3: is torn"
    assert str(DataError("is torn", path="a.jsonl", line=7)) == "a.jsonl, line 7: is torn"
