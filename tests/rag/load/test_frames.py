from __future__ import annotations

import json

import pytest

from core.blocks import Block, Cell
from core.types import Page
from rag.load.process.frames import page_from_json, page_to_json

TEXT = "Fees\nCity | Fee\nBern | 3"


def test_a_page_survives_the_pipe() -> None:
    cells = ((Cell(start=5, end=9), Cell(start=12, end=15)), (Cell(start=16, end=20), Cell(start=23, end=24)))
    page = Page(
        index=2,
        text=TEXT,
        quality="poor",
        reason="read by OCR",
        label="Fees",
        hidden={"tiny": 3},
        hidden_text="xyz",
        parser="made 1",
        blocks=(
            Block(kind="heading", start=0, end=4, level=2),
            Block(kind="table", start=5, end=24, rows=cells, head_rows=1, carried_heads=(("City", "Fee"),)),
            Block(kind="list_item", start=0, end=4, number="3."),
        ),
    )
    assert page_from_json(json.loads(json.dumps(page_to_json(page)))) == page


def test_a_frame_of_another_shape_is_refused() -> None:
    with pytest.raises(TypeError):
        page_from_json({"index": 0, "text": "", "blocks": [], "colour": "red"})
