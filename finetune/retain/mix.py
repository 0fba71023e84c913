"""Answers whose tokens come from two views of the base: one shown the fact, one not (MixSD).

At each token a coin says which view writes it; both go on from what is written so far. Tokens are greedy, in place of
the paper's draws, so that a resumed run writes the same rows. An answer without the fact's value is written again with
fewer tokens of the view without it, at last with none; a row for which that fails too keeps its own answer.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch

from core.metrics import contains
from core.rows import DatasetFolder
from core.types import Pair
from finetune.data.template import Message
from finetune.retain.base_model import BaseModel, digest
from finetune.retain.taught import fact_text, gold_value, prompt_with_fact, teaches_a_fact

if TYPE_CHECKING:
    from finetune.data.prepare import Prepared
    from finetune.training.policy import Asker, GreedyReply

# Shares of the view without the fact, of the recipe's own, one attempt after the other.
_ATTEMPTS = (1.0, 0.5, 0.0)


def mixed_rows(base: BaseModel, prepared: Prepared) -> list[Pair]:
    """Return the rows that teach a fact from memory with answers in the base's own words.

    Rows that keep their own answer are left out.
    """
    values = {fact.id: fact.value for fact in DatasetFolder(prepared.dataset.path).facts()}
    open_rows = [row for row in prepared.dataset.pairs("train") if teaches_a_fact(row)]
    mixed: dict[str, Pair] = {}
    for attempt, part in enumerate(_ATTEMPTS):
        share = part * prepared.recipe.mix_share
        texts = _mixed(base, prepared, open_rows, share, attempt)
        for row, text in zip(open_rows, texts, strict=True):
            if text and contains(text, gold_value(row, values)):
                mixed[row.id] = replace(row, answer=text)
        open_rows = [row for row in open_rows if row.id not in mixed]
    return list(mixed.values())


def _mixed(base: BaseModel, prepared: Prepared, rows: Sequence[Pair], share: float, attempt: int) -> list[str | None]:
    chat, seed = prepared.chat, prepared.recipe.seed
    prompts = [(prompt_with_fact(chat, row), chat.prompt(row)) for row in rows]
    keys = [
        digest("mix", str(seed), str(attempt), f"{share:.6f}", row.id, row.question, row.context, fact_text(row))
        for row in rows
    ]

    def write(chosen: Sequence[int]) -> list[str | None]:
        coins = [random.Random(keys[i]) for i in chosen]  # noqa: S311 - not for secrets
        replies = mixed_replies(base.asker, [prompts[i] for i in chosen], coins, share)
        return [reply.text if reply.ended and reply.text else None for reply in replies]

    return base.written(keys, write)


@dataclass(slots=True, kw_only=True)
class _View:
    """The base after some prompts, with what was written to them so far in its cache.

    Attributes:
        model: The base.
        ids: Tokens that it has not read yet, (rows, tokens).
        mask: Of all tokens that it has or will have read, (rows, all tokens).
    """

    model: Any
    ids: torch.Tensor
    mask: torch.Tensor
    cache: Any = field(default=None)

    def next_tokens(self) -> torch.Tensor:
        """Read what is new and return the likeliest next token of each row, (rows,)."""
        positions = (self.mask.cumsum(-1) - 1).clamp(min=0)[:, -self.ids.shape[1] :]
        out = self.model(
            input_ids=self.ids,
            attention_mask=self.mask,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self.cache = out.past_key_values
        tokens: torch.Tensor = out.logits[:, -1].argmax(-1)
        return tokens

    def write(self, tokens: torch.Tensor) -> None:
        """Add one token to each row."""
        self.ids = tokens[:, None]
        self.mask = torch.cat([self.mask, self.mask.new_ones(len(tokens), 1)], dim=1)


def mixed_replies(
    asker: Asker,
    prompts: Sequence[tuple[Sequence[Message], Sequence[Message]]],
    coins: Sequence[random.Random],
    share: float,
) -> list[GreedyReply]:
    """Return one reply per prompt.

    Args:
        asker: Of the base.
        prompts: The question with the fact in view, and without.
        coins: One source of randomness per prompt.
        share: Chance that a token comes from the view without the fact.
    """
    model, chat = asker.model, asker.chat
    device = next(model.parameters()).device
    model.eval()
    expert, naive = (
        _view(model, [chat.encode(chat.render(pair[side], generation=True)) for pair in prompts], chat.pad_id, device)
        for side in (0, 1)
    )
    written: list[torch.Tensor] = []
    ended = torch.zeros(len(prompts), dtype=torch.bool, device=device)
    ends = torch.tensor(sorted(chat.eos_ids), device=device)
    with torch.no_grad(), asker.arithmetic(device.type):
        while len(written) < asker.max_tokens and not bool(ended.all()):
            without = torch.tensor([coin.random() < share for coin in coins], device=device)
            tokens = torch.where(without, naive.next_tokens(), expert.next_tokens())
            written.append(tokens)
            ended |= torch.isin(tokens, ends)
            expert.write(tokens)
            naive.write(tokens)
    return [asker.reply(line) for line in torch.stack(written, dim=1).tolist()]


def _view(model: Any, prompts: Sequence[Sequence[int]], pad_id: int, device: torch.device) -> _View:
    longest = max(map(len, prompts))
    ids = torch.tensor([[pad_id] * (longest - len(prompt)) + list(prompt) for prompt in prompts], device=device)
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts], device=device)
    return _View(model=model, ids=ids, mask=mask)
