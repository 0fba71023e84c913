"""Runs whose weights are never merged (prompt tuning and its kind) answer through the API as they were trained."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import openai
import pytest

from core.settings import ModelSettings, RagSettings, Settings
from tests.serve.conftest import running
from tests.support.families import family_folder
from tests.support.tiny_models import CPU, begun

pytestmark = [
    pytest.mark.train,
    pytest.mark.weights,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
NO_OLLAMA = "http://127.0.0.1:9"
TOKENS = 8
QUESTION = "What is the capacity of tank 3?"


@pytest.mark.parametrize("method", ["prompt", "prefix", "p-tuning", "llama-adapter"])
def test_a_run_that_is_never_merged_answers_through_the_api(method: str, tmp_path: Path, weights: Path) -> None:
    from finetune.ask import ask_both
    from finetune.training.policy import publish
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage

    family_folder(tmp_path / "llama", "smollm-2")
    home, run, prepared = begun(tmp_path, name="soft", method=method, learning_rate=0.3)
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    publish(run, "sft")
    (home.root / "models").symlink_to(weights)
    settings = Settings(
        rag=RagSettings(model="extractive", ollama_url=NO_OLLAMA),
        models=ModelSettings(max_tokens=TOKENS, temperature=0.0),
    )
    with (
        running(settings, home, ("api",)) as server,
        openai.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0, timeout=120) as client,
    ):
        assert "run:soft" in {model.id for model in client.models.list()}
        asked = [{"role": "user", "content": QUESTION}]
        done = client.chat.completions.create(model="run:soft", messages=asked, temperature=0)
        streamed = client.chat.completions.create(model="run:soft", messages=asked, temperature=0, stream=True)
        text = "".join(chunk.choices[0].delta.content or "" for chunk in streamed if chunk.choices)
    trained = ask_both(home, "soft", QUESTION, CPU, context="", max_tokens=TOKENS)
    assert done.choices[0].message.content == text
    assert text.strip() == trained.tuned.strip()
    assert done.usage.completion_tokens > 0
