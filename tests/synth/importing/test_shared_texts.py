"""A text that stands in most rows is no passage: of twenty rows of any shape some are held out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.rows import SPLITS
from synth.dataset.write import JudgedFolder
from synth.importing.load import ImportPlan, import_sources

TEXT = "Hello and welcome to the help desk of the Velmara ferry company, how may we help you today with your journey?"
ROWS = range(20)


def asked(number: int) -> str:
    return f"When does ferry {number} to harbour {chr(97 + number) * 4} leave?"


def answered(number: int) -> str:
    return f"Ferry {number} leaves at {number}:15."


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def assistant(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def system(text: str) -> dict[str, str]:
    return {"role": "system", "content": text}


SHAPES = {
    "messages, system": lambda n: {"messages": [system(TEXT), user(asked(n)), assistant(answered(n))]},
    "messages, greeting": lambda n: {"messages": [assistant(TEXT), user(asked(n)), assistant(answered(n))]},
    "messages, first turn": lambda n: {
        "messages": [user("hi"), assistant(TEXT), user(asked(n)), assistant(answered(n))]
    },
    "messages, head of the question": lambda n: {"messages": [user(f"{TEXT}\n\n{asked(n)}"), assistant(answered(n))]},
    "messages, foot of the answer": lambda n: {"messages": [user(asked(n)), assistant(f"{answered(n)}\n\n{TEXT}")]},
    "alpaca, instruction": lambda n: {"instruction": TEXT, "input": asked(n), "output": answered(n)},
    "alpaca, input": lambda n: {"instruction": asked(n), "input": TEXT, "output": answered(n)},
    "alpaca, system": lambda n: {"instruction": asked(n), "input": "", "output": answered(n), "system": TEXT},
    "questions, context": lambda n: {"question": asked(n), "context": TEXT, "answer": answered(n)},
    "preferences, system": lambda n: {
        "prompt": [system(TEXT), user(asked(n))],
        "chosen": [assistant(answered(n))],
        "rejected": [assistant("No.")],
    },
    "preferences, greeting": lambda n: {
        "prompt": [user("hi"), assistant(TEXT), user(asked(n))],
        "chosen": [assistant(answered(n))],
        "rejected": [assistant("No.")],
    },
    "preferences, texts": lambda n: {"prompt": f"{TEXT}\n{asked(n)}", "chosen": answered(n), "rejected": "No."},
    "judged answers": lambda n: {"system": TEXT, "prompt": asked(n), "completion": answered(n), "label": n % 2 == 0},
    "logged calls": lambda n: {"input": [system(TEXT), user(asked(n))], "output": answered(n)},
    "plain texts": lambda n: {"text": f"{TEXT}\n\nNumber {n} is about the harbour {chr(97 + n) * 4} and its boats."},
}


def held_out(path: Path, text: str, **plan: Any) -> dict[str, int]:
    """Import a file and return the number of rows of each split."""
    path.write_text(text, encoding="utf-8")
    report = import_sources(path.parent / "out", [str(path)], ImportPlan(**plan))
    assert (report.added, report.is_loosened) == (len(ROWS), False)
    folder = JudgedFolder(path.parent / "out")
    return {split: sum(row.split == split for row in folder.rows()) for split in SPLITS}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_text_in_every_row_leaves_rows_to_hold_out(shape: str, tmp_path: Path) -> None:
    lines = "".join(json.dumps(SHAPES[shape](number)) + "\n" for number in ROWS)
    assert held_out(tmp_path / "x.jsonl", lines) == {"train": 16, "val": 2, "test": 2}


def test_a_greeting_in_every_chat_of_a_log_leaves_rows_to_hold_out(tmp_path: Path) -> None:
    day = "[2024-05-{0:02d}, 10:{1:02d}:00]"
    lines = "".join(
        f"{day.format(n + 1, 0)} Bot: {TEXT}\n{day.format(n + 1, 5)} Ann: {asked(n)}\n"
        f"{day.format(n + 1, 9)} Bot: {answered(n)}\n"
        for n in ROWS
    )
    assert held_out(tmp_path / "x.txt", lines, answers_by="Bot") == {"train": 16, "val": 2, "test": 2}
