"""A model as it stands after a stage: saved whole or not at all, loaded again, and asked."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from core.chat.local.peft_adapter import ignore_position_warning, peft_warnings_ignored
from core.errors import DataError
from finetune.data.template import ChatFormat, Message
from finetune.recipe import Recipe, recipe_dtype
from finetune.runs import TrainingRun
from finetune.training.base import Base, load_model
from finetune.training.machine import Machine

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# Prompts that are answered at once; more gain little and hold more memory.
_BATCH_ROWS = 32


def save_policy(model: Any, chat: ChatFormat, folder: Path) -> None:
    """Write a model's trained part and its tokenizer; the folder appears whole.

    Args:
        model: A peft model, of which the adapter is written, or another, which is written whole.
        folder: Replaced if it is there.
    """
    work = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    if hasattr(model, "peft_config"):
        # Rows that were added to an embedding are part of the adapter; the rest of it is the base's.
        model.save_pretrained(work, selected_adapters=["default"], save_embedding_layers=False)
    else:
        model.config.use_cache = True  # which training turned off
        model.save_pretrained(work)
        model.config.use_cache = False
    chat.tokenizer.save_pretrained(work, save_jinja_files=False)
    put_in_place(work, folder)


def put_in_place(work: Path, folder: Path) -> None:
    """Give a finished folder its name, in place of an older one."""
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    work.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def publish(run: TrainingRun, stage: str) -> None:
    """Make a stage's policy the run's result, in `adapter/`."""
    work = run.folder / ".adapter.part"
    shutil.rmtree(work, ignore_errors=True)
    put_in_place(Path(shutil.copytree(run.stage(stage) / "policy", work)), run.adapter)


def load_policy(base: Base, recipe: Recipe, machine: Machine, folder: Path, *, trainable: bool = False) -> Any:
    """Load a base with what was trained over it.

    Args:
        folder: As `save_policy` wrote it, or a checkpoint of the trainer.
        trainable: Whether training goes on; the adapter is float32 then.

    Raises:
        DataError: The files do not fit the base.
    """
    if not recipe.training_method.adapter:
        return load_model(base, recipe, machine, weights=folder)
    from peft import PeftModel

    model = load_model(base, recipe, machine)
    ignore_position_warning()
    try:
        with peft_warnings_ignored():
            if trainable and recipe.training_method.virtual_tokens:
                tuned = _with_virtual_tokens(model, base, recipe, folder)
            else:
                tuned = PeftModel.from_pretrained(model, folder, is_trainable=trainable)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DataError(f"the adapter cannot be loaded: {reason}", path=folder, hint="kb runs list") from error
    for parameter in tuned.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    if trainable and recipe.gradient_checkpointing:
        model.enable_input_require_grads()
        model.activation_checkpointing_enable({"use_reentrant": False})
    return tuned


def load_merged(base: Base, recipe: Recipe, machine: Machine, folder: Path) -> Any:
    """Load merged weights in place of the base's own, in full precision.

    Raises:
        DataError: The files do not fit the base.
    """
    return load_model(base, recipe.model_copy(update={"method": "full"}), machine, weights=folder)


def _with_virtual_tokens(model: Any, base: Base, recipe: Recipe, folder: Path) -> Any:
    """Return a model whose virtual tokens are trained on; peft loads them for use only.

    What P-tuning saves are prompt embeddings; they are trained further as prompt tuning.
    """
    import peft
    from safetensors.torch import load_file

    tuned = peft.get_peft_model(model, recipe.training_method.resumed_config(recipe, base.shape))
    saved = load_file(folder / "adapter_model.safetensors")["prompt_embeddings"]
    tuned.prompt_encoder["default"].embedding.weight.data.copy_(saved)
    return tuned


@dataclass(frozen=True, slots=True)
class GreedyReply:
    """What a model wrote without control tokens, and whether it ended by itself."""

    text: str
    ended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Asks a loaded model: no penalty, until it stops by itself or `max_tokens` are written.

    Attributes:
        temperature: Of the tokens; 0 is greedy. Seeding torch is the caller's.
    """

    model: Any
    chat: ChatFormat
    dtype: str
    max_tokens: int = 64
    temperature: float = 0.0

    def answers(self, prompts: Sequence[Sequence[Message]]) -> list[str]:
        """Return one answer per prompt, without control tokens, in the order given."""
        return [reply.text for reply in self.replies(prompts)]

    def replies(self, prompts: Sequence[Sequence[Message]]) -> list[GreedyReply]:
        """Return one reply per prompt in the order given."""
        encoded = [self.chat.encode(self.chat.render(prompt, generation=True)) for prompt in prompts]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        answers: dict[int, GreedyReply] = {}
        was_training = self.model.training
        self.model.eval()
        for start in range(0, len(order), _BATCH_ROWS):
            chosen = order[start : start + _BATCH_ROWS]
            answers |= dict(zip(chosen, self._batch([encoded[i] for i in chosen]), strict=True))
        self.model.train(was_training)
        return [answers[i] for i in range(len(encoded))]

    def _batch(self, prompts: Sequence[list[int]]) -> list[GreedyReply]:
        import torch

        longest = max(map(len, prompts))
        device = next(self.model.parameters()).device
        ids = torch.tensor([[self.chat.pad_id] * (longest - len(p)) + p for p in prompts], device=device)
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts], device=device)
        options: dict[str, Any] = {"do_sample": False}
        if self.temperature:
            options = {"do_sample": True, "temperature": self.temperature, "top_p": 1.0, "top_k": 0}
        with torch.no_grad(), self.arithmetic(device.type):
            written = self.model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=self.max_tokens,
                use_cache=True,
                eos_token_id=sorted(self.chat.eos_ids),
                pad_token_id=self.chat.pad_id,
                **options,
            )
        return [self.reply(line) for line in written[:, -(written.shape[1] - longest) :].tolist()]

    def reply(self, tokens: Sequence[int]) -> GreedyReply:
        """Return generated tokens as a reply, up to the one that ends it."""
        end = next((i for i, token in enumerate(tokens) if token in self.chat.eos_ids), len(tokens))
        text = str(self.chat.tokenizer.decode(tokens[:end], skip_special_tokens=True)).strip()
        return GreedyReply(text, end < len(tokens))

    def arithmetic(self, device: str) -> AbstractContextManager[Any]:
        """Return the context in which the model computes."""
        import torch

        if self.dtype == "f32":
            return contextlib.nullcontext()
        half = torch.bfloat16 if self.dtype == "bf16" else torch.float16
        return cast("AbstractContextManager[Any]", torch.autocast(device, half))


def asker(model: Any, chat: ChatFormat, recipe: Recipe, machine: Machine, max_tokens: int) -> Asker:
    """Return an asker in the arithmetic of a run."""
    return Asker(model=model, chat=chat, dtype=recipe_dtype(recipe, machine), max_tokens=max_tokens)
