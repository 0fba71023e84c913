"""Titles of tables: whole, or none."""

from __future__ import annotations

import pytest

from synth.facts.english.tables.grid import title_above


@pytest.mark.parametrize(
    "above, title",
    [
        (["Balance Sheets", "(In millions)"], "Balance Sheets"),
        (
            ["Losses Recognised in", "Statements of Income on", "Derivatives"],
            "Losses Recognised in Statements of Income on Derivatives",
        ),
        (["It ended well.", "Sales by Region"], "Sales by Region"),
        (["The following table shows visits by season:"], "Visits by season"),
    ],
)
def test_a_title_is_taken_whole(above, title):
    assert title_above(above) == title
