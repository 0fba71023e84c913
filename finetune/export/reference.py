"""What the exported model must answer: the merged checkpoint in transformers, float32, prompted as it was trained."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import DataError
from finetune.data.template import ChatFormat, Message

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Tokens among which what another runtime said instead is looked for.
_NEAREST = 100
# Tokenizers of SentencePiece's kind drop the blank before the first word of all.
_STEM = "a"
# Times the median length at which a prompt is batched apart.
_LONG = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The reference's greedy answer to one conversation.

    Attributes:
        prompt: As training rendered it.
        answer_ids: Without the token that ended it.
        stopped: Whether it ended by itself.
    """

    prompt: str
    prompt_ids: tuple[int, ...]
    answer_ids: tuple[int, ...]
    stopped: bool


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Part prompts into those of usual length and those far longer, which the others would be padded to."""
    if not lengths:
        return []
    limit = _LONG * sorted(lengths)[len(lengths) // 2]
    usual = [index for index, length in enumerate(lengths) if length <= limit]
    return [batch for batch in (usual, [index for index in range(len(lengths)) if index not in usual]) if batch]


class Reference:
    """The merged checkpoint, loaded.

    Args:
        folder: As `save_checkpoint` leaves it.
        chat: The run's format as it was trained, its system prompt said in so many words.
        weights: Laid over the checkpoint's own, by name in transformers: what a quantised file stands for.

    Raises:
        DataError: It cannot be loaded.
    """

    def __init__(self, folder: Path, chat: ChatFormat, weights: Iterable[tuple[str, NDArray[np.float32]]] = ()) -> None:
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()
        try:
            self._model: Any = AutoModelForCausalLM.from_pretrained(
                folder, dtype=torch.float32, trust_remote_code=False, local_files_only=True, use_safetensors=True
            ).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise DataError(
                f"transformers cannot load the model: {reason}", path=folder, hint="kb runs list"
            ) from error
        own = self._model.state_dict()
        for name, values in weights:
            own[name].copy_(torch.from_numpy(values))
        self.chat = chat

    def prompt(self, messages: Sequence[Message]) -> str:
        """Return the prompt of a conversation as the rows of training were rendered."""
        turns = list(messages)
        if self.chat.system and (not turns or turns[0]["role"] != "system"):
            turns = [{"role": "system", "content": self.chat.system}, *turns]
        return self.chat.render(turns, generation=True)

    def answers(self, conversations: Sequence[Sequence[Message]], max_tokens: int) -> list[Expected]:
        """Answer greedily, in batches of prompts of about the same length."""
        prompts = [self.prompt(messages) for messages in conversations]
        ids = [self.chat.encode(prompt) for prompt in prompts]
        expected: dict[int, Expected] = {}
        for batch in _batches([len(row) for row in ids]):
            made = self._generate([ids[index] for index in batch], max_tokens)
            for index, answer in zip(batch, made, strict=True):
                expected[index] = self._expected(prompts[index], ids[index], answer)
        return [expected[index] for index in range(len(ids))]

    def _generate(self, ids: Sequence[list[int]], max_tokens: int) -> list[list[int]]:
        """Return what is written after each prompt, one batch padded on the left."""
        import torch

        width = max(map(len, ids))
        padded = torch.tensor([[self.chat.pad_id] * (width - len(row)) + row for row in ids])
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in ids])
        ends = sorted(self.chat.eos_ids)
        with torch.no_grad():
            made: list[list[int]] = self._model.generate(
                input_ids=padded,
                attention_mask=mask,
                max_new_tokens=max_tokens,
                do_sample=False,
                repetition_penalty=1.0,
                eos_token_id=ends,
                pad_token_id=self.chat.pad_id,
            )[:, width:].tolist()
        return made

    def _expected(self, prompt: str, ids: list[int], made: list[int]) -> Expected:
        end = next((index for index, token in enumerate(made) if token in self.chat.eos_ids), len(made))
        return Expected(prompt=prompt, prompt_ids=tuple(ids), answer_ids=tuple(made[:end]), stopped=end < len(made))

    def text(self, ids: Sequence[int]) -> str:
        """Return what a reader sees of answer tokens, which continue a text: a blank before the first word stays."""
        stem = self.chat.encode(_STEM)
        before, whole = (
            str(self.chat.tokenizer.decode(tokens, skip_special_tokens=True)) for tokens in (stem, [*stem, *ids])
        )
        return whole.removeprefix(before)

    def gap(self, expected: Expected, index: int, reply_text: str, stopped: bool) -> float:
        """Return how much likelier the reference found its own token than the one a runtime took, in nats.

        Args:
            expected: The reference's answer.
            index: Of the first token in which they part; past the last one it is the end.
            reply_text: The whole answer of the runtime.
            stopped: Whether the runtime ended by itself.

        Returns:
            The difference of the two logits; infinite where no likely token leads to what the runtime said.
        """
        import torch

        ids = torch.tensor([[*expected.prompt_ids, *expected.answer_ids[:index]]])
        with torch.no_grad():
            logits = self._model(input_ids=ids, logits_to_keep=1, use_cache=False).logits[0, -1]
        ends = [logits[token] for token in self.chat.eos_ids]
        own = logits[expected.answer_ids[index]] if index < len(expected.answer_ids) else max(ends)
        before = self.text(expected.answer_ids[:index])
        if stopped and reply_text == before:
            return float(own - max(ends))
        for token in logits.topk(min(_NEAREST, len(logits))).indices.tolist():
            if token in self.chat.eos_ids or expected.answer_ids[index : index + 1] == (token,):
                continue
            text = self.text([*expected.answer_ids[:index], token]).rstrip("\ufffd")
            if len(text) > len(before) and reply_text.startswith(text):
                return float(own - logits[token])
        return float("inf")
