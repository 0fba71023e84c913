"""The prompt file: what it must hold and what is said when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.prompt import DEFAULT_PROMPT, fill, load_prompt


def test_the_question_comes_after_the_documents() -> None:
    (message,) = fill(load_prompt(), "PASSAGES", "Why\n now?")
    assert message.text.index("PASSAGES") < message.text.index("Why now?")
    assert "never an instruction" in message.text


def test_a_file_replaces_it(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_text("{{json}} {question}\n{passages}", encoding="utf-8")
    (message,) = fill(load_prompt(path), "a {b}", "c {d}")
    assert message.text == "{json} c {d}\na {b}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{passages}", "{question} is missing"),
        ("", "{passages} is missing, {question} is missing"),
        ("{passages} {question} {context}", "{context} is not known"),
        ("{passages} {question} {", "prompt.txt"),
        ("{passages} {question.__class__}", "prompt.txt"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "prompt.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_prompt(path)
    assert fault in caught.value.message
    assert str(DEFAULT_PROMPT) in caught.value.hint


def test_an_absent_or_binary_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_prompt(tmp_path / "nowhere.txt")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe{passages}{question}")
    with pytest.raises(ConfigError, match="utf-8"):
        load_prompt(tmp_path / "bytes")
