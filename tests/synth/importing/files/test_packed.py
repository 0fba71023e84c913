"""Zip archives: one packed file is read, exports are known, others get the next step."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path

import pytest

from core.errors import DataError
from synth.importing.files.packed import packed_kind
from synth.importing.files.sources import open_source

ROWS = '{"question": "a?", "answer": "b"}\n'


def pack(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_one_packed_file_is_read(tmp_path):
    members = {"deep/rows.jsonl": ROWS * 2, "__MACOSX/rows.jsonl": "x", "picture.png": "x"}
    source = open_source(str(pack(tmp_path / "a.zip", **members)))
    assert source.container == "JSON lines"
    for _ in range(2):
        assert [record.value for record in source.records()] == [json.loads(ROWS)] * 2


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        (("xl/workbook.xml",), ("workbook", "")),
        (("users.json", "general/2024-01-01.json"), ("Slack", "")),
        (("chat.html", "conversations.json", "user.json"), ("file", "conversations.json")),
    ],
)
def test_exports_are_known(tmp_path, members, kind):
    assert packed_kind(pack(tmp_path / "a.zip", **dict.fromkeys(members, "[]"))) == kind


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (("word/document.xml",), "a Word document"),
        (("mimetype", "content.xml"), "OpenDocument"),
        (("a.png",), "holds no file of rows"),
    ],
)
def test_other_archives_say_what_to_do(tmp_path, members, says):
    with pytest.raises(DataError, match=says) as caught:
        packed_kind(pack(tmp_path / "a.zip", **dict.fromkeys(members, "x")))
    assert caught.value.hint


def test_several_files_are_unpacked_by_a_command_that_works(tmp_path):
    path = pack(tmp_path / "a.zip", **{"one.jsonl": ROWS, "two.jsonl": ROWS})
    with pytest.raises(DataError, match="holds 2 files") as caught:
        packed_kind(path)
    unpack, _, load = caught.value.hint.partition(" && ")
    subprocess.run(unpack.replace("unzip", "python3 -m zipfile -e").replace(" -d", ""), shell=True, check=True)
    assert all(Path(name.strip("'")).is_file() for name in load.split()[3:5])


def test_an_encrypted_member_says_so(tmp_path):
    path = pack(tmp_path / "a.zip", **{"rows.jsonl": ROWS})
    data = bytearray(path.read_bytes())
    data[6] |= 1  # the flag of encryption, in the local header and the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(DataError, match="cannot be unpacked"):
        open_source(str(path))
