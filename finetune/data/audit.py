"""The audit before the first step: a loss on the wrong tokens is an error here, not a bad model later.

Every check reads what the trainer will read, token by token, and raises `GateError` with the row that failed.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import DataError, GateError
from finetune.data.dataset import IGNORED, OTHER_OBJECTIVE, TOO_LONG, Row, Tokenised
from finetune.data.template import ChatFormat

if TYPE_CHECKING:
    from torch import Tensor, nn

    from finetune.data.collate import Part, StepCollator

# More rows than this lost to their length is a wrong max_length, not a few odd rows.
_MOST_TOO_LONG = 0.2
# A tokenizer that knows a language needs one token for some four bytes of its words; below this it spells.
_BYTES_PER_TOKEN = 2.0
_MOST_UNKNOWN = 0.001
# Of a token's loss, in nats: rounding of another order of sums, larger where the model itself shows more. SmolLM2 in
# bf16: .07, and as much between rows padded and rows alone; .56 where positions run on, 3.1 where rows see each other.
_PACKED_GAP = {"f32": 1e-3, "fp16": 2e-2, "bf16": 8e-2}
_ROUNDINGS = 3.0
_PROBED_ANSWERS, _PROBED_TOKENS = 128, 1536
_DPO_GAP = 5e-3
_HINT = "kb finetune --dry-run --data DIR"
_OPEN, _CLOSE = "⟦", "⟧"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What the audit saw.

    Attributes:
        example: A row as text, trained tokens between ⟦ and ⟧.
        passed: What was checked, one sentence each.
        warnings: What a person should know and may accept.
    """

    example: str
    passed: tuple[str, ...]
    warnings: tuple[str, ...]


def audit(data: Tokenised, chat: ChatFormat, context_tokens: int) -> Audit:
    """Check every row, and how data and model fit.

    Args:
        context_tokens: The longest input of the model; 0 where it does not say.

    Raises:
        DataError: No row is left.
        GateError: A check failed; the message names the row and shows it.
    """
    check_rows_left(data)
    check_padding(chat, data.rows)
    prefix = answer_prefix(chat)
    for row in data.rows:
        check_labels(row, chat, prefix)
        check_ends(row, chat)
        check_beginning(row, chat)
    check_lengths(data, context_tokens)
    return Audit(
        example=marked(min(data.rows, key=lambda row: (not row.ends, row.id)), chat),
        passed=(
            f"only answers are labelled: {data.n_trained:,} of {data.n_tokens:,} tokens in {len(data.rows):,} rows",
            "every answer ends with a trained EOS that stops generation",
            f"every prompt is a prefix of its row, BOS occurs once, no row is longer than {data.max_length} tokens",
            f"the pad token {chat.tokenizer.pad_token!r} ends nothing and is never trained",
        ),
        warnings=tuple(_warnings(data, chat)),
    )


def check_rows_left(data: Tokenised) -> None:
    """Check that rows remain, and that not many fell to their length.

    Raises:
        DataError: None remains.
        GateError: More than a fifth were too long.
    """
    reasons = ", ".join(f"{count} {reason}" for reason, count in data.dropped.items())
    if not data.rows:
        raise DataError(f"every row was filtered out: {reasons or 'the data is empty'}", hint=_HINT)
    too_long = data.dropped.get(TOO_LONG, 0)
    if too_long > _MOST_TOO_LONG * (too_long + len(data.rows)):
        raise GateError(
            f"{too_long} of {too_long + len(data.rows)} rows are longer than max_length {data.max_length}",
            hint="kb finetune --dry-run --set over_long=shorten  # or a larger max_length",
        )


def check_padding(chat: ChatFormat, rows: Sequence[Row]) -> None:
    """Check that padding neither stops generation nor is learned.

    Raises:
        GateError: The pad token is an end, or a label.
    """
    if chat.pad_id in chat.eos_ids:
        raise GateError(f"the pad token {chat.tokenizer.pad_token!r} also ends answers", hint=_HINT)
    for row in rows:
        if chat.pad_id in row.labels:
            raise GateError(f"row {row.id} trains the pad token: {marked(row, chat)}", hint=_HINT)


def check_ends(row: Row, chat: ChatFormat) -> None:
    """Check that a row ends with a trained EOS.

    Raises:
        GateError: It does not: the model would never learn to stop.
    """
    if row.ends and row.input_ids[-1] not in chat.eos_ids:
        raise GateError(
            f"row {row.id} does not end with EOS ({chat.tokenizer.eos_token!r}), so the model would never stop; the "
            f"chat template must write it after an answer: {marked(row, chat)}",
            hint=_HINT,
        )
    if row.ends and row.labels[-1] != row.input_ids[-1]:
        raise GateError(f"row {row.id} ends with EOS but does not train it: {marked(row, chat)}", hint=_HINT)


