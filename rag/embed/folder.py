"""Opens an encoder that lies in a sentence-transformers folder, MiniLM included.

The first time, its OpenVINO graph is made and kept in the home's cache with its tokenizer and identity: by hand for
plain BERT, which needs no torch, and through torch for every other kind. Nothing is downloaded here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from core.encoder.prepared import prepare
from core.errors import DataError
from core.files import Home, sha256_of
from core.inference import openvino
from core.machine.install import missing_extra
from core.weights.shelf import MANIFEST, stored
from rag.embed.base import EmbedderIdentity
from rag.embed.encoder import OpenVinoEmbedder, load_tokenizer

# Part of a prepared graph's name: raise it when the code that makes graphs changes what it makes.
_REVISION = 1
_IDENTITY = "identity.json"
_TOKENIZER = "tokenizer.json"


def open_folder(folder: Path, name: str, home: Home, *, precision: str = "auto") -> OpenVinoEmbedder:
    """Open an encoder.

    Args:
        folder: In the layout of sentence-transformers, with safetensors weights.
        name: What the identity calls the model.
        home: Its cache keeps the prepared graph.
        precision: `auto`, `bf16` or `f32`.

    Raises:
        DataError: The folder is not one that can be read.
        MissingExtra: Its architecture is converted through torch, which is not installed.
        ConfigError: The precision is not available here.
    """
    place = home.cache / "graphs" / f"{name.replace('/', '--')}-{_key(folder)}"
    graph = prepare(place, partial(_build, folder, name))
    identity = EmbedderIdentity.from_json(json.loads((place / _IDENTITY).read_bytes()))
    return OpenVinoEmbedder(graph, load_tokenizer(place / _TOKENIZER), identity, precision)


def _key(folder: Path) -> str:
    """Name what a graph is made from without reading it: files, sizes and times, and what makes it."""
    digest = hashlib.sha256(f"{_REVISION} {openvino.__version__} {folder.resolve()}".encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            status = path.stat()
            digest.update(f"{path.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _build(folder: Path, name: str, work: Path) -> openvino.Model:
    # Reading the layout and assembling the graph are not on the way of a prepared model.
    from rag.embed.layout import read_layout
    from rag.embed.prefixes import known_prefixes

    layout = read_layout(folder)
    weights = sorted(folder.rglob("*.safetensors"))
    if not weights:
        raise DataError("no safetensors weights; pickle files can run code and are not read", path=folder)
    if layout.is_plain and layout.config.get("model_type") == "bert" and len(weights) == 1:
        model, dimension = _build_bert(weights[0], layout.config, layout.pooling)
        shutil.copyfile(folder / _TOKENIZER, work / _TOKENIZER)
    else:
        if not importlib.util.find_spec("sentence_transformers"):
            raise missing_extra(f"converting {name}", "train")
        from rag.embed.torch_export import export

        model, dimension = export(folder, work / _TOKENIZER)
    query_prefix, document_prefix = layout.query_prefix, layout.document_prefix
    if not query_prefix and not document_prefix:
        query_prefix, document_prefix = known_prefixes(name)
    identity = EmbedderIdentity(
        model=f"{name}@{_fingerprint(folder, weights)[:12]}",
        dimension=dimension,
        pooling=layout.pooling,
        query_prefix=query_prefix,
        document_prefix=document_prefix,
        max_tokens=layout.max_tokens,
    )
    (work / _IDENTITY).write_text(json.dumps(identity.to_json()), encoding="utf-8")
    return model


def _build_bert(weights: Path, config: Mapping[str, Any], pooling: str) -> tuple[openvino.Model, int]:
    from safetensors.numpy import load_file

    from core.encoder.bert import BertShape, build_bert

    shape = BertShape.from_config(config)
    tensors = {key.removeprefix("bert."): value for key, value in load_file(weights).items()}
    return build_bert(tensors, shape, pooling), shape.hidden


def _fingerprint(folder: Path, weights: list[Path]) -> str:
    """Return the hash of the weights: of one file its own, of several that of their hashes."""
    known = stored(folder).files if (folder / MANIFEST).is_file() else {}
    hashes = [known.get(path.relative_to(folder).as_posix()) or sha256_of(path) for path in weights]
    return hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
