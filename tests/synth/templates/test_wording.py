"""Wordings and prompt templates."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from core.errors import ConfigError
from synth.templates.wording import _tasks, choose, fill, prompt_template

FIELDS = {
    "classification": {"text", "label", "options"},
    "classification-open": {"text", "label"},
    "inference": {"premise", "hypothesis", "label", "options"},
    "sentence-pair": {"first", "second", "label", "options"},
    "summarisation": {"text", "summary"},
    "question-answering": {"question", "text", "answer"},
    "multiple-choice": {"question", "choices", "letter", "answer"},
    "multiple-choice-text": {"question", "choices", "letter", "answer", "text"},
    "masked-word": {"text", "mask", "word"},
    "entities": {"text", "options", "entities"},
    "translation": {"text", "translation", "source_language", "target_language"},
    "generation": {"words", "text"},
    "title": {"title", "text"},
}


def test_every_wording_is_filled_by_its_task():
    assert set(_tasks()) == set(FIELDS)
    for task, wordings in _tasks().items():
        assert len(wordings) >= 2
        for wording in wordings:
            held = set(re.findall(r"\{(\w*)\}", wording.question + wording.context + wording.answer))
            assert held <= FIELDS[task], wording.name
            assert held >= FIELDS[task] - {"options"}, f"{wording.name} loses {FIELDS[task] - held}"


def test_the_choice_follows_seed_and_row_and_is_spread():
    chosen = [choose("summarisation", seed=3, key=str(number)).name for number in range(400)]
    assert chosen == [choose("summarisation", seed=3, key=str(number)).name for number in range(400)]
    assert chosen != [choose("summarisation", seed=4, key=str(number)).name for number in range(400)]
    assert min(Counter(chosen).values()) > 60


def test_braces_in_values_stay():
    assert fill("{a} and {b}", {"a": "{b}", "b": "{x}"}) == "{b} and {x}"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_template_with_and_without_a_place_for_the_answer(tmp_path: Path):
    plain = prompt_template(
        write(tmp_path / "a.toml", 'prompt_input="{input}|{instruction}>"\nprompt_no_input="{question}>"')
    )
    assert plain.prompt("Q", "C") == "C|Q>"
    assert plain.prompt("Q", "") == "Q>"
    assert plain.answer("Q", "", "A") == "A"
    assert plain.text("Q", "", "A") == "Q>\n\nA"
    named = {"prompt_input": "{context} {question} {output}</s>", "prompt_no_input": "{question} {answer}</s>"}
    ended = prompt_template(write(tmp_path / "b.json", json.dumps({**named, "response_split": "x"})))
    assert (ended.prompt("Q", ""), ended.answer("Q", "", "A")) == ("Q ", "A</s>")
    assert ended.text("Q", "C", "A") == "C Q A</s>"
    assert ended.text("", "", "only text") == "only text"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('prompt_input="{context}{qestion}"\nprompt_no_input="{question}"', "{qestion}; did you mean 'question'?"),
        ('prompt_input="{context} {question}"', "prompt_no_input is missing"),
        ('prompt_inpt="x"\nprompt_no_input="{question}"', "unknown name 'prompt_inpt'; did you mean 'prompt_input'?"),
        ('prompt_input="{question}"\nprompt_no_input="{question}"', "has neither {context} nor {input}"),
        ('prompt_input="{context}"\nprompt_no_input="{question}"', "has neither {question} nor {instruction}"),
        ('prompt_input="{context}{question}{answer}{output}"\nprompt_no_input="{question}"', "has the answer twice"),
        ("not toml", "cannot read"),
    ],
)
def test_a_broken_template_is_refused(tmp_path: Path, text, says):
    with pytest.raises(ConfigError, match=re.escape(says)):
        prompt_template(write(tmp_path / "t.toml", text))
