"""Lines that mean what they show: each stands as it is, and no block grows beyond measure."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.text.code import code_elements, read_code
from tests.support.parsed_pages import check

LIMITS = IngestSettings()


def joined(text: str) -> str:
    return "".join(element.gap + element.shown for element in code_elements(text))


@given(st.text(alphabet="ab {}\t\n\r", max_size=200))
def test_every_line_with_text_stands_as_it_is(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    expected = "\n".join(line if line.strip() else "" for line in lines)
    assert joined(text) == expected.rstrip("\n")


@given(st.lists(st.integers(1, 700), min_size=1, max_size=12))
def test_blocks_end_before_they_are_too_long(lengths: list[int]) -> None:
    text = "\n".join("x" * length for length in lengths)
    elements = code_elements(text)
    assert joined(text) == text
    assert all(len(element.shown) <= 1500 for element in elements)
    # No block ends while its next line would have fitted.
    for element, following in pairwise(elements):
        assert len(element.shown) + 1 + len(following.shown.split("\n")[0]) > 1500


def test_one_long_line_is_a_block_of_its_own() -> None:
    text = "short\n" + "y" * 5000 + "\nlast"
    assert [len(element.shown) for element in code_elements(text)] == [5, 5000, 4]
    assert [element.gap for element in code_elements(text)] == ["", "\n", "\n"]


def test_empty_lines_part_blocks_and_keep_their_number() -> None:
    elements = code_elements("def f():\n    return 1\n\n\n\ndef g():\n\treturn 2\n")
    assert [(element.gap, element.shown) for element in elements] == [
        ("", "def f():\n    return 1"),
        ("\n\n\n\n", "def g():\n\treturn 2"),
    ]


def test_what_looks_like_markup_is_text() -> None:
    text = "- 1. <b>| x |</b>\n# no heading"
    (element,) = code_elements(text)
    assert (element.kind, element.number, element.shown) == ("paragraph", "", text)


def test_nothing_has_no_blocks() -> None:
    assert code_elements("") == ()
    assert code_elements("\n  \n\t\n") == ()


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "program.log"
    path.write_bytes(bytes(range(256)) * 20)
    with pytest.raises(DataError) as caught:
        read_code(path, LIMITS)
    assert str(path) in str(caught.value) or path.name in str(caught.value)


def test_offsets_of_blocks_count_in_the_page(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text("é = 1\n\nprint(é)\n", encoding="utf-8")
    reader = read_code(path, LIMITS)
    page = reader.page(0)
    check(page)
    assert page.text == "é = 1\n\nprint(é)"
    assert [(block.start, block.end) for block in page.blocks] == [(0, 5), (7, 15)]
