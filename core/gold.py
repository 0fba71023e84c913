"""Which field of a record holds the gold answer: the names in use, their order, and the forms that its value takes.

Read by the import of training data, by comparisons and by evaluations, so that a model's own answer is gold nowhere.
"""

from __future__ import annotations

import datetime
import decimal
import math
from collections.abc import Iterable, Mapping
from typing import Any

# Words that mark a field as the right one, and the fields that they mark: `gold_label`, `answer_gt`.
_GOLD = ("gold", "golden", "gold_standard", "gt", "ground_truth")
_MARKS = (*_GOLD, "reference", "ref", "expected")
_MARKED = ("answer", "answers", "response", "responses", "output", "outputs", "completion", "text", "label", "labels")
# A text that is referred to, or the name of one.
_OTHERWISE = {(mark, name) for mark in ("reference", "ref") for name in ("text", "label", "labels")}
# Names that evaluation tools give the right answer (RAGAS, DeepEval, TruLens, promptfoo, Phoenix, TruthfulQA, OpenAI
# evals); where one of them stands, `answer` beside it is what a model said. Compared without case and marks.
GOLD_ANSWERS = (
    "ground_truth",
    "ground_truths",
    "ground_truth_answer",
    "gold_answer",
    "gold_answers",
    "golden_answer",
    "golden_answers",
    "gold",
    "reference_answer",
    "reference_answers",
    "expected_answer",
    "expected_answers",
    "expected_output",
    "expected_response",
    "expected",
    "correct_answer",
    "correct_answers",
    "best_answer",
    "ideal_answer",
    "ideal",
    "target_answer",
    "human_answer",
    "human_answers",
    "true_answer",
    "right_answer",
    "ground_truth_answers",
    "truth",
    "reference",
    "gt",
    "gold_standard",
    "ideal_response",
    "ideal_output",
    "correct_response",
    "correct_output",
    *(f"{mark}_{name}" for mark in _MARKS for name in _MARKED if (mark, name) not in _OTHERWISE),
    *(f"{name}_{mark}" for mark in _GOLD for name in _MARKED),
)
# What a model answered; beside it, and where no answer is named as such, one of the targets is the right answer.
PREDICTIONS = (
    *("prediction", "predictions", "predicted", "predicted_answer", "predicted_answers", "pred", "model_prediction"),
    *("model_answer", "model_output", "model_response", "generated_answer", "generated_text", "generated_response"),
    *("llm_answer", "llm_output", "llm_response", "actual_output", "actual_answer", "actual_response"),
    *("system_answer", "system_output", "ai_answer", "ai_response", "bot_answer", "bot_response"),
)
TARGETS = ("target", "targets", "label", "labels")
# All the wordings that count as right, as SQuAD, MS MARCO and TriviaQA have them.
_ALTERNATIVES = ("answers", "answers_spans")
# In English and as tables of other languages head the column.
ANSWERS = (
    *("answer", "a", "antwort", "réponse", "reponse", "respuesta", "risposta", "resposta", "antwoord"),
    *("ответ", "回答", "答案", "답변"),
)
# Where an answer is given as an object or a list of objects: the field that holds its text.
_TEXT_FIELDS = ("text", "value", "answer", "content", "body", "normalized_value", "spans", "output", "response")
# Which of several answers people preferred.
_VOTES = ("selected", "is_accepted", "accepted", "score", "pm_score", "votes", "upvotes")


def _squeezed(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())


# Words that mark a field as what a person made of the answer beside it: `corrected_answer`, `response_edited`.
_CORRECTED = ("corrected", "edited", "revised", "fixed", "amended")
_CORRECTABLE = ("answer", "response", "output", "completion")
_GOLD_KEYS, _PREDICTION_KEYS = (frozenset(map(_squeezed, names)) for names in (GOLD_ANSWERS, PREDICTIONS))


def is_absent(value: object) -> bool:
    """Whether a field holds nothing: null, "", a number that is none (NaN), an empty list or object."""
    if isinstance(value, float):
        return not math.isfinite(value)
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)


def as_text(value: object) -> str | None:
    """Return a text, number, truth value or date as text, `""` for what is absent; None for anything else."""
    if is_absent(value):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool | int | float | decimal.Decimal):
        return str(value)
    if isinstance(value, datetime.date | datetime.time):
        midnight = isinstance(value, datetime.datetime) and value.time() == datetime.time()
        return (value.date() if midnight and isinstance(value, datetime.datetime) else value).isoformat()
    return None


def answer_texts(value: object) -> list[str]:
    """Return the answers that a field holds, best first: a text, a list of them, or objects with a text and votes.

    Raises:
        TypeError: It holds something else.
    """
    text = as_text(value)
    if text is not None:
        return [text] if text else []
    if isinstance(value, Mapping):
        return _of_object(value)
    if isinstance(value, list | tuple):
        by_votes = sorted(value, key=_votes, reverse=True)
        return [text for part in by_votes for text in answer_texts(part)]
    raise TypeError


