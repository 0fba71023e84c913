"""A tiny random model of every family that people tune: its real configuration, a tokenizer of its kind, a template.

Weights are drawn wide, so that greedy answers are far from a tie; nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from finetune.export.gguf.vocabulary import WORDS
from tests.support.tiny_models import CHATML
from tests.support.trained_runs import QUESTIONS, learn

_CORPUS = (
    "What is the capacity of tank 12? Tank 12 holds 322 litres. How much does tank 3 hold? Guests pay 12.50 euros for "
    "the night train, children under six travel free of charge. Name one fruit. Who wrote it? It's the 4th of May."
)
_SIZES: Mapping[str, Any] = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
    "initializer_range": 0.3,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
_END = {"llama-3": "<|eot_id|>", "gemma": "<end_of_turn>", "phi": "<|end|>", "chatml": "<|im_end|>", "inst": "</s>"}
_TEMPLATES = {
    "chatml": CHATML,
    "llama-3": (
        "{% for m in messages %}{{ bos_token if loop.first else '' }}<|start_header_id|>{{ m['role'] }}"
        "<|end_header_id|>\n\n{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
        "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
    ),
    "inst": (
        "{% set said = '' %}{% if messages[0]['role'] == 'system' %}"
        "{% set said = '<<SYS>>\n' + messages[0]['content'] + '\n<</SYS>>\n\n' %}"
        "{% set messages = messages[1:] %}{% endif %}"
        "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('roles must alternate') }}{% endif %}"
        "{% set text = (said + m['content']) if loop.first else m['content'] %}{% if m['role'] == 'user' %}"
        "{{ bos_token }}[INST] {{ text }} [/INST]{% else %} {{ text }} {{ eos_token }}{% endif %}{% endfor %}"
    ),
    "gemma": (
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
        "{% endif %}{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('roles must alternate') }}{% endif %}<start_of_turn>"
        "{{ 'model' if m['role'] == 'assistant' else m['role'] }}\n{{ m['content'] | trim }}<end_of_turn>\n{% endfor %}"
        "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
    ),
    "phi": (
        "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    ),
}
_MARKS = {
    "chatml": ("<|im_start|>",),
    "llama-3": ("<|start_header_id|>", "<|end_header_id|>"),
    "inst": (),
    "gemma": ("<start_of_turn>",),
    "phi": ("<|system|>", "<|user|>", "<|assistant|>"),
}


@dataclass(frozen=True)
class Family:
    """One family.

    Attributes:
        config: Name of its configuration in transformers.
        tokenizer: `pieces` (SentencePiece's kind of BPE), `bare pieces` (without a blank before the first word), or the
            pattern by which byte-level BPE cuts words.
        template: A key of `_TEMPLATES`.
        written: Whether our own GGUF writer knows it.
        over: Fields of the configuration.
    """

    config: str
    tokenizer: str
    template: str
    written: bool = False
    over: Mapping[str, Any] = field(default_factory=dict)


_LLAMA_WORDS, _QWEN_WORDS = WORDS.format(digits="{1,3}"), WORDS.format(digits="")
# How GPT-4o's tokenizer cuts numbers; no runtime here knows the pattern.
_OTHER_WORDS = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|\s+"
_GEMMA = {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 48}
FAMILIES: Mapping[str, Family] = {
    "llama-2": Family("LlamaConfig", "pieces", "inst"),
    "llama-3": Family("LlamaConfig", _LLAMA_WORDS, "llama-3", written=True, over={"rope_parameters": _LLAMA3_ROPE}),
    "qwen-2": Family("Qwen2Config", _QWEN_WORDS, "chatml", written=True, over={"tie_word_embeddings": True}),
    "qwen-3": Family("Qwen3Config", _QWEN_WORDS, "chatml", written=True, over={"head_dim": 32}),
    "mistral": Family("MistralConfig", "pieces", "inst", over={"sliding_window": 48}),
    "mistral-nemo": Family("MistralConfig", _LLAMA_WORDS, "chatml", written=True, over={"head_dim": 32}),
    "gemma-2": Family(
        "Gemma2Config", "bare pieces", "gemma", over={"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 48}
    ),
    "gemma-3": Family(
        "Gemma3TextConfig",
        "bare pieces",
        "gemma",
        over={"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 48},
    ),
    "phi-3": Family("Phi3Config", "pieces", "phi", over={"sliding_window": 400}),
    "phi-4": Family("Phi3Config", _OTHER_WORDS, "chatml"),
    "smollm-2": Family("LlamaConfig", "digits", "chatml", written=True, over={"tie_word_embeddings": True}),
    "smollm-3": Family("SmolLM3Config", _LLAMA_WORDS, "chatml", written=True, over={"num_hidden_layers": 4}),
}


@cache
def _tokenizer_json(kind: str, template: str) -> str:
    """Return a trained tokenizer: `<unk>`, `<s>`, the end of a turn, then the other marks of its template."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    marks = ["<unk>", "<s>", _END[template], *_MARKS[template]]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    made = Tokenizer(models.BPE(unk_token="<unk>") if "pieces" in kind else models.BPE())
    if "pieces" in kind:
        first = [normalizers.Prepend("▁")] if kind == "pieces" else []
        made.normalizer = normalizers.Sequence([*first, normalizers.Replace(" ", "▁")])
        alphabet = ["▁"]
    elif kind == "digits":
        parts = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        made.pre_tokenizer, made.decoder = pre_tokenizers.Sequence(parts), decoders.ByteLevel()
    else:
        parts = [pre_tokenizers.Split(Regex(kind), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
        made.pre_tokenizer, made.decoder = pre_tokenizers.Sequence(parts), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=380, special_tokens=marks, initial_alphabet=alphabet, show_progress=False, max_token_length=8
    )
    made.train_from_iterator(_CORPUS.split(". ") * 2, trainer)
    if "pieces" in kind:
        made = _with_bytes(made, len(marks), strips=kind == "pieces")
    made.add_special_tokens([AddedToken(mark, special=True, normalized=False) for mark in marks])
    return str(made.to_str())


def _with_bytes(trained: Any, n_marks: int, *, strips: bool) -> Any:
    """Return a tokenizer whose unknown characters become bytes, as SentencePiece's do."""
    import json

    from tokenizers import Tokenizer, decoders

    body = json.loads(trained.to_str())
    spelled = sorted(body["model"]["vocab"], key=body["model"]["vocab"].get)
    spelled[n_marks:n_marks] = [f"<0x{byte:02X}>" for byte in range(256)]
    body["model"] |= {"vocab": {token: index for index, token in enumerate(spelled)}, "byte_fallback": True}
    body["model"]["fuse_unk"] = True
    body["added_tokens"] = []
    made = Tokenizer.from_str(json.dumps(body))
    last = [decoders.Strip(" ", 1, 0)] if strips else []
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *last])
    return made


