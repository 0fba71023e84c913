"""Lettered and Roman items are told by their order, on lines of their own and within a sentence."""

from __future__ import annotations

import pytest

from core.reading.proposals.clauses import items_with, marked_items, marks_of

DUTIES = (
    "(a) The tenant shall\n(i) keep the flat clean;\n(ii) sweep the stairs; and\n(iii) report damage.\n"
    "(b) The tenant shall not sublet.\n\nThe owner pays the tax."
)
RUN = "At the end the tenant shall (a) clean the flat, (b) return all keys, and (c) leave. Keys cost 5 crowns."


def texts(marks: tuple[str, ...], text: str) -> list[str]:
    return [text[slice(*span)] for span in items_with(marks, text, 0, len(text))]


def test_a_number_falls_apart_into_section_and_marks() -> None:
    assert marks_of("2(a)(ii)") == ("2", ("a", "ii"))
    assert marks_of("(iv)") == ("", ("iv",))
    assert marks_of("A.10") == ("A.10", ())


@pytest.mark.parametrize(
    ("marks", "text", "items"),
    [
        (("b",), DUTIES, ["(b) The tenant shall not sublet."]),
        (("a", "ii"), DUTIES, ["(ii) sweep the stairs"]),
        (("a",), DUTIES, [DUTIES[: DUTIES.index("\n(b)")]]),
        (("c",), DUTIES, []),
        (("b", "ii"), DUTIES, []),
        (("b",), RUN, ["(b) return all keys"]),
        (("c",), RUN, ["(c) leave."]),
        (("iii",), "i. helmet\nii. rope\niii. gloves", ["iii. gloves"]),
        (("II",), "I Heat with wood that is\ndry.\nII Cut waste.\nIII Plant trees.\n- a bullet", ["II Cut waste."]),
        (("III",), "I Heat with wood.\nII Cut waste.\nIII Plant trees.\n- a bullet", ["III Plant trees."]),
        (("i",), "I think so.\nYou do not.", []),  # a word, no numeral
        (("i",), "".join(f"({letter}) item\n" for letter in "abcdefghij"), ["(i) item"]),  # a letter here
        (("b",), "(a) one\n(b) two\n\n(a) three\n(b) four", ["(b) two", "(b) four"]),
        (("b",), "(a) as in (b) below\n(b) two", ["(b) two"]),  # a line beats what is mentioned
    ],
)
def test_an_item_is_found_by_its_marks(marks: tuple[str, ...], text: str, items: list[str]) -> None:
    assert texts(marks, text) == items


def test_what_is_nested_is_a_level_deeper() -> None:
    levels = [(item.mark, item.level) for item in marked_items(DUTIES, 0, len(DUTIES))]
    assert levels == [("a", 0), ("i", 1), ("ii", 1), ("iii", 1), ("b", 0)]
