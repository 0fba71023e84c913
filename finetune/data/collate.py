"""Tokenised rows to tensors: the rows of a step packed side by side or padded, and preferences padded.

Packed rows do not see each other, and tokens that all rows of a line begin with (a system prompt, or the passages that
many questions are about) stand in it once: every row sees them, so that the loss is that of the rows on their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from datasets import Dataset

from finetune.data.encoding import IGNORED, TokenRow
from finetune.data.order import common_prefix, same_prompt
from finetune.recipe import Recipe
from finetune.training.machine import CPU_LINE_TOKENS

Part = dict[str, Any]
TokenRecord = Mapping[str, Sequence[int]]
_LINE_TOKENS = 4096
# Of a line whose rows have a long prompt in common: what it saves is worth more than the longer attention costs.
_SHARED_LINE_TOKENS = 2560
# Log-probabilities of both answers of a preference under the reference.
REFERENCE_COLUMNS = ("reference_chosen", "reference_rejected")


def row_dataset(rows: Sequence[TokenRow]) -> Dataset:
    """Return rows as a data set with the columns `input_ids` and `labels`."""
    return Dataset.from_dict(
        {"input_ids": [list(row.input_ids) for row in rows], "labels": [list(row.labels) for row in rows]}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCollator:
    """Rows of a step to a list of forward passes, called parts, each of at most so many tokens.

    Attributes:
        pad_id: Fills what is padded.
        packed: Rows side by side in one line; else padded.
        pad_left: Whether padding goes before a row instead of after it.
        varlen: The kernel finds the ends of rows by their positions and takes no mask; nothing is shared then.
        part_tokens: Most tokens of a part with its padding; a longer row is a part of its own.
        shared_tokens: Most tokens of a packed part whose rows have most of their prompt in common.
        part_rows: Rows of every part, whatever their length; 0 lets tokens decide. Processes that run side by side need
            equally many parts.
        segments: Say where rows of a line begin, for `finetune.training.line_attention`.
    """

    pad_id: int
    packed: bool
    pad_left: bool = False
    varlen: bool = False
    part_tokens: int
    shared_tokens: int = 0
    part_rows: int = 0
    segments: bool = False

    def __call__(self, rows: Sequence[TokenRecord]) -> dict[str, list[Part]]:
        """Return `{"parts": [...]}`; a part is what the model takes, with `labels`, int64, (rows, tokens)."""
        clean = [_unpredictable_first(row) for row in rows]
        groups = self._lines(clean) if self.packed and not self.part_rows else self._groups(clean)
        return {"parts": [self._line(group) if self.packed else self._padded(group) for group in groups]}

    def _groups(self, rows: list[TokenRecord]) -> list[list[TokenRecord]]:
        """Split a step's rows, the longest first, into parts of so many rows or of rows of like length."""
        ordered = longest_first(rows)
        if self.part_rows:
            return [ordered[i : i + self.part_rows] for i in range(0, len(ordered), self.part_rows)]
        groups: list[list[TokenRecord]] = []
        for row in ordered:
            if groups and len(groups[-1][0]["input_ids"]) * (len(groups[-1]) + 1) <= self.part_tokens:
                groups[-1].append(row)
            else:
                groups.append([row])
        return groups

    def _lines(self, rows: list[TokenRecord]) -> list[list[TokenRecord]]:
        """Split a step's rows into lines: those of one long prompt together, the others where they fit."""
        lines: list[list[TokenRecord]] = []
        for prompt_rows in same_prompt(rows, key=lambda row: row["input_ids"]):
            line: list[TokenRecord] = []
            for row in prompt_rows:
                if line and self._tokens([*line, row]) > max(self.part_tokens, self.shared_tokens):
                    lines.append(line)
                    line = []
                line.append(row)
            lines.append(line)
        return self._first_fit(sorted(lines, key=lambda line: -self._tokens(line)))

    def _first_fit(self, lines: list[list[TokenRecord]]) -> list[list[TokenRecord]]:
        """Join lines, the longest first, where they fit side by side."""
        joined: list[list[TokenRecord]] = []
        for line in lines:
            fitting = (other for other in joined if self._tokens([*other, *line]) <= self.part_tokens)
            other = next(fitting, None)
            if other is None:
                joined.append(line)
            else:
                other += line
        return joined

    def _tokens(self, rows: Sequence[TokenRecord]) -> int:
        """Tokens of a line."""
        shared = self._shared(rows)
        return shared + sum(len(row["input_ids"]) - shared for row in rows)

    def _shared(self, rows: Sequence[TokenRecord]) -> int:
        return 0 if self.varlen or len(rows) == 1 else shared_prefix(rows)

    def _line(self, rows: Sequence[TokenRecord]) -> Part:
        """Put rows side by side: positions begin anew after the shared tokens, and so does what a row sees."""
        shared, rows = self._shared(rows), longest_first(rows)
        ids = [*rows[0]["input_ids"][:shared], *(token for row in rows for token in row["input_ids"][shared:])]
        labels = [IGNORED] * shared + [label for row in rows for label in row["labels"][shared:]]
        lengths = [len(row["input_ids"]) - shared for row in rows]
        positions = [*range(shared), *(place for n in lengths for place in range(shared, shared + n))]
        part: Part = {
            "input_ids": torch.tensor([ids]),
            "labels": torch.tensor([labels]),
            "position_ids": torch.tensor([positions]),
        }
        if not self.varlen:
            owner = torch.tensor([-1] * shared + [i for i, n in enumerate(lengths) for _ in range(n)])
            same = (owner[:, None] == owner[None, :]) | (owner[None, :] == -1)
            part["attention_mask"] = same.tril()[None, None]
        if self.segments:
            part["line_segments"] = torch.tensor([[shared, *lengths]])
        return part

    def _padded(self, rows: Sequence[TokenRecord]) -> Part:
        longest = max(len(row["input_ids"]) for row in rows)

        def filled(name: str, filler: int) -> torch.Tensor:
            lines = []
            for row in rows:
                padding = [filler] * (longest - len(row["input_ids"]))
                values = [1] * len(row["input_ids"]) if name == "attention_mask" else list(row[name])
                lines.append([*padding, *values] if self.pad_left else [*values, *padding])
            return torch.tensor(lines)

        fillers = {"input_ids": self.pad_id, "labels": IGNORED, "attention_mask": 0}
        return {name: filled(name, filler) for name, filler in fillers.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceCollator:
    """Preferences to one batch padded on the right: the preferred answers in the first half, the others in the second.

    Attributes:
        pad_id: Token that fills the padding.
    """

    pad_id: int

    def __call__(self, rows: Sequence[Mapping[str, Any]]) -> Part:
        """Return `input_ids`, `attention_mask` and `answer_labels`, int64, (2 x rows, tokens).

        Where the rows have the reference's log-probabilities, they are returned too, f32, (rows,).
        """
        sides = [(row["prompt_ids"], row[name]) for name in ("chosen_ids", "rejected_ids") for row in rows]
        width = max(len(prompt) + len(answer) for prompt, answer in sides)

        def padded(filler: int, lines: Sequence[Sequence[int]]) -> torch.Tensor:
            return torch.tensor([[*line, *[filler] * (width - len(line))] for line in lines])

        batch = {
            "input_ids": padded(self.pad_id, [[*prompt, *answer] for prompt, answer in sides]),
            "attention_mask": padded(0, [[1] * (len(prompt) + len(answer)) for prompt, answer in sides]),
            "answer_labels": padded(IGNORED, [[IGNORED] * len(prompt) + list(answer) for prompt, answer in sides]),
        }
        for name in REFERENCE_COLUMNS:
            if name in rows[0]:
                batch[name] = torch.tensor([row[name] for row in rows])
        return batch


def _unpredictable_first(row: TokenRecord) -> TokenRecord:
    """Take the label off a row's first token: nothing stands before it that could predict it."""
    return {"input_ids": row["input_ids"], "labels": [IGNORED, *row["labels"][1:]]}


def longest_first(rows: Sequence[TokenRecord]) -> list[TokenRecord]:
    """Return rows in the order in which parts have them; of equal lengths, in lexicographic order."""
    return sorted(rows, key=lambda row: (-len(row["input_ids"]), list(row["input_ids"])))


def shared_prefix(rows: Sequence[TokenRecord]) -> int:
    """Return how many first tokens all rows have in common, all of them before the token that predicts an answer."""
    before_answers = min(
        next((i for i, label in enumerate(row["labels"]) if label != IGNORED), len(row["labels"])) for row in rows
    )
    first = min((row["input_ids"] for row in rows), key=list)
    last = max((row["input_ids"] for row in rows), key=list)
    # What the first and the last in lexicographic order have in common, all between them have.
    return max(0, min(common_prefix(first, last), before_answers - 1))


def trained_tokens(parts: Sequence[Part]) -> int:
    """Return how many tokens carry loss."""
    return sum(int((part["labels"] != IGNORED).sum()) for part in parts)


def collator(recipe: Recipe, pad_id: int, part_tokens: int, *, device: str, processes: int = 1) -> StepCollator:
    """Return the collator of a recipe.

    Args:
        part_tokens: What fits into memory at once.
        device: `cpu` or `cuda`.
        processes: That train together.
    """
    packed = recipe.packing != "none"
    most = CPU_LINE_TOKENS if device == "cpu" else _LINE_TOKENS
    return StepCollator(
        pad_id=pad_id,
        packed=packed,
        pad_left=recipe.padding_side == "left",
        varlen=recipe.attn == "flash",
        part_tokens=min(part_tokens, most) if packed else part_tokens,
        shared_tokens=max(part_tokens, _SHARED_LINE_TOKENS) if device == "cpu" else part_tokens,
        part_rows=max(1, recipe.micro_batch) if processes > 1 else 0,
    )
