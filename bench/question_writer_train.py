"""Trains the question writer: a LoRA adapter of SmolLM2 on (text, marked answer) -> question.

The questions of one text share its tokens: they stand in a line behind it and do not see each other. Resumable: a
checkpoint is written every few minutes, atomically, and the same command goes on from it with the same lines. Needs the
train extra.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import peft
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from bench.question_writer_data import WriterExample
from core.chat.local.peft_adapter import peft_warnings_ignored
from finetune.data.encoding import IGNORED
from finetune.training.head import add_label_head
from synth.generate.writer_prompt import messages

_CHECKPOINT = "checkpoint.pt"
_HIDDEN = -1e9
MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterPlan:
    """What a training does; a resumed one must have the same."""

    epochs: float = 2.0
    minutes: float = 0.0  # the rate decays to the end of these where they end first; 0 for no limit
    line_tokens: int = 448
    lines: int = 1  # per step
    rank: int = 16
    alpha: int = 32
    first_layer: int = 10  # the layers below stay as they are
    rate: float = 7e-4
    warmup: float = 0.05
    seed: int = 0
    limit: int = 0  # examples; 0 for all


@dataclass(frozen=True, slots=True)
class Branches:
    """The rows of one text.

    Attributes:
        prefix: Tokens that all of them begin with.
        tails: The rest of each, with its labels.
    """

    prefix: list[int]
    tails: list[tuple[list[int], list[int]]]

    @property
    def n_tokens(self) -> int:
        """Tokens in a line."""
        return len(self.prefix) + sum(len(ids) for ids, _ in self.tails)


def branches(examples: Sequence[WriterExample], tokenizer: Any, most_tokens: int) -> list[Branches]:
    """Tokenise examples, those of one text together; a group longer than a line is cut into several."""
    by_text: dict[tuple[str, str], list[tuple[list[int], int]]] = {}
    for example in examples:
        prompt = tokenizer.apply_chat_template(messages(example.marked), tokenize=False, add_generation_prompt=True)
        begin = tokenizer.encode(prompt, add_special_tokens=False)
        # As at generation, the prompt is tokenised by itself.
        whole = begin + tokenizer.encode(f"{example.question}{tokenizer.eos_token}", add_special_tokens=False)
        by_text.setdefault((example.marked.title, example.marked.text), []).append((whole, len(begin)))
    groups: list[Branches] = []
    for rows in by_text.values():
        shared = _shared(rows)
        group = Branches(rows[0][0][:shared], [])
        for ids, prompt_tokens in rows:
            tail = ids[shared:]
            if len(group.prefix) + len(tail) > most_tokens:
                continue
            if group.n_tokens + len(tail) > most_tokens:
                groups.append(group)
                group = Branches(group.prefix, [])
            group.tails.append((tail, [IGNORED] * (prompt_tokens - shared) + ids[prompt_tokens:]))
        if group.tails:
            groups.append(group)
    return groups


def _shared(rows: Sequence[tuple[list[int], int]]) -> int:
    """How many first tokens some rows share, all of them before the token that predicts a question."""
    most = min(prompt_tokens for _, prompt_tokens in rows) - 1
    columns = zip(*(ids[:most] for ids, _ in rows), strict=True)
    return next((index for index, column in enumerate(columns) if len(set(column)) > 1), most)


def lines(groups: Sequence[Branches], most_tokens: int, key: str) -> list[list[Branches]]:
    """Put groups into lines, in an order that the key decides; first fit among the last lines."""
    order = list(groups)
    random.Random(key).shuffle(order)
    packed: list[list[Branches]] = []
    for group in order:
        home = next(
            (line for line in packed[-8:] if sum(g.n_tokens for g in line) + group.n_tokens <= most_tokens), None
        )
        if home is None:
            packed.append([group])
        else:
            home.append(group)
    return packed


def tensors(line: Sequence[Branches]) -> dict[str, torch.Tensor]:
    """Return `input_ids`, `labels`, `position_ids`, int64 (1, tokens), and `attention_mask`, added to
    attention scores, (1, 1, tokens, tokens).

    A token sees those before it in its own text and, behind it, in its own row.
    """
    ids: list[int] = []
    labels: list[int] = []
    places: list[int] = []
    text_of: list[int] = []
    row_of: list[int] = []
    n_rows = 0
    for number, group in enumerate(line):
        ids += group.prefix
        labels += [IGNORED] * len(group.prefix)
        places += range(len(group.prefix))
        row_of += [-1] * len(group.prefix)
        for tail, tail_labels in group.tails:
            ids += tail
            labels += tail_labels
            places += range(len(group.prefix), len(group.prefix) + len(tail))
            row_of += [n_rows] * len(tail)
            n_rows += 1
        text_of += [number] * group.n_tokens
    text, row = torch.tensor(text_of), torch.tensor(row_of)
    sees = ((text[:, None] == text[None, :]) & ((row[None, :] == -1) | (row[:, None] == row[None, :]))).tril()
    return {
        "input_ids": torch.tensor([ids]),
        "labels": torch.tensor([labels]),
        "position_ids": torch.tensor([places]),
        "attention_mask": torch.zeros(sees.shape, dtype=torch.bfloat16).masked_fill(~sees, _HIDDEN)[None, None],
    }


def adapted(base: Path, plan: WriterPlan) -> Any:
    """Return SmolLM2 with a fresh adapter that trains in float32."""
    torch.manual_seed(plan.seed)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.bfloat16, attn_implementation="eager")
    config = peft.LoraConfig(
        r=plan.rank,
        lora_alpha=plan.alpha,
        target_modules=list(MODULES),
        layers_to_transform=list(range(plan.first_layer, model.config.num_hidden_layers)),
        task_type="CAUSAL_LM",
    )
    with peft_warnings_ignored():
        model = peft.get_peft_model(model, config)
    for weight in model.parameters():
        if weight.requires_grad:
            weight.data = weight.data.float()
    add_label_head(model)
    return model


def log_probabilities(model: Any, line: Sequence[Branches]) -> tuple[torch.Tensor, int]:
    """Return the summed log-probability of the questions of a line, and how many tokens they have."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = model(**tensors(line), use_cache=False, label_scores=True)
    return scores.log_probs.float().sum(), int(scores.label_mask.sum())


