"""Bytes that the encoding of a file does not have are faults of their records, never text."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import DataError
from synth.importing.drafts import Draft
from synth.importing.files.sources import open_source
from synth.importing.files.text_file import UNDECODED_BYTES, sniff_encoding
from synth.importing.reading import recognise

_JSON = '{"question": "Wo wächst %d?", "answer": "Über der Brücke."}\n'
_LINES = "".join(_JSON % number for number in range(5)).encode()
_BAD = b'{"question": "Wo?", "answer": "K\xe4se"}\n'


def outcomes(path: Path, data: bytes) -> list[tuple[int, str]]:
    path.write_bytes(data)
    read = recognise(open_source(str(path))).outcomes()
    return [(line, outcome.answer if isinstance(outcome, Draft) else str(outcome)) for line, outcome in read]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_line_with_invalid_bytes_is_skipped_and_the_others_keep_their_letters(tmp_path: Path, mark: bytes) -> None:
    answers = outcomes(tmp_path / "x.jsonl", mark + _LINES + _BAD)
    assert answers == [*((line, "Über der Brücke.") for line in range(1, 6)), (6, UNDECODED_BYTES)]


@pytest.mark.parametrize(
    ("name", "data", "line"),
    [
        ("x.json", b"[" + _LINES.splitlines()[0] + b",\n" + _BAD + b"]", 2),
        ("x.json", b'{"data": [' + _LINES.splitlines()[0] + b",\n" + _BAD + b"]}", 2),
        ("x.csv", "question,answer\nWo wächst er?,Über der Brücke.\n".encode() + b"Wo?,K\xe4se\n", 3),
        ("x.md", "Q: Wo wächst er?\nA: Über der Brücke.\n\n".encode() + b"Q: Wo?\nA: K\xe4se\n", 4),
    ],
)
def test_in_every_container(tmp_path: Path, name: str, data: bytes, line: int) -> None:
    first, second = outcomes(tmp_path / name, data)
    assert (first[1], second) == ("Über der Brücke.", (line, UNDECODED_BYTES))


def test_a_replacement_character_of_the_text_itself_stays(tmp_path: Path) -> None:
    assert outcomes(tmp_path / "x.jsonl", '{"question": "q", "answer": "a \ufffd"}\n'.encode()) == [(1, "a \ufffd")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Die Größe der Boote ist für alle gleich, außer für Gäste.", "cp1252"),
        ("Размер лодок одинаков для всех, кроме гостей клуба.", "cp1251"),
        ("船の大きさは全員同じです。ただしゲストは別です。毎日漕ぎます。", "shift_jis"),
    ],
)
def test_old_code_pages_are_no_damaged_utf8(tmp_path: Path, text: str, encoding: str) -> None:
    assert text.encode(encoding).decode(sniff_encoding(text.encode(encoding), tmp_path)) == text


@pytest.mark.parametrize("first", [b'{"question": "q", "answer": "a"}\n', b'{"question": "q", "answer": "\xff"}\n'])
def test_a_nul_byte_in_json_is_a_fault_of_its_line(tmp_path: Path, first: bytes) -> None:
    rows = outcomes(tmp_path / "x.jsonl", first + b'{"question": "q\x00", "answer": "b"}\n')
    assert rows[1][0] == 2 and rows[1][1].startswith("not JSON")


def test_a_nul_byte_elsewhere_is_an_error_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="NUL byte") as raised:
        sniff_encoding(b"question,answer\na,\x00\n", tmp_path)
    assert raised.value.line == 2
