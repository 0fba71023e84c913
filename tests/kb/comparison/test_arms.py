"""Arms of a comparison: their spellings, and those of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.settings import Settings
from core.types import RunCard
from finetune.runs import TrainingRun
from kb.comparison.arms import ArmFactory, ArmSpec, ollama_note, parse_arm, reference_arms, run_arms
from kb.workspace import Workspace, open_workspace


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("base=smollm2", ArmSpec(name="base", model="smollm2")),
        ("rag=smollm2+rag,k=4", ArmSpec(name="rag", model="smollm2", shown="found", k=4)),
        ("o=gguf:/tmp/a+b.gguf+oracle", ArmSpec(name="o", model="gguf:/tmp/a+b.gguf", shown="oracle")),
        ("t=run:mine+wrong", ArmSpec(name="t", model="run:mine", shown="wrong", tuned=True)),
        ("x=openai:big@http://h/v1+rag", ArmSpec(name="x", model="openai:big@http://h/v1", shown="found")),
        ("f=ollama:llama3.1,prompt=few.txt", ArmSpec(name="f", model="ollama:llama3.1", prompt=Path("few.txt"))),
        ("k=ollama:kb-mine", ArmSpec(name="k", model="ollama:kb-mine", tuned=True)),
    ],
)
def test_an_arm_is_spelled_in_one_word(text: str, expected: ArmSpec) -> None:
    assert parse_arm(text) == expected


@pytest.mark.parametrize(
    "text",
    ["smollm2", "=smollm2", "a=", "a=smollm2,k=0", "a=smollm2+rag,k=x", "a=nonsense", "a=smollm2+oracle,prompt=p"],
)
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_arm(text)


def card(base: str = "smollm2") -> RunCard:
    return RunCard(name="mine", base=base, method="lora", data_sha256="", seed=0, versions={})


def test_a_run_gives_four_arms_and_more_on_request(tmp_path: Path) -> None:
    run = TrainingRun(name="mine", folder=tmp_path)
    settings = Settings.model_validate({"rag": {"ollama_url": "http://127.0.0.1:9"}})
    with pytest.raises(ConfigError, match="is not finished"):
        run_arms(run, card(), settings, Home(tmp_path), experiments=False, few_shot=None)
    run.merged.mkdir()
    (run.merged / "config.json").write_text("{}")
    arms = run_arms(run, card(), settings, Home(tmp_path), experiments=False, few_shot=None)
    assert [(arm.name, arm.model, arm.shown, arm.tuned) for arm in arms] == [
        ("base", "smollm2", "nothing", False),
        ("base+rag", "smollm2", "found", False),
        ("tuned", "run:mine", "nothing", True),
        ("tuned+rag", "run:mine", "found", True),
    ]
    more = run_arms(run, card(str(tmp_path)), settings, Home(tmp_path), experiments=True, few_shot=tmp_path / "few.txt")
    assert [arm.name for arm in more[4:]] == ["base+oracle", "base+wrong", "tuned+oracle", "tuned+wrong", "few-shot"]
    assert more[0].model == f"hf:{tmp_path}"
    reading = run_arms(run, card("smollm2-reading"), settings, Home(tmp_path), experiments=False, few_shot=None)
    assert [arm.model for arm in reading[:2]] == ["smollm2", "smollm2"]


@pytest.mark.weights
def test_an_arm_is_known_by_everything_that_its_answers_depend_on(stocked: Workspace, tmp_path: Path) -> None:
    factory = ArmFactory(stocked)
    found, asked = ArmSpec(name="r", model="extractive", shown="found"), ArmSpec(name="m", model="extractive")
    print_of = factory.arm(found).fingerprint
    assert print_of == ArmFactory(stocked).arm(found).fingerprint
    assert print_of != factory.arm(ArmSpec(name="r", model="extractive", shown="found", k=3)).fingerprint
    assert "documents_sha256" in factory.arm(found).identity and "documents_sha256" not in factory.arm(asked).identity
    assert factory.holds("alder.md") and factory.holds("up*.pdf") and not factory.holds("cedar.md")
    (tmp_path / "p.txt").write_text("no place for it")
    with pytest.raises(ConfigError, match="question"):
        factory.arm(ArmSpec(name="p", model="extractive", prompt=tmp_path / "p.txt"))


def test_an_arm_that_searches_needs_a_collection(home: Home) -> None:
    with pytest.raises(ConfigError, match="nothing has been ingested"):
        ArmFactory(open_workspace()).arm(ArmSpec(name="r", model="extractive", shown="found"))


def test_a_base_that_only_training_knows_is_a_folder(tmp_path: Path) -> None:
    run = TrainingRun(name="mine", folder=tmp_path)
    run.gguf.write_bytes(b"")
    with pytest.raises(ConfigError, match="unknown base model 'gone'"):
        run_arms(run, card("gone"), Settings(), Home(tmp_path), experiments=False, few_shot=None)


def test_a_reference_is_asked_alone_and_with_search_and_is_no_candidate() -> None:
    specs = reference_arms("openai:big@http://127.0.0.1:9/v1/")
    assert [(spec.name, spec.model, spec.shown, spec.tuned, spec.reference) for spec in specs] == [
        ("reference", "openai:big@http://127.0.0.1:9/v1", "nothing", False, True),
        ("reference+rag", "openai:big@http://127.0.0.1:9/v1", "found", False, True),
    ]
    with pytest.raises(ConfigError, match="unknown model"):
        reference_arms("gpt-4o")


@pytest.mark.parametrize(
    ("parity", "names"),
    [
        ({"merge": {}, "openvino f16": {}}, True),
        ({"merge": {}, "openvino f16": {}, "ollama q8_0": {}}, False),
        ({}, False),  # never exported: another message says so
    ],
)
def test_ollama_is_named_where_it_was_not_compared(parity: dict[str, object], names: bool) -> None:
    note = ollama_note(replace(card(), parity=parity))
    assert bool(note) is names
    assert not names or (note.startswith("Ollama is not compared") and "kb export mine --to ollama" in note)


def test_a_routed_run_is_an_arm_that_was_tuned() -> None:
    arm = parse_arm("auto=auto:mine+rag,k=4")
    assert (arm.model, arm.shown, arm.k, arm.tuned) == ("auto:mine", "found", 4, True)
    assert not parse_arm("plain=auto+rag").tuned
