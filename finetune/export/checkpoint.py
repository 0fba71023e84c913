"""A merged model as a folder that transformers, llama.cpp's converter and Ollama's importer all read correctly.

transformers 5 writes the base frequency of the rotary embedding and the chat template where the other two do not look.
Both are written in both places, and BOS, end tokens and sampling are explicit.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from core.weights.folders import delete_folder, make_folder
from finetune.data.template import ChatFormat

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

CONFIG = "config.json"
# The vocabulary as SentencePiece keeps it, which llama.cpp's converter and Ollama's importer want where there is one.
SENTENCEPIECE = "tokenizer.model"
TOKENIZER = "tokenizer_config.json"
# What a configuration says of an added token.
_ADDED = ("content", "lstrip", "normalized", "rstrip", "single_word", "special")


def turn_end(chat: ChatFormat) -> int:
    """Return the token that ends an answer under the chat template.

    Raises:
        DataError: The template ends answers with none of the tokens that stop generation.
    """
    ids = chat.encode(
        chat.render([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], generation=False)
    )
    ends = [token for token in ids if token in chat.eos_ids]
    if not ends:
        raise DataError("the chat template does not end answers with a token that stops generation")
    return ends[-1]


def ends_of(chat: ChatFormat) -> list[int]:
    """Return every token that ends an answer, the chat template's own first."""
    first = turn_end(chat)
    return [first, *sorted(chat.eos_ids - {first})]


def as_exported(chat: ChatFormat) -> ChatFormat:
    """Return the format of an exported model: what training said by a system message is the template's own default."""
    if not chat.system:
        return chat
    tokenizer = deepcopy(chat.tokenizer)
    # Jinja reads the escapes of JSON, but for a character beyond 16 bits, which JSON escapes as two halves.
    system = json.dumps(chat.system, ensure_ascii=False)
    tokenizer.chat_template = (
        "{% if not messages or messages[0]['role'] != 'system' %}"
        f"{{% set messages = [{{'role': 'system', 'content': {system}}}] + messages %}}"
        f"{{% endif %}}{tokenizer.chat_template}"
    )
    return replace(chat, tokenizer=tokenizer, system="")


def save_checkpoint(
    model: PreTrainedModel, chat: ChatFormat, folder: Path, *, dtype: torch.dtype, sentencepiece: Path | None = None
) -> None:
    """Write weights, configuration and tokenizer; the folder appears whole, in place of an older one.

    Args:
        model: Ordinary weights; cast in place.
        chat: From `as_exported`.
        dtype: Of the file.
        sentencepiece: The base's `tokenizer.model`, copied if it is there.

    Raises:
        DataError: A weight does not fit into `dtype`.
        OSError: The disk is full.
    """

    def fill(work: Path) -> None:
        _save_weights(model, chat, work, dtype)
        _save_tokenizer(chat, work)
        if sentencepiece is not None and sentencepiece.is_file():
            shutil.copyfile(sentencepiece, work / SENTENCEPIECE)
        _rewrite(work / CONFIG, _old_rope(json.loads((work / CONFIG).read_text(encoding="utf-8"))))

    if folder.exists():
        delete_folder(folder)
    make_folder(folder, fill, ready=CONFIG)


def _save_weights(model: PreTrainedModel, chat: ChatFormat, work: Path, dtype: torch.dtype) -> None:
    from transformers import GenerationConfig

    model.to(dtype)
    for name, weight in model.named_parameters():
        if not weight.isfinite().all():
            raise DataError(
                f"weight {name} exceeds the range of {dtype}", hint="kb finetune --set dtype=f32 --data DIR"
            )
    ends = ends_of(chat)
    tokenizer = chat.tokenizer
    named = {"bos_token_id": tokenizer.bos_token_id, "pad_token_id": chat.exported_pad_id}
    model.config.eos_token_id = ends
    model.config.use_cache = True
    for name, token in named.items():
        setattr(model.config, name, token)
    model.generation_config = GenerationConfig(eos_token_id=ends, do_sample=False, repetition_penalty=1.0, **named)
    model.save_pretrained(work)


def _save_tokenizer(chat: ChatFormat, work: Path) -> None:
    # In the configuration, not in a file of its own, which Ollama's importer does not read.
    chat.tokenizer.save_pretrained(work, save_jinja_files=False)
    settings = {
        # Prompts are rendered by the template, which writes BOS itself where the model wants one.
        "add_bos_token": False,
        "add_eos_token": False,
        "chat_template": str(chat.tokenizer.chat_template),
        # The name that every version of transformers knows.
        "tokenizer_class": "PreTrainedTokenizerFast",
        # Where llama.cpp's converter looks for tokens beside those of `tokenizer.model`; transformers 5 leaves it out.
        "added_tokens_decoder": {
            str(token): {name: getattr(added, name) for name in _ADDED}
            for token, added in sorted(chat.tokenizer.added_tokens_decoder.items())
            if not chat.vocabulary or token < chat.vocabulary
        },
    }
    _rewrite(work / TOKENIZER, settings, without=("is_local", "local_files_only", "backend"))


def _old_rope(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rotary embedding under the names that were used before transformers 5."""
    rope = dict(config.get("rope_parameters") or {})
    if "full_attention" in rope:  # one for each kind of layer
        local = {"rope_local_base_freq": rope.get("sliding_attention", {}).get("rope_theta")}
        return {**local, **_old_rope({"rope_parameters": rope["full_attention"]})}
    theta = rope.pop("rope_theta", config.get("rope_theta"))
    if theta is None:
        return {}
    kind = rope.get("rope_type", "default")
    scaling = None if kind == "default" else {**rope, "type": kind}
    return {"rope_theta": theta, "rope_scaling": scaling}


def _rewrite(path: Path, changed_fields: Mapping[str, Any], without: Collection[str] = ()) -> None:
    kept_fields = {
        key: value for key, value in json.loads(path.read_text(encoding="utf-8")).items() if key not in without
    }
    path.write_text(
        json.dumps({**kept_fields, **changed_fields}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