def train(
    examples: Sequence[WriterExample],
    held_out: Sequence[WriterExample],
    base: Path,
    out: Path,
    plan: WriterPlan,
    *,
    save_every_s: float = 180.0,
) -> Any:
    """Train, or go on with a training that was interrupted; the loss on held-out rows goes to the log.

    Args:
        examples: Of documents that are not held out.
        held_out: Of the others.
        base: SmolLM2's folder.
        out: Folder for checkpoints and the log.

    Raises:
        ValueError: The checkpoint there is of another plan.
    """
    out.mkdir(parents=True, exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(base)
    chosen = examples[: plan.limit] if plan.limit else examples
    groups = branches(chosen, tokenizer, plan.line_tokens)
    tests = lines(branches(held_out, tokenizer, plan.line_tokens), plan.line_tokens, "held out")
    model = adapted(base, plan)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=plan.rate, weight_decay=0.0, betas=(0.9, 0.98))
    total = round(plan.epochs * len(list(_steps(groups, plan, 0))))
    done, spent_s = _load(out, model, optimizer, plan)
    if _progress(done, total, spent_s, plan) >= 1.0:
        return model
    begun = saved = time.monotonic()
    seen, losses = 0, []
    model.train()
    for step, part in enumerate(_every_step(groups, plan), 1):
        if step <= done:
            continue
        progress = _progress(step, total, spent_s + time.monotonic() - begun, plan)
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * _factor(progress, plan.warmup)
        losses.append(_step(model, optimizer, part))
        seen += sum(group.n_tokens for line in part for group in line)
        last = step == total or progress >= 1.0
        if last or time.monotonic() - saved > save_every_s:
            _save(out, model, optimizer, plan, step, spent_s + time.monotonic() - begun)
            record = {
                "step": step,
                "of": total,
                "loss": round(sum(losses) / len(losses), 4),
                "tokens/s": round(seen / (time.monotonic() - begun)),
                "held out": round(held_out_loss(model, tests[:40] if last else tests[:2]), 4),
            }
            _log(out, record)
            losses, saved = [], time.monotonic()
        if last:
            break
    return model


