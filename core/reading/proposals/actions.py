"""Action lists: who has to do what until when, read line by line, and what a question asks of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.language.english.printed import actions
from core.reading.passages import Passage
from core.reading.text.sentences import Offsets, sentences_of
from core.reading.text.values import values
from core.reading.text.words import content_stems

# Months of a year's end and of its beginning: dates of both, without their years, may be of two years.
_LATE, _EARLY = ("-10", "-11", "-12"), ("-01", "-02", "-03")


@dataclass(frozen=True, slots=True)
class Action:
    """A line of an action list.

    Attributes:
        passage: Index of the passage on whose page it stands.
        line: Its span.
        who: Span of who has to do it.
        task: Span of what is to be done, without its date.
        due: Span of the date, None where it has none.
        key: The date: "2025-11-07", or "-11-07" where it has no year.
        listed: Whether it stands under a heading of such a list.
    """

    passage: int
    line: Offsets
    who: Offsets
    task: Offsets
    due: Offsets | None
    key: str
    listed: bool


@dataclass(frozen=True, slots=True)
class ActionAnswer:
    """What an action list answers.

    Attributes:
        short: The answer.
        lines: The actions that show it.
        computed: Whether it is no span of the lines.
    """

    short: str
    lines: tuple[Action, ...]
    computed: bool


def actions_in(passages: Sequence[Passage]) -> list[Action]:
    """Return the actions on the pages of the passages, each page once; a lone line is no list."""
    listed: list[Action] = []
    seen: set[str] = set()
    for index, passage in enumerate(passages):
        if passage.page in seen:
            continue
        seen.add(passage.page)
        matches = actions.LINE.finditer(passage.page)
        read = [(match, _action(index, match, passage.page)) for match in matches]
        # "The board will meet on 3 May." is no action unless it is listed.
        lines = [line for match, line in read if match["bullet"] or line.listed or (match["parted"] and line.due)]
        if len(lines) > 1 and any(line.due or line.listed for line in lines):
            listed += lines
    return listed


def _action(passage: int, match: re.Match[str], page: str) -> Action:
    start, (low, high) = match.start("bullet" if match["bullet"] else "who"), match.span("task")
    dates = [value for value in values(page[low:high]) if value.kind == "date"]
    due = (low + dates[-1].start, low + dates[-1].end) if dates else None
    way = actions.DUE.search(page[low : due[0]]) if due else None
    task = (low, high if due is None or way is None else low + len(page[low : low + way.start()].rstrip(" ,(–—-")))
    unit = next((each for each in sentences_of(page) if each.start <= match.start("who") < each.end), None)
    above = [page[slice(*span)] for span in (unit.header, unit.label) if span] if unit else []
    listed = any(actions.HEADING.search(text) for text in above)
    return Action(passage, (start, match.end()), match.span("who"), task, due, dates[-1].key if dates else "", listed)


def action_answer(question: str, passages: Sequence[Passage]) -> ActionAnswer | None:
    """Return what action lists answer, None where the question asks for nothing of them or no line fits."""
    kinds = (_counted, _due, _of_person, _deadline, _person)
    lines: list[Action] | None = None
    for pattern, answer in zip(
        (actions.COUNT, actions.DUE_WHEN, actions.WHAT, actions.WHEN, actions.WHO), kinds, strict=True
    ):
        match = pattern.match(question)
        if match is None:
            continue
        lines = actions_in(passages) if lines is None else lines
        given = answer(match, lines, passages) if lines else None
        if given is not None:
            return given
    return None


def _text(action: Action, span: Offsets, passages: Sequence[Passage]) -> str:
    return " ".join(passages[action.passage].page[slice(*span)].split())


def _fitting(text: str, lines: Sequence[Action], passages: Sequence[Passage], *, who: bool) -> list[Action]:
    """The actions whose task, and who has to do it if so wished, hold all words of a text, but for the source's."""
    asked_stems = content_stems(actions.FILLER.sub(" ", text))
    fitting = []
    for line in lines:
        own = content_stems(_text(line, line.line if who else (line.task[0], line.line[1]), passages))
        topic = asked_stems - (content_stems(passages[line.passage].source) - own)
        if topic and topic <= own:
            fitting.append(line)
    return fitting


