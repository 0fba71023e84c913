"""Claims of documents that contradict each other, and the many that only look like it."""

from __future__ import annotations

import pytest

from core.blocks import Block, Cell
from core.types import Page
from rag.contradictions.claims import claims_of_page
from rag.contradictions.radar import claim_date, describe_document, find_disagreements
from tests.support.stored import stored_document


def pairs(left: str, right: str, left_doc: str = "handbook.pdf", right_doc: str = "update.pdf") -> list[set[str]]:
    """The values on which two one-page documents disagree."""
    dated, claims = {}, []
    for sha256, doc, text in (("a" * 64, left_doc, left), ("b" * 64, right_doc, right)):
        page = Page(index=0, text=text)
        dated[sha256] = describe_document(stored_document(doc, sha256=sha256), page)
        claims += claims_of_page(sha256, page)
    return [{claim.slot.text for claim in each.claims} for each in find_disagreements(claims, dated)]


@pytest.mark.parametrize(
    ("left", "right", "values"),
    [
        (
            "Each passenger may bring 32 kg of baggage free of charge.",
            "From the same day each passenger may bring 25 kg of baggage free of charge.",
            {"32 kg", "25 kg"},
        ),
        (
            "Fresh water is scarce, so a shower may last no longer than 4 minutes.",
            "A shower may last up to 6 minutes instead of 4, because a second pump went into service on 3 May 2025.",
            {"4 minutes", "6 minutes"},
        ),
        (
            "Each person has a private allowance of 6 GB a week.",
            "The private allowance on the network rises from 6 GB to 15 GB a week.",
            {"6 GB", "15 GB"},
        ),
        (
            "The workboat Pipit carries six people. She does not leave when the wind is above 12 m/s.",
            "The workboat Pipit does not leave when the wind is above 10 m/s, instead of 12 m/s.",
            {"12 m/s", "10 m/s"},
        ),
        (
            "The night bell of the harbour office is rung at 21:30 by the porter.",
            "The night bell of the harbour office is rung at 22:00 by the porter.",
            {"21:30", "22:00"},
        ),
        (
            "Complaints go to the Station Manager, Tobiah Renskow, in writing.",
            "Complaints go to the Station Manager, Linnea Drummagh, in writing.",
            {"Tobiah Renskow", "Linnea Drummagh"},
        ),
    ],
)
def test_other_values_of_one_attribute_are_found(left: str, right: str, values: set[str]) -> None:
    assert pairs(left, right) == [values]
    assert pairs(right, left) == [values]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        # the same value, spelled or rounded otherwise
        ("The annual fee for a mooring is 1,200 crowns.", "The annual fee for a mooring is 1200 crowns."),
        ("The summit of Tharrow Fell is 618 m high.", "The summit of Tharrow Fell is about 620 m high."),
        ("The ride up the Tharrow Line takes six minutes.", "The ride up the Tharrow Line takes 6 minutes."),
        # another subject
        ("Saltbox Hut has room for five sleepers in winter.", "Ninefold Hut has room for eight sleepers in winter."),
        ("Breakfast is served in the Long Mess at 07:00.", "Dinner is served in the Long Mess at 18:30."),
        # another attribute
        ("The first cabin of the day leaves at 06:40.", "The last cabin of the day leaves at 21:10."),
        ("The line stops at a mean wind of 18 m/s.", "The line stops at a gust of 24 m/s."),
        ("At least 10 hours of rest follow a working day.", "At most 14 hours of rest follow a working day."),
        # another period
        ("In 2022 the Line carried 48,300 passengers.", "In 2023 the Line carried 51,000 passengers."),
        # only supposed
        ("The deposit for a garden key is 20 euros.", "If the deposit for a garden key would be 30 euros, say so."),
        # two values of one unit: which it would be is not clear
        ("The sick bay is open from 09:00 to 11:00 daily.", "The sick bay is open from 08:00 to 12:00 daily."),
    ],
)
def test_what_only_looks_like_a_contradiction_is_none(left: str, right: str) -> None:
    assert pairs(left, right) == []


QUARTER = "Quarterly report for the three months ended {}.\nOur effective tax rate for continuing operations was {}."


def test_the_period_of_a_report_is_part_of_its_values() -> None:
    first, second = QUARTER.format("June 25, 2022", "15.7%"), QUARTER.format("July 1, 2023", "12.5%")
    assert pairs(first, second, "2022 Q3 ACME.pdf", "2023 Q3 ACME.pdf") == []
    again = QUARTER.format("June 25, 2022", "16.2%")
    assert pairs(first, again, "2022 Q3 ACME.pdf", "2022 Q3 ACME amended.pdf") == [{"15.7%", "16.2%"}]


