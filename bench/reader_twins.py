"""Rewrites a question into one that its passage does not answer: another name, number, date or noun, or the opposite.

The passage stays as it is, so a reader that sees both in one batch can only tell them apart by the changed word.
"""

from __future__ import annotations

import random
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.reader_data import Corpus, Item
from core.language.language import language

_LISTS = tomllib.loads(Path(__file__).with_name("reader_twins.toml").read_text("utf-8"))
_ENGLISH = language("en")
_CALENDAR = [[names[0] for names in rows] for rows in (_ENGLISH.months, _ENGLISH.weekdays)]
_OPPOSITES: dict[str, list[str]] = defaultdict(list)
for _first, _second in _LISTS["opposites"]:
    _OPPOSITES[_first].append(_second)
    _OPPOSITES[_second].append(_first)


def _any_of(words: Sequence[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_OPPOSITE = re.compile(rf"\b(?:{_any_of(list(_OPPOSITES))})\b", re.IGNORECASE)
_DENIED = re.compile(rf"\b(?:{_any_of(_LISTS['denied'])})\b(?! not\b)", re.IGNORECASE)
_MONTH_OR_DAY = re.compile(rf"\b(?:{_any_of([name.title() for names in _CALENDAR for name in names])})\b")
_YEAR = re.compile(r"(?<![\d,.$])(?:1[0-9]|20)\d\d(?![\d,.]*\d)")
_NUMBER = re.compile(r"(?<![\w.,])\d[\d,.]*\d(?!\w)|(?<![\w.,])\d(?!\w)")
_NAME = re.compile(r"(?<!^)(?<![.?!] )\b[A-Z][\w'’-]+(?: (?:of |the )?[A-Z][\w'’-]+)*")
_NOUN = re.compile(rf"(?<=\b)(?:{_any_of(_LISTS['before_nouns'])}) (?P<noun>[a-z]{{4,}})\b", re.IGNORECASE)
_NO_NOUNS = frozenset(_LISTS["no_nouns"])
_OTHER = re.compile(r"(?:ed|ing|ly|er|est)$")  # endings of other kinds of words, more often than of nouns
_STEM = 5
# How often each kind is tried first.
_KINDS = {"name": 0.3, "count": 0.24, "noun": 0.3, "opposite": 0.26, "denial": 0.05}
_TRIES = 12
_ELSEWHERE = 0.3  # share of names and nouns that come from other documents


class TwinWriter:
    """Writes unanswerable twins of questions.

    Args:
        corpus: Its questions and paragraphs give the names and nouns that are put in.
        items: Questions that may be drawn from.
    """

    def __init__(self, corpus: Corpus, items: Sequence[Item]) -> None:
        names: dict[str, set[str]] = defaultdict(set)
        nouns: dict[str, set[str]] = defaultdict(set)
        shown = {item.paragraph for item in items}
        texts = [(corpus.documents[index], corpus.paragraphs[index]) for index in sorted(shown)]
        for document, text in [*((item.document, item.question) for item in items), *texts]:
            names[document].update(match[0] for match in _NAME.finditer(text))
        for item in items:
            found = (match["noun"].lower() for match in _NOUN.finditer(item.question))
            nouns[item.document].update(noun for noun in found if noun not in _NO_NOUNS and not _OTHER.search(noun))
        self._names = {document: sorted(own) for document, own in names.items()}
        self._nouns = {document: sorted(own) for document, own in nouns.items()}
        self._all_names = sorted(set().union(*names.values()))
        self._all_nouns = sorted(set().union(*nouns.values()))
        self._kinds: dict[str, Callable[[Item, str, random.Random], str | None]] = {
            "name": self._other_name,
            "count": _other_count,
            "noun": self._other_noun,
            "opposite": _opposite,
            "denial": _denial,
        }

    def twin(self, item: Item, text: str, rng: random.Random) -> str | None:
        """Return the question changed so that `text` does not answer it; None where no rule applies."""
        order = sorted(_KINDS, key=lambda kind: rng.random() ** (1 / _KINDS[kind]), reverse=True)
        # A denial applies to nearly every question, so it is no last resort.
        for kind in order[:-1] if order[-1] == "denial" else order:
            if kind == "denial" and kind != order[0]:
                continue
            question = self._kinds[kind](item, text, rng)
            if question:
                return question
        return None

    def _other_name(self, item: Item, text: str, rng: random.Random) -> str | None:
        parts = [match for match in _NAME.finditer(item.question) if match[0].lower() in text.lower()]
        if not parts:
            return None
        part = rng.choice(parts)
        pool = self._all_names if rng.random() < _ELSEWHERE else self._names[item.document]
        words = part[0].count(" ")
        near = [name for name in rng.sample(pool, min(len(pool), 40)) if abs(name.count(" ") - words) <= 1]
        return _put(item.question, part.span(), near, text)

    def _other_noun(self, item: Item, text: str, rng: random.Random) -> str | None:
        lower = text.lower()
        parts = [match for match in _NOUN.finditer(item.question) if match["noun"][:_STEM] in lower]
        parts = [match for match in parts if match["noun"] not in _NO_NOUNS]
        if not parts:
            return None
        part = rng.choice(parts)
        pool = self._all_nouns if rng.random() < _ELSEWHERE else self._nouns[item.document]
        plural = part["noun"].endswith("s")
        same = [noun for noun in rng.sample(pool, min(len(pool), 40)) if noun.endswith("s") == plural]
        return _put(item.question, part.span("noun"), [noun for noun in same if noun[:_STEM] not in lower], text)


def _put(question: str, span: tuple[int, int], choices: Sequence[str], text: str) -> str | None:
    """The question with the first choice that neither it nor the text holds."""
    low_text, low_question = text.lower(), question.lower()
    for choice in choices:
        if choice.lower() not in low_text and choice.lower() not in low_question:
            return question[: span[0]] + choice + question[span[1] :]
    return None


def _other_count(item: Item, text: str, rng: random.Random) -> str | None:
    """Another year, number, month or day of the week."""
    question = item.question
    choices: list[str]
    named = list(_MONTH_OR_DAY.finditer(question))
    years = list(_YEAR.finditer(question))
    numbers = [match for match in _NUMBER.finditer(question) if match.span() not in [year.span() for year in years]]
    parts = [*named, *years, *numbers]
    if not parts:
        return None
    part = rng.choice(parts)
    if part in named:
        choices = next(names for names in _CALENDAR if part[0].lower() in names)
        choices = [name.title() for name in rng.sample(choices, len(choices))]
    elif part in years:
        near = [step for step in range(-12, 13) if step]
        spread = near if rng.random() < 0.6 else range(-150, 151)
        in_text = [year for year in _YEAR.findall(text) if year not in question]
        if in_text and rng.random() < 0.3 and len(set(in_text)) > 1:
            return None  # one of the text's own years may be answered
        choices = [str(int(part[0]) + rng.choice(spread)) for _ in range(_TRIES)]
    else:
        digits = [str((int(digit) + rng.randint(1, 9)) % 10 or 1) if digit.isdigit() else digit for digit in part[0]]
        keep = rng.randrange(len(digits)) if len(digits) > 2 else None
        if keep is not None:
            digits[keep] = part[0][keep]
        choices = ["".join(digits)]
    return _put(question, part.span(), choices, text)


def _opposite(item: Item, text: str, rng: random.Random) -> str | None:
    parts = list(_OPPOSITE.finditer(item.question))
    if not parts:
        return None
    part = rng.choice(parts)
    others = [word for word in _OPPOSITES[part[0].lower()] if not re.search(rf"\b{re.escape(word)}\b", text, re.I)]
    if not others:
        return None
    return item.question[: part.start()] + rng.choice(others) + item.question[part.end() :]


def _denial(item: Item, text: str, rng: random.Random) -> str | None:
    part = _DENIED.search(item.question)
    if part is None or (rng.random() < 0.3 and " not " in text):
        return None
    # "When did the war not begin?": behind the subject where one follows, else behind the verb.
    subject = re.match(r" (?:the |a )?[\w'’-]+", item.question[part.end() :])
    end = part.end() + (len(subject[0]) if subject and part[0].lower() in ("did", "does", "do") else 0)
    return item.question[:end] + " not" + item.question[end:]
