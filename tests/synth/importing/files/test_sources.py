"""Containers recognised by content: JSON lines, arrays, CSV, Parquet, packed files; broken ones are named."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import subprocess
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import DataError
from synth.importing.files.sources import open_source
from synth.importing.files.tables import looks_like_csv, nameless_table, naming_command
from synth.importing.files.text_file import UNDECODED, open_text, sniff_encoding
from synth.importing.reading import recognise

RECORDS = [{"question": "Who?", "answer": "Ole"}, {"question": "How many?", "answer": "14"}]
LINES = "\n".join(json.dumps(record) for record in RECORDS)


def write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("data", "container", "lines"),
    [
        (LINES.encode(), "JSON lines", [1, 2]),
        (b"\n" + LINES.replace("\n", "\n\n").encode(), "JSON lines", [2, 4]),
        (json.dumps(RECORDS).encode(), "JSON array", [1, 1]),
        (json.dumps(RECORDS, indent=1).encode(), "JSON array", [2, 6]),
        (json.dumps({"version": "1", "data": RECORDS}).encode(), "JSON object", [1, 1]),
        (json.dumps({"version": "1", "data": RECORDS}, indent=1).encode(), "JSON object", [4, 8]),
        (json.dumps(RECORDS[0], indent=1).encode(), "JSON object", [1]),
        ("\n".join(json.dumps(json.dumps(record)) for record in RECORDS).encode(), "JSON lines", [1, 2]),
        (json.dumps([["question", "answer"], ["Who?", "Ole"], ["How many?", "14"]]).encode(), "JSON array", [1, 1]),
        (b"question,answer\nWho?,Ole\nHow many?,14\n", "CSV", [2, 3]),
        ("question;answer\nWho?;Ole\nHow many?;14\n".encode("utf-16"), "CSV", [2, 3]),
        (b'question\tanswer\n"Who\nis it?"\tOle\n', "CSV", [2]),
        (b"Ann: hello\nBo: hi\n", "text", [1, 2]),
        (gzip.compress(LINES.encode(), mtime=0), "JSON lines", [1, 2]),
        (bz2.compress(LINES.encode()), "JSON lines", [1, 2]),
        (lzma.compress(LINES.encode()), "JSON lines", [1, 2]),
    ],
)
def test_a_container_is_known_by_its_content(tmp_path, data, container, lines):
    source = open_source(write(tmp_path / "file.bin", data))
    assert source.container == container
    assert [record.line for record in source.records()] == lines
    assert [record.line for record in source.records()] == lines  # again from the start
    assert not any(record.fault for record in source.records())


def test_parquet_carries_its_class_names(tmp_path):
    features = {"info": {"features": {"label": {"_type": "ClassLabel", "names": ["bad", "good"]}}}}
    table = pa.table({"text": ["a", "b"], "label": [0, 1]}).replace_schema_metadata(
        {"huggingface": json.dumps(features)}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    source = open_source(str(tmp_path / "t.parquet"))
    assert (source.container, dict(source.labels)) == ("Parquet", {"label": ("bad", "good")})
    assert [record.value for record in source.records()] == [{"text": "a", "label": 0}, {"text": "b", "label": 1}]


def test_a_broken_record_is_a_fault_and_the_next_one_is_read(tmp_path):
    source = open_source(write(tmp_path / "f", (LINES + "\n{broken\n" + json.dumps(RECORDS[0])).encode()))
    faults = [(record.line, bool(record.fault)) for record in source.records()]
    assert faults == [(1, False), (2, False), (3, True), (4, False)]


def test_a_row_of_another_width_is_a_fault(tmp_path):
    source = open_source(write(tmp_path / "f", b"a,b\n1,2\n3,4\n5,6\n7,8\n9\n10,11\n"))
    assert [record.fault for record in source.records() if record.fault] == ["1 fields where the header has 2"]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("empty", b"", "the file is empty"),
        ("binary", b"\x00\x01\x02\x03", "unknown file format"),
        ("bad.parquet", b"PAR1 and nothing more", "not Parquet"),
        ("bad.zip", b"PK\x03\x04 and nothing more", "damaged zip archive"),
        ("short.gz", gzip.compress(LINES.encode() * 50, mtime=0)[:-40], "the file is damaged"),
    ],
)
def test_what_cannot_be_opened_says_why(tmp_path, name, data, says):
    with pytest.raises(DataError, match=says):
        list(open_source(write(tmp_path / name, data)).records())


def test_missing_files_folders_and_other_archives(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        open_source(str(tmp_path / "none"))
    with pytest.raises(DataError, match="neither a Slack export"):
        open_source(str(tmp_path))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    assert [record.value for record in open_source(str(tmp_path / "a.zip")).records()] == ["x"]


@pytest.mark.parametrize(
    ("data", "says", "hint"),
    [
        (b"%PDF-1.7", "a PDF is a document", "kb ingest"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office file of the old kind", "save it as .xlsx"),
    ],
)
def test_other_files_get_the_next_step(tmp_path, data, says, hint):
    with pytest.raises(DataError, match=says) as caught:
        open_source(write(tmp_path / "file.bin", data))
    assert hint in caught.value.hint


def test_texts_in_a_list_and_in_one_column(tmp_path):
    for name, data in (("t.json", b'["One.", "Two."]'), ("t.csv", b"text\nOne.\nTwo.\n")):
        records = open_source(write(tmp_path / name, data)).records()
        assert [record.value for record in records] == [{"text": "One."}, {"text": "Two."}]


def test_what_programs_write_for_an_empty_cell_is_empty(tmp_path):
    source = open_source(write(tmp_path / "f", b"question,answer\na,nan\nb,NULL\nc,none\n"))
    assert [record.value["answer"] for record in source.records()] == ["", "", "none"]


@pytest.mark.parametrize(
    ("first", "encoding", "mark"),
    [
        ("sep=;", "utf-8", ";"),
        ("SEP=;", "utf-8-sig", ";"),
        ('"sep=;"', "utf-16", ";"),
        ("sep=;;", "cp1252", ";"),
        ("sep=\t", "utf-8", "\t"),
        ("sep=^", "utf-8", "^"),
    ],
)
def test_a_first_line_that_names_the_delimiter(tmp_path, first, encoding, mark):
    rows = [
        ["question", "answer"],
        ["Which, and when?", "Größe; then, noon."],
        ["Who?", "Ole"],
        ["a", "b"],
        ["only one"],
    ]
    text = "\r\n".join([first, *(mark.join(f'"{cell}"' for cell in row) for row in rows)]) + "\r\n"
    source = open_source(write(tmp_path / "f", text.encode(encoding)))
    assert (source.container, source.delimiter) == ("CSV", mark)
    *records, short = source.records()
    assert [record.value for record in records] == [dict(zip(rows[0], row, strict=True)) for row in rows[1:4]]
    assert [record.line for record in records] == [3, 4, 5]
    assert (short.line, short.fault) == (6, "1 fields where the header has 2")


def test_tables_without_names_below_such_a_line(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("sep=;\nWhen, say?;At noon.\nWho?;Ole\n")
    with pytest.raises(DataError, match="a table of 2 columns without a row of names") as caught:
        recognise(open_source(str(path)))
    subprocess.run(caught.value.hint.partition(" && ")[0], shell=True, check=True)
    records = [record.value for record in open_source(str(tmp_path / "t.named.csv")).records()]
    assert records == [{"question": "When, say?", "answer": "At noon."}, {"question": "Who?", "answer": "Ole"}]
    path.write_text("sep=;\ntext\nOne.\nTwo.\n")
    assert [record.value for record in open_source(str(path)).records()] == [{"text": "One."}, {"text": "Two."}]


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("What is it?,A boat.\nWho?,Ole\n", (",", 2)),
        ('"When, say?","At noon, always."\n"Who?","Ole"\n', (",", 2)),
        ("a\tb\tc\nd\te\tf\n", ("\t", 3)),
        ("Dear Ann, hello.\nI write, as ever.\n", None),
        ("one\ntwo\n", None),
        ("a,b\n", None),
    ],
)
def test_tables_without_names(tmp_path, text, table):
    assert nameless_table(text.splitlines()) == table


def test_the_command_that_names_the_columns_works(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a?\tb\tc\nd?\te\tf\n")
    subprocess.run(naming_command(path, "\t", 3).partition(" && ")[0], shell=True, check=True)
    records = list(open_source(str(tmp_path / "t.named.tsv")).records())
    assert [record.value for record in records][:1] == [{"question": "a?", "answer": "b", "column3": "c"}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("question,answer\na,b\nc,d\n", True),
        ("a,b\nc\nd\ne\n", False),
        ("one column\nx\n", False),
        ("He said, well, no.\nShe said, yes, maybe.\n", False),
        ("a,a\n1,2\n", False),
    ],
)
def test_what_looks_like_csv(text, expected):
    assert looks_like_csv(text, whole=True) is expected


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("Grüße".encode(), "utf-8"),
        ("Grüße".encode("utf-8-sig"), "utf-8-sig"),
        ("Grüße".encode("utf-16"), "utf-16"),
        ("Grüße".encode()[:3], "utf-8"),  # cut inside a character
    ],
)
def test_encodings(tmp_path, data, encoding):
    assert sniff_encoding(data, tmp_path) == encoding


def test_an_old_code_page_reads_as_it_was_written(tmp_path):
    text = "Die Größe der Boote ist für alle Mitglieder gleich, außer für Gäste."
    assert text.encode("cp1252").decode(sniff_encoding(text.encode("cp1252"), tmp_path)) == text


def test_line_ends_stay_and_bad_bytes_become_a_mark(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"a\r\nb\xff\n")
    with path.open("rb") as raw, open_text(raw, "utf-8") as text:
        assert text.read() == f"a\r\nb{UNDECODED}\n"


@pytest.mark.parametrize("joined", ["\n", ",\n"])
def test_lists_of_messages_are_conversations_in_an_array_and_on_lines(tmp_path, joined):
    talks = [[{"role": "user", "content": f"q{n}"}, {"role": "assistant", "content": f"a{n}"}] for n in range(3)]
    text = joined.join(json.dumps(talk) for talk in talks)
    path = tmp_path / "x.json"
    path.write_text(text if joined == "\n" else f"[{text}]", encoding="utf-8")
    assert [record.value for record in open_source(str(path)).records()] == [{"messages": talk} for talk in talks]


def test_names_and_values_on_lines(tmp_path):
    path = tmp_path / "x.jsonl"
    path.write_text('["question", "answer"]\n["q", "a"]\n["q2", "a2"]\n', encoding="utf-8")
    records = list(open_source(str(path)).records())
    assert [(record.line, record.value["answer"]) for record in records] == [(2, "a"), (3, "a2")]
