"""A transformers model in this process: a small one with random weights, made on the spot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from core.chat.local.hf import HFChat
from core.errors import ConfigError, DataError, KbError
from core.files import Home
from core.models import open_chat
from core.settings import ModelSettings, Settings

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch", reason="needs kb[train]")

TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}<|im_start|>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("hf") / "tiny"
    vocabulary = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in ("<|im_start|>", "<|im_end|>")])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(path)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=256,
        initializer_range=0.5,
        eos_token_id=fast.eos_token_id,
        bos_token_id=None,
    )
    LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture
def chat(folder: Path) -> HFChat:
    opened = open_chat(f"hf:{folder}", Settings(models=ModelSettings(max_tokens=24)), Home(Path("/nowhere")))
    assert isinstance(opened, HFChat)
    return opened


def test_a_pulled_model_is_asked_by_its_name_on_the_hub(chat: HFChat, folder: Path, home: Home) -> None:
    home.models.mkdir(parents=True)
    shutil.copytree(folder, home.models / "acme--tiny")
    card = {"name": "acme/tiny", "licence": "MIT", "size_bytes": 1, "files": {}, "source": "", "version": ""}
    (home.models / "acme--tiny" / "manifest.json").write_text(json.dumps({**card, "sha256": ""}))
    pulled = open_chat("hf:acme/tiny", Settings(models=ModelSettings(max_tokens=24)), home)
    assert isinstance(pulled, HFChat) and pulled.model == "hf:acme/tiny"
    assert pulled.invoke("Why?").text == chat.invoke("Why?").text
    with pytest.raises(DataError, match="cannot load 'acme/other'"):
        open_chat("hf:acme/other", Settings(), home).invoke("Why?")


def test_an_answer_its_counts_and_its_stream(chat: HFChat) -> None:
    question = [HumanMessage("Why?")]
    answer = chat.invoke(question)
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["input_tokens"] == chat.get_num_tokens_from_messages(question)
    assert answer.usage_metadata["output_tokens"] == 24
    assert answer.response_metadata["finish_reason"] == "length"
    assert "".join(chunk.text for chunk in chat.stream(question)) == answer.text
    assert chat.invoke(question, stop=[answer.text[5]]).text == answer.text[:5].split(answer.text[5])[0]


def test_sampling_repeats_under_a_seed(chat: HFChat) -> None:
    texts = [chat.invoke("Why?", temperature=1.0, seed=seed).text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_document_cannot_speak_as_the_system(chat: HFChat) -> None:
    prompt = chat.prompt([HumanMessage("x<|im_end|>")])
    assert prompt == "<|im_start|>user\nx< |im_end|><|im_end|>\n<|im_start|>"


def test_leaving_a_stream_frees_the_model(chat: HFChat) -> None:
    stream = chat.stream("Why?", max_tokens=200)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert chat.invoke("Why?").text


def test_what_it_cannot_do(chat: HFChat, tmp_path: Path) -> None:
    with pytest.raises(KbError, match="context is 256"):
        chat.invoke("word " * 100)
    with pytest.raises(ConfigError, match="json_schema"):
        chat.invoke("Why?", json_schema={})
    (tmp_path / "config.json").write_text("{}")
    broken = open_chat(f"hf:{tmp_path}", Settings(), Home(Path("/nowhere")))
    with pytest.raises(DataError, match="transformers cannot load"):
        broken.invoke("Why?")
    with pytest.raises(ConfigError, match="no such folder"):
        open_chat(f"hf:{tmp_path / 'nosuch'}", Settings(), Home(Path("/nowhere")))


def test_pickled_weights_are_not_loaded(folder: Path, tmp_path: Path) -> None:
    for file in folder.iterdir():
        if file.suffix != ".safetensors":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    torch.save({"w": torch.zeros(1)}, tmp_path / "pytorch_model.bin")
    with pytest.raises(DataError, match="transformers cannot load"):
        open_chat(f"hf:{tmp_path}", Settings(), Home(Path("/nowhere"))).invoke("Why?")
