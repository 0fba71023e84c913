"""A data set as the Hub's library reads it, from a folder: the same code, no network."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from core.errors import BackendError, ConfigError
from core.files import Home
from finetune.data.hub_data import fetch_dataset
from tests.support.json_lines import read_jsonl, write_jsonl

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("datasets"), reason="needs kb[train]"),
]
# The library leaves a socket of its progress reports open.
pytestmark += [pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    rows = [{"instruction": f"question {i}", "output": f"answer {i}"} for i in range(6)]
    write_jsonl(tmp_path / "source" / "train.jsonl", rows)
    write_jsonl(tmp_path / "source" / "validation.jsonl", rows[:2])
    return tmp_path / "source"


@pytest.mark.parametrize(("most", "train"), [(0, 6), (3, 3)])
def test_splits_and_rows_arrive(source: Path, home: Home, most: int, train: int) -> None:
    folder = fetch_dataset(f"hf:{source}", home, most_rows=most)
    records = read_jsonl(folder / "train.jsonl")
    assert [record["output"] for record in records] == [f"answer {i}" for i in range(train)]
    assert len((folder / "val.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert fetch_dataset(f"hf:{source}", home, most_rows=most) == folder


def test_null_fields_are_left_out(source: Path, home: Home) -> None:
    write_jsonl(source / "train.jsonl", [{"prompt": "p", "chosen": "good", "rejected": None}])
    (source / "validation.jsonl").unlink()
    folder = fetch_dataset(f"hf:{source}", home)
    assert json.loads((folder / "train.jsonl").read_text(encoding="utf-8")) == {"prompt": "p", "chosen": "good"}


def test_what_is_not_there(home: Home) -> None:
    with pytest.raises((ConfigError, BackendError)):
        fetch_dataset("hf:nobody/nothing-of-the-kind", home)
