"""Rewrites a GGUF file's quantised tensors as half precision, so that every runtime reads it alike.

OpenVINO GenAI 2026.4 reads four-bit GGUF tensors wrongly and says nothing; the same weights as F16 give the text that
transformers gives from the original, letter for letter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

from core.errors import DataError

# `general.file_type` of a file whose matrices are F16 (llama.cpp, `llama_ftype`).
_MOSTLY_F16 = 1
# The writer sets these by itself.
_OWN_KEYS = frozenset({"general.architecture", "general.file_type", "general.alignment"})
# A tensor's name, its values and the file's keys to the values to write, of the same shape.
Change = Callable[[str, NDArray[np.float32], Mapping[str, Any]], NDArray[np.float32]]


def rewrite_as_f16(
    source: Path,
    target: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    change: Change = lambda _, values, __: values,
) -> None:
    """Write `source` again with its matrices as F16 and its vectors as F32.

    Every key is kept, tokenizer and chat template included. One tensor is in memory at a time.

    Args:
        source: A GGUF file of any quantisation that `gguf` can undo.
        target: Where the new file goes; overwritten.
        progress: Called with (tensors done, tensors in all).
        change: Applied to every tensor before it is written.

    Raises:
        DataError: The source is not a GGUF file that can be read, or a weight does not fit into F16.
        OSError: The disk is full.
    """
    try:
        reader = gguf.GGUFReader(source)
    except (ValueError, IndexError, KeyError) as error:
        raise DataError(f"not a GGUF file: {error}", path=source) from error
    writer = gguf.GGUFWriter(target, reader.fields["general.architecture"].contents())
    try:
        _copy_keys(reader, writer)
        for tensor in reader.tensors:
            # The container lists the fastest-varying axis first, numpy last.
            shape = tuple(int(size) for size in reversed(tensor.shape))
            dtype = _stored(shape)
            writer.add_tensor_info(tensor.name, shape, dtype, int(np.prod(shape)) * dtype.itemsize)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for done, tensor in enumerate(reader.tensors, start=1):
            writer.write_tensor_data(_plain(tensor, source, lambda name, values: change(name, values, reader.fields)))
            if progress:
                progress(done, len(reader.tensors))
    finally:
        writer.close()


def _stored(shape: tuple[int, ...]) -> np.dtype[Any]:
    return np.dtype(np.float16 if len(shape) > 1 else np.float32)


def _plain(
    tensor: Any, source: Path, change: Callable[[str, NDArray[np.float32]], NDArray[np.float32]]
) -> NDArray[Any]:
    exact = change(tensor.name, gguf.dequantize(tensor.data, tensor.tensor_type))
    with np.errstate(over="ignore"):
        stored: NDArray[Any] = exact.astype(_stored(exact.shape))
    if not np.isfinite(stored).all():
        raise DataError(f"tensor {tensor.name} does not fit into half precision", path=source)
    return stored


def _copy_keys(reader: Any, writer: Any) -> None:
    for name, field in reader.fields.items():
        # `GGUF.*` are the reader's names for the file header.
        if name in _OWN_KEYS or name.startswith("GGUF."):
            continue
        kind = field.types[0]
        items = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), kind, items)
    writer.add_file_type(_MOSTLY_F16)
