"""Records that already have an instruction and an answer: Alpaca, Dolly, FLAN, T0, prompt and completion, question and
answer, plain text, and the rows of `kb` itself. One function per shape.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, MutableMapping
from typing import Any, cast

from core.errors import DataError
from core.rows import pair_from_json, preference_from_json, row_fields
from core.types import Pair, Preference
from synth.importing.chats.conversations import draft_of, exchanges
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents, optional, required, texts

PROMPTS = ("prompt", "inputs", "input", "instruction", "query", "request", "source")
COMPLETIONS = ("completion", "targets", "target", "output", "response", "reply", "completions")
QUESTIONS = ("question", "q", "query", "prompt", "frage")
ANSWERS = ("answer", "a", "response", "output", "ground_truth", "reference_answer", "gold_answer", "antwort")
CONTEXTS = ("context", "contexts", "passage", "input", "document_text", "passages", "evidence_text", "paragraph")


def alpaca(record: Fields) -> Iterator[Draft]:
    """`instruction`, `input` or `context`, `output` or `response`, and `history` as LLaMA-Factory has it."""
    turns = []
    for turn in record.get("history") or ():
        if not isinstance(turn, list | tuple) or len(turn) != 2 or not all(isinstance(part, str) for part in turn):
            raise Unusable("field 'history' is not a list of [question, answer]")
        turns.append((turn[0], turn[1]))
    yield Draft(
        question=required(record, "instruction", "inst"),
        answer=required(record, "output", "response", "answer", "completion"),
        context=optional(record, "input", "context"),
        turns=tuple(turns),
        kind="conversation" if turns else "instruction",
        template=optional(record, "template", "category", "task", "task_name"),
        documents=documents(record),
    )


def prompt_completion(record: Fields) -> Iterator[Draft]:
    """A prompt and what follows it, under any of the usual names; either may be a list of messages."""
    prompt = next((record[name] for name in PROMPTS if record.get(name)), None)
    target = next((record[name] for name in COMPLETIONS if record.get(name) not in (None, "", [])), None)
    if isinstance(prompt, list) and isinstance(target, list):
        yield draft_of([*prompt, *target], documents(record))
        return
    answer = texts({"target": target}, "target")[0] if isinstance(target, list) and target else None
    yield Draft(
        question=required(record, *PROMPTS),
        answer=answer or required(record, *COMPLETIONS),
        context=optional(record, "context", "passage"),
        kind="instruction",
        template=optional(record, "template", "template_name", "task", "task_name", "template_type"),
        documents=documents(record),
    )


def question_answer(record: Fields) -> Iterator[Draft]:
    """A question, its answer, and a text to answer from where there is one."""
    name = next((name for name in CONTEXTS if record.get(name)), "")
    passages = record.get(name)
    context = "\n\n".join(passage_texts(passages)) if isinstance(passages, list) else optional(record, name)
    answer = record.get("answers")
    if isinstance(answer, list) and answer and isinstance(answer[0], str):
        record = ChainMap({"answer": answer[0]}, cast("MutableMapping[str, Any]", record))
    yield Draft(
        question=required(record, *QUESTIONS),
        answer=required(record, *ANSWERS),
        context=context,
        template=optional(record, "template"),
        documents=documents(record),
    )


def passage_texts(passages: list[Any]) -> list[str]:
    """Return passages given as texts or as objects with a `text`.

    Raises:
        Unusable: They are given as something else.
    """
    passage_values = [passage.get("text") if isinstance(passage, dict) else passage for passage in passages]
    if not all(isinstance(passage, str) for passage in passage_values):
        raise Unusable("the passages are neither texts nor objects with a text")
    return [str(passage).strip() for passage in passage_values]


def grounded_conversation(record: Fields) -> Iterator[Draft]:
    """`contexts` with texts, `input` with earlier messages (`speaker`, `text`) and `targets` with the answer."""
    messages = [{"role": m.get("speaker", ""), "content": m.get("text", "")} for m in record["input"]]
    targets = [{"role": "assistant", "content": m.get("text", "")} for m in record["targets"][:1]]
    turns, question, answer, _ = exchanges([*messages, *targets])
    unanswerable = "UNANSWERABLE" in (record.get("answerability") or ())
    yield Draft(
        question=question,
        answer=answer,
        context="\n\n".join(passage_texts(record.get("contexts") or [])),
        turns=turns,
        kind="unanswerable" if unanswerable else "conversation",
        documents=documents(record),
    )


def plain_text(record: Fields) -> Iterator[Draft]:
    """Nothing but a text: it is learned as it stands."""
    yield Draft(question="", answer=required(record, "text", "content"), kind="text", documents=documents(record))


def own_pair(record: Fields) -> Iterator[Draft]:
    """A row of `pairs.jsonl`: everything it says is kept but its id; its group still moves whole."""
    try:
        pair = pair_from_json({"split": "train", **_own(record, Pair)}, "row", 0)
    except DataError as error:
        raise Unusable(error.message) from error
    yield Draft(
        question=pair.question,
        answer=pair.answer,
        context=pair.context,
        turns=pair.turns,
        kind=pair.kind,
        template=pair.template,
        documents=(f"group:{pair.group}",) if pair.group else (),
        fact=pair.fact,
        evidence=pair.evidence,
        checks=tuple(pair.checks.items()),
        origin=pair.origin,
        split=pair.split if "split" in record else "",
    )


def own_preference(record: Fields) -> Iterator[Draft]:
    """A row of `preferences.jsonl`."""
    try:
        row = preference_from_json({"split": "train", **_own(record, Preference)}, "row", 0)
    except DataError as error:
        raise Unusable(error.message) from error
    yield Draft(
        question=row.prompt,
        answer=row.chosen,
        rejected=row.rejected,
        context=row.context,
        kind=row.kind,
        documents=(f"group:{row.group}",) if row.group else (),
        fact=row.fact,
        checks=tuple(row.checks.items()),
        origin=row.origin,
        split=row.split if "split" in record else "",
    )


def _own(record: Fields, row_type: type[Any]) -> dict[str, Any]:
    return {name: record[name] for name in row_fields(row_type) if name in record}


def dialogue(turns: tuple[tuple[str, str], ...], context: str) -> str:
    """Return a context with the earlier turns below it, for rows that have no place for turns."""
    lines = [f"User: {question}\nAssistant: {answer}" for question, answer in turns]
    return "\n\n".join(part for part in (context, *lines) if part)
