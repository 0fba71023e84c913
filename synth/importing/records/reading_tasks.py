"""Questions on a text whose answers stand in it as spans: CoQA's conversations, Natural Questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.prompt import ABSTENTION
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields, documents, required
from synth.importing.records.tasks import detokenised

_UNKNOWN = "unknown"
# Marks of headings and paragraphs among the words of a page.
_TAG = ("<", ">")


def is_coqa(record: Fields) -> bool:
    """Whether a record is a story with a conversation about it."""
    return isinstance(record.get("story"), str) and isinstance(record.get("questions"), list) and "answers" in record


def coqa(record: Fields) -> Iterator[Draft]:
    """A row for every question, with the story beside it and the questions before it as earlier turns."""
    for name in ("id", "source", "filename", "name"):
        record.get(name)
    story = required(record, "story")
    questions, answers = _texts(record["questions"]), _texts(record["answers"])
    if len(questions) != len(answers):
        raise Unusable("questions and answers differ in number")
    turns: list[tuple[str, str]] = []
    named = documents(record) or (f"story:{record.get('id') or story[:80]}",)
    for question, answer in zip(questions, answers, strict=True):
        nobody = answer.lower().rstrip(".") == _UNKNOWN
        answer = ABSTENTION if nobody else answer
        yield Draft(
            question=question,
            answer=answer,
            context=story,
            turns=tuple(turns),
            # Each is trained in a row of its own.
            untrained_turns=tuple(range(len(turns))),
            kind="unanswerable" if nobody else ("conversation" if turns else "import"),
            documents=named,
        )
        turns.append((question, answer))


def _texts(value: Any) -> list[str]:
    """Return texts given as they stand, as objects in the order of their turns, or as a column of texts."""
    if isinstance(value, Mapping):
        value = value.get("input_text") or value.get("span_text")
    if not isinstance(value, list):
        raise Unusable("questions or answers are not a list")
    given = [part.get("input_text") or part.get("span_text") if isinstance(part, Mapping) else part for part in value]
    if not all(isinstance(text, str) and text.strip() for text in given):
        raise Unusable("a question or an answer has no text")
    return [str(text).strip() for text in given]


def is_natural(record: Fields) -> bool:
    """Whether a record is a question on a page with annotated spans of tokens."""
    words = record.get("document_text") or record.get("document_tokens") or record.get("document")
    return words is not None and bool(record.get("annotations")) and ("question_text" in record or "question" in record)


def natural_questions(record: Fields) -> Iterator[Draft]:
    """The short answer, or yes or no, with the paragraph that holds it.

    Raises:
        Unusable: Its annotators found no answer, or a paragraph alone.
    """
    for name in ("example_id", "id", "document_url", "document_title", "long_answer_candidates", "document_html"):
        record.get(name)
    words, is_tag = _words(record)
    question = record.get("question_text") or record.get("question")
    text = question.get("text") if isinstance(question, Mapping) else question
    if not isinstance(text, str) or not text.strip():
        raise Unusable("field 'question_text' is missing")
    annotations = [_annotation(each) for each in _listed(record["annotations"])]
    if not any(long for _, long, _ in annotations):
        raise Unusable("its annotators found no answer")
    best = next(((short, long, verdict) for short, long, verdict in annotations if long and (short or verdict)), None)
    if best is None:
        raise Unusable("its annotators marked a paragraph, and no answer in it")
    short, (start, end), verdict = best
    answer = ", ".join(_shown(words, is_tag, *span) for span in short) or verdict
    context = _shown(words, is_tag, start, end)
    if not answer or not context:
        raise Unusable("an annotated span lies outside the page")
    yield Draft(question=text.strip(), answer=answer, context=context, documents=documents(record))


_Span = tuple[int, int]


def _words(record: Fields) -> tuple[list[str], list[bool]]:
    whole = record.get("document_text")
    if isinstance(whole, str):
        words = whole.split(" ")
        return words, [word.startswith(_TAG[0]) and word.endswith(_TAG[1]) and len(word) > 2 for word in words]
    tokens = record.get("document_tokens")
    if isinstance(tokens, list):
        return [str(token.get("token", "")) for token in tokens], [bool(token.get("html_token")) for token in tokens]
    columns = record["document"]["tokens"]
    return [str(word) for word in columns["token"]], [bool(tag) for tag in columns["is_html"]]


def _listed(annotations: Any) -> list[Mapping[str, Any]]:
    """Return annotations as objects; `datasets` keeps them by column."""
    if isinstance(annotations, list):
        return [each for each in annotations if isinstance(each, Mapping)]
    columns = {name: values for name, values in annotations.items() if isinstance(values, list)}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _annotation(each: Mapping[str, Any]) -> tuple[list[_Span], _Span | None, str]:
    """Return (short answers, long answer, yes or no) of an annotation."""
    short = each.get("short_answers") or []
    spans = _spans(short) if isinstance(short, Mapping) else [span for part in short for span in _spans(part)]
    long = next(iter(_spans(each.get("long_answer") or {})), None)
    yes_no = each.get("yes_no_answer")
    verdict = {1: "yes", 0: "no"}.get(yes_no, "") if isinstance(yes_no, int) else str(yes_no or "").lower()
    return spans, long, verdict if verdict in ("yes", "no") else ""


def _spans(part: Mapping[str, Any]) -> list[_Span]:
    starts, ends = part.get("start_token", -1), part.get("end_token", -1)
    if isinstance(starts, Sequence):
        return [(start, end) for start, end in zip(starts, ends, strict=True) if 0 <= start < end]
    return [(starts, ends)] if 0 <= starts < ends else []


def _shown(words: Sequence[str], is_tag: Sequence[bool], start: int, end: int) -> str:
    return detokenised([word for word, tag in zip(words[start:end], is_tag[start:end], strict=True) if not tag])
