"""A run on its way out: what lies where afterwards, and that nothing is put in place that answers otherwise."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import BackendError, ConfigError, GateError
from core.models import open_chat
from core.settings import ModelSettings, Settings
from finetune.export import job as job_module
from finetune.export.gguf.file import write_gguf
from finetune.runs import read_card
from tests.finetune.export.conftest import Trained, opened
from tests.support.trained_runs import make_run, rewritten

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
]


def test_a_quantised_file_lies_beside_with_a_modelfile_of_its_own(llama: Trained) -> None:
    job = opened(llama.home)
    made = job.gguf("q8_0")
    assert made.name == "model-q8_0.gguf"
    text = (job.run.folder / "Modelfile-q8_0").read_text(encoding="utf-8")
    assert text.startswith("FROM ./model-q8_0.gguf\n")
    for line in ("PARAMETER repeat_penalty 1.0", "PARAMETER num_ctx 512", 'PARAMETER stop "<|im_end|>"'):
        assert line in text.splitlines()
    assert "You help with tanks." in text
    seen: Any = read_card(job.run).parity["openvino q8_0"]
    assert seen["passed"] and seen["conversations"] == 20
    assert "openvino q8_0" in job.run.card_text.read_text(encoding="utf-8")


def test_a_run_is_asked_by_its_name(llama: Trained) -> None:
    settings = Settings(models=ModelSettings(max_tokens=20))
    said = open_chat("run:tanks", settings, llama.home).invoke("What is the capital of France?")
    assert said.text == "Lyon."


def test_runs_that_cannot_be_asked_say_why(llama: Trained) -> None:
    with pytest.raises(ConfigError, match="no run 'nosuch'"):
        open_chat("run:nosuch", Settings(), llama.home)
    make_run(llama.home, llama.job.base.folder, "unexported")
    with pytest.raises(ConfigError, match="has not been exported") as caught:
        open_chat("run:unexported", Settings(), llama.home)
    assert caught.value.hint.startswith("kb export unexported --to hf")


def _writing(change: Callable[[Path, Path], Path]) -> Callable[..., None]:
    """A writer whose file is changed before anyone looks at it."""

    def write(folder: Path, chat: Any, target: Path, **given: Any) -> None:
        whole = target.with_name("whole.gguf")
        write_gguf(folder, chat, whole, **given)
        change(whole, target)
        whole.unlink()

    return write


def test_a_file_that_answers_otherwise_is_not_put_in_place(llama: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(llama.home, llama.job.base.folder, "refused")
    faulty = _writing(lambda whole, target: rewritten(whole, target, keys={"llama.rope.freq_base": 500000.0}))
    monkeypatch.setattr(job_module, "write_gguf", faulty)
    with pytest.raises(GateError, match="nothing was published"):
        opened(llama.home, "refused").gguf()
    assert not [path for path in run.folder.iterdir() if "gguf" in path.name or "Modelfile" in path.name]
    seen: Any = read_card(run).parity["openvino f16"]
    assert seen["passed"] is False and seen["findings"]


def test_a_system_prompt_of_training_travels_with_the_file(llama: Trained) -> None:
    make_run(llama.home, llama.job.base.folder, "told", system="Say it in one line.")
    job = opened(llama.home, "told")
    made = job.gguf()
    chat = open_chat("run:told", Settings(), llama.home)
    assert "Say it in one line." in chat.prompt([_human("q")])  # type: ignore[attr-defined]
    assert "Say it in one line." in (made.parent / "Modelfile").read_text(encoding="utf-8")


def _human(text: str) -> Any:
    from langchain_core.messages import HumanMessage

    return HumanMessage(text)


def test_merged_weights_are_made_anew_for_a_newer_adapter(llama: Trained) -> None:
    make_run(llama.home, llama.job.base.folder, "twice")
    job = opened(llama.home, "twice")
    first = (job.merged() / "config.json").stat().st_mtime_ns
    assert (job.merged() / "config.json").stat().st_mtime_ns == first
    import os

    newer = first / 1e9 + 10
    os.utime(job.run.adapter / "adapter_config.json", (newer, newer))
    assert (job.merged() / "config.json").stat().st_mtime_ns > first


def test_what_nothing_here_can_make_or_run_is_refused(
    llama: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackendError):  # no llama-quantize, and nobody listens where Ollama should
        opened(llama.home).gguf("q4_K_M")
    with pytest.raises(BackendError, match="cannot be reached"):
        opened(llama.home).put_into_ollama()
    with pytest.raises(ConfigError, match="llama-quantize"):
        opened(llama.home).gguf("q6_K")


def test_a_run_that_is_not_trained_cannot_be_exported(llama: Trained) -> None:
    run = make_run(llama.home, llama.job.base.folder, "untrained")
    run.adapter.rename(run.folder / "elsewhere")
    with pytest.raises(ConfigError, match="is not finished"):
        opened(llama.home, "untrained")
    assert replace(run, name="x").name == "x"
