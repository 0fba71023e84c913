"""JSON as tables where records agree on their fields, as text where they do not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.load.text.code import code_elements
from rag.load.text.structured import json_elements


def grid(text: str) -> list[list[str]]:
    (element,) = json_elements(text)
    assert element.kind == "table"
    assert element.head_rows == 1
    return [[cell.shown for cell in row] for row in element.rows]


def test_records_of_one_list_and_of_one_per_line_are_the_same_table() -> None:
    records = [{"flat": "Alder", "rent": 900}, {"flat": "Cedar", "rent": 1450.5}]
    expected = [["flat", "rent"], ["Alder", "900"], ["Cedar", "1450.5"]]
    assert grid(json.dumps(records)) == expected
    assert grid("\n".join(map(json.dumps, records)) + "\n\n") == expected


def test_fields_stand_in_the_order_in_which_they_first_come() -> None:
    assert grid('[{"b": 1, "a": 2}, {"a": 3, "c": 4, "b": 5}]') == [["b", "a", "c"], ["1", "2", ""], ["5", "3", "4"]]


def test_values_are_spelled_as_json_spells_them() -> None:
    assert grid('[{"v": true, "w": null}, {"v": 12345678901234567890, "w": "two\\n lines"}]') == [
        ["v", "w"],
        ["true", ""],
        ["12345678901234567890", "two lines"],
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"flat": "Alder", "rent": 900}',  # one record
        '[{"flat": "Alder"}]',
        "[1, 2, 3]",
        '[{"a": 1}, 2]',
        '[{"a": [{"b": 1}]}, {"a": [{"b": 2}]}]',  # records in records
        '[{"a": [[1]]}, {"a": [[2]]}]',
        '[{"a": 1}, {"b": 1}]',  # half of the cells would be empty
        "[{}, {}]",
        '"text"',
        '{"a": NaN}\n{"a": 1}',  # no JSON
        '{"a": 1}\n{"a": ',  # cut off
        "[" * 3000,
        "plain words",
        "",
    ],
)
def test_all_else_stays_text(text: str) -> None:
    assert json_elements(text) == code_elements(text)


def test_more_columns_than_a_person_can_read_stay_text() -> None:
    records = [{f"c{n}": n for n in range(60)} for _ in range(2)]
    assert len(grid(json.dumps(records))[0]) == 60
    wide = json.dumps([{f"c{n}": n for n in range(61)} for _ in range(2)])
    assert all(element.kind == "paragraph" for element in json_elements(wide))


def test_a_long_line_is_indented_and_a_short_one_is_not() -> None:
    value = {"names": ["x" * 20] * 50, "city": "Zürich"}
    text = json.dumps(value)
    assert len(text) > 1000
    shown = "".join(element.gap * bool(n) + element.shown for n, element in enumerate(json_elements(text)))
    assert shown == json.dumps(value, indent=2, ensure_ascii=False)
    short = '{"names": ["x"]}'
    assert json_elements(short)[0].shown == short


CELLS = st.integers() | st.booleans() | st.text(alphabet="ab é|", min_size=1, max_size=6).map(str.strip).filter(bool)


@settings(max_examples=30)
@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=2, max_size=5)))
def test_every_record_is_a_row_with_its_values_in_their_columns(values: list[list[object]]) -> None:
    names = [f"field {n}" for n in range(len(values[0]))]
    rows = grid(json.dumps([dict(zip(names, row, strict=True)) for row in values]))
    assert rows[0] == names
    for row, shown in zip(values, rows[1:], strict=True):
        expected = [" ".join(value.split()) if isinstance(value, str) else json.dumps(value) for value in row]
        assert shown == expected


def test_numbers_stand_as_they_are_spelled() -> None:
    rows = grid('[{"price": 1.10, "size": 2.50E3}, {"price": 1e999, "size": 0.1000}]')
    assert rows[1:] == [["1.10", "2.50E3"], ["1e999", "0.1000"]]


def test_numbers_of_indented_json_stand_as_they_are_spelled() -> None:
    long = '{"price": 1.10, "note": "' + "a " * 600 + '", "rate": 3.140}'
    text = "\n".join(run.text for element in json_elements(long) for run in element.runs)
    assert '"price": 1.10,' in text and '"rate": 3.140' in text


def test_fields_of_objects_in_records_are_columns_and_lists_stand_on_one_line() -> None:
    ada = {"name": "Ada", "at": {"city": "Bern"}, "tags": ["a", 2]}
    emil = {"name": "Emil", "at": {"city": "Basel"}, "tags": []}
    rows = [["name", "at.city", "tags"], ["Ada", "Bern", "a, 2"], ["Emil", "Basel", ""]]
    assert grid(json.dumps([ada, emil])) == rows


def test_records_in_an_object_are_tables_between_its_fields() -> None:
    value = {
        "plant": "North",
        "pumps": [{"id": 1, "flow": 1.10}, {"id": 2, "flow": 2.5}],
        "contact": {"name": "Ada", "rooms": [1, 2]},
        "sites": {"all": [{"city": "Bern"}, {"city": "Basel"}], "count": 2},
    }
    text = json.dumps(value).replace("1.1}", "1.10}")
    assert [(element.kind, element.shown) for element in json_elements(text)] == [
        ("paragraph", "plant: North"),
        ("caption", "pumps"),
        ("table", "id | flow\n1 | 1.10\n2 | 2.5"),
        ("paragraph", "contact.name: Ada\ncontact.rooms: 1, 2"),
        ("caption", "sites.all"),
        ("table", "city\nBern\nBasel"),
        ("paragraph", "sites.count: 2"),
    ]


def test_escaped_letters_are_read() -> None:
    (element,) = json_elements(json.dumps({"text": "Zürich 5 €"}))
    assert element.shown == '{\n  "text": "Zürich 5 €"\n}'
