"""Records of annotation tools as plain ones: what was asked in one set of fields, what people answered in another.

Reads exports of Label Studio, Argilla and Prodigy, and tests of promptfoo.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Column that holds the decision of a person who turned a record down.
TURNED_DOWN = "annotator_decision"
_DECISIONS = ("accept", "reject", "ignore")
_SUBMITTED = (None, "submitted", "completed")
_RESPONSES, _SUGGESTION = ".responses", ".suggestion"
# Assertions of promptfoo whose value is the expected answer.
_EXPECTED = ("equals", "contains", "icontains", "similar", "factuality")


def plain_record(record: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Return the fields of a record with what people annotated beside them; other records as they are."""
    data, fields, variables = record.get("data"), record.get("fields"), record.get("vars")
    if isinstance(data, Mapping) and isinstance(record.get("annotations"), list):
        return _with_answers(data, _label_studio(record["annotations"]))
    if isinstance(fields, Mapping) and isinstance(record.get("responses"), Mapping | list):
        return _with_answers(fields, _argilla(record["responses"]))
    if any(str(name).endswith(_RESPONSES) for name in record):
        return _argilla_columns(record)
    if isinstance(variables, Mapping) and isinstance(record.get("assert"), list):
        return _with_answers(variables, _expected(record["assert"]))
    if record.get("answer") in _DECISIONS and "text" in record:
        return _prodigy(record)
    return record


def _with_answers(fields: Mapping[Any, Any], answers: Mapping[Any, Any]) -> dict[Any, Any]:
    return {**fields, **answers}


def _label_studio(annotations: list[Any]) -> dict[Any, Any]:
    """Return the results of the first annotation that was not cancelled, by the names of their controls."""
    given = [each for each in annotations if isinstance(each, Mapping) and isinstance(each.get("result"), list)]
    kept = next((each for each in given if not each.get("was_cancelled")), None)
    if kept is None:
        return {TURNED_DOWN: "cancelled"} if given else {}
    answers: dict[Any, Any] = {}
    for part in kept["result"]:
        value = part.get("value") if isinstance(part, Mapping) else None
        kind = next((key for key in ("text", "choices", "rating", "number") if key in (value or ())), "")
        # Marks on a stretch of the text have a start: they are no answer.
        if value and kind and "start" not in value:
            answers[part.get("from_name")] = _alone(value[kind])
    return answers


def _alone(value: Any) -> Any:
    """Return the one entry of a list; texts of a longer one in one text."""
    if not isinstance(value, list):
        return value
    return "\n".join(map(str, value))


def _argilla(responses: Mapping[Any, Any] | list[Any]) -> dict[Any, Any]:
    """Return the first submitted value of every question; by question, or in a list by annotator."""
    if isinstance(responses, Mapping):
        by_question = {name: given if isinstance(given, list) else [given] for name, given in responses.items()}
    else:
        by_question = {}
        for response in responses:
            values = response.get("values") if isinstance(response, Mapping) else None
            for name, value in (values or {}).items():
                given = {**value, "status": response.get("status")} if isinstance(value, Mapping) else value
                by_question.setdefault(name, []).append(given)
    answers = {}
    for name, given in by_question.items():
        kept = [each for each in given if not isinstance(each, Mapping) or each.get("status") in _SUBMITTED]
        if kept:
            answers[name] = kept[0].get("value") if isinstance(kept[0], Mapping) else kept[0]
    if by_question and not answers:
        answers[TURNED_DOWN] = "discarded"
    return answers


def _argilla_columns(record: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a record whose questions are columns `NAME.responses`, as `to_datasets` writes them."""
    kept: dict[Any, Any] = {}
    for key, value in record.items():
        name = str(key)
        question = name.removesuffix(_RESPONSES)
        if question != name and isinstance(value, list):
            status = record.get(f"{name}.status")
            statuses = status if isinstance(status, list) else [None] * len(value)
            given = [each for each, state in zip(value, statuses, strict=False) if state in _SUBMITTED]
            kept |= {question: given[0]} if given else {}
        elif _SUGGESTION not in name and f"{_RESPONSES}." not in name:
            kept[key] = value
    return kept


def _expected(assertions: list[Any]) -> dict[str, Any]:
    values = [each.get("value") for each in assertions if isinstance(each, Mapping) and each.get("type") in _EXPECTED]
    texts = [value for value in values if isinstance(value, str)]
    return {"expected": texts[0]} if texts else {}


def _prodigy(record: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a record whose `answer` is a decision about it, not an answer."""
    kept = {name: value for name, value in record.items() if name != "answer" and not str(name).startswith("_")}
    if record["answer"] != "accept":
        return {**kept, TURNED_DOWN: record["answer"]}
    chosen, options = kept.pop("accept", None), kept.get("options")
    if isinstance(chosen, list) and chosen:
        spelled = {each.get("id"): each.get("text") for each in options or () if isinstance(each, Mapping)}
        kept = {**kept, "label": ", ".join(str(spelled.get(each) or each) for each in chosen)}
        kept.pop("options", None)
    if isinstance(kept.get("user_input"), str):
        kept |= {"question": kept.pop("text"), "answer": kept.pop("user_input")}
    return kept
