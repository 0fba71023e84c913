"""Every family that people tune, tiny and random: tuned, merged, written as GGUF or led elsewhere, and asked."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from core.chat.local.readable import is_readable
from core.chat.local.weights import run_weights, runs_with_weights
from core.errors import BackendError, ConfigError, GateError, MissingExtra
from core.files import Home
from core.models import open_chat
from core.settings import ModelSettings, Settings
from finetune.export.gguf.file import write_gguf
from finetune.export.gguf.quantise import check_weights
from finetune.export.job import Export, Server
from finetune.export.parity import MOST_TOKENS, compare_answers
from tests.finetune.export.conftest import opened
from tests.support.families import FAMILIES, family_folder
from tests.support.ollama_models import GivenAnswer, key_of, model_server
from tests.support.tiny_models import begun

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
_SETTINGS = Settings(models=ModelSettings(max_tokens=8))
_QUESTION = "What is the capacity of tank 3?"
Tuned = Callable[..., Export]


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Tuned:
    """Train a run of a family for one step, once, and open it for export."""

    @cache
    def train(name: str, method: str = "lora", system: str = "") -> Export:
        from finetune.training.policy import publish
        from finetune.training.sft import run_sft
        from finetune.training.stage import Stage

        root = tmp_path_factory.mktemp(f"{name}-{method}")
        family_folder(root / "llama", name)
        home, run, prepared = begun(root, method=method, system=system, max_steps=1, save_steps=9, eval_steps=9)
        run_sft(Stage(run=run, name="sft", prepared=prepared))
        publish(run, "sft")
        return opened(home, "one")

    return train


def _home(job: Export) -> Home:
    return Home(job.run.folder.parents[1])


def _compared(job: Export, file: Path) -> list[str]:
    """Return what differs in OpenVINO GenAI; random models rarely stop by themselves."""
    from finetune.export.reference import Reference
    from finetune.export.runtimes import GenAIRuntime

    reference = Reference(job.merged(), job.chat)
    asked = job.conversations[:8]
    expected = reference.answers(asked, MOST_TOKENS)
    findings = compare_answers(reference, expected, asked, GenAIRuntime(file)).findings
    return [str(finding) for finding in findings if finding.question != "any"]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_tuned_merged_and_asked(tuned: Tuned, name: str, tmp_path: Path) -> None:
    job = tuned(name)
    merged = job.merged()
    assert run_weights("one", _home(job)) == merged
    chat = open_chat("run:one", _SETTINGS, _home(job))
    assert chat.invoke(_QUESTION).usage_metadata["output_tokens"] > 0  # type: ignore[index, union-attr]
    engine = chat.load()  # type: ignore[attr-defined]
    for messages in job.conversations:
        text = engine.render(messages)
        assert text == job.exported.render(messages, generation=True)
        assert engine.encode(text) == job.chat.encode(text)
    assert bool(job.unwritten) != FAMILIES[name].written
    if job.unwritten:
        with pytest.raises(MissingExtra, match=r"convert_hf_to_gguf\.py") as caught:
            job.gguf()
        assert caught.value.hint == "kb export one --to hf" and job.best() == merged
        return
    file = tmp_path / "model.gguf"
    write_gguf(merged, job.exported, file, name="t", licence="", encoding="f16")
    assert check_weights(file, merged) < 1e-3
    assert is_readable(file) == job.runs_here
    if job.runs_here:
        assert not _compared(job, file)
    else:
        with pytest.raises(BackendError, match="no runtime is available") as failure:
            job.gguf()
        assert failure.value.hint.startswith("kb export one --to hf")


@pytest.mark.parametrize("name", ["llama-2", "gemma-2", "smollm-2"])
def test_an_answer_reads_as_the_continuation_of_its_prompt(tuned: Tuned, name: str) -> None:
    from finetune.export.reference import Reference

    job = tuned(name)
    reference = Reference(job.merged(), job.chat)
    ids = job.chat.encode("Guests pay 12.50 euros for the night train.\n\nIt's free.")
    decode = job.chat.tokenizer.decode
    for cut in range(1, len(ids) + 1):
        assert reference.text(ids[cut:]) == decode(ids).removeprefix(decode(ids[:cut]))


@pytest.mark.parametrize("method", ["prompt", "prefix", "p-tuning", "llama-adapter"])
def test_what_cannot_be_merged_is_asked_as_it_is(tuned: Tuned, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from finetune.training.policy import asker, load_policy

    monkeypatch.setattr("core.chat.local.hf.bf16_pays", lambda: False)  # the arithmetic of the run
    job = tuned("smollm-2", method, "Answer in one line.")
    home = _home(job)
    assert run_weights("one", home) == job.run.adapter and runs_with_weights(home) == ["one"]
    chat = open_chat("run:one", _SETTINGS, home)
    prompt = [{"role": "system", "content": job.recipe.system}, {"role": "user", "content": _QUESTION}]
    assert chat.prompt([_human(_QUESTION)]) == job.chat.render(prompt, generation=True)  # type: ignore[attr-defined]
    policy = load_policy(job.base, job.recipe, job.machine, job.run.adapter)
    trained = asker(policy, job.chat, job.recipe, job.machine, 8).answers([prompt])[0]
    assert chat.invoke(_QUESTION, max_tokens=8).text.strip() == trained
    for export in (job.gguf, job.merged, job.put_into_ollama, job.best):
        with pytest.raises(ConfigError, match="cannot be exported") as caught:
            export()
        assert caught.value.hint == 'kb ask --model run:one "QUESTION"'


def _human(text: str) -> object:
    from langchain_core.messages import HumanMessage

    return HumanMessage(text)


# Stands for llama.cpp's converter: called as it is, it writes a checkpoint's weights under GGUF's names.
_CONVERTER = """
import sys
from pathlib import Path
import gguf, numpy as np
sys.path.insert(0, {root!r})
from finetune.export.gguf.weights import LAYOUTS, checkpoint_config, gguf_tensors
folder, _, target, _, kind = sys.argv[1:]
if kind != "f16":
    sys.exit("only f16 here")
