"""Several labels with their values in one row: a line for each."""

from __future__ import annotations

from rag.load.pdf.fields import Field
from rag.load.pdf.form.labels import Entry, Print, find_labels
from rag.load.pdf.form.pairs import FieldPlace, part_pairs
from tests.support.pdf_rows import page_words


def field(left: float, text: str, width: float = 60) -> Entry:
    return Entry(Field("form_field", "", text, (0, 0, 0, 0)), left, 90, left + width, 104)


def box(left: float) -> Entry:
    return Entry(Field("form_field", "", "☒", (0, 0, 0, 0), button=True), left, 92, left + 10, 102)


def lines(entries: list[Entry], *texts: tuple[str, float], next_row: float = 130.0) -> list[list[str]]:
    """Return what stands on each line that a row is read as: words, and fields in brackets."""
    words = page_words(*[(text, x, 100.0, 10.0) for text, x in texts], ("Next", 50, next_row, 10))
    printed = Print(words, 0.0, entries)
    places = [FieldPlace(entry.left, entry.right, 100.0, 10.0) for entry in entries]
    down = part_pairs(printed, entries, find_labels(printed, entries, frozenset()), frozenset(), places)
    items = [(x, text, down.get(index, 0.0)) for index, (text, x) in enumerate(texts)]
    items += [
        (place.left, f"[{entry.field.text}]", place.base - 100) for entry, place in zip(entries, places, strict=True)
    ]
    steps = sorted({step for _, _, step in items})
    return [[text for _, text, own in sorted(items) if own == step] for step in steps]


def test_each_pair_of_a_row_has_a_line() -> None:
    entries = [field(90, "Ida"), field(210, "123")]
    assert lines(entries, ("Name:", 50), ("Phone:", 170)) == [["Name:", "[Ida]"], ["Phone:", "[123]"]]
    entries = [field(90, ""), field(210, "123")]
    assert lines(entries, ("Name:", 50), ("Phone:", 170)) == [["Name:", "[]"], ["Phone:", "[123]"]]


def test_a_form_that_is_not_filled_in_keeps_its_rows() -> None:
    assert lines([field(90, ""), field(210, "")], ("Name:", 50), ("Phone:", 170)) == [
        ["Name:", "[]", "Phone:", "[]"],
    ]


def test_what_goes_on_with_a_value_stays_on_its_line() -> None:
    entries = [field(90, "812"), field(290, "1600")]
    assert lines(entries, ("Rent:", 50), ("euro", 155), ("Deposit:", 230)) == [
        ["Rent:", "[812]", "euro"],
        ["Deposit:", "[1600]"],
    ]
    entries = [field(90, "1 May"), field(210, "4 May")]
    assert lines(entries, ("From", 50), ("to", 180)) == [["From", "[1 May]", "to", "[4 May]"]]
    assert lines(entries, ("Born", 50), ("In", 152)) == [["Born", "[1 May]", "In", "[4 May]"]]  # a sentence


def test_signs_between_the_parts_of_a_value_begin_no_line() -> None:
    entries = [field(90, "04", 20), field(130, "07", 20)]
    assert lines(entries, ("Born:", 50), ("/", 120)) == [["Born:", "[04]", "/", "[07]"]]
    entries = [field(90, "Ida"), field(210, "a@b.c")]
    assert lines(entries, ("name:", 50), ("mail:", 170)) == [["name:", "[Ida]"], ["mail:", "[a@b.c]"]]


def test_a_box_stays_with_what_it_is_ticked_for() -> None:
    assert lines([box(90), field(160, "Blue")], ("Smoker", 50), ("Brand:", 120)) == [
        ["Smoker", "[☒]"],
        ["Brand:", "[Blue]"],
    ]
    assert lines([box(50), field(110, "Donkey")], ("Other:", 66)) == [["[☒]", "Other:", "[Donkey]"]]
    assert lines([field(90, "555"), box(180)], ("Tel.", 50), ("Mobile", 194)) == [
        ["Tel.", "[555]"],
        ["[☒]", "Mobile"],
    ]


def test_rows_with_no_room_between_stay_as_they_are() -> None:
    entries = [field(90, "Ida"), field(210, "123")]
    assert lines(entries, ("Name:", 50), ("Phone:", 170), next_row=104.0) == [
        ["Name:", "[Ida]", "Phone:", "[123]"],
    ]
