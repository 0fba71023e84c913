"""How a row becomes text and tokens: the chat template, its end tokens, and a padding token that ends nothing.

The same object renders for training, for the audit and for generation, so that a model is prompted as it was trained.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.chat.thoughts import CLOSE, OPEN, split_thought
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
# Tokens that stand in no text, beside those with "pad" in their name: spare ones of a vocabulary, and the unknown one.
_SPARE = ("<|endoftext|>", "<unk>", "[UNK]", "<|unk|>", "<|reserved_special_token_0|>")
_PAD_NAME = re.compile(r"(?!.*(image|vision|video|audio)).*pad", re.IGNORECASE)
# Put before a template that refuses a system message: it becomes the head of the first user turn.
_SYSTEM_INTO_USER = (
    "{% if messages and messages[0]['role'] == 'system' and messages|length > 1 and messages[1]['role'] == 'user' %}"
    "{% set messages = [{'role': 'user', 'content': messages[0]['content'] + '\\n\\n' + messages[1]['content']}]"
    " + messages[2:] %}{% endif %}"
)
_PROBE, _SYSTEM_PROBE, _THOUGHT_PROBE = "kq0probe", "kq1system", "kq2thought"
# Fields of a message in which templates expect a thought: Qwen 3, GLM and Kimi; gpt-oss; others.
_THOUGHT_FIELDS = ("reasoning_content", "thinking", "reasoning")


@dataclass(frozen=True, slots=True)
class ChatFormat:
    """Renders and tokenises.

    Attributes:
        tokenizer: With `chat_template` and a pad token set.
        eos_ids: Every token that ends an answer at generation.
        source: Where the template came from: `model`, `dataset` or `plain`.
        system: System prompt of every row that has none of its own; empty for the template's own.
        context_template: User turn of a row whose context is no block of passages.
        answer_prompt: User turn of a row with passages: the prompt of `kb ask`.
        stand_in_pad: Fills batches where the tokenizer has no token for it: any that ends nothing, since attention
            masks and labels leave padding out. None where the tokenizer's own pad token serves.
        vocabulary: Rows of the model's embedding; 0 if they are not known.
    """

    tokenizer: PreTrainedTokenizerFast
    eos_ids: frozenset[int]
    source: str
    system: str
    context_template: str
    answer_prompt: AnswerPrompt = field(default_factory=load_prompt)
    stand_in_pad: int | None = None
    vocabulary: int = 0

    @property
    def pad_id(self) -> int:
        """The token that fills batches; never one of `eos_ids`."""
        return int(self.tokenizer.pad_token_id) if self.stand_in_pad is None else self.stand_in_pad

    @property
    def exported_pad_id(self) -> int:
        """The token that files of an export name for padding: a stand-in may stand in text, so then it is the EOS."""
        return self.pad_id if self.stand_in_pad is None else min(self.eos_ids)

    @property
    def moves_system(self) -> bool:
        """Whether a system message becomes the head of the first user turn: the model's template refuses one."""
        return _SYSTEM_INTO_USER in str(self.tokenizer.chat_template)

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
        except (ValueError, TypeError, TemplateError) as error:
            raise DataError(f"the chat template fails: {error}", hint="kb finetune --dry-run --data DIR") from error

    def answered(self, messages: Sequence[Message], answer: str) -> tuple[str, str]:
        """Return a prompt as it stands at generation, and the same with an answer to it.

        A thought (`<think>...</think>`) is part of the answer: where the template leaves it out, it is put back, and
        where every prompt opens one, an answer without a thought closes an empty one. Thoughts of earlier turns stand
        as the template has them.

        Raises:
            DataError: The template refuses these messages.
        """
        prompt = self.render(messages, generation=True)
        whole = self.render([*messages, self.assistant(answer)], generation=False)
        thought, rest = split_thought(answer)
        if whole.startswith(prompt) and spoken(thought) in spoken(whole[len(prompt) :]):
            return prompt, whole
        probe = self.render([*messages, {"role": "assistant", "content": _PROBE}], generation=False)
        return prompt, _with_thought(prompt, probe, thought, rest) or whole

    def assistant(self, answer: str) -> Message:
        """Return an answer as a message, its thought in the field that the template has for thoughts, if it has one."""
        thought, rest = split_thought(answer)
        template = str(self.tokenizer.chat_template)
        for name in _THOUGHT_FIELDS if thought else ():
            probe = {"role": "assistant", "content": _PROBE, name: _THOUGHT_PROBE}
            user = {"role": "user", "content": _PROBE}
            if name in template and _THOUGHT_PROBE in self.render([user, probe], generation=False):
                return {"role": "assistant", "content": rest, name: thought}
        return {"role": "assistant", "content": answer}

    def encode(self, text: str) -> list[int]:
        """Return token ids; a template writes its own BOS, so none is added.

        Raises:
            DataError: The tokenizer has tokens for which the model has no embedding, and the text holds one.
        """
        ids = [int(token) for token in self.tokenizer.encode(text, add_special_tokens=False)]
        self.check_embedded(ids)
        return ids

    def check_embedded(self, ids: Sequence[int]) -> None:
        """Check that the model's embedding has a row for every token.

        Raises:
            DataError: It has not; the message names the token, the embedding's rows and the tokenizer's tokens.
        """
        if not self.vocabulary or max(ids, default=0) < self.vocabulary:
            return
        unknown = sorted({token for token in ids if token >= self.vocabulary})
        names = ", ".join(f"{self.tokenizer.convert_ids_to_tokens(token)!r} (id {token})" for token in unknown[:5])
        raise DataError(
            f"the model has no embedding for the token {names}: the tokenizer has {len(self.tokenizer)} tokens, "
            f"the embedding {self.vocabulary} rows",
            hint=f"kb finetune --dry-run --data DIR --set embedding_rows={len(self.tokenizer)}  # trains the new rows",
            click="choose another base model",
        )

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
        system = row.system or self.system
        messages: list[Message] = [{"role": "system", "content": system}] if system else []
        for earlier_question, earlier_answer in row.turns:
            messages += [{"role": "user", "content": earlier_question}, self.assistant(earlier_answer)]
        return [*messages, {"role": "user", "content": question}]


