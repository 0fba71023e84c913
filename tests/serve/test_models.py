"""Ids of models, and the controls that reach each."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import Home
from core.settings import RagSettings, Settings
from serve.answers.models import BASE, ModelRegistry, SamplingControls, with_controls
from serve.errors import NotFound

# Nothing listens on this port, so no model of Ollama's is listed.
NO_OLLAMA = "http://127.0.0.1:9"


@pytest.fixture
def registry(tmp_path: Path) -> ModelRegistry:
    for name, exported in (("mine", True), ("unfinished", False), (".trash", True)):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        if exported:
            (folder / "model.gguf").write_bytes(b"GGUF")
    return ModelRegistry(Settings(rag=RagSettings(model="extractive", ollama_url=NO_OLLAMA)), Home(tmp_path))


def test_exported_runs_and_the_reader_are_listed_with_and_without_documents(registry: ModelRegistry) -> None:
    ids = [model.id for model in registry.listed()]
    plain = ["base", "run:mine", "auto:mine", "extractive"]
    assert ids == [id_ for name in plain for id_ in (name, f"{name}+rag")]
    assert [model.documents for model in registry.listed()] == [False, True] * 4


def test_base_is_the_model_of_the_settings(registry: ModelRegistry) -> None:
    model = registry.find(BASE)
    assert (model.spec, model.documents) == ("extractive", False)
    spec, chat = registry.open(model)
    assert spec == "extractive" and registry.open(registry.find("extractive+rag"))[1] is chat


def test_an_unknown_id_lists_the_known_ones_and_leads_to_a_click(registry: ModelRegistry) -> None:
    with pytest.raises(NotFound, match=r"unknown model 'run:unfinished'; use one of base, base\+rag") as caught:
        registry.find("run:unfinished")
    assert caught.value.click and "kb " not in caught.value.click


def test_only_given_controls_count() -> None:
    assert SamplingControls().given() == {}
    assert SamplingControls(temperature=0.0, seed=3).given() == {"temperature": 0.0, "seed": 3}


def test_the_reader_honours_no_control(registry: ModelRegistry) -> None:
    spec, chat = registry.open(registry.find("extractive"))
    assert registry.controls(registry.find("extractive")) == frozenset()
    assert with_controls(spec, chat, SamplingControls(temperature=1.0, stop=("x",))) is chat


def test_controls_are_set_for_one_request_under_the_names_of_the_back_end(tmp_path: Path) -> None:
    settings = Settings(rag=RagSettings(model="openai:m@http://127.0.0.1:9/v1", ollama_url=NO_OLLAMA))
    registry = ModelRegistry(settings, Home(tmp_path))
    spec, chat = registry.open(registry.find(BASE))
    adapted = with_controls(spec, chat, SamplingControls(temperature=0.5, stop=("x", "y"), top_k=3))
    assert adapted is not chat
    assert (adapted.temperature, adapted.stop) == (0.5, ["x", "y"])
    assert chat.temperature != 0.5
