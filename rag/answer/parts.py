"""Two questions in one, answered one after the other by the built-in reader and joined to one answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.language.english.questions.conversation import NAMED_SUBJECT, POINTS_BACK
from core.prompt import NOTICE
from core.types import Answer, Citation, Statement
from rag.answer.chat import Turn

Ask = Callable[[str, Sequence[Turn]], Answer]


def answer_in_parts(question: str, parts: Sequence[str], history: Sequence[Turn], ask: Ask) -> Answer:
    """Answer a question by its parts; as a whole where a part is not answered and the whole is, more surely.

    Args:
        question: As a person asks it.
        parts: The questions in it, at least two; a later one may point back to the first.
        history: Earlier questions and answers, oldest first.
        ask: Answers one question after some turns.

    Returns:
        One answer: the parts' short answers, quotes and cells one after the other. Its confidence is the probability
        that all its short answers are right, as if they were independent.
    """
    answers: list[Answer] = []
    for part in parts:
        leans = bool(answers) and bool(POINTS_BACK.search(part) or NAMED_SUBJECT.search(parts[0]))
        answers.append(ask(part, [*history, (parts[0], answers[0].answer)] if leans else history))
    sure = [answer.confidence or 0.0 for answer in answers if answer.ground != "abstained"]
    if len(sure) < len(parts):
        whole = ask(question, history)
        if not sure or (whole.ground != "abstained" and (whole.confidence or 0.0) > max(sure)):
            return whole
    return _joined(question, parts, answers)


def _joined(question: str, parts: Sequence[str], answers: Sequence[Answer]) -> Answer:
    citations: list[Citation] = []
    statements: list[Statement] = []
    blocks: list[str] = []
    for part, answer in zip(parts, answers, strict=True):
        places = [_place(citation, citations) for citation in answer.citations]
        statements += [
            replace(each, citations=tuple(dict.fromkeys(places[index] for index in each.citations)))
            for each in answer.statements
        ]
        blocks.append(f"{part}\n{answer.answer.removesuffix(NOTICE).rstrip()}")
    answered = [answer for answer in answers if answer.ground != "abstained"]
    return replace(
        answered[0],
        question=question,
        answer="\n\n".join([*blocks, NOTICE]),
        citations=tuple(citations),
        statements=tuple(statements),
        computed_from=tuple(cell for answer in answered for cell in answer.computed_from),
        short_answer="; ".join(dict.fromkeys(answer.short_answer for answer in answered if answer.short_answer)),
        confidence=round(math.prod(answer.confidence or 0.0 for answer in answered), 3),
        notes=tuple(dict.fromkeys(note for answer in answers for note in answer.notes)),
        timings={name: sum(answer.timings[name] for answer in answers) for name in answers[0].timings},
        tokens={name: sum(answer.tokens[name] for answer in answers) for name in answers[0].tokens},
    )


def _place(citation: Citation, citations: list[Citation]) -> int:
    """Return where a citation stands among those of the answer, added to them where it is new."""
    if citation not in citations:
        citations.append(citation)
    return citations.index(citation)