config = checkpoint_config(Path(folder))
writer = gguf.GGUFWriter(target, gguf.MODEL_ARCH_NAMES[LAYOUTS[config["model_type"]].architecture])
writer.add_context_length(512)
for name, values in gguf_tensors(Path(folder), config):
    values = {change}
    writer.add_tensor(name, values.astype(np.float16 if values.ndim > 1 else np.float32))
writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file(); writer.close()
"""


def _converter(folder: Path, change: str = "values") -> Path:
    script = folder / "convert_hf_to_gguf.py"
    script.write_text(_CONVERTER.format(root=str(Path(__file__).parents[3]), change=change))
    return script


@pytest.mark.parametrize("name", ["gemma-3", "phi-3"])
def test_other_families_are_written_by_the_converter_behind_the_same_gate(
    tuned: Tuned, name: str, tmp_path: Path
) -> None:
    from dataclasses import replace

    from finetune.export.reference import Reference

    job = tuned(name)
    _converter(tmp_path)
    reference = Reference(job.merged(), job.chat)
    expected = reference.answers(job.conversations, MOST_TOKENS)
    said = {
        key_of(messages): GivenAnswer(
            prompt=answer.prompt,
            n_prompt=len(answer.prompt_ids),
            text=reference.text(answer.answer_ids),
            stopped=answer.stopped or index == 0,
        )
        for index, (messages, answer) in enumerate(zip(job.conversations, expected, strict=True))
    }
    with model_server(said) as server:
        from finetune.export.job import open_export

        there = Server(url=server.url, timeout_s=30, num_ctx=512)
        converted = open_export(_home(job), "one", job.machine, there, lambda _: None, converter=tmp_path)
        converted._write("f16", tmp_path / "written.gguf")
        assert check_weights(tmp_path / "written.gguf", job.merged()) < 1e-3
        changed = replace(converted, converter=_converter(tmp_path, "values[::-1].copy()"))
        with pytest.raises(GateError, match="differs by"):
            changed.gguf()
        with pytest.raises(BackendError, match=r"convert_hf_to_gguf\.py failed: only f16 here"):
            converted.gguf("q8_0")


def test_a_converter_that_is_not_there_is_named(tuned: Tuned, tmp_path: Path) -> None:
    from finetune.export.job import open_export

    job = tuned("gemma-3")
    with pytest.raises(ConfigError, match="no such file") as caught:
        open_export(_home(job), "one", job.machine, job.server, lambda _: None, converter=tmp_path / "none.py")
    assert caught.value.hint.startswith("kb export one --to hf") and sys.executable


@pytest.mark.parametrize(("name", "num_ctx"), [("mistral", 48), ("gemma-2", 512)])
def test_ollama_reads_no_further_than_a_window_that_files_cannot_say(
    tuned: Tuned, name: str, num_ctx: int, tmp_path: Path
) -> None:
    import json
    import shutil
    from dataclasses import replace

    job = tuned(name)
    folder = shutil.copytree(job.base.folder, tmp_path / "base")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "sliding_window": 48}))
    windowed = replace(job, base=replace(job.base, folder=folder), server=replace(job.server, num_ctx=512))
    assert windowed.ollama.num_ctx == num_ctx
