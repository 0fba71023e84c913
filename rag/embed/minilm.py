"""The default embedder, all-MiniLM-L6-v2, from the weights that `kb models pull minilm` stored.

Knows where its files lie under a home; refuses to download anything and needs no torch.
"""

from __future__ import annotations

import json

from safetensors.numpy import load_file

from kb.files import Home
from kb.weights import require
from rag.embed.base import EmbedderIdentity
from rag.embed.bert import BertShape, build_bert
from rag.embed.encoder import OpenVinoEmbedder, load_tokenizer

# The model card's `max_seq_length`; longer texts were not seen in training.
_MAX_TOKENS = 256


def open_minilm(home: Home, *, precision: str = "auto") -> OpenVinoEmbedder:
    """Open all-MiniLM-L6-v2.

    Raises:
        MissingExtra: Its weights are not under `home`.
        ConfigError: The precision is not available here.
    """
    folder = require("minilm", home)
    shape = BertShape.from_config(json.loads((folder / "config.json").read_bytes()))
    identity = EmbedderIdentity(model="minilm", dimension=shape.hidden, pooling="mean", max_tokens=_MAX_TOKENS)
    graph = build_bert(load_file(folder / "model.safetensors"), shape)
    return OpenVinoEmbedder(graph, load_tokenizer(folder / "tokenizer.json"), identity, precision)
