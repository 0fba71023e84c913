"""Values of a clause with their units, bounds and spans; a replaced value takes the unit of the new one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.contradictions.slots import Slot, comparable, name_key, slots_of, with_unit


def slots(clause: str) -> list[Slot]:
    return slots_of(clause, 0, len(clause))


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ("The quay is 62 m long.", [("number", "m", "62", 62.0)]),
        ("The fee is 1,200 crowns.", [("money", "crown", "1200", 1200.0)]),
        ("The fee is $45.", [("money", "$", "45", 45.0)]),
        ("The fee is 45 euros a year.", [("money", "euro", "45", 45.0)]),
        ("Interest is 3.50% a year.", [("percent", "", "3.5%", 3.5)]),
        ("Doors open at 9 pm.", [("time", "", "21:00", None)]),
        ("In force from 14 June 2026.", [("date", "", "2026-06-14", None)]),
        ("A gust of 24 m/s stops it.", [("number", "m/s", "24", 24.0)]),
        ("It is kept at 4 °C.", [("number", "°c", "4", 4.0)]),
        ("Six people fit in.", [("number", "peopl", "6", 6.0)]),
        ("The Station Manager, Tobiah Renskow, has it.", [("name", "", "tobiah renskow", None)]),
        ("Nothing is counted here.", []),
        ("", []),
    ],
)
def test_a_value_has_a_kind_a_unit_and_a_key(clause: str, expected: list[tuple[str, str, str, float | None]]) -> None:
    assert [(slot.kind, slot.unit, slot.key, slot.amount) for slot in slots(clause)] == expected


def test_one_is_no_count_and_a_number_is_not_counted_twice() -> None:
    assert slots("One may bring one bag.") == []
    assert [slot.key for slot in slots("It takes 3 million years.")] == ["3000000"]


@pytest.mark.parametrize("clause", ["See Form 4.", "as in § 12.", "Decision 2/2025.", "room no. 7."])
def test_a_number_that_names_something_counts_nothing(clause: str) -> None:
    assert [slot for slot in slots(clause) if slot.kind == "number"] == []


@pytest.mark.parametrize(
    ("clause", "bound", "about"),
    [
        ("It lasts up to 6 minutes.", "most", False),
        ("It lasts 6 minutes or less.", "most", False),
        ("It lasts at least 6 minutes.", "least", False),
        ("It lasts no less than 6 minutes.", "least", False),
        ("It lasts about 6 minutes.", "", True),
        ("It lasts 6 minutes.", "", False),
        ("The rule is about boats: it lasts 6 minutes.", "", False),
    ],
)
def test_what_a_figure_bounds_and_whether_it_is_rough(clause: str, bound: str, about: bool) -> None:
    (slot,) = slots(clause)
    assert (slot.bound, slot.about) == (bound, about)


def test_spans_count_from_the_page_and_hold_the_unit() -> None:
    text = "Dues. Each passenger may bring 32\nkg of baggage, not 25 kg. Next."
    first, second = slots_of(text, 6, text.index(" Next"))
    assert text[first.start : first.end] == "32\nkg"
    assert first.text == "32 kg"
    assert text[second.start : second.end] == "25 kg"
    assert slots_of(text, text.index("Next"), len(text)) == []


@pytest.mark.parametrize(
    "spelling", ["Elin Roe", "Dr Elin Roe", "Prof. Elin Roe", "Captain Elin Roe", "Dame ELIN ROE", "Sir Elin  Roe"]
)
def test_titles_are_no_part_of_a_name(spelling: str) -> None:
    assert name_key(spelling) == "elin roe"


def test_another_name_has_another_key() -> None:
    assert name_key("Ana Maria Vries") == "ana maria vries" != name_key("Ana Vries")
    assert name_key("Drusilla Mrs-Roe") == "drusilla mrs-roe"


@pytest.mark.parametrize(
    ("left", "right", "may"),
    [("6 minutes", "4 GB", True), ("6 minutes", "$4", True), ("6%", "6 minutes", False), ("21:30", "6 hours", False)],
)
def test_values_of_like_kinds_may_take_each_others_place(left: str, right: str, may: bool) -> None:
    (a,), (b,) = slots(left), slots(right)
    assert comparable(a, b) is comparable(b, a) is may


def test_an_old_value_takes_unit_and_bound_of_the_new_one() -> None:
    old, (new,) = slots("of 4")[0], slots("up to 6 minutes")
    filled = with_unit(old, new)
    assert (filled.unit, filled.bound, filled.key, filled.start, filled.text) == (new.unit, "most", "4", old.start, "4")
    (other,) = slots("4 hours")
    assert with_unit(other, new) is other  # it has a unit of its own


@given(st.text("1234567890 .,$%mkgabout at least up to two six\n:-", max_size=80), st.integers(0, 5))
def test_slots_lie_in_their_clause_in_order(clause: str, before: int) -> None:
    text = "x" * before + clause + "y"
    found = slots_of(text, before, before + len(clause))
    assert [slot.start for slot in found] == sorted(slot.start for slot in found)
    for slot in found:
        assert before <= slot.start < slot.end <= before + len(clause)
        assert " ".join(text[slot.start : slot.end].split()) == slot.text