def _of_object(value: Mapping[Any, Any]) -> list[str]:
    fields = {str(name).lower(): field for name, field in value.items()}
    name = next((name for name in _TEXT_FIELDS if name in fields), None)
    if name is None:
        raise TypeError
    texts = fields[name]
    votes = next((fields[vote] for vote in _VOTES if isinstance(fields.get(vote), list)), None)
    if isinstance(texts, list) and votes is not None and len(votes) == len(texts):
        texts = [text for _, text in sorted(zip(votes, texts, strict=True), key=lambda pair: -float(pair[0] or 0))]
    return answer_texts(texts)


def _votes(part: object) -> float:
    """Votes of an answer given as an object; 0 where it has none, so that the order stays."""
    if not isinstance(part, Mapping):
        return 0.0
    value = next((part[name] for name in _VOTES if name in part), 0)
    return float(value) if isinstance(value, bool | int | float) and math.isfinite(value) else 0.0


def answer_columns(names: Iterable[str], *, others: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the columns that may hold the gold answer: those of the first rank of which any is there.

    `target` and `label` name many things; beside what a model predicted they are the right answer.

    Args:
        names: All columns.
        others: Names that stand for an answer where the usual ones are absent; they rank with `answer`.
    """
    columns = {_squeezed(name): name for name in names}
    beside = TARGETS if _PREDICTION_KEYS & set(columns) else ()
    for rank in (GOLD_ANSWERS, _ALTERNATIVES, (*ANSWERS, *others), beside):
        if present := tuple(columns[key] for key in map(_squeezed, rank) if key in columns):
            return present
    return ()


def named_gold(names: Iterable[str]) -> tuple[str, ...]:
    """Return those columns whose names alone say that they hold the right answer, as `gold_label` does."""
    return tuple(name for name in names if _squeezed(name) in _GOLD_KEYS)


def corrected(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record in which corrections stand in the place of the answers that they correct; empty ones are gone."""
    keys = {_squeezed(name): name for name in record}
    fields = dict(record)
    for base in _CORRECTABLE:
        marked = {spelled for mark in _CORRECTED for spelled in (f"{mark}{base}", f"{base}{mark}")}
        corrections = [fields.pop(keys[key]) for key in sorted(marked & set(keys))] if base in keys else []
        texts = [text for text in map(as_text, corrections) if text]
        if len(texts) == 1:
            fields[keys[base]] = texts[0]
        elif corrections and (texts or None in map(as_text, corrections)):
            return dict(record)  # several, or of other types: nothing is settled
    return fields


def answer_names(record: Mapping[str, Any]) -> list[str]:
    """Return the columns of a record, without a target that is a verdict on what a model predicted (true, 0, 1)."""
    return [name for name in record if not (_squeezed(name) in TARGETS and _is_verdict(record, name))]


def _is_verdict(record: Mapping[str, Any], name: str) -> bool:
    value = record[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or value not in (0, 1):
        return isinstance(value, bool)
    predicted = [record[other] for other in record if _squeezed(other) in _PREDICTION_KEYS]
    return not any(isinstance(other, int | float) or str(other).strip().isdigit() for other in predicted)


def is_link(value: object) -> bool:
    """Whether a value is an address, or a list of them: `reference` also names where an answer comes from."""
    if isinstance(value, list):
        return bool(value) and all(map(is_link, value))
    return isinstance(value, str) and "://" in value and not any(character.isspace() for character in value.strip())


def differing(record: Mapping[str, Any], columns: Iterable[str]) -> list[str]:
    """Return those of some columns that hold an answer in a record, if they have none in common."""
    answers: dict[str, set[str]] = {}
    for column in columns:
        try:
            texts = answer_texts(record.get(column))
        except TypeError:
            continue
        if texts and not is_link(record[column]):
            answers[column] = {" ".join(text.split()).casefold() for text in texts}
    return list(answers) if answers and not set.intersection(*answers.values()) else []


def gold_answer(record: Mapping[str, Any]) -> str | None:
    """Return the gold answer of a question; None where the record says that nobody can answer.

    Only an explicit null says so, an empty `answers` (SQuAD 2), or `is_impossible`.

    Raises:
        ValueError: It has no field of an answer, an empty one, or two that differ.
    """
    record = corrected(record)
    if record.get("is_impossible") is True:
        return None
    usable = [name for name in answer_names(record) if not is_link(record[name])]
    columns = answer_columns(usable)
    if not columns:
        fields = ", ".join(record) or "none"
        raise ValueError(f'no "answer" (null: nobody can answer); fields: {fields}')
    if names := differing(record, columns):
        raise ValueError(f"two answers that differ: {', '.join(names)}")
    for column in columns:
        try:
            texts = answer_texts(record[column])
        except TypeError:
            raise ValueError(f'"{column}" must be a text, a number, a list of texts or null') from None
        if texts:
            return texts[0]
    if any(record[column] is None for column in columns) or _is_empty_list(record.get(_ALTERNATIVES[0])):
        return None
    raise ValueError(f'"{columns[0]}" is empty (null: nobody can answer)')


def _is_empty_list(answers: object) -> bool:
    return answers == [] or (isinstance(answers, Mapping) and answers.get("text") == [])


def is_predicted(names: Iterable[str]) -> bool:
    """Whether any column holds what a model answered."""
    return not _PREDICTION_KEYS.isdisjoint(map(_squeezed, names))