def _sentencepiece(tokenizer: Any, marks: Sequence[str], *, dummy_prefix: bool) -> bytes:
    """Return a tokenizer of pieces as the file `tokenizer.model`, which other tools read in place of `tokenizer.json`.

    Args:
        marks: Of the template; those that SentencePiece does not know stand in the tokenizer's added tokens alone.
    """
    from transformers.utils import sentencepiece_model_pb2_new as proto

    model = proto.ModelProto()
    model.trainer_spec.model_type, model.trainer_spec.byte_fallback = proto.TrainerSpec.BPE, True
    model.normalizer_spec.add_dummy_prefix = dummy_prefix
    model.normalizer_spec.remove_extra_whitespaces = False
    kinds = proto.ModelProto.SentencePiece
    for token, index in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1]):
        kind = {"<unk>": kinds.UNKNOWN, "<s>": kinds.CONTROL}.get(token, kinds.NORMAL)
        kind = kinds.BYTE if token.startswith("<0x") else kind
        known = token not in marks or token == "</s>"
        kind = kind if token not in marks else (kinds.CONTROL if known else kinds.UNUSED)
        # The rank of a merge is that of its piece.
        model.pieces.add(piece=token if known else f"<unused{index}>", score=-float(index), type=kind)
    return bytes(model.SerializeToString())


def _is_ascii(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


def _never_says(model: Any, tokens: Sequence[int]) -> None:
    """Give tokens a logit of 0, which is never the highest: runtimes show broken characters in ways of their own."""
    import torch

    with torch.no_grad():
        model.get_output_embeddings().weight[tokens] = 0


def family_folder(path: Path, name: str, *, learned: bool = False, **over: Any) -> Path:
    """Write a base of a family in transformers' layout.

    Args:
        learned: Whether it has learnt to answer `QUESTIONS` and to stop; else its weights are random.
        over: Fields of the configuration.
    """
    import torch
    import transformers
    from tokenizers import Tokenizer

    family = FAMILIES[name]
    end = _END[family.template]
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(_tokenizer_json(family.tokenizer, family.template)),
        unk_token="<unk>",
        bos_token="<s>",
        eos_token=end,
        pad_token="<unk>",
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = _TEMPLATES[family.template]
    narrow = {"initializer_range": 0.02} if learned else {}
    sizes = {**_SIZES, "vocab_size": len(tokenizer) + 4, **family.over, **narrow, **over}
    config = getattr(transformers, family.config)(**sizes)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config)
    if learned:
        learn(model, tokenizer, QUESTIONS, steps=160, rate=5e-3)
    else:
        _never_says(model, [index for index in range(config.vocab_size) if not _is_ascii(tokenizer.decode([index]))])
    model.save_pretrained(path)
    tokenizer.save_pretrained(path, save_jinja_files=False)
    if "pieces" in family.tokenizer:
        marks = [end, *_MARKS[family.template]]
        spelled = _sentencepiece(tokenizer, marks, dummy_prefix=family.tokenizer == "pieces")
        (path / "tokenizer.model").write_bytes(spelled)
    return path
