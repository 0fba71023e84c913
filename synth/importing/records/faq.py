"""Reads questions and answers from Markdown: `Q:` and `A:` lines, and headings that are questions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from core.language.language import alternation, language, languages
from synth.importing.drafts import Draft

_HEADING = re.compile(r"^ {0,3}(?P<level>#{1,6})\s+(?P<text>.+?)\s*#*\s*$")
_BOLD = re.compile(r"^\s*(?:\d+[.)]\s*)?(?:\*\*|__)(?P<text>[^*_]+\?)(?:\*\*|__)\s*$")
# Stands between sections, or between documents of YAML: a line of its own at the end of an answer is none of it.
_RULE = re.compile(r"^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|\.\.\.)$")
_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_NUMBER = re.compile(r"^\s*(?:\d+(?:\.\d+)*[.)]|[A-Za-z][.)])\s+")
# In English alone: other languages' words that ask are words of other kinds in English.
_INTERROGATIVE = re.compile(rf"(?:{alternation(language('en').question_openers)})\b", re.IGNORECASE)
# A heading's own level; lower ones belong to its answer. `Q:` lines and bold questions end at the next of their kind.
_INLINE = 7


@cache
def _question_line() -> re.Pattern[str]:
    return _labelled(label for each in languages() for label in each.question_labels)


@cache
def _answer_line() -> re.Pattern[str]:
    return _labelled(label for each in languages() for label in each.answer_labels)


def _labelled(labels: Iterable[str]) -> re.Pattern[str]:
    """Return what matches a line that begins with a label, perhaps numbered, and a mark ("Q1: ")."""
    start = rf"^\s*(?:[-*>]\s+)?(?:\*\*|__)?(?:{alternation(labels)})\s*\d*"
    return re.compile(rf"{start}\s*[:.)](?:\*\*|__)?\s*(?P<text>.*)$", re.IGNORECASE)


@dataclass
class _Open:
    """A question whose answer is being read."""

    line: int
    level: int
    question: list[str]
    answer: list[str] = field(default_factory=list)
    answering: bool = True

    def draft(self) -> Draft | None:
        question = " ".join(" ".join(self.question).split()).strip("*_ ")
        lines = list(self.answer)
        while lines and (not lines[-1].strip() or _RULE.match(lines[-1].rstrip())):
            lines.pop()
        answer = "\n".join(lines).strip()
        return Draft(question=question, answer=answer) if question and answer else None


def looks_like_faq(lines: Iterable[str]) -> bool:
    """Whether the lines hold at least two questions in the form of an FAQ."""
    question_lines = answer_lines = question_headings = 0
    for line in lines:
        question_lines += bool(_question_line().match(line))
        answer_lines += bool(_answer_line().match(line))
        heading = _HEADING.match(line) or _BOLD.match(line)
        question_headings += bool(heading and is_question(heading["text"]))
    return min(question_lines, answer_lines) >= 2 or question_headings >= 2


def is_question(text: str) -> bool:
    """Whether a heading asks: it ends with a question mark or begins with a word that asks."""
    bare = _NUMBER.sub("", text).strip("*_ ")
    return bare.endswith(("?", "？")) or bool(_INTERROGATIVE.match(bare))


def faq(lines: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Draft]]:
    """Yield (line of the question, draft); an answer ends at the next question or heading of its level or above.

    Questions are split one by one: nothing of an FAQ could be learned if it were held out as one document.

    Args:
        lines: (1-based line, text).
    """
    current: _Open | None = None
    fenced = False
    for number, line in lines:
        if _FENCE.match(line):
            fenced = not fenced
        begun, ends = (None, False) if fenced else _begins(number, line, current)
        if begun or ends:
            yield from _closed(current)
            current = begun
        elif current is not None:
            _add(current, line, fenced=fenced)
    yield from _closed(current)


def _closed(current: _Open | None) -> Iterator[tuple[int, Draft]]:
    draft = current.draft() if current else None
    if current and draft:
        yield current.line, draft


def _begins(number: int, line: str, current: _Open | None) -> tuple[_Open | None, bool]:
    """Return (the question that this line opens, whether it ends the one before)."""
    if match := _question_line().match(line):
        return _Open(line=number, level=_INLINE, question=[match["text"]], answering=False), True
    if heading := _HEADING.match(line):
        level = len(heading["level"])
        if current and level > current.level and current.level != _INLINE:
            return None, False
        asks = is_question(heading["text"])
        question = [_NUMBER.sub("", heading["text"])]
        return (_Open(line=number, level=level, question=question) if asks else None), True
    bold = _BOLD.match(line)
    if bold and (current is None or current.level == _INLINE or not current.answer):
        return _Open(line=number, level=_INLINE, question=[_NUMBER.sub("", bold["text"])]), True
    return None, False


def _add(current: _Open, line: str, *, fenced: bool) -> None:
    answer = None if fenced else _answer_line().match(line)
    if answer and not current.answering:
        current.answering = True
        current.answer.append(answer["text"])
    elif current.answering:
        current.answer.append(line)
    else:
        current.question.append(line.strip())