def check_beginning(row: Row, chat: ChatFormat) -> None:
    """Check that BOS is not written by the template and added by the tokenizer too.

    Raises:
        GateError: It stands twice.
    """
    bos = chat.tokenizer.bos_token_id
    if bos is not None and row.input_ids[:2] == (bos, bos):
        raise GateError(f"row {row.id} begins with two BOS tokens: {marked(row, chat)}", hint=_HINT)


def answer_prefix(chat: ChatFormat) -> str:
    """Return what the template itself writes between the generation prompt and an answer (an empty thought, say)."""
    asked = [{"role": "user", "content": "q"}]
    probe = "answer"
    before = chat.render(asked, generation=True)
    whole = chat.render([*asked, {"role": "assistant", "content": probe}], generation=False)
    return whole[len(before) :].partition(probe)[0]


def check_labels(row: Row, chat: ChatFormat, prefix: str) -> None:
    """Check that the trained tokens, read back as text, are the answer and its end.

    Args:
        prefix: What the template writes before an answer; trained with it.

    Raises:
        GateError: Labels are not the tokens they stand on, stand on the prompt, or leave out part of the answer.
    """
    if len(row.labels) != len(row.input_ids):
        raise GateError(f"row {row.id} has {len(row.labels)} labels for {len(row.input_ids)} tokens", hint=_HINT)
    trained = [token for token, label in zip(row.input_ids, row.labels, strict=True) if label != IGNORED]
    if trained != [label for label in row.labels if label != IGNORED]:
        raise GateError(f"row {row.id}: labels differ from the tokens at their positions", hint=_HINT)
    if not row.ends or row.id.partition("+")[2]:
        return  # a window of a text, trained whole
    while trained and trained[-1] in chat.eos_ids:
        trained.pop()
    text = str(chat.tokenizer.decode(trained, skip_special_tokens=False)).removeprefix(prefix)
    if text.strip() != row.answer.strip():
        raise GateError(
            f"row {row.id} trains {text.strip()[:80]!r} where the answer is {row.answer.strip()[:80]!r}: "
            f"{marked(row, chat)}",
            hint=_HINT,
        )


def check_lengths(data: Tokenised, context_tokens: int) -> None:
    """Check that no row is longer than what was promised and than what the model can read.

    Raises:
        GateError: One is.
    """
    longest = max(data.rows, key=lambda row: row.n_tokens)
    limit = min(data.max_length, context_tokens or data.max_length)
    if longest.n_tokens > limit:
        raise GateError(
            f"row {longest.id} has {longest.n_tokens} tokens; the limit is {limit}",
            hint="kb finetune --recipe long-context --dry-run",
        )


def marked(row: Row, chat: ChatFormat) -> str:
    """Return a row as text with its trained tokens between ⟦ and ⟧."""
    parts: list[str] = []
    start = 0
    trained = [label != IGNORED for label in row.labels]
    for end in range(1, len(trained) + 1):
        if end == len(trained) or trained[end] != trained[start]:
            text = str(chat.tokenizer.decode(row.input_ids[start:end], skip_special_tokens=False))
            parts.append(f"{_OPEN}{text}{_CLOSE}" if trained[start] else text)
            start = end
    return "".join(parts)


def _warnings(data: Tokenised, chat: ChatFormat) -> list[str]:
    found = [f"{count} rows dropped: {reason}" for reason, count in data.dropped.items() if reason != OTHER_OBJECTIVE]
    if data.shortened:
        found.append(f"the context of {data.shortened} rows was shortened")
    if chat.source != "model":
        found.append(f"the model has no chat template; the {chat.source} one is used, and questions need it too")
    found += _language(data, chat)
    return found


def _language(data: Tokenised, chat: ChatFormat) -> list[str]:
    """Judge by the tokenizer whether the model knows the language of the answers.

    Raises:
        GateError: The tokenizer cannot write them at all.
    """
    # Digits are often split one by one, in any language; words tell.
    words = [word for row in data.rows for word in row.answer.split() if word.isalpha()]
    ids = [token for word in words for token in chat.encode(f" {word}")]
    if not ids:
        return []
    unknown = sum(token == chat.tokenizer.unk_token_id for token in ids)
    if unknown > _MOST_UNKNOWN * len(ids):
        raise GateError(
            f"the tokenizer cannot write {unknown} of {len(ids)} tokens of the answers: unsupported script",
            hint="kb finetune --base hf:Qwen/Qwen2.5-1.5B-Instruct --dry-run --data DIR",
        )
    per_token = sum(len(word.encode()) + 1 for word in words) / len(ids)
    if per_token < _BYTES_PER_TOKEN:
        return [
            f"the tokenizer needs a token for every {per_token:.1f} bytes of words: the model hardly knows the language"
        ]
    return []


