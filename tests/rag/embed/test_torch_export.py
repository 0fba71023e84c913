"""Encoders that are converted through torch: the graph gives what torch gives, whatever the length of a text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from core.errors import DataError

pytestmark = pytest.mark.train
torch = pytest.importorskip("torch", reason="needs kb[train]")
pytest.importorskip("sentence_transformers", reason="needs kb[train]")

WORDS = ["<s>", "<pad>", "</s>", "<unk>", "the", "bridge", "opened", "lamp", "how", "long", "is", "it"]
DIMENSION = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RoBERTa of one layer with random weights, as sentence-transformers keeps it."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaModel

    path = tmp_path_factory.mktemp("encoder") / "tiny"
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(WORDS),
        hidden_size=DIMENSION,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=24,
        max_position_embeddings=40,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        initializer_range=0.5,
    )
    RobertaModel(config).save_pretrained(path)
    tokenizer = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        model_max_length=36,
        clean_up_tokenization_spaces=False,
    ).save_pretrained(path)
    (path / "1_Pooling").mkdir()
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ]
    (path / "modules.json").write_text(json.dumps(modules))
    pooling = {"word_embedding_dimension": DIMENSION, "pooling_mode_mean_tokens": True}
    (path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    (path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 36}))
    return path


def test_the_graph_gives_unit_vectors_of_torch_for_any_length(folder: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

    from core.inference import core
    from rag.embed.torch_export import export

    graph, dimension = export(folder, tmp_path / "tokenizer.json")
    assert dimension == DIMENSION
    assert [port.get_any_name() for port in graph.inputs] == ["input_ids", "attention_mask"]
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    compiled = core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    texts = ["the lamp", "how long is the bridge", "it opened " * 15]
    expected = SentenceTransformer(str(folder), device="cpu").encode(texts, normalize_embeddings=True)
    for text, vector in zip(texts, expected, strict=True):
        ids = np.array([tokenizer.encode(text).ids], np.int64)
        given = compiled([ids, np.ones_like(ids)])[0][0]
        np.testing.assert_allclose(given, vector, atol=1e-5)
        assert np.linalg.norm(given) == pytest.approx(1.0, abs=1e-5)
    # Padding changes nothing.
    short, long = (tokenizer.encode(text).ids for text in texts[:2])
    padded = np.array([short + [1] * (len(long) - len(short)), long], np.int64)
    both = compiled([padded, (padded != 1).astype(np.int64)])[0]
    np.testing.assert_allclose(both, expected[:2], atol=1e-5)


def copied(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


def test_pickled_weights_are_not_loaded(folder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    from rag.embed.torch_export import export

    other = copied(folder, tmp_path / "other")
    torch.save(load_file(other / "model.safetensors"), other / "pytorch_model.bin")
    (other / "model.safetensors").unlink()
    with pytest.raises(DataError, match="not a model that loads without code of its own") as raised:
        export(other, tmp_path / "tokenizer.json")
    assert raised.value.path == str(other)
    assert not (tmp_path / "tokenizer.json").exists()


def test_code_of_the_folder_is_not_run(folder: Path, tmp_path: Path) -> None:
    from rag.embed.torch_export import export

    other = copied(folder, tmp_path / "other")
    config = json.loads((other / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "own.OwnConfig", "AutoModel": "own.OwnModel"}
    config["model_type"] = "own"
    (other / "config.json").write_text(json.dumps(config))
    (other / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass OwnConfig: ...\nclass OwnModel: ...\n")
    with pytest.raises(DataError, match="without code of its own"):
        export(other, tmp_path / "tokenizer.json")
    assert not (tmp_path / "ran").exists()
