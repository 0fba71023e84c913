"""Heads of columns put together from lines; doubtful ones give nothing."""

from __future__ import annotations

import pytest

from synth.facts.english.tables.columns import has_period, is_head, read_columns, unit_of


@pytest.mark.parametrize(
    ("lines", "phrases"),
    [
        (
            ["Three Months Ended", "June 25, June 26,", "2022 2021"],
            ["for the three months ended June 25, 2022", "for the three months ended June 26, 2021"],
        ),
        (
            ["Three Months Ended Nine Months Ended", "June 25, June 25,", "2022 2021 2022 2021"],
            [
                "for the three months ended June 25, 2022",
                "for the three months ended June 25, 2021",
                "for the nine months ended June 25, 2022",
                "for the nine months ended June 25, 2021",
            ],
        ),
        (["Fiscal Year 2022 2021"], ["for fiscal year 2022", "for fiscal year 2021"]),
        (["As of June 30, 2022 December 31, 2021"], ["as of June 30, 2022", "as of December 31, 2021"]),
        (["June 30, 2022 December 31, 2021"], ["as of June 30, 2022", "as of December 31, 2021"]),
        (
            ["Years Ended December 31,", "2022 2021 $ Change % Change"],
            ["for the year ended December 31, 2022", "for the year ended December 31, 2021", "", ""],
        ),
        (["Three Months Ended March 31,", "2023"], ["for the three months ended March 31, 2023"]),
        (["2022 2021"], []),
        (["Three Months Ended Nine Months Ended", "June 25,", "2022 2021 2022 2021"], []),
        (["Three Months Ended", "2022 2021"], []),
        (["As of June 30, 2022 June 30, 2022"], []),
        (["Change"], []),
    ],
)
def test_every_column_has_a_period_or_there_are_none(lines, phrases):
    assert [column.phrase for column in read_columns(lines)] == phrases


@pytest.mark.parametrize(
    ("line", "head", "period"),
    [
        ("2022 2021", True, True),
        ("(in millions)", True, False),
        ("Three Months Ended", True, True),
        ("$ Change % Change", True, False),
        ("Revenue 5 4", False, False),
        ("Revenue in 2022", False, True),
        ("", False, False),
    ],
)
def test_lines_of_heads(line, head, period):
    assert is_head(line) is head
    assert has_period(line) is period


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("(In millions, except per share amounts)", "in millions, except per share amounts"),
        ("(Unaudited) (in thousands)", "in thousands"),
        ("(unaudited)", ""),
        ("in millions", ""),
    ],
)
def test_units_in_brackets(text, unit):
    assert unit_of(text) == unit
