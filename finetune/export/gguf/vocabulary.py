"""A Hugging Face tokenizer as the `tokenizer.ggml.*` keys of a GGUF file.

Supports byte-level BPE with a pre-tokenizer that GGUF runtimes know by name; they would split text of any other one
differently. Keys: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from gguf import GGUFWriter, TokenType

from core.errors import DataError
from finetune.data.template import ChatFormat
from finetune.export.checkpoint import ends_of
from finetune.export.gguf.weights import HINT

# How llama 3 and Qwen 2 cut text into words; they differ in how many digits stay together.
WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|\p{{N}}{digits}"
    r"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_NAMES = {WORDS.format(digits="{1,3}"): "llama-bpe", WORDS.format(digits=""): "qwen2"}
# More than one end: runtimes read the second and third under these names.
_END_KEYS = ("eos_token_id", "eot_token_id", "eom_token_id")


def add_vocabulary(writer: GGUFWriter, chat: ChatFormat, size: int) -> None:
    """Add tokens, merges, ends and the chat template.

    Args:
        writer: Its keys are not written yet.
        chat: From `as_exported`.
        size: Rows of the embedding; those without a token are filled up.

    Raises:
        DataError: The tokenizer is of a kind that cannot be written.
    """
    tokenizer = chat.tokenizer
    body = tokenizer_body(chat)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre_tokenizer(body))
    tokens, kinds = _tokens(body, size)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(_merges(body["model"]))
    _add_ends(writer, chat, size)
    # Text is split as it stands, and the chat template writes BOS where the model wants one.
    for key in ("add_space_prefix", "add_bos_token", "add_eos_token"):
        writer.add_bool(f"tokenizer.ggml.{key}", False)
    writer.add_chat_template(str(tokenizer.chat_template))


def _add_ends(writer: GGUFWriter, chat: ChatFormat, size: int) -> None:
    ends = ends_of(chat)
    for key, token in zip(_END_KEYS, ends, strict=False):
        writer.add_uint32(f"tokenizer.ggml.{key}", token)
    writer.add_array("tokenizer.ggml.eos_token_ids", ends)
    writer.add_pad_token_id(chat.exported_pad_id)
    for token, add in (
        (chat.tokenizer.bos_token_id, writer.add_bos_token_id),
        (chat.tokenizer.unk_token_id, writer.add_unk_token_id),
    ):
        if token is not None and token < size:
            add(int(token))


def tokenizer_body(chat: ChatFormat) -> Mapping[str, Any]:
    """Return the body of `tokenizer.json`."""
    body: Mapping[str, Any] = json.loads(chat.tokenizer.backend_tokenizer.to_str())
    return body


def pre_tokenizer(body: Mapping[str, Any]) -> str:
    """Return the name by which GGUF runtimes know how a tokenizer splits text before its merges.

    Args:
        body: The body of `tokenizer.json`.

    Raises:
        DataError: It is no byte-level BPE, or splits in a way without a name.
    """
    model, normalizer = body["model"], body.get("normalizer") or {}
    if model.get("type") != "BPE" or model.get("byte_fallback") or normalizer.get("type", "NFC") != "NFC":
        raise DataError("unsupported tokenizer for GGUF export: only byte-level BPE is supported", hint=HINT)
    whole = body.get("pre_tokenizer") or {}
    parts = [dict(part) for part in whole.get("pretokenizers", [whole])]
    kinds = [part.get("type") for part in parts]
    last = parts[-1]
    if kinds[-1] == "ByteLevel" and not last.get("add_prefix_space"):
        if kinds == ["ByteLevel"] and last.get("use_regex", True):
            return "gpt-2"
        if kinds == ["Digits", "ByteLevel"] and parts[0].get("individual_digits") and last.get("use_regex", True):
            return "smollm"
        pattern = (parts[0].get("pattern") or {}).get("Regex", "")
        if kinds == ["Split", "ByteLevel"] and not last.get("use_regex", True) and pattern in _NAMES:
            return _NAMES[pattern]
    steps = ", ".join(map(str, kinds))
    raise DataError(f"unsupported tokenizer for GGUF export: unknown pre-tokenizer ({steps})", hint=HINT)


def _tokens(body: Mapping[str, Any], size: int) -> tuple[list[str], list[int]]:
    """Return the spelling and the kind of every id; ids without a token get a spelling that no text holds.

    Tokens that were added past the embedding are left out: no row and no answer can hold them.
    """
    spelled = {token_id: token for token, token_id in body["model"]["vocab"].items()}
    kinds = dict.fromkeys(spelled, TokenType.NORMAL)
    for added in body.get("added_tokens") or ():
        if added["id"] >= size:
            continue
        spelled[added["id"]] = added["content"]
        kinds[added["id"]] = TokenType.CONTROL if added["special"] else TokenType.USER_DEFINED
    if max(spelled) >= size:
        raise DataError(f"the tokenizer has {max(spelled) + 1} tokens and the model {size} embeddings", hint=HINT)
    tokens = [spelled.get(token_id, f"[PAD{token_id}]") for token_id in range(size)]
    return tokens, [int(kinds.get(token_id, TokenType.UNUSED)) for token_id in range(size)]


def _merges(model: Mapping[str, Any]) -> Sequence[str]:
    return [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
