"""Which rows teach a fact from memory, and how the same question is put with the fact in the prompt."""

from __future__ import annotations

from collections.abc import Mapping

from core.prompt import ABSTENTION, read_block
from core.types import Pair
from finetune.data.template import ChatFormat, Message


def teaches_a_fact(row: Pair) -> bool:
    """Tell whether a row's answer is a fact that its prompt does not hold."""
    silent = row.answer.startswith(ABSTENTION.rstrip("."))
    known = bool(row.fact) or row.kind == "closed-book"
    return known and bool(row.question) and not (silent or row.turns or read_block(row.context))


def fact_text(row: Pair) -> str:
    """Return what the documents say about a row's fact: its quotes, or the answer itself."""
    return "\n".join(dict.fromkeys(citation.quote for citation in row.evidence)) or row.answer


def gold_value(row: Pair, values: Mapping[str, str]) -> str:
    """Return what an answer must contain: the fact's value, or the whole answer where no value is known."""
    return values.get(row.fact, "") or row.answer


def prompt_with_fact(chat: ChatFormat, row: Pair) -> list[Message]:
    """Return the messages of a row with its fact in front of the question."""
    context = "\n".join(part for part in (fact_text(row), row.context) if part)
    return chat.prompt(row, context=context)
