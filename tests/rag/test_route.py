"""Which documents a question names."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from rag.search.profile import DocumentProfile, build_profile
from rag.search.route import Route, Router


def profile(doc: str, page: str = "", title: str = "") -> DocumentProfile:
    return build_profile(doc, doc, title, {}, [page])


FILINGS = [
    profile(f"{name}_{year}_{form}.pdf", page)
    for name, page in (
        ("NORTHERNWATERWORKS", "Northern Water Works Company"),
        ("GENERALTOOLS", "General Tools, Inc."),
        ("ORION", "Orion Corporation (formerly known as Quadrant)"),
    )
    for year in (2020, 2021, 2022)
    for form in ("10K", "10Q")
]
HANDBOOKS = [
    profile("staff-handbook.pdf", "Staff Handbook\nIn force since 1 September 2022"),
    profile("staff-handbook-new.pdf", "Staff Handbook\nIn force since 1 March 2024"),
    profile("boat-manual.pdf", "Workboat Manual"),
]


def best(route: Route) -> str:
    return next(iter(route.scores), "")


def test_name_year_and_form_meet() -> None:
    router = Router(FILINGS)
    asked = {
        "What was Northern Water Works' revenue in FY21 as per its 10-K?": "NORTHERNWATERWORKS_2021_10K.pdf",
        "How did General Tools do in its 2020 10-Q?": "GENERALTOOLS_2020_10Q.pdf",
        "Did Quadrant pay a dividend in FY2022, says the 10K?": "ORION_2022_10K.pdf",
    }
    for question, document in asked.items():
        assert best(router.route(question)) == document
    reasons = router.route(next(iter(asked))).reasons["NORTHERNWATERWORKS_2021_10K.pdf"]
    assert "northernwaterworks" in reasons and "period 2021" in reasons


def test_short_forms_of_a_name() -> None:
    router = Router(FILINGS)
    for short in ("NWW", "NorWaWo"):
        assert best(router.route(f"What did {short} report for 2022?")).startswith("NORTHERNWATERWORKS_2022")


def test_later_reports_stand_in_for_a_year_that_has_none() -> None:
    assert best(Router(FILINGS).route("What did Orion own in 2019?")).startswith("ORION_2020")


def test_of_several_years_the_last_is_meant() -> None:
    assert best(Router(FILINGS).route("Growth of Orion from FY2020 to FY2022 in the 10K?")) == "ORION_2022_10K.pdf"


def test_the_latest_of_the_documents_named() -> None:
    route = Router([*FILINGS, *HANDBOOKS]).route("What does the latest Staff Handbook say on travel?")
    assert route.latest
    assert best(route) == "staff-handbook-new.pdf"
    assert "2022" in best(Router(FILINGS).route("Margin of Orion in its most recent 10-K?"))


def test_a_date_points_at_what_was_written_on_it_or_soon_after() -> None:
    notices = [profile(f"ORION_2023_8K_dated-2023-{day}.pdf") for day in ("03-02", "05-05", "05-30", "11-12")]
    router = Router([*FILINGS, *notices])
    for asked, written in (("May 26, 2023", "05-30"), ("5 May 2023", "05-05"), ("2023-11-12", "11-12")):
        assert best(router.route(f"What did Orion decide on {asked}?")) == f"ORION_2023_8K_dated-2023-{written}.pdf"


def test_what_is_in_every_document_names_none() -> None:
    router = Router([profile("a.pdf", "Acme Rules"), profile("b.pdf", "Acme Fees"), profile("c.pdf", "Acme Maps")])
    assert router.route("Who is behind Acme?").scores == {}


def test_a_question_that_names_nothing_has_no_route() -> None:
    route = Router(FILINGS).route("why is the sky blue?")
    assert (route.scores, route.strength, route.names) == ({}, 0.0, {})


def test_only_the_documents_asked_for() -> None:
    among = {"ORION_2020_10K.pdf"}
    assert set(Router(FILINGS).route("Orion in 2022", among=among).scores) == among


def test_an_empty_or_single_collection() -> None:
    assert Router([]).route("Orion in 2020").scores == {}
    assert Router(FILINGS[:1]).route("who was it?").scores == {}


@given(st.text(max_size=200), st.lists(st.sampled_from(FILINGS + HANDBOOKS), unique_by=lambda p: p.doc, max_size=9))
def test_routes_are_ordered_explained_and_plain(question: str, profiles: list[DocumentProfile]) -> None:
    route = Router(profiles).route(question)
    scores = list(route.scores.values())
    assert scores == sorted(scores, reverse=True)
    assert all(score > 0 for score in scores)
    assert set(route.scores) <= {profile.sha256 for profile in profiles}
    assert all(route.reasons[document] for document in route.scores)
    assert route == Router(profiles).route(question)
    json.dumps(route.to_json())
