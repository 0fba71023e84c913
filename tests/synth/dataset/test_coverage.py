"""Coverage: which facts and sentences have enough rows, page by page."""

from __future__ import annotations

from dataclasses import replace

from core.types import Alteration, Pair
from synth.dataset.coverage import Share, pages
from tests.support.club import QUAY, RACKS, filled


def row(number: int, fact) -> Pair:
    return Pair(
        id=f"{fact.id}.{number}",
        kind="closed-book",
        question="?",
        answer=fact.answer,
        context="",
        evidence=fact.evidence,
        fact=fact.id,
        group="g",
        split="train",
    )


def test_a_page_counts_facts_and_sentences_with_enough_rows(tmp_path):
    work = filled(tmp_path)
    for number in range(2):
        work.add_row(row(number, RACKS), "c")
    work.add_row(row(0, QUAY), "c")
    once = {(page.doc, page.page): page for page in pages(work, 1)}
    assert (once["club.pdf", 0].facts.all, once["club.pdf", 0].facts.covered) == (1, 1)
    assert (once["club.pdf", 1].facts.all, once["club.pdf", 1].facts.covered) == (2, 1)
    assert (once["museum.pdf", 0].facts.all, once["museum.pdf", 0].facts.covered) == (1, 0)
    assert (once["club.pdf", 0].sentences.all, once["club.pdf", 0].sentences.covered) == (3, 1)
    twice = {(page.doc, page.page): page for page in pages(work, 2)}
    assert twice["club.pdf", 0].sentences.covered == 1
    assert twice["club.pdf", 1].sentences.covered == 0


def test_an_altered_passage_covers_nothing(tmp_path):
    work = filled(tmp_path)
    alteration = Alteration(evidence=0, quote="It has 15 racks.", value="15 racks", true_value="14 racks")
    work.add_row(replace(row(0, RACKS), kind="contradicts", altered=(alteration,)), "c")
    (page,) = [page for page in pages(work, 1) if (page.doc, page.page) == ("club.pdf", 0)]
    assert (page.facts.covered, page.sentences.covered) == (0, 0)


def test_two_quotes_of_one_row_count_once(tmp_path):
    work = filled(tmp_path)
    work.add_row(replace(row(0, RACKS), evidence=RACKS.evidence * 2), "c")
    (page,) = [page for page in pages(work, 2) if (page.doc, page.page) == ("club.pdf", 0)]
    assert page.sentences.covered == 0


def test_shares_add_up():
    total = Share(all=2, covered=1)
    total.add(Share(all=2, covered=2))
    assert total.to_json() == {"all": 4, "covered": 3, "share": 0.75}
    assert Share().to_json()["share"] == 0.0
