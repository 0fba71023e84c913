"""When two claims speak of one thing and give other values: each condition on its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.contradictions.claims import Claim
from rag.contradictions.match import About, disagreement, idf
from rag.contradictions.slots import Slot, slots_of

A, B = "a" * 64, "b" * 64
WORDS = frozenset({"annual", "fee", "moor", "harbour"})


def slot(text: str) -> Slot:
    (first, *_) = slots_of(text, 0, len(text))
    return first


def claim(sha256: str, value: str, **over: Any) -> Claim:
    fields = {"slot": slot(value), "context": WORDS, **over}
    return Claim(sha256=sha256, page=0, start=0, end=10, **fields)


def weight(word: str) -> float:
    return 1.0


def sure(a: Claim, b: Claim, left: About | None = None, right: About | None = None) -> float:
    about = {A: left or About(), B: right or About()}
    first = disagreement(a, b, about, weight)
    assert disagreement(b, a, about, weight) == first  # it does not matter which is named first
    return first


FEE, OTHER_FEE = claim(A, "45 crowns"), claim(B, "60 crowns")


def test_other_values_of_the_same_words_contradict() -> None:
    assert sure(FEE, OTHER_FEE) == 1.0


def test_a_document_does_not_contradict_itself() -> None:
    assert sure(FEE, replace(OTHER_FEE, sha256=A)) == 0.0


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("45 crowns", "45 crowns"),
        ("1,200 crowns", "1200 crowns"),
        ("14.6 km", "14.63 km"),  # rounded
        ("about 620 m", "618 m"),
        ("14 June 2026", "14 June"),  # one has no year
        ("the Safety Officer, Elin Roe", "the Safety Officer, Dr Elin Roe"),
        ("the Safety Officer, Elin Roe", "the Safety Officer, Ellie Roe"),
        ("45 crowns", "45 minutes"),  # another unit
        ("45 crowns", "45%"),
        ("21:30", "45 minutes"),
        ("at least 10 crowns", "at most 14 crowns"),
    ],
)
def test_the_same_value_and_another_kind_of_value_do_not(left: str, right: str) -> None:
    assert sure(replace(FEE, slot=slot(left)), replace(OTHER_FEE, slot=slot(right))) == 0.0


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("620 m", "618 m"),  # neither is said to be rough
        ("about 700 m", "618 m"),
        ("14.6 km", "14.73 km"),
        ("14 June 2026", "15 June 2026"),
        ("21:30", "22:00"),
        ("the Safety Officer, Elin Roe", "the Safety Officer, Mona Vell"),
        ("45 euros", "60 euros"),
    ],
)
def test_values_that_differ(left: str, right: str) -> None:
    assert sure(replace(FEE, slot=slot(left)), replace(OTHER_FEE, slot=slot(right))) > 0


@pytest.mark.parametrize(
    ("shared", "only_left", "only_right", "contradicts"),
    [
        ({"fee", "moor"}, set(), set(), False),  # too few words
        ({"fee", "moor", "year"}, set(), set(), True),
        ({"fee", "moor", "year"}, {"north"}, {"south"}, False),  # one word in place of another
        ({"fee", "moor", "year"}, {"minimum"}, {"maximum", "harbour"}, False),  # opposites
        ({"fee", "moor", "year"}, {"north", "quay", "boat"}, {"south", "pier", "raft"}, False),
        ({"fee", "moor", "year", "boat"}, {"north"}, set(), True),
        ({"fee", "moor", "year"}, set(), set("abcdefgh"), False),  # the other says much more
    ],
)
def test_both_must_be_about_the_same(
    shared: set[str], only_left: set[str], only_right: set[str], contradicts: bool
) -> None:
    a = replace(FEE, context=frozenset(shared | only_left))
    b = replace(OTHER_FEE, context=frozenset(shared | only_right))
    assert (sure(a, b) > 0) is contradicts


def test_names_that_only_one_side_has_are_other_subjects() -> None:
    long = frozenset({*WORDS, "boat", "winter", "guest"})
    a = replace(FEE, context=long | {"saltbox"}, names=frozenset({"saltbox"}))
    b = replace(OTHER_FEE, context=long | {"ninefold", "hut"}, names=frozenset({"ninefold"}))
    assert sure(a, b) == 0.0
    assert sure(replace(a, names=frozenset()), replace(b, names=frozenset())) > 0
    assert sure(a, replace(b, names=frozenset())) > 0


def test_a_page_that_names_the_old_value_needs_fewer_shared_words() -> None:
    few = frozenset({"fee", "moor"})
    plain = sure(replace(FEE, context=few), replace(OTHER_FEE, context=few))
    new = replace(OTHER_FEE, context=few, old=slot("45 crowns"))
    assert plain == 0.0 < sure(replace(FEE, context=few), new) <= 1.0
    # It replaces a value that the other document does not have.
    assert sure(replace(FEE, context=few), replace(new, old=slot("30 crowns"))) == 0.0


def test_the_sentence_before_helps_only_where_a_value_is_replaced() -> None:
    few = frozenset({"fee"})
    a = replace(FEE, context=frozenset({"fee", "moor"}))
    leaning = replace(OTHER_FEE, context=few, leaning=frozenset({"moor", "boat"}))
    assert sure(a, leaning) == 0.0
    assert sure(a, replace(leaning, old=slot("45 crowns"))) > 0


def test_a_replaced_name_is_found_under_any_title() -> None:
    new = claim(B, "the Safety Officer, Mona Vell", old=slot("the Safety Officer, Elin Roe"), context=frozenset("ab"))
    old = claim(A, "the Safety Officer, Captain Elin Roe", context=frozenset("ab"))
    assert sure(old, new) > 0


def test_values_of_other_periods_stand_beside_each_other() -> None:
    a, b = replace(FEE, periods=frozenset({"2022"})), replace(OTHER_FEE, periods=frozenset({"2023"}))
    assert sure(a, b) == 0.0
    assert sure(a, OTHER_FEE) == 0.0
    assert sure(a, replace(b, periods=a.periods)) > 0


def report(name: str = "acme", period: str = "2022q3", *, periodical: bool = True) -> About:
    return About(self_name=frozenset({name}), periodical=periodical, period=period)


@pytest.mark.parametrize(
    ("right", "contradicts"),
    [
        (report(), True),
        (report(period="2023q3"), False),
        (report(period=""), False),
        (report("birch"), False),
        (report(periodical=False), False),
    ],
)
def test_reports_speak_of_their_period_and_of_whoever_made_them(right: About, contradicts: bool) -> None:
    assert (sure(FEE, OTHER_FEE, report(), right) > 0) is contradicts


def test_two_reports_of_unknown_periods_may_be_of_two() -> None:
    assert sure(FEE, OTHER_FEE, report(period=""), report(period="")) == 0.0


def test_a_table_and_a_date_of_a_report_are_left_out() -> None:
    assert sure(replace(FEE, table=True), OTHER_FEE, report(), report()) == 0.0
    assert sure(replace(FEE, table=True), OTHER_FEE) > 0
    dates = (replace(FEE, slot=slot("14 June 2026")), replace(OTHER_FEE, slot=slot("15 June 2026")))
    assert sure(*dates, report(), report()) == 0.0


def test_we_are_whoever_wrote_the_document() -> None:
    spoken = replace(FEE, speaker=True)
    assert sure(spoken, OTHER_FEE, About(self_name=frozenset({"a"})), About(self_name=frozenset({"b"}))) == 0.0
    assert sure(spoken, OTHER_FEE, About(self_name=frozenset({"a"})), About(self_name=frozenset({"a", "b"}))) > 0


def test_rarer_words_weigh_more_and_none_weighs_nothing() -> None:
    claims = [replace(FEE, context=frozenset({"fee", "moor"})), replace(FEE, context=frozenset({"fee"})), FEE]
    weigh = idf(claims)
    assert weigh("unseen") == 1.0
    assert 0.2 <= weigh("fee") < weigh("moor") < weigh("harbour") < 1.0
    assert idf([])("fee") == 1.0


CONTEXTS = st.frozensets(st.sampled_from("fee moor harbour boat winter minimum maximum".split()))


@given(CONTEXTS, CONTEXTS, st.booleans())
def test_a_likeness_is_a_share_and_symmetric(left: frozenset[str], right: frozenset[str], replaced: bool) -> None:
    old = slot("45 crowns") if replaced else None
    assert 0.0 <= sure(replace(FEE, context=left), replace(OTHER_FEE, context=right, old=old)) <= 1.0
