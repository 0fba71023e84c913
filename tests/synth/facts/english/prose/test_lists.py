"""Glossaries, timelines, ratings, numbered headings and dates of issue."""

from __future__ import annotations

import pytest

from synth.facts.english.prose.lists import list_facts
from tests.support.stated_facts import FILING, HANDBOOK

GLOSSARY = """Term Meaning
LAN Local Area Network
Tide The rise and fall of the sea that the moon causes twice a day.
Weir A low wall across a river that raises the water above it.
Table 2
"""
RATINGS = """Table 3. Depth and weight of the boats
Boat Depth Weight
Alder 12 300
Birch 14 410
Cedar 9 280
"""
TIMELINE = """Year Event
1931 The harbour was opened
1944 The pier burned down
1950 The pier was built again
"""


def found(text: str, naming=HANDBOOK) -> list[tuple[str, str, str]]:
    """Kind, subject and answer of each fact; every answer's value must stand where it says."""
    facts = list(list_facts(text, naming))
    for fact in facts:
        assert text[slice(*fact.value)] in fact.answer
        assert fact.quotes[0][0] <= fact.value[0] < fact.value[1] <= fact.quotes[0][1]
    return [(fact.kind, fact.subject, fact.answer) for fact in facts]


def test_a_glossary_gives_abbreviations_and_definitions():
    # The last row may run on in a line that is not there, so the row before the caption is the last that is certain.
    assert found(GLOSSARY)[:2] == [
        ("acronym", "LAN", "Local Area Network"),
        ("definition", "Tide", "The rise and fall of the sea that the moon causes twice a day"),
    ]


def test_a_row_that_runs_on_is_left_out():
    text = GLOSSARY.replace("twice a day.", "twice\na day, as everybody knows.")
    assert ("definition", "Tide") not in [(kind, subject) for kind, subject, _ in found(text)]


def test_a_table_of_figures_gives_every_cell():
    assert found(RATINGS) == [
        ("table", "Alder", "12"),
        ("table", "Alder", "300"),
        ("table", "Birch", "14"),
        ("table", "Birch", "410"),
        ("table", "Cedar", "9"),
        ("table", "Cedar", "280"),
    ]


def test_a_unit_in_the_title_belongs_to_the_figures():
    text = RATINGS.replace("Depth and weight of the boats", "Depth of the boats in metres").replace(" Weight", "")
    text = text.replace(" 300", "").replace(" 410", "").replace(" 280", "")
    assert found(text) == [
        ("table", "Alder", "12 metres"),
        ("table", "Birch", "14 metres"),
        ("table", "Cedar", "9 metres"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        RATINGS.replace("Table 3. Depth and weight of the boats\n", ""),
        "\n".join(RATINGS.splitlines()[:4]) + "\n",
        RATINGS.replace("Boat Depth Weight", "Boat depth weight"),
    ],
)
def test_without_caption_rows_or_heads_there_is_no_table(text):
    assert found(text) == []


def test_a_timeline_gives_the_year_of_each_event():
    assert found(TIMELINE) == [
        ("date", "The harbour was opened", "1931"),
        ("date", "The pier burned down", "1944"),
        ("date", "The pier was built again", "1950"),
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("Section 4.2 Storage of oil", "Section 4.2"),
        ("4.2 Storage of oil", "section 4.2"),
        ("Annex B: Forms of the club", "Annex B"),
        ("Chapter 12 - The tides", "Chapter 12"),
    ],
)
def test_a_numbered_heading(line, answer):
    (fact,) = list_facts(line + "\n", HANDBOOK)
    assert (fact.kind, fact.answer) == ("heading", answer)


@pytest.mark.parametrize(
    "line", ["See section 4.2 Storage", "4.2 The oil is stored", "Section 4.2 Storage of", "4.2 storage"]
)
def test_a_sentence_or_half_a_heading_is_none(line):
    assert found(line + "\n") == []


def test_numbers_of_exhibits_are_no_sections_of_a_filing():
    assert found("31.1 Certification of the officer\n", FILING) == []


def test_a_table_of_contents_gives_no_headings():
    text = "".join(f"4.{number} Storage of oil .......... {number}\n" for number in range(1, 6))
    assert found(text) == []


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("Effective date: 1 May 2024", "What is the effective date of the Staff Handbook of the Rowan Institute?"),
        ("Last revised on May 3, 2024.", "When was the Staff Handbook of the Rowan Institute last revised?"),
    ],
)
def test_what_a_document_says_of_its_own_date(line, question):
    (fact,) = list_facts(line + "\n", HANDBOOK)
    assert fact.questions[0] == question
    assert "2024" in fact.answer


def test_a_date_without_a_year_is_no_date_of_issue():
    assert found("Effective date: 1 May\n") == []