def export(out: Path, target: Path) -> None:
    """Write the last checkpoint's adapter as float16 safetensors with peft's names; the header says the scale."""
    from safetensors.torch import save_file

    state = torch.load(out / _CHECKPOINT, weights_only=True)
    tensors = {
        name.replace(".default", ""): value.half().contiguous() for name, value in sorted(state["adapter"].items())
    }
    header = {"base": "smollm2", "scale": str(state["plan"]["alpha"] / state["plan"]["rank"])}
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".part")
    save_file(tensors, partial, metadata=header)
    partial.chmod(0o644)
    partial.replace(target)


def _step(model: Any, optimizer: torch.optim.Optimizer, part: Sequence[Sequence[Branches]]) -> float:
    """Take a step on some lines; return the mean loss per token of their questions."""
    n_labels = sum(label != IGNORED for line in part for group in line for _, tail in group.tails for label in tail)
    total = 0.0
    for line in part:
        scored, _ = log_probabilities(model, line)
        loss = -scored / n_labels
        loss.backward()
        total += float(loss.detach())
    torch.nn.utils.clip_grad_norm_([weight for group in optimizer.param_groups for weight in group["params"]], 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return total


def held_out_loss(model: Any, tests: Sequence[Sequence[Branches]]) -> float:
    """Return the mean loss per token of the questions."""
    model.eval()
    with torch.no_grad():
        sums = [log_probabilities(model, line) for line in tests]
    model.train()
    return -float(sum(scored for scored, _ in sums)) / max(1, sum(n_labels for _, n_labels in sums))


def _steps(groups: Sequence[Branches], plan: WriterPlan, epoch: int) -> Iterator[list[list[Branches]]]:
    packed = lines(groups, plan.line_tokens, f"{plan.seed} {epoch}")
    random.Random(f"{plan.seed} {epoch} steps").shuffle(packed)
    for start in range(0, len(packed), plan.lines):
        yield packed[start : start + plan.lines]


def _every_step(groups: Sequence[Branches], plan: WriterPlan) -> Iterator[list[list[Branches]]]:
    epoch = 0
    while True:
        yield from _steps(groups, plan, epoch)
        epoch += 1


def _progress(step: int, total: int, seconds: float, plan: WriterPlan) -> float:
    """Share of the training that is done, by steps or by time, whichever ends first."""
    by_time = seconds / (60 * plan.minutes) if plan.minutes else 0.0
    return min(1.0, max(step / total, by_time))


def _factor(progress: float, warmup: float) -> float:
    """Linear warm-up, then linear decay to a hundredth."""
    return max(0.01, min(progress / warmup, (1 - progress) / (1 - warmup)))


def _log(out: Path, record: dict[str, Any]) -> None:
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(record) + "\n")


def _trained(model: Any) -> dict[str, torch.Tensor]:
    return {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}


def _save(out: Path, model: Any, optimizer: Any, plan: WriterPlan, step: int, spent_s: float) -> None:
    state = {
        "adapter": _trained(model),
        "optimizer": optimizer.state_dict(),
        "plan": asdict(plan),
        "step": step,
        "spent_s": spent_s,
    }
    partial = out / (_CHECKPOINT + ".part")
    torch.save(state, partial)
    partial.replace(out / _CHECKPOINT)


def _load(out: Path, model: Any, optimizer: Any, plan: WriterPlan) -> tuple[int, float]:
    """Return the steps done and the seconds they took."""
    if not (out / _CHECKPOINT).is_file():
        return 0, 0.0
    state = torch.load(out / _CHECKPOINT, weights_only=True)
    if state["plan"] != asdict(plan):
        raise ValueError(f"{out / _CHECKPOINT} is of another training: {state['plan']}; use another --out")
    model.load_state_dict(state["adapter"], strict=False)
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), float(state["spent_s"])
