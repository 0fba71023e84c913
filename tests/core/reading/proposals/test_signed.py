"""The name that is signed under what a page says in the first person."""

from __future__ import annotations

import pytest

from core.reading.passages import Passage
from core.reading.proposals.signed import from_signatures

REPORT = (
    "We have audited the accounts of Fjordbank. In our opinion they present fairly its position.\n\n"
    "/s/ Holm & Dahl LLP\nBergen\nWe have served as the bank's auditor since 2011.\n"
)
LETTER = "I have disclosed, to the registrant's auditors, all weaknesses.\n\n/s/ Nora Vik\nChief Executive\n"


def names(question: str, *pages: str) -> list[str]:
    passages = [Passage(key=f"k{at}", source=f"report.pdf, p. {at + 1}", text=page) for at, page in enumerate(pages)]
    return [proposal.short for proposal in from_signatures(question, passages)]


@pytest.mark.parametrize(
    "question",
    ["Who audited the accounts of Fjordbank?", "Who is the auditor of Fjordbank?", "Which firm audited the accounts?"],
)
def test_who_did_it_has_signed_below(question: str) -> None:
    assert names(question, LETTER, REPORT) == ["Holm & Dahl LLP"]


def test_who_only_speaks_of_it_did_not_do_it() -> None:
    assert names("Who is the auditor of Fjordbank?", LETTER) == []


def test_other_deeds_and_questions_have_no_name() -> None:
    assert names("Who founded Fjordbank?", REPORT) == []
    assert names("When were the accounts audited?", REPORT) == []


def test_several_signatures_tell_nothing() -> None:
    assert names("Who audited the accounts?", REPORT + "/s/ Nora Vik\n") == []
