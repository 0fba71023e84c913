"""Trains the span reader: the embedder's encoder with a start/end head, its word embeddings left as they are.

Resumable: a checkpoint is written every few minutes, atomically, and the same command goes on from it with the same
batches. Needs the train extra.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel

from bench.reader_data import Corpus, Item
from bench.reader_windows import PairMaker, Unit, Window, WindowMaker, batches, steps

_CHECKPOINT = "checkpoint.pt"
FROZEN = "embeddings.word_embeddings.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a training does; a resumed one must have the same."""

    epochs: float = 2.5  # of a part of a pass the first batches are shown
    batch_tokens: int = 2048
    accumulate: int = 3
    rate: float = 1.5e-4
    head_rate: float = 6e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    seed: int = 0
    limit: int = 0  # questions; 0 for all
    top_layers: int = 0  # of the encoder that are trained; 0 for all
    pairs: bool = False  # every question with its unanswerable twins in one batch
    pair_weight: float = 0.3  # of the loss of pairs


PAIRED = Plan(epochs=1.0, top_layers=3, rate=1e-4, head_rate=2e-4, warmup=0.05, pairs=True)
"""A second training, from the weights of the first."""

_PAIR_MARGIN = 2.0


class SpanModel(nn.Module):
    """A BERT encoder and two scores per token: how likely an answer starts, and ends, there."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        # Without dropout a CPU trains twice as fast, and few passes over this much data do not overfit.
        self.encoder = BertModel.from_pretrained(
            folder,
            add_pooling_layer=False,
            attn_implementation="eager",
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
        self.head = nn.Linear(self.encoder.config.hidden_size, 2)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        self.encoder.get_input_embeddings().weight.requires_grad_(False)

    def forward(self, ids: Tensor, kinds: Tensor, kept: Tensor) -> Tensor:
        """Return logits, float32 `(batch, tokens, 2)`.

        Args:
            ids: int64 `(batch, tokens)`.
            kinds: 0 for the question, 1 for the text, the same shape.
            kept: 1 for tokens, 0 for padding, the same shape.
        """
        hidden = self.encoder(input_ids=ids, token_type_ids=kinds, attention_mask=kept).last_hidden_state
        logits: Tensor = self.head(hidden.float())
        return logits


def rectangle(windows: Sequence[Window]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pad windows to one width: ids, kinds, kept, and which tokens an answer may take (the text, and `[CLS]`)."""
    width = max(len(window.ids) for window in windows)
    ids, kinds, kept, allowed = (torch.zeros(len(windows), width, dtype=torch.long) for _ in range(4))
    for row, window in enumerate(windows):
        n_tokens = len(window.ids)
        ids[row, :n_tokens] = torch.tensor(window.ids)
        kinds[row, window.text_start : n_tokens] = 1
        kept[row, :n_tokens] = 1
        allowed[row, window.text_start : n_tokens - 1] = 1
        allowed[row, 0] = 1
    return ids, kinds, kept, allowed


def loss_of(model: SpanModel, units: Sequence[Unit], pair_weight: float = 0.0) -> Tensor:
    """Mean cross entropy of start and end (Devlin et al. 2019, section 4.3), summed over the windows.

    With a weight for pairs, also how far the first window of a unit is from being the likelier to hold an answer than
    each of its twins, by a margin: softplus of the margin less the difference of the log-odds.
    """
    windows = [window for unit in units for window in unit]
    ids, kinds, kept, allowed = rectangle(windows)
    # Without instructions for it, half precision is emulated and many times slower.
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=_has_bfloat16()):
        logits = model(ids, kinds, kept)
    logits = logits.float().masked_fill(~allowed.bool().unsqueeze(-1), -1e4)
    firsts = torch.tensor([window.first for window in windows])
    lasts = torch.tensor([window.last for window in windows])
    start = functional.cross_entropy(logits[..., 0], firsts, reduction="sum")
    loss = (start + functional.cross_entropy(logits[..., 1], lasts, reduction="sum")) / 2
    originals, twins = _pair_rows(units)
    if not pair_weight or not twins:
        return loss
    odds = (logits[:, 1:].logsumexp(dim=1) - logits[:, 0]).mean(dim=1)
    apart = odds[originals] - odds[twins]
    return loss + pair_weight * functional.softplus(_PAIR_MARGIN - apart).sum()


@lru_cache(maxsize=1)
def _has_bfloat16() -> bool:
    return "avx512_bf16" in Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").is_file() else False


def _pair_rows(units: Sequence[Unit]) -> tuple[list[int], list[int]]:
    """Rows of the answerable window and of its twin, for every pair of a batch."""
    originals: list[int] = []
    twins: list[int] = []
    row = 0
    for unit in units:
        if unit[0].first:
            twins += range(row + 1, row + len(unit))
            originals += [row] * (len(unit) - 1)
        row += len(unit)
    return originals, twins


