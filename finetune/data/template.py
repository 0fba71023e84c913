"""How a row becomes text and tokens: the chat template, its end tokens, and a padding token that ends nothing.

The same object renders for training, for the audit and for generation, so that a model is prompted as it was trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.errors import DataError
from core.prompt import AnswerPrompt, load_prompt, read_block
from core.types import Pair, Preference

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

Message = Mapping[str, str]

# For a model and a dataset that bring no template: plain words, ended by the tokenizer's own EOS.
PLAIN_TEMPLATE = (
    "{{ bos_token if bos_token and bos_token != eos_token else '' }}{% for message in messages %}"
    "{% if message['role'] == 'system' %}{{ message['content'] }}\n\n"
    "{% elif message['role'] == 'user' %}### Question:\n{{ message['content'] }}\n\n### Answer:\n"
    "{% else %}{{ message['content'] }}{{ eos_token }}\n{% endif %}{% endfor %}"
)
# Spellings by which tokenizers name a token that is there to pad, and some that never stand in text.
_PADS = (
    "<|finetune_right_pad_id|>",
    "<pad>",
    "[PAD]",
    "<|pad|>",
    "<|endoftext|>",
    "<unk>",
    "<|reserved_special_token_0|>",
)


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """Renders and tokenises.

    Attributes:
        tokenizer: With `chat_template` and a pad token set.
        eos_ids: Every token that ends an answer at generation.
        source: Where the template came from: `model`, `dataset` or `plain`.
        system: System prompt of every row; empty for the template's own.
        context_template: User turn of a row whose context is no block of passages.
        answer_prompt: User turn of a row with passages: the prompt of `kb ask`.
    """

    tokenizer: PreTrainedTokenizerFast
    eos_ids: frozenset[int]
    source: str
    system: str
    context_template: str
    answer_prompt: AnswerPrompt = field(default_factory=load_prompt)

    @property
    def pad_id(self) -> int:
        """The token that fills batches; never one of `eos_ids`."""
        return int(self.tokenizer.pad_token_id)

    def render(self, messages: Sequence[Message], *, generation: bool) -> str:
        """Return messages as text.

        Args:
            generation: Whether the text ends where an answer would begin.

        Raises:
            DataError: The template refuses these messages.
        """
        from jinja2 import TemplateError

        try:
            return str(
                self.tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=generation)
            )
        except (ValueError, TemplateError) as error:
            raise DataError(f"the chat template fails: {error}", hint="kb finetune --dry-run --data DIR") from error

    def encode(self, text: str) -> list[int]:
        """Return token ids; a template writes its own BOS, so none is added."""
        return [int(token) for token in self.tokenizer.encode(text, add_special_tokens=False)]

    def prompt(self, row: Pair | Preference, *, context: str | None = None) -> list[Message]:
        """Return the messages before a row's answer.

        Args:
            context: Stands in for the row's own, where that was shortened.
        """
        question = row.question if isinstance(row, Pair) else row.prompt
        context = row.context if context is None else context
        if read_block(context):
            question = self.answer_prompt.fill(context, question)
        elif context:
            # Not str.format: a document may hold braces.
            before, _, after = self.context_template.partition("{context}")
            question = before.replace("{question}", question) + context + after.replace("{question}", question)
        said: list[Message] = [{"role": "system", "content": self.system}] if self.system else []
        for asked, answered in row.turns if isinstance(row, Pair) else ():
            said += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
        return [*said, {"role": "user", "content": question}]


def chat_format(
    tokenizer: PreTrainedTokenizerFast,
    *,
    generation_eos: int | Sequence[int] | None,
    dataset_template: str,
    system: str,
    context_template: str,
    answer_prompt: AnswerPrompt | None = None,
) -> ChatFormat:
    """Settle template, ends and padding; the tokenizer is changed in place.

    Args:
        generation_eos: `eos_token_id` of the model's generation config.
        dataset_template: Used where the model has none; empty where the dataset has none either.
        answer_prompt: Shows passages; the built-in prompt if None.

    Raises:
        DataError: The tokenizer has no EOS, or no token that can pad.
    """
    listed = [generation_eos] if isinstance(generation_eos, int) else list(generation_eos or ())
    if tokenizer.eos_token_id is not None:
        listed.append(int(tokenizer.eos_token_id))
    if not listed:
        raise DataError("the tokenizer has no end-of-sequence token, so a trained model would never stop")
    source = "model"
    if not tokenizer.chat_template:
        source = "dataset" if dataset_template else "plain"
        tokenizer.chat_template = dataset_template or PLAIN_TEMPLATE
    eos_ids = frozenset(listed)
    _settle_pad(tokenizer, eos_ids)
    return ChatFormat(tokenizer, eos_ids, source, system, context_template, answer_prompt or load_prompt())


def _settle_pad(tokenizer: PreTrainedTokenizerFast, eos_ids: frozenset[int]) -> None:
    """Choose a pad token that ends no answer: if padding stops generation, what is left-padded is cut off."""
    if tokenizer.pad_token_id is not None and tokenizer.pad_token_id not in eos_ids:
        return
    vocabulary = tokenizer.get_vocab()
    for spelling in _PADS:
        if vocabulary.get(spelling, -1) >= 0 and vocabulary[spelling] not in eos_ids:
            tokenizer.pad_token = spelling
            return
    raise DataError(
        "the tokenizer has no padding token that does not also end answers", hint="kb finetune --base smollm2"
    )
