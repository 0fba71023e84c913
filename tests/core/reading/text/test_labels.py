"""Labels with a colon at the head of a line."""

from __future__ import annotations

import pytest

from core.reading.text.labels import begins_with_label


@pytest.mark.parametrize(
    "line", ["Rent: 800 euro", "Name of the tenant: Paul", "Address:", "Tel. no.: 5550", "1st floor: 2"]
)
def test_labels(line: str) -> None:
    assert begins_with_label(line)


@pytest.mark.parametrize(
    "line",
    [
        "rent: 800 euro",
        "The rooms of the flat are these: two",
        "At 10:30 the bus leaves",
        "https://example.org",
        "It ended. Then: more",
        "Is it? No: it is not",
        "",
        ": 8",
    ],
)
def test_other_lines(line: str) -> None:
    assert not begins_with_label(line)
