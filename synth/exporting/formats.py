"""Rows in the formats that trainers read: Alpaca, ShareGPT, OpenAI messages, TRL, preferences, verdicts, plain text.

One function per format, from a row to the JSON object of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.types import Pair, Preference
from synth.dataset.judged import Judged
from synth.dataset.write import Row
from synth.templates.wording import PromptTemplate

Json = dict[str, Any]
PairFormat = Callable[[Pair, PromptTemplate | None, PromptTemplate], Json]
# A row with one of its answers and whether it was liked; a preference gives two.
LabelledAnswer = tuple[Preference | Judged, str, bool]
# Columns that a file of one object per column has only where some row fills them.
HISTORY, SYSTEM = "history", "system"
# Key of a message that is not to be trained, with the value 0.
WEIGHT = "weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRow:
    """A row as a chat: system message, earlier turns, the prompt as one text, the answer.

    Attributes:
        untrained: Indices of the turns whose answers are context alone.
    """

    turns: tuple[tuple[str, str], ...]
    prompt: str
    answer: str
    system: str = ""
    untrained: tuple[int, ...] = ()

    def messages(self, role: str, content: str, user: str, assistant: str) -> list[dict[str, Any]]:
        """Return the messages up to the prompt, under the names of a format; answers to leave out weigh 0."""
        messages: list[dict[str, Any]] = [{role: "system", content: self.system}] if self.system else []
        for index, (question, answer) in enumerate(self.turns):
            weight = {WEIGHT: 0} if index in self.untrained else {}
            messages += [{role: user, content: question}, {role: assistant, content: answer, **weight}]
        return [*messages, {role: user, content: self.prompt}]


def chat_row(pair: Pair, template: PromptTemplate) -> ChatRow:
    """Return a pair as a chat whose prompt follows a template."""
    return ChatRow(
        turns=pair.turns,
        prompt=template.prompt(pair.question, pair.context),
        answer=template.answer(pair.question, pair.context, pair.answer),
        system=pair.system,
        untrained=pair.untrained_turns,
    )


def prompt_messages(row: Row, template: PromptTemplate) -> list[dict[str, Any]]:
    """Return the messages before the answers of a preference or a judged answer."""
    question = row.question if isinstance(row, Pair) else row.prompt
    prompt = template.prompt(question, row.context)
    return _openai_messages(ChatRow(turns=row.turns, prompt=prompt, answer="", system=row.system))


def alpaca(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`instruction`, `input`, `output`; `history` and `system` where there are earlier turns and a system message.

    Alpaca's readers have a wording of their own, so question and context stay apart unless a template is given.
    """
    chat = chat_row(pair, given or default)
    row: Json = {
        "instruction": chat.prompt if given else pair.question,
        "input": "" if given else pair.context,
        "output": chat.answer if given else pair.answer,
    }
    return row | _extra_columns(pair)


def _extra_columns(row: Row) -> Json:
    history: Json = {HISTORY: [list(turn) for turn in row.turns]} if row.turns else {}
    return history | ({SYSTEM: row.system} if row.system else {})


def sharegpt(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`conversations` of `from` (system, human, gpt) and `value`."""
    chat = chat_row(pair, given or default)
    prompt = chat.messages("from", "value", "human", "gpt")
    return {"conversations": [*prompt, {"from": "gpt", "value": chat.answer}]}


def openai(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`messages` of `role` and `content`."""
    chat = chat_row(pair, given or default)
    return {"messages": [*_openai_messages(chat), {"role": "assistant", "content": chat.answer}]}


def trl(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`prompt` and `completion`, both lists of messages: TRL's loss then counts the completion alone."""
    chat = replace(chat_row(pair, given or default), untrained=())
    return {"prompt": _openai_messages(chat), "completion": [{"role": "assistant", "content": chat.answer}]}


def text(pair: Pair, given: PromptTemplate | None, default: PromptTemplate) -> Json:
    """`text`: system message, prompt and answer as one string."""
    template = given or default
    before = f"{pair.system}\n\n" if pair.system else ""
    before += "".join(f"{template.text(question, '', answer)}\n\n" for question, answer in pair.turns)
    return {"text": before + template.text(pair.question, pair.context, pair.answer)}


PAIR_FORMATS: Mapping[str, PairFormat] = {
    "alpaca": alpaca,
    "sharegpt": sharegpt,
    "openai": openai,
    "trl": trl,
    "text": text,
}


def _openai_messages(chat: ChatRow) -> list[dict[str, Any]]:
    return chat.messages("role", "content", "user", "assistant")


def dpo(row: Preference, template: PromptTemplate) -> Json:
    """`prompt`, `chosen` and `rejected`, each a list of messages, as TRL and Axolotl read them."""
    return {
        "prompt": prompt_messages(row, template),
        "chosen": [{"role": "assistant", "content": row.chosen}],
        "rejected": [{"role": "assistant", "content": row.rejected}],
    }


def dpo_alpaca(row: Preference, template: PromptTemplate) -> Json:
    """`instruction`, `input`, `chosen` and `rejected` as texts, as LLaMA-Factory reads them; else as `alpaca`."""
    prompt = template.prompt(row.prompt, row.context)
    return {"instruction": prompt, "input": "", "chosen": row.chosen, "rejected": row.rejected} | _extra_columns(row)


def verdicts(row: Preference | Judged) -> Iterator[LabelledAnswer]:
    """Yield (row, answer, liked) for each answer of a row."""
    if isinstance(row, Judged):
        yield row, row.completion, row.label
    else:
        yield row, row.chosen, True
        yield row, row.rejected, False


def kto(verdict: LabelledAnswer, template: PromptTemplate) -> Json:
    """`prompt` and `completion` as lists of messages, and `label`, as TRL reads them."""
    row, answer, liked = verdict
    completion = [{"role": "assistant", "content": answer}]
    return {"prompt": prompt_messages(row, template), "completion": completion, "label": liked}


def kto_text(verdict: LabelledAnswer, template: PromptTemplate) -> Json:
    """`prompt` and `completion` as texts, and `label`, as Axolotl reads them; of a row without turns and system."""
    row, answer, liked = verdict
    return {"prompt": template.prompt(row.prompt, row.context), "completion": answer, "label": liked}


def kto_sharegpt(verdict: LabelledAnswer, template: PromptTemplate) -> Json:
    """`conversations` and `kto_tag`, as LLaMA-Factory reads them."""
    row, answer, liked = verdict
    prompt = template.prompt(row.prompt, row.context)
    chat = ChatRow(turns=row.turns, prompt=prompt, answer=answer, system=row.system)
    messages = chat.messages("from", "value", "human", "gpt")
    return {"conversations": [*messages, {"from": "gpt", "value": answer}], "kto_tag": liked}