def _counted(match: re.Match[str], lines: Sequence[Action], passages: Sequence[Passage]) -> ActionAnswer | None:
    kept = [line for line in lines if line.passage == lines[0].passage]
    if match["who"]:
        kept = _of(match["who"], lines, passages)
    return ActionAnswer(str(len(kept)), tuple(kept), computed=True) if kept else None


def _of(who: str, lines: Sequence[Action], passages: Sequence[Passage]) -> list[Action]:
    return [
        line
        for line in lines
        if content_stems(who) and content_stems(who) <= content_stems(_text(line, line.who, passages))
    ]


def _of_person(match: re.Match[str], lines: Sequence[Action], passages: Sequence[Passage]) -> ActionAnswer | None:
    kept = _of(match["who"], lines, passages)
    dates = [value.key for value in values(match["rest"]) if value.kind == "date"]
    kept = [line for line in kept if not dates or _same_day(line.key, dates[0])]
    texts = [_text(line, (line.task[0], line.due[1] if line.due else line.task[1]), passages) for line in kept]
    return ActionAnswer("; ".join(texts), tuple(kept), computed=len(kept) > 1) if kept else None


def _person(match: re.Match[str], lines: Sequence[Action], passages: Sequence[Passage]) -> ActionAnswer | None:
    kept = _fitting(match["task"], lines, passages, who=False)
    people = list(dict.fromkeys(_text(line, line.who, passages) for line in kept))
    return ActionAnswer(", ".join(people), tuple(kept), computed=len(people) > 1) if people else None


def _deadline(match: re.Match[str], lines: Sequence[Action], passages: Sequence[Passage]) -> ActionAnswer | None:
    kept = [line for line in _fitting(match["task"], lines, passages, who=True) if line.due]
    if len(kept) != 1 or kept[0].due is None:
        return None
    return ActionAnswer(_text(kept[0], kept[0].due, passages), tuple(kept), computed=False)


def _due(match: re.Match[str], lines: Sequence[Action], passages: Sequence[Passage]) -> ActionAnswer | None:
    dates = [value.key for value in values(match["date"]) if value.kind == "date"]
    dated = [line for line in lines if line.key]
    way = match["way"].casefold()
    if len(dates) != 1 or (way != "on" and not _in_order([*(line.key for line in dated), dates[0]])):
        return None
    kept = [line for line in dated if _stands(way, line.key, dates[0])]
    if len(kept) == 1:
        return ActionAnswer(_text(kept[0], kept[0].task, passages), tuple(kept), computed=False)
    texts = [f"{_text(line, line.who, passages)}: {_text(line, line.task, passages)}" for line in kept]
    return ActionAnswer("; ".join(texts), tuple(kept), computed=True) if kept else None


def _same_day(first: str, second: str) -> bool:
    """Whether two dates are one, as far as both tell."""
    return first == second or (first[-6:] == second[-6:] and (first.startswith("-") or second.startswith("-")))


def _in_order(keys: Sequence[str]) -> bool:
    """Whether dates can be compared: all with their year, or none and within one year."""
    if not any(key.startswith("-") for key in keys):
        return True
    ends = any(key[-6:-3] in _LATE for key in keys) and any(key[-6:-3] in _EARLY for key in keys)
    return not ends and len({key[:-6] for key in keys if not key.startswith("-")}) < 2


def _stands(way: str, due: str, date: str) -> bool:
    """Whether a date stands to another one in a way ("before")."""
    if due.startswith("-") or date.startswith("-"):
        due, date = due[-6:], date[-6:]
    if way in actions.EARLIER:
        return due < date
    if way in actions.NOT_LATER:
        return due <= date
    if way in actions.LATER:
        return due > date
    return due >= date if way in actions.NOT_EARLIER else due == date
