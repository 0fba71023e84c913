"""Numbered items are told from headings with bodies, and nested ones from those around them."""

from __future__ import annotations

import pytest

from core.reading.proposals.numbered import after_heading, item_spans, numbered_items
from core.reading.proposals.sections import section_body

INDENTED = "1. Open\n2. Choose\n   1. Left\n   2. Right\n3. Close"
FLUSH = "1. Open\n2. Choose\n1. Up\n2. Left\n3. Right\n3. Close"
TWO_LISTS = "Start\n1. Open\n2. Choose\nStop\n1. Close\n2. Lock"


@pytest.mark.parametrize("text", [INDENTED, FLUSH])
def test_what_is_nested_belongs_to_the_item_above(text: str) -> None:
    items = [item for item in numbered_items(text) if item.level == 0]
    assert [item.number for item in items] == [1, 2, 3]
    assert "Right" in text[items[1].start : items[1].end]


def test_a_list_begins_anew_under_a_heading() -> None:
    items = numbered_items(TWO_LISTS)
    assert [(item.number, item.level) for item in items] == [(1, 0), (2, 0), (1, 0), (2, 0)]
    assert TWO_LISTS[items[1].start : items[1].end] == "2. Choose"


@pytest.mark.parametrize(
    ("number", "text", "body"),
    [
        ("3", "1. Row\n2. Steer\n3. Moor\na) Tie the bow\n4. Leave", "3. Moor\na) Tie the bow"),
        ("2", "1. Row\n2. Steer\n3. Moor", "2. Steer"),
        ("3", "1. Row\n2. Steer\n3. Moor\n\nAfter mooring call the harbour.", "3. Moor"),
        (
            "3",
            "1. Row\n\nRow on.\n\n2. Steer\n3. Moor\n\nAfter mooring call the harbour.",
            "3. Moor\n\nAfter mooring call the harbour.",
        ),
        ("3", "1. Row\n2. Steer\n3. Moor.\n\nTools needed:\n\n- wrench", "3. Moor."),
        ("3", "1. Row\n2. Steer\n3. Moor.\nTools needed:\n- wrench", "3. Moor."),
        ("7", "4. Call the desk\n7. Close the gate\n\nTerm\nFive years", "7. Close the gate"),
        ("3", "1. Row\n2. Steer\n3. Moor\n\nLeaving\n\nCast off.", "3. Moor"),
        ("2", "Step 1: Row\nStep 2: Steer\nStep 3: Moor", "Step 2: Steer"),
        ("2", "1. Scope\n\nAll members.\n\n2. Fees\n\nTen crowns.\n\n3. Guests\n\nNone.", "Ten crowns."),
        ("2", "1. Scope\n2. Fees\n3. Guests\n\n1. Scope\nAll.\n2. Fees\nTen crowns.\n3. Guests\nNone.", "Ten crowns."),
        ("2", INDENTED, "2. Choose\n   1. Left\n   2. Right"),
    ],
)
def test_a_short_item_is_no_heading_and_a_heading_no_item(number: str, text: str, body: str) -> None:
    span = section_body(number, text)
    assert span is not None
    assert text[slice(*span)] == body


def test_every_list_has_an_item_of_a_number() -> None:
    assert [TWO_LISTS[slice(*span)] for span in item_spans("2", TWO_LISTS)] == ["2. Choose", "2. Lock"]
    assert item_spans("ii", TWO_LISTS) == []


def test_the_heading_chooses_the_list() -> None:
    span = section_body("2", TWO_LISTS, "stop")
    assert span is not None
    assert TWO_LISTS[slice(*span)] == "2. Lock"
    assert section_body("2", TWO_LISTS, "park") is None
    assert after_heading("Stop", "1. Stop\n2. Go") is None
