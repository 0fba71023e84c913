"""XLSX workbooks as records: sheets, names, values."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
import pytest

from core.errors import DataError
from synth.importing.drafts import Draft, Unusable
from synth.importing.files.sources import open_source
from synth.importing.files.workbook import workbook_records
from synth.importing.reading import recognise


def save(path: Path, **sheets: list[list[object]]) -> str:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name == "secret" else "visible"
    book.save(path)
    return str(path)


def test_sheets_become_questions_and_answers(tmp_path):
    rows = [
        ["Question", "Answer", None],
        ["When?", datetime.date(2024, 5, 1)],
        [],
        ["How much?", 3.5],
        ["None?", "#N/A"],
    ]
    path = save(
        tmp_path / "t.xlsx", first=rows, second=[["Frage", "Antwort"], ["Wer?", "Ole"]], secret=[["q", "a"], [1, 2]]
    )
    source = open_source(path)
    assert source.container == "XLSX"
    outcomes = list(recognise(source).outcomes())
    drafts = [(line, draft.question, draft.answer) for line, draft in outcomes if isinstance(draft, Draft)]
    assert drafts == [(2, "When?", "2024-05-01"), (4, "How much?", "3.5"), (2, "Wer?", "Ole")]
    assert [(line, str(fault)) for line, fault in outcomes if isinstance(fault, Unusable)] == [
        (5, "field 'answer' is empty")
    ]


def test_a_sheet_without_names_gets_the_next_step(tmp_path):
    path = save(tmp_path / "t.xlsx", first=[["What is it?", "A boat."], ["Who?", "Ole"]])
    with pytest.raises(DataError, match="no known shape") as caught:
        recognise(open_source(path))
    assert "first row" in caught.value.hint


def test_a_damaged_workbook_says_so(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    with pytest.raises(DataError, match="the workbook is damaged"):
        list(open_source(str(tmp_path / "t.xlsx")).records())


def test_rows_keep_their_numbers_and_columns_without_a_name_are_called_by_their_letters(tmp_path):
    rows = [[], [" Question ", None, 7, "Answer"], ["When?", "b", "x", "At noon.", "e"], ["", None], ["Who?"]]
    records = list(workbook_records(Path(save(tmp_path / "t.xlsx", one=rows))))
    assert records == [
        (3, {"Question": "When?", "column B": "b", "7": "x", "Answer": "At noon.", "column E": "e"}),
        (5, {"Question": "Who?", "7": None, "Answer": None}),
    ]


def test_a_column_without_a_name_is_reported_as_not_used(tmp_path):
    rows = [["Question", "Answer", None], *([f"Who is {n}?", f"Ole {n}", "a note"] for n in range(4))]
    recognised = recognise(open_source(save(tmp_path / "t.xlsx", one=rows)))
    assert len(list(recognised.outcomes())) == 4
    assert recognised.unused == {"column C": 4}


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = save(tmp_path / "t.xlsx", one=[["Question", "Answer", "Answer "], ["Who?", "Ole", "Ada"]])
    with pytest.raises(DataError, match="two columns of sheet 'one' are named 'Answer'") as caught:
        list(workbook_records(Path(path)))
    assert caught.value.line == 1 and caught.value.hint


def test_a_workbook_of_empty_or_hidden_sheets_has_no_records(tmp_path):
    path = save(tmp_path / "t.xlsx", empty=[], secret=[["q", "a"], [1, 2]], heads=[["q", "a"]])
    assert list(workbook_records(Path(path))) == []


@pytest.mark.parametrize(
    ("member", "content"),
    [
        ("xl/worksheets/sheet1.xml", b"<worksheet"),
        ("xl/styles.xml", b"<styleSheet></x>"),
        ("[Content_Types].xml", None),
    ],
)
def test_a_damaged_part_is_named_with_the_file(tmp_path, member, content):
    import zipfile

    save(tmp_path / "t.xlsx", one=[["q", "a"], ["When?", "At noon."]])
    path = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(tmp_path / "t.xlsx") as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            if name != member:
                target.writestr(name, source.read(name))
            elif content is not None:
                target.writestr(name, content)
    with pytest.raises(DataError, match="the workbook is damaged") as raised:
        list(workbook_records(path))
    assert raised.value.path == str(path)
