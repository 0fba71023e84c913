"""Rows in the formats that trainers read: Alpaca, ShareGPT, OpenAI messages, TRL, preferences, verdicts, plain text.

One function per format, from a row to the JSON object of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.types import Pair, Preference
from synth.dataset.judged import Judged
from synth.templates.wording import PromptTemplate

Json = dict[str, Any]
PairFormat = Callable[[Pair, PromptTemplate | None, PromptTemplate], Json]
# Prompt, context, answer and whether it was liked; a preference gives two.
LabelledAnswer = tuple[str, str, str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRow:
    """A row as a chat: earlier turns, the prompt as one text, the answer."""

    turns: tuple[tuple[str, str], ...]
    prompt: str
    answer: str

    def messages(self, role: str, content: str, user: str, assistant: str) -> list[dict[str, str]]:
        """Return the messages up to the prompt, under the names of a format."""
        said = [
            {role: name, content: text}
            for question, answer in self.turns
            for name, text in ((user, question), (assistant, answer))
        ]
        return [*said, {role: user, content: self.prompt}]


def said(pair: Pair, template: PromptTemplate) -> ChatRow:
    """Return a pair as a chat whose prompt follows a template."""
    return ChatRow(
        turns=pair.turns,
        prompt=template.prompt(pair.question, pair.context),
        answer=template.answer(pair.question, pair.context, pair.answer),
    )


def alpaca(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`instruction`, `input`, `output`, and `history` where there are earlier turns.

    Alpaca's readers have a wording of their own, so question and context stay apart unless a template is given.
    """
    chat = said(pair, given or default)
    row: Json = {
        "instruction": chat.prompt if given else pair.question,
        "input": "" if given else pair.context,
        "output": chat.answer if given else pair.answer,
    }
    return {**row, "history": [list(turn) for turn in pair.turns]} if pair.turns else row


def sharegpt(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`conversations` of `from` (human, gpt) and `value`."""
    chat = said(pair, given or default)
    prompt = chat.messages("from", "value", "human", "gpt")
    return {"conversations": [*prompt, {"from": "gpt", "value": chat.answer}]}


def openai(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`messages` of `role` and `content`."""
    chat = said(pair, given or default)
    return {"messages": [*_asked(chat), {"role": "assistant", "content": chat.answer}]}


def trl(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`prompt` and `completion`, both lists of messages: TRL's loss then counts the completion alone."""
    chat = said(pair, given or default)
    return {"prompt": _asked(chat), "completion": [{"role": "assistant", "content": chat.answer}]}


def text(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`text`: prompt and answer as one string."""
    template = given or default
    before = "".join(f"{template.text(question, '', answer)}\n\n" for question, answer in pair.turns)
    return {"text": before + template.text(pair.question, pair.context, pair.answer)}


PAIR_FORMATS: Mapping[str, PairFormat] = {
    "alpaca": alpaca,
    "sharegpt": sharegpt,
    "openai": openai,
    "trl": trl,
    "text": text,
}


def _asked(chat: ChatRow) -> list[dict[str, str]]:
    return chat.messages("role", "content", "user", "assistant")


def dpo(row: Preference, template: PromptTemplate) -> Json:
    """`prompt`, `chosen` and `rejected`, each a list of messages, as TRL and Axolotl read them."""
    return {
        "prompt": [{"role": "user", "content": template.prompt(row.prompt, row.context)}],
        "chosen": [{"role": "assistant", "content": row.chosen}],
        "rejected": [{"role": "assistant", "content": row.rejected}],
    }


def dpo_alpaca(row: Preference, template: PromptTemplate) -> Json:
    """`instruction`, `input`, `chosen` and `rejected` as texts, as LLaMA-Factory reads them."""
    prompt = template.prompt(row.prompt, row.context)
    return {"instruction": prompt, "input": "", "chosen": row.chosen, "rejected": row.rejected}


def verdicts(row: Preference | Judged) -> Iterator[LabelledAnswer]:
    """Yield (prompt, context, answer, liked) of a row."""
    if isinstance(row, Judged):
        yield row.prompt, row.context, row.completion, row.label
    else:
        yield row.prompt, row.context, row.chosen, True
        yield row.prompt, row.context, row.rejected, False


def kto(verdict: LabelledAnswer, template: PromptTemplate) -> Json:
    """`prompt` and `completion` as lists of messages, and `label`, as TRL reads them."""
    question, context, answer, liked = verdict
    return {
        "prompt": [{"role": "user", "content": template.prompt(question, context)}],
        "completion": [{"role": "assistant", "content": answer}],
        "label": liked,
    }


def kto_text(verdict: LabelledAnswer, template: PromptTemplate) -> Json:
    """`prompt` and `completion` as texts, and `label`, as Axolotl reads them."""
    question, context, answer, liked = verdict
    return {"prompt": template.prompt(question, context), "completion": answer, "label": liked}


def kto_sharegpt(verdict: LabelledAnswer, template: PromptTemplate) -> Json:
    """`conversations` and `kto_tag`, as LLaMA-Factory reads them."""
    question, context, answer, liked = verdict
    prompt = {"from": "human", "value": template.prompt(question, context)}
    return {"conversations": [prompt, {"from": "gpt", "value": answer}], "kto_tag": liked}
