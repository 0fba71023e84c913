"""Records that already have an instruction and an answer: Alpaca, Dolly, FLAN, T0, prompt and completion, question and
answer, plain text, and the rows of `kb` itself. One function per shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from core.errors import DataError
from core.gold import answer_columns
from core.prompt import ABSTENTION
from core.rows import Row, row_fields, row_from_json
from core.types import Pair, Preference
from synth.importing.chats.conversations import answer_messages, draft_of
from synth.importing.chats.marks import turns_of
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, answer_of, documents, has, optional, required, texts
from synth.importing.passages import passage_texts
from synth.importing.records.judged import transcript

PROMPTS = ("prompt", "inputs", "input", "instruction", "query", "request", "source")
COMPLETIONS = ("completion", "targets", "target", "output", "response", "reply", "completions")
# In English and as tables of other languages head the column.
NAMED_QUESTION = (
    "question",
    "q",
    "frage",
    "pregunta",
    "domanda",
    "pergunta",
    "vraag",
    "вопрос",
    "問題",
    "问题",
    "질문",
)
QUESTIONS = (
    *NAMED_QUESTION,
    *("query", "prompt", "user_input", "input", "instruction", "problem"),
)
# Names that stand for an answer beside a question, an instruction.
OUTPUTS = ("output", "response", "completion", "reply", "solution")
CONTEXTS = (
    "context",
    "reference_contexts",
    "contexts",
    "passage",
    "retrieved_contexts",
    "retrieval_context",
    "input",
    "document_text",
    "passages",
    "evidence_text",
    "paragraph",
)
# How MS MARCO marks a question that its passages do not answer.
_NO_ANSWER = "no answer present"


def alpaca(record: Fields, columns: Sequence[str] = ()) -> Iterator[Draft]:
    """`instruction`, `input` or `context`, `output` or `response`, and `history` as LLaMA-Factory has it.

    Args:
        columns: As for `answer_of`.
    """
    turns = turns_of(record.get("history"))
    yield Draft(
        question=required(record, "instruction", "inst"),
        answer=answer_of(record, columns, others=OUTPUTS),
        context=optional(record, "input", "context"),
        turns=turns,
        kind="conversation" if turns else "instruction",
        template=optional(record, "template", "category", "task", "task_name"),
        documents=documents(record),
    )


def is_paired(record: Fields) -> bool:
    """Whether an instruction has a better and a worse answer in a list, as LLaMA-Factory once had it."""
    output = record.get("output")
    if not isinstance(output, list) or len(output) != 2 or not all(isinstance(text, str) for text in output):
        return False
    return has(record, "instruction", "inst") and answer_columns(record, others=OUTPUTS) == ("output",)


def paired(record: Fields) -> Iterator[Draft]:
    """`instruction`, `input`, `history` and `output` with the better answer before the worse one."""
    better, worse = (text.strip() for text in record["output"])
    if not better or not worse:
        raise Unusable("field 'output' holds an empty answer")
    for draft in alpaca(record, ("output",)):
        yield replace(draft, rejected=worse, kind="import")


def prompt_completion(record: Fields) -> Iterator[Draft]:
    """A prompt and what follows it, under any of the usual names; either may be a list of messages.

    Answers among the messages of a prompt are context.
    """
    prompt = next((record[name] for name in PROMPTS if record.get(name)), None)
    target = next((record[name] for name in COMPLETIONS if record.get(name) not in (None, "", [])), None)
    if isinstance(prompt, list) and isinstance(prompt[0], dict):
        yield draft_of([*prompt, *answer_messages(target)], documents(record), n_prompt=len(prompt))
        return
    answer = texts({"target": target}, "target")[0] if isinstance(target, list) and target else None
    if isinstance(prompt, str) and (transcribed := transcript(prompt)):
        answered = [*transcribed, *answer_messages(answer or required(record, *COMPLETIONS))]
        yield draft_of(answered, documents(record), n_prompt=len(transcribed))
        return
    yield Draft(
        question=required(record, *PROMPTS),
        answer=answer or required(record, *COMPLETIONS),
        context=optional(record, "context", "passage"),
        kind="instruction",
        template=optional(record, "template", "template_name", "task", "task_name", "template_type"),
        documents=documents(record),
    )


def question_answer(record: Fields, columns: Sequence[str] = ()) -> Iterator[Draft]:
    """A question, its gold answer, and texts to answer from where there are any.

    Args:
        columns: As for `answer_of`.
    """
    question_field = next((name for name in QUESTIONS if name not in columns and record.get(name)), "")
    if isinstance(record.get(question_field), str) and (transcribed := transcript(record[question_field])):
        yield draft_of([*transcribed, *answer_messages(answer_of(record, columns, others=OUTPUTS))], documents(record))
        return
    name = next((name for name in CONTEXTS if name not in (question_field, *columns) and record.get(name)), "")
    answer = answer_of(record, columns, others=OUTPUTS)
    nobody = answer.rstrip(".").lower() == _NO_ANSWER
    yield Draft(
        question=required(record, *(other for other in QUESTIONS if other not in columns)),
        answer=ABSTENTION if nobody else answer,
        context="\n\n".join(passage_texts(record[name])) if name else "",
        kind="unanswerable" if nobody else "import",
        template=optional(record, "template"),
        documents=documents(record),
    )


def grounded_conversation(record: Fields) -> Iterator[Draft]:
    """`contexts` with texts, `input` with earlier messages (`speaker`, `text`) and `targets` with the answer."""
    messages = [{"role": m.get("speaker", ""), "content": m.get("text", "")} for m in record["input"]]
    targets = [{"role": "assistant", "content": m.get("text", "")} for m in record["targets"][:1]]
    draft = draft_of([*messages, *targets], documents(record), n_prompt=len(messages))
    unanswerable = "UNANSWERABLE" in (record.get("answerability") or ())
    yield replace(
        draft,
        context="\n\n".join(passage_texts(record.get("contexts") or [])),
        kind="unanswerable" if unanswerable else "conversation",
    )


def plain_text(record: Fields) -> Iterator[Draft]:
    """Nothing but a text: it is learned as it stands."""
    yield Draft(question="", answer=required(record, "text", "content"), kind="text", documents=documents(record))


def own_pair(record: Fields) -> Iterator[Draft]:
    """A row of `pairs.jsonl`: everything it says is kept but its id; its group still moves whole."""
    pair = _own_row(Pair, record)
    draft = _draft_of_own(pair, record, pair.question, pair.answer)
    draft = replace(draft, untrained_turns=pair.untrained_turns, template=pair.template)
    yield replace(draft, evidence=pair.evidence, altered=pair.altered)


def own_preference(record: Fields) -> Iterator[Draft]:
    """A row of `preferences.jsonl`."""
    row = _own_row(Preference, record)
    yield replace(_draft_of_own(row, record, row.prompt, row.chosen), rejected=row.rejected)


def _own_row(row_type: type[Row], record: Fields) -> Row:
    values = {name: record[name] for name in row_fields(row_type) if name in record}
    try:
        return row_from_json(row_type, {"split": "train", **values}, "row", 0)
    except DataError as error:
        raise Unusable(error.message) from error


def _draft_of_own(row: Pair | Preference, record: Fields, question: str, answer: str) -> Draft:
    """Return what pairs and preferences have in common."""
    return Draft(
        question=question,
        answer=answer,
        context=row.context,
        turns=row.turns,
        system=row.system,
        kind=row.kind,
        documents=(f"group:{row.group}",) if row.group else (),
        fact=row.fact,
        checks=tuple(row.checks.items()),
        origin=row.origin,
        split=row.split if "split" in record else "",
    )
