"""Which GGUF files OpenVINO GenAI reads as they are meant; told by their head, before anything is loaded."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from core.errors import DataError
from core.weights.gguf_header import GgufHeader, read_header

# Architectures that OpenVINO GenAI 2026.4 builds (`gguf_utils/gguf_modeling.cpp` of its sources).
ARCHITECTURES = frozenset({"llama", "qwen2", "qwen3"})
# The one kind of tokenizer that it builds: byte-level BPE. Words are cut as Qwen 2 and SmolLM do it, and by one other
# pattern whatever else a file names: "What's" of a Llama 3 tokenizer came out as other tokens.
TOKENIZER = "gpt2"
PRE_TOKENIZERS = frozenset({"qwen2", "smollm"})
# Encodings of matrices that OpenVINO GenAI 2026.4 was seen to read rightly: greedy text against the same weights in
# F16 (themselves against transformers). Q4_1 loads and is read wrongly; F32, BF16, Q5_0 and Q5_1 do not load.
FAITHFUL_TYPES = frozenset({"F16", "Q8_0", "Q4_0"})


# Files whose heads are remembered: a server lists its runs often, and a vocabulary takes a tenth of a second.
_KNOWN_FILES = 256


def check_readable(header: GgufHeader) -> None:
    """Refuse a file that OpenVINO GenAI would read wrongly, without a word, or not at all.

    Raises:
        DataError: The architecture or the tokenizer is of another kind, matrices are in an encoding that is read
            wrongly, the rotary embedding is scaled, or the file does not say its context length.
    """
    fault = _fault(header)
    if fault:
        raise DataError(fault, path=header.path, hint="kb models pull smollm2")


def _fault(header: GgufHeader) -> str:
    tokenizer = header.metadata.get("tokenizer.ggml.model", TOKENIZER)
    pre_tokenizer = header.metadata.get("tokenizer.ggml.pre")
    if header.architecture and header.architecture not in ARCHITECTURES:
        return _unsupported(f"is a {header.architecture} model", ", ".join(sorted(ARCHITECTURES)))
    if tokenizer != TOKENIZER:
        return _unsupported(f"has a tokenizer of kind {tokenizer}", f"byte-level BPE ({TOKENIZER})")
    if pre_tokenizer is not None and pre_tokenizer not in PRE_TOKENIZERS:
        return _unsupported(f"cuts words as {pre_tokenizer}", f"those of {', '.join(sorted(PRE_TOKENIZERS))}")
    wrong = sorted(set(header.matrix_types.values()) - FAITHFUL_TYPES)
    if wrong:
        return (
            f"it holds matrices in {', '.join(wrong)}, which OpenVINO GenAI reads wrongly; "
            f"{', '.join(sorted(FAITHFUL_TYPES))} are supported. Use such a file, or run this one in Ollama"
        )
    if header.rope_scaling:
        # Seen with 2026.4: the same answers with and without the factors of Llama 3.1.
        return (
            f"its context is stretched ({header.rope_scaling}), which OpenVINO GenAI ignores; run this file in Ollama, "
            "or the merged folder of its run"
        )
    return "" if header.context_tokens else "its context length is missing"


def _unsupported(reason: str, supported: str) -> str:
    return f"it {reason}, which OpenVINO GenAI does not run rightly; it runs {supported}. Run this file in Ollama"


def is_readable(path: Path) -> bool:
    """Tell whether a file is one that OpenVINO GenAI reads as it is meant; False for damaged ones too.

    Raises:
        OSError: The file is absent.
    """
    stat = path.stat()
    return _is_readable(path.resolve(), (stat.st_mtime_ns, stat.st_size))


@lru_cache(maxsize=_KNOWN_FILES)
def _is_readable(path: Path, stamp: tuple[int, int]) -> bool:  # noqa: ARG001
    try:
        check_readable(read_header(path))
    except DataError:
        return False
    return True
