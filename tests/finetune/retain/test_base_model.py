"""What a base wrote is kept, whole lines alone, and not asked for again."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.retain.base_model import BaseModel, KeptAnswers, base_digest
    from finetune.training.policy import Asker


def base(path: Path, progress: list[tuple[int, int]] | None = None) -> BaseModel:
    def note(done: int, total: int) -> None:
        if progress is not None:
            progress.append((done, total))

    return BaseModel(asker=Asker(model=None, chat=None, dtype="f32"), kept=KeptAnswers(path), on_answer=note)


def test_only_what_is_missing_is_written(tmp_path: Path) -> None:
    keys = [f"k{number}" for number in range(40)]
    asked: list[list[int]] = []

    def write(chosen: Sequence[int]) -> list[str | None]:
        asked.append(list(chosen))
        if len(asked) == 3:
            raise KeyboardInterrupt
        return [f"text {i}" if i % 7 else None for i in chosen]

    path = tmp_path / "cache" / "kept.jsonl"
    with pytest.raises(KeyboardInterrupt):
        base(path).written(keys, write)
    progress: list[tuple[int, int]] = []
    texts = base(path, progress).written(keys, write)
    assert [len(batch) for batch in asked] == [16, 16, 8, 8]
    assert texts == [f"text {i}" if i % 7 else None for i in range(40)]
    assert progress == [(32, 40), (40, 40)]


def test_a_line_cut_short_is_written_again(tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    KeptAnswers(path).add({"a": "one", "b": "two"})
    whole = path.read_bytes()
    path.write_bytes(whole + whole[: len(whole) // 3])
    again = KeptAnswers(path)
    assert "a" in again and "b" in again and path.read_bytes() == whole
    again.add({"c": "three"})
    assert KeptAnswers(path)["c"] == "three"


def test_another_base_has_answers_of_its_own(tmp_path: Path) -> None:
    from core.files import Home
    from finetune.training.base import find_base
    from tests.support.tiny_models import tiny_folder

    found = find_base(str(tiny_folder(tmp_path / "one")), Home(tmp_path))
    assert base_digest(found, "f32") == base_digest(found, "f32") != base_digest(found, "bf16")
    before = base_digest(found, "f32")
    tiny_folder(tmp_path / "one", vocab_size=528)
    assert base_digest(found, "f32") != before
