"""Exports are read as the trainers read them.

The rules are those of the loaders: LLaMA-Factory 0.9.6 (`data/converter.py`: Alpaca, ShareGPT and OpenAI converters,
ranking and KTO columns), Axolotl 0.18 (`prompt_strategies`: alpaca, chat_template, completion, DPO and KTO), TRL 1.16
(`data_utils`), Unsloth 2026.8 (`standardize_data_formats`), each over what `datasets` makes of the file.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from core.types import Pair, Preference
from synth.dataset.judged import Judged
from synth.dataset.write import JudgedFolder, locked, replace
from synth.exporting.trainers import TRAINERS, settings_for, write_dataset_info
from synth.exporting.write import FORMATS, export
from synth.templates.wording import prompt_template

datasets = pytest.importorskip("datasets")


def pair(number: int, **changes: Any) -> Pair:
    fields = {
        "id": f"{number:016x}",
        "kind": "evidence",
        "question": f"How many boats? ({number})",
        "answer": "14 boats",
        "context": "<<a>> The club has 14 boats. <<a>>",
        "evidence": (),
        "fact": "",
        "group": f"g{number}",
        "split": "train",
    }
    return Pair(**{**fields, **changes})


ROWS = [
    pair(1),
    pair(2, context=""),
    pair(3, turns=(("Hello?", "Hello."), ("A club?", "Yes."))),
    pair(4, kind="text", question="", context="", answer="The club has 14 boats."),
    pair(5, split="test"),
    pair(9, context="", system="Be brief.", turns=(("Hi?", "Hi."), ("Yes?", "Aye.")), untrained_turns=(0,)),
    Preference(id="6", kind="corrupted", prompt="How many?", chosen="14", rejected="15", group="g6", split="train"),
    Preference(
        id="7",
        kind="corrupted",
        prompt="Who?",
        chosen="Ann",
        rejected="Bo",
        group="g7",
        split="train",
        context="Ann is here.",
        system="Be brief.",
        turns=(("Hi?", "Hi."),),
    ),
    Judged(id="8", prompt="Where?", completion="Here.", label=False, group="g8", split="train"),
    Judged(
        id="10",
        prompt="Where?",
        completion="Here.",
        label=True,
        group="g10",
        split="train",
        system="Be brief.",
        turns=(("Hi?", "Hi."),),
    ),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> JudgedFolder:
    path = tmp_path_factory.mktemp("dataset")
    with locked(path) as dataset:
        replace(dataset, ROWS, {})
    return JudgedFolder(path)


def loaded(path: Path) -> list[dict[str, Any]]:
    """Read a file as every one of these trainers does, through `datasets`."""
    data = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(path.parent / "cache"))
    return list(data)


def llama_factory(path: Path, to: str) -> list[dict[str, Any]]:
    """Convert each row by the description in `dataset_info.json`, as `DatasetConverter` does."""
    info = json.loads((path.parent / "dataset_info.json").read_text(encoding="utf-8"))[path.stem]
    assert info["file_name"] == path.name
    columns, tags = info["columns"], info.get("tags", {})
    found = []
    for row in loaded(path):
        if info.get("formatting") == "sharegpt":
            role, content = tags.get("role_tag", "from"), tags.get("content_tag", "value")
            names = {tags.get("user_tag", "human"): "user", tags.get("assistant_tag", "gpt"): "assistant"}
            listed = row[columns["messages"]]
            system = listed[0][content] if listed[0][role] == tags.get("system_tag", "system") else ""
            messages = [(names[message[role]], message[content]) for message in (listed[1:] if system else listed)]
            roles = [name for name, _ in messages]
            assert roles == ["user", "assistant"] * (len(roles) // 2), "turns must alternate and end with an answer"
            said = {"system": system, "prompt": messages[:-1], "response": messages[-1][1]}
            if "kto_tag" in columns:
                assert isinstance(row[columns["kto_tag"]], bool)
            found.append(said)
            continue
        prompt = "\n".join(text for text in (row[columns["prompt"]], row.get(columns.get("query", ""), "")) if text)
        system = row[columns["system"]] if "system" in columns else ""
        history = [text for turn in row[columns["history"]] for text in turn] if "history" in columns else []
        if info.get("ranking"):
            assert isinstance(row[columns["chosen"]], str)
            assert isinstance(row[columns["rejected"]], str)
            found.append(
                {
                    "system": system,
                    "prompt": [*history, prompt],
                    "response": [row[columns["chosen"]], row[columns["rejected"]]],
                }
            )
        else:
            response = row[columns["response"]] if "response" in columns else ""
            found.append({"system": system, "prompt": [*history, prompt], "response": response})
    assert found, to
    return found


@pytest.mark.parametrize("to", ["alpaca", "sharegpt", "openai", "dpo", "kto", "text"])
def test_llama_factory_reads_it(folder, tmp_path, to):
    out = tmp_path / "rows.json"
    done = export(folder, out, to=to, trainer="llama-factory")
    write_dataset_info(to, out, done.columns)
    rows = llama_factory(out, to)
    assert len(rows) == done.rows
    if to in ("alpaca", "sharegpt", "openai"):
        assert {row["response"] for row in rows} == {"14 boats"}
        assert sum("Hello." in json.dumps(row["prompt"]) for row in rows) == 1
    if to == "dpo":
        assert [row["response"] for row in rows] == [["Ann", "Bo"], ["14", "15"]]
        assert rows[0]["prompt"][:2] == ["Hi?", "Hi."]
        assert "Ann is here." in rows[0]["prompt"][2]
    if to != "text":
        assert [row["system"] for row in rows if row["system"]] == ["Be brief."] * {"kto": 3}.get(to, 1)


def axolotl(path: Path, to: str, settings: dict[str, Any]) -> list[tuple[str, ...]]:
    """Take each row apart as the prompt strategy that the settings name does."""
    (source,) = settings["datasets"]
    assert Path(source["path"]) == path
    found = []
    for row in loaded(path):
        if source["type"] == "alpaca":
            found.append((row["instruction"], row["input"], row["output"]))
        elif source["type"] == "completion":
            found.append((row[source["field"]],))
        elif source["type"] == "chat_template":
            names = source.get("message_property_mappings", {"role": "role", "content": "content"})
            said = [(message[names["role"]], message[names["content"]]) for message in row[source["field_messages"]]]
            assert {role for role, _ in said} <= {"user", "human", "assistant", "gpt", "system"}
            found.append(tuple(text for _, text in said))
        elif source["type"] == "chat_template.default":
            assert settings["rl"] == "dpo"
            prompt, chosen, rejected = (row[source[f"field_{name}"]] for name in ("messages", "chosen", "rejected"))
            assert all(message["role"] in ("system", "user", "assistant") for message in prompt)
            found.append(tuple(message["content"] for message in (*prompt, chosen[-1], rejected[-1])))
        else:
            fields = source["type"]
            assert settings["rl"] == "kto"
            assert isinstance(row[fields["field_label"]], bool)
            prompt = fields["prompt_format"].format(prompt=row[fields["field_prompt"]])
            found.append((prompt, fields["completion_format"].format(completion=row[fields["field_completion"]])))
    return found


@pytest.mark.parametrize("to", ["alpaca", "sharegpt", "openai", "dpo", "kto", "text"])
def test_axolotl_reads_it(folder, tmp_path, to):
    yaml = pytest.importorskip("yaml")
    out = tmp_path / "rows.jsonl"
    done = export(folder, out, to=to, trainer="axolotl")
    rows = axolotl(out, to, yaml.safe_load(settings_for("axolotl", to, out)))
    assert len(rows) == done.rows >= 2
    if to not in ("alpaca", "kto"):
        assert sum(any("Be brief." in text for text in row) for row in rows) == 1
    if to == "kto":
        assert done.left_out == {"rows with earlier turns or a system prompt, which Axolotl's KTO cannot read": 2}
    assert all(all(isinstance(text, str) for text in row) for row in rows)


@pytest.mark.parametrize("to", ["trl", "openai", "dpo", "kto", "text"])
def test_trl_reads_it(folder, tmp_path, to):
    data_utils = pytest.importorskip("trl.data_utils")
    out = tmp_path / "rows.jsonl"
    export(folder, out, to=to)
    for row in loaded(out):
        assert data_utils.is_conversational(row) is (to != "text")
        if to == "trl":
            assert set(row) == {"prompt", "completion"}
            assert all(set(message) == {"role", "content"} for message in row["prompt"])
        if to == "dpo":
            assert [row[side][-1]["role"] for side in ("prompt", "chosen", "rejected")] == [
                "user",
                "assistant",
                "assistant",
            ]


@pytest.mark.parametrize("to", ["sharegpt", "openai", "alpaca"])
def test_unsloth_reads_it(folder, tmp_path, to):
    """`standardize_data_formats` takes lists of two-key messages whose keys and roles it can tell apart."""
    out = tmp_path / "rows.jsonl"
    export(folder, out, to=to, trainer="unsloth")
    rows = loaded(out)
    if to == "alpaca":
        assert all(isinstance(row[name], str) for row in rows for name in ("instruction", "input", "output"))
        return
    column = "conversations" if to == "sharegpt" else "messages"
    for row in rows:
        keys = {key for message in row[column] for key in message}
        assert keys in ({"from", "value"}, {"role", "content"})
        roles = {message.get("from") or message.get("role") for message in row[column]}
        assert roles <= {"human", "gpt", "user", "assistant", "system"}


def test_plain_texts_are_left_out_and_said(folder, tmp_path):
    done = export(folder, tmp_path / "rows.jsonl", to="openai")
    assert done.rows == 4
    assert sum(done.left_out.values()) == 1
    assert export(folder, tmp_path / "rows.jsonl", to="openai", split="all").rows == 5
    assert export(folder, tmp_path / "text.jsonl", to="text").rows == 5


def test_every_answer_of_a_conversation_is_a_line_of_its_own_for_trl(folder, tmp_path):
    done = export(folder, tmp_path / "rows.jsonl", to="trl")
    assert (done.rows, done.untrained) == (7, 0)
    completions = [row["completion"][0]["content"] for row in loaded(tmp_path / "rows.jsonl")]
    assert completions == ["14 boats", "14 boats", "Hello.", "Yes.", "14 boats", "Aye.", "14 boats"]
    prompts = [[message["content"] for message in row["prompt"]] for row in loaded(tmp_path / "rows.jsonl")]
    assert prompts[5] == ["Be brief.", "Hi?", "Hi.", "Yes?"]


@pytest.mark.parametrize("to", ["openai", "sharegpt"])
def test_answers_that_are_not_trained_weigh_nothing(folder, tmp_path, to):
    column, role = {"openai": ("messages", "role"), "sharegpt": ("conversations", "from")}[to]
    done = export(folder, tmp_path / "rows.jsonl", to=to, trainer="axolotl")
    assert (done.untrained, list(done.notes(to, "axolotl"))) == (
        1,
        ["left out 1: plain text, which only --to text can represent"],
    )
    messages = [message for row in loaded(tmp_path / "rows.jsonl") for message in row[column]]
    weights = [message["weight"] for message in messages if message[role] in ("assistant", "gpt")]
    assert (weights.count(0), weights.count(1), len(weights)) == (1, 7, 8)
    assert {message.get("weight") for message in messages if message[role] in ("user", "human", "system")} == {None}
    (note,) = [note for note in done.notes(to, "trl") if "not to be trained" in note]
    assert note.startswith("1 answers that are not to be trained have weight 0, and TRL trains them; --to trl")


def test_a_template_words_every_prompt(folder, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'prompt_input = "Read: {context}\\nAsk: {question}\\nSay: {answer}</s>"\n'
        'prompt_no_input = "Ask: {instruction}\\nSay: {output}</s>"\n'
    )
    assert set(tomllib.loads(file.read_text(encoding="utf-8"))) == {"prompt_input", "prompt_no_input"}
    template = prompt_template(file)
    export(folder, tmp_path / "t.jsonl", to="text", template=template)
    texts = [row["text"] for row in loaded(tmp_path / "t.jsonl")]
    assert "Ask: How many boats? (2)\nSay: 14 boats</s>" in texts
    assert any(text.startswith("Read: <<a>> The club") for text in texts)
    export(folder, tmp_path / "o.jsonl", to="openai", template=template)
    said = [row["messages"][-2:] for row in loaded(tmp_path / "o.jsonl")]
    assert [message["content"] for message in said[1]] == ["Ask: How many boats? (2)\nSay: ", "14 boats</s>"]


def test_what_cannot_be_exported_is_refused(folder, tmp_path):
    with pytest.raises(ConfigError, match="unknown format 'csv'; use one of alpaca"):
        export(folder, tmp_path / "x", to="csv")
    with pytest.raises(ConfigError, match="does not read"):
        export(folder, tmp_path / "x", to="trl", trainer="llama-factory")
    with pytest.raises(DataError, match="no dataset"):
        export(JudgedFolder(tmp_path), tmp_path / "x", to="openai")
    with pytest.raises(DataError, match="in val"):
        export(folder, tmp_path / "x", to="openai", split="val")
    assert not (tmp_path / "x").exists()


def test_every_trainer_is_told_how_to_read_every_format(tmp_path):
    for trainer in TRAINERS:
        for to in FORMATS:
            if to == "trl" and trainer in ("axolotl", "llama-factory"):
                continue
            assert "rows" in settings_for(trainer, to, tmp_path / "rows.jsonl")
