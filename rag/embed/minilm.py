"""The default embedder, all-MiniLM-L6-v2, from the weights that `kb models pull minilm` stored.

Knows where its files lie under a home; refuses to download anything and needs no torch.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from safetensors.numpy import load_file

from kb.files import Home
from kb.inference import openvino
from kb.weights import require
from rag.embed import bert
from rag.embed.base import EmbedderIdentity
from rag.embed.encoder import OpenVinoEmbedder, load_tokenizer
from rag.embed.prepared import prepare

# Of the model card; longer texts were not seen in training.
_MAX_TOKENS = 256


def open_minilm(home: Home, *, precision: str = "auto") -> OpenVinoEmbedder:
    """Open all-MiniLM-L6-v2; the first time, its graph is put together and kept in the home's cache.

    Raises:
        MissingExtra: Its weights are not under `home`.
        ConfigError: The precision is not available here.
    """
    folder = require("minilm", home)
    sha256 = json.loads((folder / "manifest.json").read_bytes())["files"]["model.safetensors"]
    identity = EmbedderIdentity(model=f"minilm@{sha256[:12]}", dimension=384, pooling="mean", max_tokens=_MAX_TOKENS)
    graph = prepare(home.cache / "graphs" / _key(sha256), lambda _: _build(folder))
    return OpenVinoEmbedder(graph, load_tokenizer(folder / "tokenizer.json"), identity, precision)


def _build(folder: Path) -> openvino.Model:
    shape = bert.BertShape.from_config(json.loads((folder / "config.json").read_bytes()))
    return bert.build_bert(load_file(folder / "model.safetensors"), shape)


def _key(sha256: str) -> str:
    """Name the graph after all that it is made from: weights, graph code, runtime."""
    digest = hashlib.sha256(Path(bert.__file__).read_bytes())
    digest.update(f"{sha256} {openvino.__version__}".encode())
    return f"minilm-{digest.hexdigest()[:16]}"
