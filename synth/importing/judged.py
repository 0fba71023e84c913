"""Records with a judgement: a better and a worse answer (DPO), or one answer with a verdict (KTO).

Feedback of `kb` itself, which needs more than one record at a time, is in `synth.importing.feedback`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from synth.importing.chats.conversations import draft_of, exchanges
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents, optional, required


def preference(record: Fields) -> Iterator[Draft]:
    """`chosen` and `rejected` as texts, messages or conversations; the prompt as text, messages or in both."""
    prompt = record.get("prompt") or record.get("conversations") or record.get("messages")
    question = optional(record, "question", "instruction", "query", "input") if not isinstance(prompt, list) else ""
    if isinstance(prompt, list):
        before: list[Any] = prompt
    elif isinstance(prompt, str) or question:
        before = [{"role": "user", "content": prompt if isinstance(prompt, str) else question}]
    else:
        before = []
    better, worse = (_conversation(before, record.get(name), name) for name in ("chosen", "rejected"))
    turns, question, chosen, system = exchanges(better)
    *_, rejected, _ = exchanges(worse)
    if chosen == rejected:
        raise Unusable("the chosen and the rejected answer are the same")
    extra_input = "" if isinstance(prompt, list) or not record.get("instruction") else optional(record, "input")
    context = optional(record, "context") or extra_input
    yield Draft(
        question=question,
        answer=chosen,
        rejected=rejected,
        context="\n\n".join(part for part in (system, context) if part),
        turns=turns,
        documents=documents(record),
    )


def _conversation(before: list[Any], answer: Any, name: str) -> list[Any]:
    """Return the messages up to and with one answer; an answer that repeats the prompt is taken as it stands."""
    if isinstance(answer, str) and answer.strip():
        return [*before, {"role": "assistant", "content": answer}]
    if isinstance(answer, dict):
        return [*before, answer]
    if isinstance(answer, list) and answer:
        return answer if len(answer) > 1 and not before else [*before, answer[-1]]
    raise Unusable(f"field {name!r} is empty")


def verdict(record: Fields) -> Iterator[Draft]:
    """`prompt`, `completion` and a true or false `label` (TRL), or `conversations` and `kto_tag` (LLaMA-Factory)."""
    label = record.get("label", record.get("kto_tag"))
    if isinstance(label, str) and label.strip().lower() in ("true", "false"):
        label = label.strip().lower() == "true"
    if not isinstance(label, bool):
        raise Unusable("the label is neither true nor false")
    messages = record.get("conversations") or record.get("messages")
    prompt, completion = record.get("prompt"), record.get("completion")
    if isinstance(messages, list):
        draft = draft_of(messages, documents(record))
    elif isinstance(prompt, list) and isinstance(completion, list):
        draft = draft_of([*prompt, *completion], documents(record))
    else:
        question = required(record, "prompt", "instruction", "question")
        answer = required(record, "completion", "output", "response", "answer")
        draft = Draft(question=question, answer=answer, context=optional(record, "context", "input"))
    yield Draft(
        question=draft.question,
        answer=draft.answer,
        context=draft.context,
        turns=draft.turns,
        good=label,
        documents=documents(record),
    )