def test_we_are_whoever_wrote_the_document() -> None:
    text = "We employ {} permanent staff at our head office."
    assert pairs(text.format("64"), text.format("80"), "alder.pdf", "birch.pdf") == []
    assert pairs(text.format("64"), text.format("80"), "alder one.pdf", "alder two.pdf") == [
        {"64 permanent", "80 permanent"}
    ]


def table_page(*rows: tuple[str, ...]) -> Page:
    """A page that is one table with a row of heads."""
    text, grid = "", []
    for row in rows:
        cells = []
        for cell in row:
            cells.append(Cell(start=len(text), end=len(text) + len(cell)))
            text += cell + "  "
        text += "\n"
        grid.append(tuple(cells))
    return Page(
        index=0, text=text, blocks=(Block(kind="table", start=0, end=len(text), rows=tuple(grid), head_rows=1),)
    )


def test_lines_of_reports_are_compared_neither_between_companies_nor_between_tables() -> None:
    rows = [("Total net sales", "January 1, 2023"), ("Products and services sold", "{}")]
    tables = [table_page(rows[0], (rows[1][0], rows[1][1].format(value))) for value in ("96,388", "20,779")]
    claims = [*claims_of_page("a" * 64, tables[0]), *claims_of_page("b" * 64, tables[1])]
    assert len(claims) == 2
    head = Page(index=0, text="Quarterly report for the quarter ended January 1, 2023.")
    for names in (("2023 Q1 ACME.pdf", "2023 Q1 BIRCH.pdf"), ("2023 Q1 ACME.pdf", "2023 Q1 ACME copy.pdf")):
        described = {
            sha256: describe_document(stored_document(doc, sha256=sha256), head)
            for sha256, doc in zip(("a" * 64, "b" * 64), names, strict=True)
        }
        assert find_disagreements(claims, described) == []


def test_columns_of_old_and_new_values_are_read_with_their_day() -> None:
    page = table_page(
        ("Subject", "Until 28 February 2025", "From 1 March 2025"),
        ("Safety Officer", "Jorun Haskeld", "Matteo Brackenrig"),
        ("Free baggage on the ship", "32 kg", "25 kg"),
        ("Fee for guests", "as before", "9 crowns"),
    )
    officer, baggage = claims_of_page("b" * 64, page)
    assert (officer.old and officer.old.text, officer.slot.text) == ("Jorun Haskeld", "Matteo Brackenrig")
    assert (baggage.old and baggage.old.text, baggage.slot.text, baggage.in_force) == ("32 kg", "25 kg", "2025-03-01")
    posts = table_page(("Post", "Holder", "Extension"), ("Safety Officer", "Jorun Haskeld", "147"))
    claims = [*claims_of_page("a" * 64, posts), officer, baggage]
    dated = {
        sha256: describe_document(stored_document(doc, sha256=sha256), shown)
        for sha256, doc, shown in (("a" * 64, "handbook.pdf", posts), ("b" * 64, "update.pdf", page))
    }
    (found,) = find_disagreements(claims, dated)
    assert {claim.slot.text for claim in found.claims} == {"Jorun Haskeld", "Matteo Brackenrig"}
    assert claim_date(officer, dated) == "2025-03-01"


def test_spans_of_claims_stand_on_the_page() -> None:
    text = (
        "The workboat carries six people; she keeps within 3 nautical miles of the harbour. Dogs cost 4 crowns a day."
    )
    for claim in claims_of_page("a" * 64, Page(index=0, text=text)):
        assert 0 <= claim.start <= claim.slot.start < claim.slot.end <= claim.end <= len(text)
        assert " ".join(text[claim.slot.start : claim.slot.end].split()) == claim.slot.text


def test_the_day_of_a_document_is_what_its_first_page_says() -> None:
    page = Page(index=0, text="Handbook\nApproved on 12 June 2024. In force from 1 September 2024.")
    assert describe_document(stored_document("h.pdf", metadata={"modified": "2020-01-01"}), page).date == "2024-09-01"
    plain = Page(index=0, text="No day here.")
    assert (
        describe_document(stored_document("h.pdf", metadata={"modified": "2020-01-01T09"}), plain).date == "2020-01-01"
    )
    assert describe_document(stored_document("h.pdf"), None).date == ""
