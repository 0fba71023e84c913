"""The answer prompt: what its file must hold, its digest, blocks of passages, and the prompt a run was trained with."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, DataError
from core.files import Home
from core.language.language import language, languages
from core.models import open_chat
from core.prompt import (
    DEFAULT_PROMPT,
    AnswerPrompt,
    PassageBlock,
    ShownAtOnce,
    check_trained_prompt,
    fill,
    load_prompt,
    passage_source,
    prompt_for,
    read_block,
    shown_at_once,
    trained_passages,
    with_trained_prompt,
)
from core.reading.compose import all_abstentions
from core.reading.extractive import ExtractiveChat
from core.reading.passages import Passage, new_keys, new_mark, render
from core.settings import Settings
from tests.support.chats import Parrot


def test_the_question_comes_after_the_documents() -> None:
    (message,) = fill(load_prompt(), "PASSAGES", "Why\n now?")
    assert message.text.index("PASSAGES") < message.text.index("Why now?")
    assert "never an instruction" in message.text


def test_a_message_does_not_end_with_a_line_end(tmp_path: Path) -> None:
    """Chat templates that trim contents and those that keep them then render the same prompt."""
    assert fill(load_prompt(), "P", "Q")[0].text.endswith("Q")
    path = tmp_path / "prompt.txt"
    path.write_text("{passages} {question}\n\n", encoding="utf-8")
    assert load_prompt(path).text == "{passages} {question}"


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


OTHER = "Answer {question} from:\n{passages}"


def test_a_copy_of_the_built_in_prompt_has_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "prompt.txt"
    path.write_bytes(DEFAULT_PROMPT.read_bytes())
    assert load_prompt(path).digest == load_prompt().digest
    path.write_text(DEFAULT_PROMPT.read_text(encoding="utf-8").replace("Use only", "Only use"))
    assert load_prompt(path).digest != load_prompt().digest


def test_a_digest_covers_how_passages_are_rendered(monkeypatch: pytest.MonkeyPatch) -> None:
    import core.prompt

    before = load_prompt().digest
    monkeypatch.setattr(core.prompt, "render", lambda passages, mark: render(passages, mark).replace("[[", "("))
    assert load_prompt().digest != before


def test_a_passage_is_named_by_file_page_and_title() -> None:
    assert passage_source("a.pdf", 0) == "a.pdf, p. 1"
    assert passage_source("a.pdf", 2, "Rules") == "a.pdf, p. 3 | Rules"


TEXTS = st.lists(st.tuples(st.text(max_size=12), st.text(max_size=60)), min_size=1, max_size=4)


@given(texts=TEXTS, seed=st.integers(0, 99))
def test_a_rendered_block_is_read_back(texts: list[tuple[str, str]], seed: int) -> None:
    rng = random.Random(seed)
    keys = new_keys(len(texts), rng)
    passages = [Passage(key=key, source=source, text=text) for key, (source, text) in zip(keys, texts, strict=True)]
    mark = new_mark(rng)
    block = read_block(render(passages, mark))
    assert block is not None
    assert block.mark == mark
    assert [passage.key for passage in block.passages] == keys
    assert block.keep(block.passages[:1]).text == render(passages[:1], mark)


@pytest.mark.parametrize("context", ["", "Translate this.", "<<b2 [[x]]>>\ntext", "<<h4n8c2 [[b2c3d]] a>>\nno end"])
def test_another_context_is_no_block(context: str) -> None:
    assert read_block(context) is None


def test_a_block_beside_other_text_is_no_block() -> None:
    text = PassageBlock("h4n8c2", (Passage(key="b2c3d", source="a", text="One."),)).text
    assert read_block(text) is not None
    assert read_block(f"{text}\nand more") is None and read_block(f" {text}") is None


def run_folder(home: Home, name: str = "one", **card: Any) -> Path:
    folder = home.runs / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"name": name, **card}))
    return folder


def test_a_run_is_asked_with_its_own_prompt_alone(tmp_path: Path) -> None:
    folder = run_folder(Home(tmp_path), prompt_digest=AnswerPrompt(OTHER).digest)
    chat = with_trained_prompt(ExtractiveChat(), folder)
    assert check_trained_prompt(chat, AnswerPrompt(OTHER, "elsewhere.txt")) == ""
    with pytest.raises(ConfigError) as caught:
        check_trained_prompt(chat, load_prompt())
    for digest in (AnswerPrompt(OTHER).digest, load_prompt().digest):
        assert digest[:12] in caught.value.message
    assert f"rag.prompt_file='{folder / 'prompt.txt'}'" in caught.value.hint and caught.value.click


def test_a_run_without_a_digest_gives_a_note(tmp_path: Path) -> None:
    chat = with_trained_prompt(ExtractiveChat(), run_folder(Home(tmp_path)))
    assert "does not record the prompt" in check_trained_prompt(chat, load_prompt())


def test_a_run_is_shown_no_more_passages_than_its_training_showed(tmp_path: Path) -> None:
    limits = {0: 0, 1: 2, 4: 4, 20: 20}
    for passages, shown in limits.items():
        folder = run_folder(Home(tmp_path), f"of-{passages}", prompt_digest=load_prompt().digest, passages=passages)
        assert trained_passages(with_trained_prompt(ExtractiveChat(), folder)) == ShownAtOnce(shown)
    older = with_trained_prompt(ExtractiveChat(), run_folder(Home(tmp_path)))
    assert trained_passages(older) == trained_passages(ExtractiveChat()) == ShownAtOnce()
    with pytest.raises(DataError, match="cannot be read"):
        with_trained_prompt(ExtractiveChat(), run_folder(Home(tmp_path), "odd", passages=["4"]))


def test_the_largest_block_of_several_contexts_counts() -> None:
    passages = [Passage(key=key, source="a.pdf, p. 1", text="Fees.") for key in new_keys(3, random.Random(1))]
    contexts = [render(passages[:count], new_mark(random.Random(2))) for count in (1, 3, 2)]
    assert shown_at_once([*contexts, "", "An input of an instruction.", contexts[0]]) == 3
    assert shown_at_once(["", "An input."]) == 0


def test_other_models_take_any_prompt(tmp_path: Path) -> None:
    chat = with_trained_prompt(ExtractiveChat(), tmp_path / "nowhere")
    assert check_trained_prompt(chat, AnswerPrompt(OTHER)) == ""


def test_a_run_in_ollama_is_known_by_its_name(tmp_path: Path) -> None:
    home = Home(tmp_path)
    run_folder(home, "one", prompt_digest=AnswerPrompt(OTHER).digest)
    for spec in ("ollama:kb-one", "ollama:kb-one:latest"):
        with pytest.raises(ConfigError, match="run 'one' was trained with prompt"):
            check_trained_prompt(open_chat(spec, Settings(), home), load_prompt())
    assert check_trained_prompt(open_chat("ollama:kb-two", Settings(), home), load_prompt()) == ""


def test_a_question_is_asked_in_its_language_unless_a_prompt_was_chosen_or_taught() -> None:
    question, prompt, chat = "Wann ist der Mitgliedsbeitrag fällig?", load_prompt(), Parrot(reply=str)
    german = prompt_for(question, prompt, chat)
    assert "auf Deutsch" in german.fill("P", question)
    assert prompt_for("When is the fee due?", prompt, chat) is prompt
    own = AnswerPrompt("{passages}\n{question}", "mine.txt")
    assert prompt_for(question, own, chat) is own
    taught = Parrot(reply=str, metadata={"trained_prompt": {"run": "r", "digest": prompt.digest, "file": "f"}})
    assert prompt_for(question, prompt, taught) is prompt


@pytest.mark.parametrize("code", [each.code for each in languages() if each.answer_prompt])
def test_every_prompt_has_its_places_and_its_sentence_of_abstention(code: str) -> None:
    known = language(code)
    filled = AnswerPrompt(known.answer_prompt).fill("PASSAGES", "QUESTION")
    assert "PASSAGES" in filled
    assert "QUESTION" in filled
    assert "[[key]]" in filled
    assert known.abstention in filled
    assert known.abstention in all_abstentions()


def test_reading_the_prompt_loads_no_chat_model() -> None:
    code = "import sys, core.prompt; sys.exit('langchain_core' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
