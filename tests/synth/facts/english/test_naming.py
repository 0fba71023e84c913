"""How a document and its organisation are called, and who "the Company" and "we" are."""

from __future__ import annotations

import pytest

from synth.facts.english.naming import name_document, resolve
from tests.support.stated_facts import FILING, HANDBOOK, document, flat, page

COVER = """UNITED STATES
FORM 10-Q
For the quarterly period ended June 25, 2022
ACME WIDGETS, INC.
(Exact name of Registrant as specified in its charter)
Acme Widgets, Inc. makes widgets. The Company sells them.
"""


def test_a_filing_is_named_by_its_registrant_form_and_period():
    naming = name_document(document("10-Q"), [page(COVER)])
    assert naming == FILING
    assert naming.whose == "Acme Widgets, Inc.’s"


def test_a_filing_without_a_period_is_named_by_its_title():
    naming = name_document(document("Quarterly news"), [page("FORM 8-K\nNothing else")])
    assert naming.scope == "the Form 8-K (“Quarterly news”)"
    assert naming.filing


def test_a_legal_form_on_a_line_of_its_own_belongs_to_the_name():
    cover = COVER.replace("ACME WIDGETS, INC.", "ACME WIDGETS\nINC.")
    assert name_document(document("10-Q"), [page(cover)]).organisation.casefold().startswith("acme widgets inc")


def test_a_handbook_is_named_by_its_title_and_author():
    opening = page("Welcome to the Institute.")
    assert name_document(document("Staff Handbook: Third Edition", author="Rowan Institute"), [opening]) == HANDBOOK


@pytest.mark.parametrize(
    ("title", "author", "text", "scope"),
    [
        ("Tides", "Harbour Authority", "Tides are measured by the Authority.", "“Tides” of the Harbour Authority"),
        ("Tides of the western bay", "Harbour Authority", "The Authority measures.", "“Tides of the western bay”"),
        ("notes", "Microsoft Word", "x", "“notes”"),
        ("notes", "Harbour Authority", "Nothing of the kind.", "“notes”"),
        (
            "Rules of the Harbour Authority | 2024",
            "Harbour Authority",
            "The Authority.",
            "“Rules of the Harbour Authority”",
        ),
        ("The Night Policy", "", "", "“The Night Policy”"),
        ("Night Policy", "", "", "the Night Policy"),
    ],
)
def test_titles_are_quoted_or_named(title, author, text, scope):
    assert name_document(document(title, author=author), [page(text)]).scope == scope


@pytest.mark.parametrize(
    ("sentence", "resolved"),
    [
        ("The Company reported sales of $5 million.", "Acme Widgets, Inc. reported sales of $5 million."),
        ("The Company’s revenue rose.", "Acme Widgets, Inc.’s revenue rose."),
        ("Our revenue rose in 2021.", "Acme Widgets, Inc.’s revenue rose in 2021."),
        ("We have 12 plants.", "Acme Widgets, Inc. has 12 plants."),
        ("We recorded a gain of $3 million.", "Acme Widgets, Inc. recorded a gain of $3 million."),
        ("We believe this.", "We believe this."),
        ("The Company Store opened.", "The Company Store opened."),
        ("It sells widgets.", "It sells widgets."),
    ],
)
def test_the_company_and_we_are_the_registrant(sentence, resolved):
    assert resolve(flat(sentence), FILING).text == resolved


def test_outside_filings_we_stays_and_the_institute_is_named():
    assert resolve(flat("We have 12 plants."), HANDBOOK).text == "We have 12 plants."
    assert resolve(flat("The Institute’s boat sails."), HANDBOOK).text == "The Rowan Institute’s boat sails."


def test_offsets_survive_a_longer_name():
    sentence = "The Company has 12 plants."
    whole = resolve(flat(sentence), FILING)
    at = whole.text.index("12 plants")
    start, end = whole.span(at, at + len("12 plants"))
    assert sentence[start:end] == "12 plants"


@pytest.mark.parametrize(
    ("title", "scope"),
    [
        ("Instruction sheet: Bellows pump K12", "“Instruction sheet: Bellows pump K12”"),
        ("Annual report – Tarn Valley Trust", "“Annual report – Tarn Valley Trust”"),
        ("Handbook: for members and friends", "the Handbook"),
        ("Rules of Lund Rowing Club: a summary", "“Rules of Lund Rowing Club”"),
    ],
)
def test_a_title_keeps_its_subtitle_where_its_head_fits_many_documents(title: str, scope: str):
    assert name_document(document(title), [page("Nothing else.")]).scope == scope