def train(
    corpus: Corpus,
    items: Sequence[Item],
    base: Path,
    out: Path,
    plan: Plan,
    *,
    start: Path | None = None,
    save_every_s: float = 240.0,
) -> SpanModel:
    """Train, or go on with a training that was interrupted.

    Args:
        corpus: Paragraphs.
        items: Questions of documents that are not held out.
        base: Folder of the encoder.
        out: Folder for checkpoints and the log.
        start: Exported weights to begin with; the encoder's own and a new head if None.

    Raises:
        ValueError: The checkpoint there is of another plan.
    """
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    model = SpanModel(base)
    if start is not None:
        _begin_with(model, start)
    if plan.top_layers:
        model.encoder.embeddings.requires_grad_(False)
        model.encoder.encoder.layer[: -plan.top_layers].requires_grad_(False)
    head = list(model.head.parameters())
    body = [weight for weight in model.encoder.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": plan.rate}, {"params": head, "lr": plan.head_rate}],
        weight_decay=plan.weight_decay,
        betas=(0.9, 0.98),
        fused=True,
    )
    chosen = items[: plan.limit] if plan.limit else items
    maker = (PairMaker if plan.pairs else WindowMaker)(corpus, chosen, _tokenizer(base), plan.seed)
    first = maker.units(0)
    total = _step_count(first, plan)
    if plan.epochs > 1:
        # The second pass and those after it show more than the first.
        total += round((plan.epochs - 1) * _step_count(maker.units(1), plan))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _factor(step, total, plan.warmup))
    done = _load(out, model, optimizer, schedule, plan)
    step, saved, begun, seen = 0, time.monotonic(), time.monotonic(), 0
    running: list[float] = []
    model.train()
    for epoch in range(math.ceil(plan.epochs)):
        units = first if epoch == 0 else maker.units(epoch)
        for group in steps(batches(units, plan.batch_tokens, str(epoch)), plan.accumulate):
            step += 1
            if step > total:
                break
            if step <= done:
                continue
            n_windows = sum(len(units[index]) for batch in group for index in batch)
            total_loss = 0.0
            for batch in group:
                loss = loss_of(model, [units[index] for index in batch], plan.pair_weight) / n_windows
                loss.backward()
                total_loss += loss.item()
                seen += sum(len(window.ids) for index in batch for window in units[index])
            nn.utils.clip_grad_norm_(body + head, 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            running.append(total_loss)
            if step % 20 == 0:
                rate = seen / (time.monotonic() - begun)
                recent = running[-20:]
                line = {"step": step, "of": total, "epoch": epoch, "loss": sum(recent) / len(recent)}
                line["tokens_per_s"] = round(rate)
                with (out / "log.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps(line) + "\n")
            if time.monotonic() - saved > save_every_s:
                _save(out, model, optimizer, schedule, plan, step)
                saved = time.monotonic()
    _save(out, model, optimizer, schedule, plan, min(step, total))
    return model


def _step_count(units: Sequence[Unit], plan: Plan) -> int:
    return len(list(steps(batches(units, plan.batch_tokens, "0"), plan.accumulate)))


def _begin_with(model: SpanModel, weights: Path) -> None:
    from safetensors.torch import load_file

    tensors = load_file(weights)
    state = {name if name.startswith("head.") else f"encoder.{name}": value for name, value in tensors.items()}
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or any(not name.endswith((FROZEN, "position_ids")) for name in missing):
        raise ValueError(f"{weights}: not this model's weights: {[*missing, *unexpected][:3]}")


def _tokenizer(base: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _factor(step: int, total: int, warmup: float) -> float:
    """Linear warm-up, then linear decay to a hundredth."""
    ramp = max(1, int(total * warmup))
    if step < ramp:
        return (step + 1) / ramp
    return max(0.01, (total - step) / max(1, total - ramp))


def _save(
    out: Path, model: SpanModel, optimizer: torch.optim.Optimizer, schedule: object, plan: Plan, step: int
) -> None:
    state = {
        "model": {name: value for name, value in model.state_dict().items() if not name.endswith(FROZEN)},
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),  # type: ignore[attr-defined]
        "plan": asdict(plan),
        "step": step,
    }
    partial = out / (_CHECKPOINT + ".part")
    torch.save(state, partial)
    partial.replace(out / _CHECKPOINT)


def _load(out: Path, model: SpanModel, optimizer: torch.optim.Optimizer, schedule: object, plan: Plan) -> int:
    if not (out / _CHECKPOINT).is_file():
        return 0
    state = torch.load(out / _CHECKPOINT, weights_only=True)
    if state["plan"] != asdict(plan):
        raise ValueError(f"{out / _CHECKPOINT} is of another training: {state['plan']}; choose another --out")
    model.load_state_dict(state["model"], strict=False)
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])  # type: ignore[attr-defined]
    return int(state["step"])
