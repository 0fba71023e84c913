"""What is read off a document at ingest."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from rag.search.profile import DocumentProfile, build_profile, said_title

COVER = (
    "ANNUAL REPORT\nFor the fiscal year ended December 31, 2021\nNorthern Water Works Company, Inc.\nStock symbol NWW"
)


def test_names_come_from_file_title_and_first_page() -> None:
    profile = build_profile("f" * 64, "NORTHERNWATERWORKS_2021_10K.pdf", "", {}, [COVER])
    assert profile.terms["10k"] == 1.0
    assert {"northern", "water", "works", "nww", "annual"} <= profile.terms.keys()
    assert profile.terms["nww"] < 1.0
    assert profile.runs == ["northernwaterworks"]
    assert profile.names == [["northern", "water", "works"]]


def test_the_file_name_says_the_period_and_the_page_supports_it() -> None:
    profile = build_profile("f" * 64, "2022 Q1 NWW.pdf", "", {}, [COVER])
    assert profile.periods[0] == (2022, 1, 1.0)
    assert {(year, quarter) for year, quarter, _ in profile.periods} == {(2022, 1), (2021, 0), (2021, 4)}
    assert 2021.9 < profile.date < 2022


def test_without_a_telling_name_the_first_page_gives_the_period() -> None:
    profile = build_profile("f" * 64, "scan.pdf", "", {}, [COVER])
    assert {(year, quarter) for year, quarter, _ in profile.periods} == {(2021, 0), (2021, 4)}


def test_titles_of_programs_say_nothing() -> None:
    assert said_title("Microsoft Word - Travel_policy.docx") == "Travel policy"
    assert said_title("untitled") == said_title("0000320193-22-000070") == ""
    assert "microsoft" in build_profile("f" * 64, "a.pdf", "Microsoft in 2020", {}, []).terms


def test_metadata_subject_counts_in_any_spelling() -> None:
    for key in ("Subject", "subject", "/Subject"):
        assert "expenses" in build_profile("f" * 64, "a.pdf", "", {key: "Rules for expenses"}, []).terms


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_a_profile_survives_json(doc: str, title: str, pages: list[str]) -> None:
    profile = build_profile("f" * 64, doc, title, {"Subject": title}, pages)
    assert DocumentProfile.from_json(json.loads(json.dumps(profile.to_json()))) == profile
    assert all(0 < trust <= 1 for trust in profile.terms.values())