@dataclass(frozen=True, slots=True)
class PackedGap:
    """How far the losses of rows side by side lie from those of rows padded, and those from rows one by one.

    Attributes:
        packed: Mean absolute difference per answer token, in nats.
        rounding: The same between two ways in which no row can see another: what the order of sums does alone.
    """

    packed: float
    rounding: float


def packed_gap(model: nn.Module, rows: Sequence[Row], collate: StepCollator) -> PackedGap:
    """Compare the loss of every answer token of some short rows, packed and not.

    Differences of single tokens are taken, not of means: those of a leak are of either sign and half cancel.

    Args:
        rows: Some of the shortest are run, without gradients.
        collate: Packs them as training will, here in one line.
    """
    import torch

    was_training = model.training
    model.eval()
    whole = replace(collate, part_tokens=sys.maxsize, part_rows=0)
    padding = replace(whole, packed=False)
    # Longest first, as a part has them: the answer tokens of all three stand in one order.
    records = [{"input_ids": row.input_ids, "labels": row.labels} for row in reversed(_shortest(rows))]
    with torch.no_grad():
        packed, padded, alone = (
            torch.cat([_answer_losses(model, part) for part in parts])
            for parts in (
                replace(whole, packed=True)(records)["parts"],
                padding(records)["parts"],
                [part for record in records for part in padding([record])["parts"]],
            )
        )
    model.train(was_training)
    return PackedGap(float((packed - padded).abs().mean()), float((alone - padded).abs().mean()))


def _shortest(rows: Sequence[Row]) -> list[Row]:
    """Return the shortest rows, as many as give enough answer tokens or fill the probe, two at least."""
    chosen: list[Row] = []
    answers = tokens = 0
    for row in sorted(rows, key=lambda row: row.n_tokens):
        if len(chosen) > 1 and (answers >= _PROBED_ANSWERS or tokens + row.n_tokens > _PROBED_TOKENS):
            break
        chosen.append(row)
        answers += sum(label != IGNORED for label in row.labels)
        tokens += row.n_tokens
    return chosen


def _answer_losses(model: nn.Module, part: Part) -> Tensor:
    """Return the loss of each answer token of a part, f32, (answer tokens,)."""
    import torch

    device = next(model.parameters()).device
    labels = part["labels"][:, 1:].to(device)
    inputs = {name: value.to(device) for name, value in part.items() if name != "labels"}
    # With a cache, transformers takes positions that begin anew for a continued row and drops the mask.
    logits = model(**inputs, use_cache=False).logits[:, :-1][labels != IGNORED]
    return torch.nn.functional.cross_entropy(logits.float(), labels[labels != IGNORED], reduction="none")


def check_packing(gap: PackedGap, dtype: str) -> None:
    """Check that packed rows do not see each other.

    Args:
        gap: From `packed_gap`.
        dtype: `f32`, `fp16` or `bf16`.

    Raises:
        GateError: The losses differ by more than rounding.
    """
    if not gap.packed <= max(_PACKED_GAP[dtype], _ROUNDINGS * gap.rounding):
        raise GateError(
            f"packed and unpacked loss differ by {gap.packed:.4f} nats per token: packed rows attend to each other with"
            " this model and kernel",
            hint="kb finetune --set packing=none --data DIR",
        )


def check_first_dpo_loss(loss: float, losses: Mapping[str, float] | Sequence[str], *, rounding: float = 0.0) -> None:
    """Check the first DPO loss: policy and reference are still one model, so the sigmoid loss is ln 2.

    Rafailov et al. 2023 (https://arxiv.org/abs/2305.18290), equation 7, at a margin of 0.

    Args:
        loss: Of the first batch, before any step.
        losses: Names of the loss; anything but the sigmoid loss alone has another value and is not judged.
        rounding: What the arithmetic may add to the gap, in nats.

    Raises:
        GateError: It is not ln 2: the reference is not the policy that training started from.
    """
    if list(losses) == ["sigmoid"] and not abs(loss - math.log(2)) <= _DPO_GAP + rounding:
        raise GateError(
            f"the first DPO loss is {loss:.4f} instead of ln 2 = 0.6931: the reference is not the model at the start",
            hint="kb finetune --no-dpo --data DIR",
        )
