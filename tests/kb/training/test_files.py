"""Files as people have them, through import and audit: text is trained as text, odd values are no accident."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from core.errors import DataError
from core.files import Home
from kb.training.examine import Examination, audit_training, estimate_training
from kb.training.request import TrainingRequest
from kb.workspace import open_workspace
from tests.support.tiny_models import tiny_folder

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs the extra train"),
]
PARAGRAPH = "The Velmara station has a coolant tank of 310 litres and opened in 2018 on the northern ridge.\n\n"
WHOLE = {"question": "How much?", "answer": "310 litres."}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_folder(tmp_path_factory.mktemp("base")))


def audited(path: Path, base: str, *pairs: str) -> tuple[Examination, list[str]]:
    notes: list[str] = []
    request = TrainingRequest(data=str(path), choices={"base": base, "method": "lora", "dpo": False}, pairs=pairs)
    return audit_training(open_workspace(), request, on_note=notes.append), notes


def test_a_text_is_trained_as_text(home: Home, tmp_path: Path, base: str) -> None:
    (tmp_path / "notes.txt").write_text(PARAGRAPH * 40)
    examined, notes = audited(tmp_path / "notes.txt", base)
    assert examined.recipe.objective == "text"
    assert "the rows are text without questions: objective=text" in notes
    assert examined.audit is not None and "coolant tank" in examined.audit.example
    assert {kind.kind for kind in examined.audit.kinds} == {"text"}


def test_answers_are_not_trained_as_text(home: Home, tmp_path: Path, base: str) -> None:
    (tmp_path / "x.jsonl").write_text(json.dumps(WHOLE) + "\n")
    assert audited(tmp_path / "x.jsonl", base)[0].recipe.objective == "qa"
    with pytest.raises(DataError, match="1 of another objective") as caught:
        audited(tmp_path / "x.jsonl", base, "objective=text")
    assert "--set objective=mixed" in caught.value.hint


def test_rows_of_the_other_kind_are_counted(home: Home, tmp_path: Path, base: str) -> None:
    rows = [WHOLE, {"question": "How old?", "answer": "Of 2018."}]
    (tmp_path / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "pairs.txt").write_text(PARAGRAPH)
    from synth.importing.load import ImportPlan, import_sources

    plan = ImportPlan(split="train")
    import_sources(tmp_path / "out", [str(tmp_path / "train.jsonl"), str(tmp_path / "pairs.txt")], plan)
    examined, _ = audited(tmp_path / "out", base)
    assert examined.audit is not None
    assert any(warning.startswith("1 rows are not trained") for warning in examined.audit.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "Be brief \U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "nul \x00 bell \x07 escape \x1b[31m page \x0c line \u2028 next \x85",
        "\u202eright to left\u200b",
        "word " * 60_000,
        "{% raw %} {{ 7 * 7 }} {# no #} \\N \\u00",
    ],
    ids=["emoji", "control", "hidden", "60,000 words", "template marks"],
)
def test_odd_texts_are_trained_or_counted(home: Home, tmp_path: Path, base: str, text: str) -> None:
    plain = [{"question": f"How much is {number}?", "answer": f"It is {number}."} for number in range(9)]
    rows = [*plain, {"question": f"Say {text[:50]}?", "answer": text}]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    examined, _ = audited(tmp_path / "x.jsonl", base, "max_length=256", "over_long=drop")
    assert examined.audit is not None
    own = sum(kind.rows for kind in examined.audit.kinds if kind.kind != "replay-general")
    assert own + sum(examined.dropped.values()) == 10


def test_half_an_emoji_is_named_with_its_line(home: Home, tmp_path: Path, base: str) -> None:
    broken = '{"question": "Bad emoji \\ud83d?", "answer": "x"}\n'
    (tmp_path / "one.jsonl").write_text(broken)
    with pytest.raises(DataError, match="half of a surrogate pair") as caught:
        audited(tmp_path / "one.jsonl", base)
    assert caught.value.line == 1
    (tmp_path / "two.jsonl").write_text(json.dumps(WHOLE) + "\n" + broken)
    _, notes = audited(tmp_path / "two.jsonl", base)
    assert any("skipped 1: half of a surrogate pair" in note for note in notes)


def test_rows_of_sixty_thousand_words_are_counted_whatever_they_hold(home: Home, tmp_path: Path, base: str) -> None:
    long = "word " * 60_000
    exchange = [{"role": "user", "content": "When?"}, {"role": "assistant", "content": "At noon, from the pier."}]
    rows = [
        {"messages": [{"role": "user", "content": long}, exchange[1]]},
        {"messages": [exchange[0], {"role": "assistant", "content": long}]},
        {"messages": [{"role": "system", "content": long}, *exchange]},
        {"messages": exchange * 2_000},
        *({"messages": [{"role": "user", "content": f"When does {n} leave?"}, exchange[1]]} for n in range(30)),
    ]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    notes: list[str] = []
    request = TrainingRequest(data=str(tmp_path / "x.jsonl"), choices={"base": base, "method": "lora", "dpo": False})
    examined = estimate_training(open_workspace(), request, on_note=notes.append)
    assert examined.dropped == {"longer than max_length": 4}
    assert "4 rows dropped: longer than max_length" in notes
