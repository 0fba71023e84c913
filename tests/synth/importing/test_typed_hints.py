"""Commands in hints name files whose names hold blanks, quotation marks and letters of other alphabets."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from core.errors import DataError
from synth.importing.files.sources import open_source
from synth.importing.load import ImportPlan, import_sources

NAME = "Zoë's rows (new)"


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".jsonl", ""),
        (".jsonl", '{"question": "q", "remark": "a"}\n{"question": "q2", "remark": "b"}\n'),
        (".json", "[]"),
        (".csv", "1;Where?;Here.\n2;When?;Now.\n"),
        (".csv", "question,question,price/unit\nq,a,1\nq,b,2\n"),
        (".jsonl", '{"question": "", "answer": "a"}\n'),
    ],
)
def test_a_hint_names_the_file_as_one_word(tmp_path: Path, suffix: str, text: str):
    path = tmp_path / f"{NAME}{suffix}"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        import_sources(tmp_path / "out", [str(path)], ImportPlan())
    words = shlex.split(caught.value.hint)
    assert {str(path), str(path.parent)} & set(words)


def test_an_unpacking_hint_can_be_typed(tmp_path: Path):
    import zipfile

    path = tmp_path / f"{NAME}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("train.jsonl", "test.jsonl"):
            archive.writestr(name, '{"question": "q", "answer": "a"}\n')
    with pytest.raises(DataError) as caught:
        open_source(str(path))
    assert str(path) in shlex.split(re.split(r"&&", caught.value.hint)[0])
