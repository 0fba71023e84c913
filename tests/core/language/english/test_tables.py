"""What tables and documents print around their figures: scales, units, captions, running lines, labels."""

from __future__ import annotations

import re

import pytest

from core.language.english import polarity, units, words
from core.language.english.printed import documents, pages, sections, table_words


@pytest.mark.parametrize(
    ("title", "power"),
    [("(in millions)", 6), ("In thousands, except per share data", 3), ("$ million", 6), ("US dollars in billions", 9)],
)
def test_the_scale_of_a_table(title: str, power: int) -> None:
    match = table_words.SCALE.search(title)
    assert match is not None
    assert table_words.POWERS[(match["word"] or match["short"]).lower()] == power


def test_every_scale_is_shown_and_asked_for() -> None:
    assert words.SCALE_NAMES == {3: "thousand", 6: "million", 9: "billion"}
    for name in words.SCALE_NAMES.values():
        assert table_words.SCALED_AMOUNT.fullmatch(f"$1,200 {name}")
        assert table_words.ASKED_SCALE.search(f"Answer in {name}s.")


@pytest.mark.parametrize("unit", ["kg", "km/h", "°C", "days", "g/100 ml", "per 100 g"])
def test_a_unit(unit: str) -> None:
    assert units.UNIT.fullmatch(unit)


@pytest.mark.parametrize("word", ["boats", "January", "Smith"])
def test_no_unit(word: str) -> None:
    assert not units.UNIT.fullmatch(word)


@pytest.mark.parametrize(
    ("question", "unit", "other"),
    [("How tall is it?", "m", "kg"), ("How heavy is it?", "tonnes", "m"), ("At which speed?", "km/h", "V")],
)
def test_what_is_measured_has_its_units(question: str, unit: str, other: str) -> None:
    signs = next(signs for asks, signs in units.DIMENSIONS if asks.search(question))
    assert re.fullmatch(signs, unit)
    assert not re.fullmatch(signs, other)


@pytest.mark.parametrize("line", ["12", "page 3 of 12", "Page 4"])
def test_a_line_with_the_number_of_its_page(line: str) -> None:
    assert documents.FOLIO.match(line)
    assert pages.LONE_FOLIO.fullmatch(line)


@pytest.mark.parametrize(
    ("line", "number"), [("Section 4.2 Fees", "4.2"), ("Step 3: Row", "3"), ("§ 7 Rent", "7"), ("12a. Deposits", "12a")]
)
def test_a_heading_has_its_number(line: str, number: str) -> None:
    match = sections.NUMBERED.match(line)
    assert match is not None
    assert match["number"] == number


@pytest.mark.parametrize("title", ["untitled", "Microsoft Word - a.doc", "report.pdf", "Dokument 1"])
def test_a_title_that_a_program_wrote(title: str) -> None:
    assert pages.SENSELESS_TITLE.match(title)


def test_a_title_that_a_person_wrote() -> None:
    assert not pages.SENSELESS_TITLE.match("The harbour in winter")
    assert not pages.BOILERPLATE.match("The harbour in winter")
    assert pages.BOILERPLATE.match("Table of contents")


def test_denial_duty_and_what_is_free() -> None:
    assert polarity.NEGATIVE.search("Dogs are not allowed.")
    assert not polarity.NEGATIVE.search("Dogs are noted.")
    assert polarity.DENYING.search("Is the salad free of nuts?")
    assert not polarity.DENYING.search("Is entry free of charge?")
    assert not polarity.NEGATIVE.search("Entry is free of charge.")
    assert polarity.DUTY.search("Must I pay?")
    assert polarity.OPTIONAL.search("It is voluntary.")
    assert re.match(polarity.STATED, "No, it is closed.", re.IGNORECASE)
    assert not re.match(polarity.STATED, "No dogs.", re.IGNORECASE)