def chat_format(
    tokenizer: PreTrainedTokenizerFast,
    *,
    generation_eos: int | Sequence[int] | None,
    dataset_template: str,
    system: str,
    context_template: str,
    answer_prompt: AnswerPrompt | None = None,
    vocabulary: int = 0,
) -> ChatFormat:
    """Settle template, ends and padding; the tokenizer is changed in place.

    Args:
        generation_eos: `eos_token_id` of the model's generation config.
        dataset_template: Used where the model has none; empty where the dataset has none either.
        answer_prompt: Shows passages; the built-in prompt if None.
        vocabulary: Rows of the model's embedding, past which no token can be read or pad; 0 if they are not known.

    Raises:
        DataError: The tokenizer has no EOS, or nothing but ends.
    """
    listed = [generation_eos] if isinstance(generation_eos, int) else list(generation_eos or ())
    if tokenizer.eos_token_id is not None:
        listed.append(int(tokenizer.eos_token_id))
    if not listed:
        raise DataError("the tokenizer has no end-of-sequence token, so a trained model would never stop")
    source = "model"
    if isinstance(tokenizer.chat_template, dict):  # several by name; that for tools needs tools
        templates = tokenizer.chat_template
        tokenizer.chat_template = templates.get("default") or next(iter(templates.values()), "")
    if not tokenizer.chat_template:
        source = "dataset" if dataset_template else "plain"
        tokenizer.chat_template = dataset_template or PLAIN_TEMPLATE
    prompt = answer_prompt or load_prompt()
    bare = ChatFormat(tokenizer, frozenset(listed), source, system, context_template, prompt, None, vocabulary)
    _settle_generation(bare)
    eos_ids = bare.eos_ids | _turn_end(bare)
    stand_in = _settle_pad(tokenizer, eos_ids, vocabulary)
    chat = ChatFormat(tokenizer, eos_ids, source, system, context_template, prompt, stand_in, vocabulary)
    _settle_system(chat)
    return chat


def _settle_generation(chat: ChatFormat) -> None:
    """Make the template begin an answer for generation as it begins one in a conversation, where it does not itself.

    Else the model would be trained to write the head of its own turn.
    """
    user, answer = {"role": "user", "content": _PROBE}, {"role": "assistant", "content": _THOUGHT_PROBE}
    try:
        prompt, bare = (chat.render([user], generation=generation) for generation in (True, False))
        whole = chat.render([user, answer], generation=False)
    except DataError:
        return  # reported where rows meet it
    head, probe_mark, _ = whole[len(bare) :].partition(_THOUGHT_PROBE)
    if prompt == bare and whole.startswith(bare) and probe_mark and head.strip() and OPEN not in head:
        begin = json.dumps(head, ensure_ascii=False)
        chat.tokenizer.chat_template = (
            f"{chat.tokenizer.chat_template}{{% if add_generation_prompt %}}{{{{ {begin} }}}}"
        )
        chat.tokenizer.chat_template += "{% endif %}"


