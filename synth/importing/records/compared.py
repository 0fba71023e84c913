"""Two or more answers to one question with a verdict on them, as preferences: columns of two sides, or lists of answers
with ratings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from synth.importing.chats.conversations import answer_messages
from synth.importing.drafts import Draft, Unusable
from synth.importing.fields import Fields
from synth.importing.records.judged import preference

# How the columns of two sides end; of the last, the first side is the better one by convention.
_SIDES = (("a", "b"), ("0", "1"), ("1", "2"), ("left", "right"), ("j", "k"))
_BY_CONVENTION = _SIDES[-1]
_STEMS = ("response", "answer", "output", "completion", "conversation", "reply", "generation", "human_ref", "summary")
_VERDICTS = ("winner", "preference", "preferred", "choice", "chosen", "better", "label", "labels", "overall_preference")
# Scales from the first answer (below zero) to the second (above): HelpSteer2 and 3.
_SCALES = ("overall_preference", "preference_strength")
_SCORES = ("score", "rating", "votes", "reward")
_TIES = ("tie", "tie (bothbad)", "both", "neither", "equal", "none", "draw")
_LISTS = ("responses", "completions", "outputs", "generations", "candidates", "answers")
_RATINGS = ("ratings", "scores", "rewards", "rating", "score")
_RANKS = ("rank", "ranks", "ranking")
_RATED = ("overall_score", "rating", "score", "reward", "votes", "fine_grained_score")
_BETWEEN = "answers beside the best and the worst one"
_TEXTS = ("response", "answer", "text", "output", "content", "completion")


class _Sides(NamedTuple):
    """Columns of two answers, and how both end."""

    first: str
    second: str
    ends: tuple[str, str]


def is_compared(record: Fields) -> bool:
    """Whether a record has two answers and says which is better, or several with ratings."""
    sides = _sides(record)
    if sides is not None:
        return sides.ends == _BY_CONVENTION or bool(_verdict_column(record) or _scores(record, sides))
    return _rated(record) is not None


def compared(record: Fields) -> Iterator[Draft]:
    """The better answer against the worse one; of several, the best against the worst.

    Raises:
        Unusable: The verdict is a tie, or is none that can be read.
    """
    sides = _sides(record)
    others = 0
    if sides is None:
        better, worse, others = _extremes(record)
    else:
        first_is_better = _first_is_better(record, sides)
        names = (sides.first, sides.second) if first_is_better else (sides.second, sides.first)
        better, worse = (record[name] for name in names)
    kept = {name: value for name, value in record.items() if not sides or name not in sides[:2]}
    # SHP and others keep the question under names that elsewhere mean earlier turns.
    question = next((name for name in ("history", "post", "info") if isinstance(kept.get(name), str)), "")
    if question and "prompt" not in kept:
        record.get(question)
        kept["prompt"] = kept.pop(question)
    if isinstance(kept.get("question"), Mapping):
        prompt = record["question"]
        kept["question"] = next((prompt[name] for name in ("full_text", "text", "title") if name in prompt), "")
    for name in ("instruction", "question", "prompt", "query", "input", "system", "context", "messages"):
        record.get(name)
    if isinstance(better, Mapping) or isinstance(worse, Mapping):
        better, worse = answer_messages(better), answer_messages(worse)
    for draft in preference({**kept, "chosen": better, "rejected": worse}):
        yield replace(draft, left_out=(*draft.left_out, (_BETWEEN, others))) if others else draft


def _sides(record: Fields) -> _Sides | None:
    names = set(record)
    for ends in _SIDES:
        for stem in _STEMS:
            for spelled in ("{stem}_{end}", "{stem}{end}", "{end}_{stem}"):
                first, second = (spelled.format(stem=stem, end=end) for end in ends)
                if {first, second} <= names:
                    return _Sides(first, second, ends)
    return None


def _verdict_column(record: Fields) -> str:
    better = (f"{word}_{stem}{end}" for word in ("better", "preferred") for stem in _STEMS for end in ("_id", ""))
    return next((name for name in (*_VERDICTS, *_SCALES, *better) if record.get(name) is not None), "")


def _scores(record: Fields, sides: _Sides) -> tuple[float, float] | None:
    for stem in (*_SCORES, "winner_model"):
        first, second = (record.get(f"{stem}_{end}") for end in sides.ends)
        if isinstance(first, int | float) and isinstance(second, int | float):
            return float(first), float(second)
    return None


def _first_is_better(record: Fields, sides: _Sides) -> bool:
    scores = _scores(record, sides)
    if scores:
        if scores[0] == scores[1]:
            raise Unusable("no answer is the better one: a tie")
        return scores[0] > scores[1]
    column = _verdict_column(record)
    if not column and sides.ends == _BY_CONVENTION:
        return True
    value = str(record[column]).strip().lower()
    if value in _TIES:
        raise Unusable("no answer is the better one: a tie")
    if column in _SCALES and (strength := _number(value)) is not None:
        if not strength:
            raise Unusable("no answer is the better one: a tie")
        return strength < 0
    if column == "labels" and sides.first.startswith("human_ref"):  # SHP: 1 stands for the first
        value = {"1": "a", "0": "b"}.get(value, value)
    for end, other, name in zip(sides.ends, reversed(sides.ends), sides[:2], strict=True):
        if value in (end, name, f"model_{end}", f"response_{end}", f"answer_{end}", f"assistant_{end}"):
            return name == sides.first
        if value.endswith(f" {end}") and not value.endswith(f" {other}"):
            return name == sides.first
    raise Unusable(f"field {column!r} does not name one of {sides.first} and {sides.second}")


def _rated(record: Fields) -> tuple[Sequence[Any], Sequence[float]] | None:
    """Return several answers and a figure each, higher for better."""
    name = next((name for name in _LISTS if isinstance(record.get(name), list) and len(record[name]) > 1), "")
    answers = record[name] if name else []
    for column, sign in (*((column, 1) for column in _RATINGS), *((column, -1) for column in _RANKS)):
        figures = record.get(column)
        if isinstance(figures, list) and len(figures) == len(answers) > 1:
            numbers = [_number(figure) for figure in figures]
            if None not in numbers:
                return answers, [sign * number for number in numbers if number is not None]
    if not answers or not all(isinstance(answer, Mapping) for answer in answers):
        return None
    for key, sign in (*((key, 1) for key in _RATED), *((key, -1) for key in _RANKS)):
        numbers = [_number(answer.get(key)) for answer in answers]
        texts = [next((answer[text] for text in _TEXTS if isinstance(answer.get(text), str)), "") for answer in answers]
        # A list of answers with votes holds gold answers; one with ranks compares them.
        if numbers and None not in numbers and all(texts) and (name != "answers" or sign < 0):
            return texts, [sign * number for number in numbers if number is not None]
    return None


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _extremes(record: Fields) -> tuple[Any, Any, int]:
    """Return the best answer, the worst one, and the number of the others."""
    answers, figures = _rated(record) or ([], [])
    if not figures or max(figures) == min(figures):
        raise Unusable("no answer is the better one: a tie")
    return answers[figures.index(max(figures))], answers[figures.index(min(figures))], len(answers) - 2
