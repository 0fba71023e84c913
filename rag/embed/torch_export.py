"""Turns any sentence-transformers folder into an OpenVINO graph by tracing it in torch, once.

Loads safetensors only and runs no code from the folder.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from transformers.utils.logging import disable_progress_bar

from core.errors import DataError, GateError
from core.inference import core, openvino

# The graph must give what torch gives: lowest cosine over the probes, in f32.
_LEAST_COSINE = 0.9999
_PROBES = ("How long is the bridge?", "The bridge opened in 1932; it is 503 metres long and carries eight lanes.", "x")


class _Encoder(torch.nn.Module):  # type: ignore[misc]
    """Token ids and mask to unit vectors: all modules of the folder in their order."""

    def __init__(self, model: SentenceTransformer) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """`(batch, tokens)` twice, int64, to `(batch, dimension)`, float32."""
        vectors = self.model({"input_ids": input_ids, "attention_mask": attention_mask})["sentence_embedding"]
        return torch.nn.functional.normalize(vectors, dim=1)


def export(folder: Path, tokenizer: Path) -> tuple[openvino.Model, int]:
    """Convert the folder's model.

    Args:
        folder: In the layout of sentence-transformers.
        tokenizer: Where its fast tokenizer is written.

    Returns:
        A model as `core.encoder.bert.build_bert` gives one, and the length of its vectors.

    Raises:
        DataError: It cannot be loaded without running code from the folder, or has no fast tokenizer.
        GateError: The graph does not give what torch gives.
    """
    # After kb.inference, which silences it.
    from openvino.tools.ovc import convert_model

    disable_progress_bar()
    try:
        model = SentenceTransformer(
            str(folder),
            device="cpu",
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True, "attn_implementation": "eager", "dtype": torch.float32},
        ).eval()
    except (OSError, ValueError) as error:
        raise DataError(f"not a model that loads without code of its own: {error}", path=folder) from error
    if not getattr(model.tokenizer, "is_fast", False):
        raise DataError("no fast tokenizer in the folder", path=folder)
    model.tokenizer.backend_tokenizer.save(str(tokenizer))
    encoder = _Encoder(model)
    with torch.no_grad(), warnings.catch_warnings():
        # The tracer warns of every branch that it fixes; the gate below sees whether one mattered.
        warnings.simplefilter("ignore")
        graph = convert_model(encoder, example_input=_tokens(model, _PROBES))
        for port, key in zip(graph.inputs, ("input_ids", "attention_mask"), strict=True):
            port.get_tensor().set_names({key})
            port.get_node().set_partial_shape(openvino.PartialShape([-1, -1]))
        graph.validate_nodes_and_infer_types()
        torch_vectors = encoder(**_tokens(model, _PROBES)).numpy()
    _gate(graph, model, torch_vectors, folder)
    return graph, int(torch_vectors.shape[1])


def _tokens(model: SentenceTransformer, texts: tuple[str, ...]) -> dict[str, torch.Tensor]:
    encoded = model.tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
    return {key: encoded[key] for key in ("input_ids", "attention_mask")}


def _gate(graph: openvino.Model, model: SentenceTransformer, torch_vectors: Any, folder: Path) -> None:
    compiled = core().compile_model(graph, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for row, text in enumerate(_PROBES):
        # Alone, so that neither padding nor the traced shape can hide a fault.
        tokens = [tensor.numpy() for tensor in _tokens(model, (text,)).values()]
        cosine = float(np.dot(compiled(tokens)[0][0], torch_vectors[row]))
        if not cosine >= _LEAST_COSINE:
            raise GateError(
                f"{folder.name}: the converted model gives different vectors than torch (cosine {cosine:.4f})"
            )