def _turn_end(chat: ChatFormat) -> frozenset[int]:
    """Return the special token that the template writes after an answer where none of `eos_ids` stands there.

    Gemma's `<end_of_turn>` is one that the generation config may list or not. Empty where there is none.
    """
    tokenizer = chat.tokenizer
    turns = [{"role": role, "content": _PROBE} for role in ("user", "assistant")]
    try:
        tail = chat.render(turns, generation=False).rpartition(_PROBE)[2]
    except DataError:
        return frozenset()  # reported where rows meet it
    ids = [int(token) for token in tokenizer.encode(tail, add_special_tokens=False)]
    special = {int(id_) for id_, token in tokenizer.added_tokens_decoder.items() if token.special}
    first = next((token for token in ids if str(tokenizer.decode([token])).strip()), None)
    if first is None or first not in special or first == tokenizer.bos_token_id or chat.eos_ids & set(ids):
        return frozenset()
    return frozenset((first,))


def spoken(text: str) -> str:
    """Return a text without blanks and marks of thoughts, which templates set as they do."""
    return "".join(text.replace(OPEN, "").replace(CLOSE, "").split())


def _with_thought(prompt: str, probe: str, thought: str, rest: str) -> str:
    """Return a prompt with an answer whose thought the template does not write as the prompt begins it.

    Args:
        prompt: At generation.
        probe: The same conversation with `_PROBE` as its answer.

    Returns:
        The whole text; empty where prompt and template differ in more than a thought.
    """
    stem = next((i for i, (a, b) in enumerate(zip(prompt, probe, strict=False)) if a != b), len(prompt))
    between, probe_mark, tail = probe[stem:].partition(_PROBE)
    opened = prompt[stem:]
    if not probe_mark or spoken(opened) or spoken(between):
        return ""
    if CLOSE in opened:
        return "" if thought else f"{prompt}{rest}{tail}"
    begin = "" if OPEN in opened else f"{between.partition(OPEN)[0]}{OPEN}"
    break_before = "" if opened.endswith("\n") else "\n"
    return f"{prompt}{begin}{break_before}{thought}\n{CLOSE}\n\n{rest.strip()}{tail}"


def _settle_pad(tokenizer: PreTrainedTokenizerFast, eos_ids: frozenset[int], vocabulary: int) -> int | None:
    """Choose a pad token that ends no answer: if padding stops generation, what is left-padded is cut off.

    Returns:
        None if the tokenizer has one now, else the id of a token that may fill what masks leave out.
    """

    def serves(token: int | None) -> bool:
        return token is not None and token >= 0 and token not in eos_ids and not 0 < vocabulary <= token

    if serves(tokenizer.pad_token_id):
        return None
    special = {int(id_): str(token) for id_, token in tokenizer.added_tokens_decoder.items()}
    known = tokenizer.get_vocab()
    pads = [name for name in (*special.values(), "<pad>", "[PAD]") if _PAD_NAME.match(name)]
    for spelling in (*pads, *_SPARE):
        if serves(known.get(spelling)):
            tokenizer.pad_token = spelling
            return None
    stand_in: int | None = next((token for token in (*sorted(special), *sorted(known.values())) if serves(token)), None)
    if stand_in is None:
        raise DataError(
            "every token of the tokenizer ends answers, so nothing can be generated",
            hint="kb finetune --base smollm2 --data DIR",
            click="choose another base model",
        )
    return stand_in


def _settle_system(chat: ChatFormat) -> None:
    """Make a system message part of the first user turn where the template refuses or drops it."""
    user, system = {"role": "user", "content": _PROBE}, {"role": "system", "content": _SYSTEM_PROBE}

    def shown() -> bool:
        try:
            return _SYSTEM_PROBE in chat.render([system, user], generation=True)
        except DataError:
            return False

    template = str(chat.tokenizer.chat_template)
    if not shown():
        chat.tokenizer.chat_template = _SYSTEM_INTO_USER + template
        if not shown():  # the template has another fault, which is reported where it is met
            chat.tokenizer.chat_template = template
