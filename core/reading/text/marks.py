"""Boxes and buttons of a form as a page's text has them: which are marked, and what stands beside each.

Words that say yes, no or not are those of English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Literal

from core.language.english import polarity
from core.reading.text.words import listed_stems, terms

_CHOOSING = listed_stems("choosing")
_ROUND, _BULLETS = "◉●○◯", "●○◯"
_LEAST_STEM, _ENDING = 4, 2  # letters: stems of a verb and of who does it ("smok", "smoker")
_TITLE_CHARS = 120  # a longer line is no title of boxes
_TITLE_WORDS = 5  # of a line right above boxes that ends in no colon or question mark
_BRACKETED = re.compile(r"\([^()]*\)")
_MARKED, _EMPTY = "☒☑◉●", "☐□○◯"
_SIGNS = _MARKED + _EMPTY
_OPTION = re.compile(rf"(?P<sign>[{_SIGNS}])\s*(?P<label>[^{_SIGNS}\n]*)")


@dataclass(frozen=True, slots=True)
class FormOption:
    """A box or a button.

    Attributes:
        marked: Whether it is ticked or chosen.
        label: What stands behind it on its line, without a stop at its end; empty where nothing does.
    """

    marked: bool
    label: str


def form_options(text: str) -> list[FormOption]:
    """Return the boxes and buttons of a text, in order."""
    return [FormOption(match["sign"] in _MARKED, match["label"].strip(" \t.,;")) for match in _OPTION.finditer(text)]


def chosen_labels(text: str) -> str:
    """Return what is chosen among two or more options, listed; empty where there is no choice, or none was made."""
    options = form_options(text)
    labelled = [option for option in options if option.label]
    if len(labelled) < 2 or len(labelled) < len(options):
        return ""
    return ", ".join(option.label for option in labelled if option.marked)


@dataclass(frozen=True, slots=True)
class BoxAnswer:
    """What the boxes of a form say to a question.

    Attributes:
        start: First code point of what shows it in the text: the line, with the line before it where that asks.
        end: One past the last.
        label: What the box is ticked for, or the question before a "yes" and a "no".
        verdict: Empty where no box is ticked, or two that exclude each other.
    """

    start: int
    end: int
    label: str
    verdict: Literal["yes", "no", ""]


@dataclass(frozen=True, slots=True)
class ChosenOption:
    """The marked options of a group of boxes.

    Attributes:
        start: First code point of the group in the text, its title included.
        end: One past the last.
        label_start: First code point of the first marked label.
        label_end: One past the last of the last marked one.
        label: The marked labels, listed.
        title: What stands before the group.
    """

    start: int
    end: int
    label_start: int
    label_end: int
    label: str
    title: str


@dataclass(frozen=True, slots=True)
class _Box:
    """A sign with the words on either side of it in its line; offsets count in the text."""

    sign: str
    before: str
    behind: str
    start: int
    behind_start: int
    behind_end: int

    @property
    def marked(self) -> bool:
        return self.sign in _MARKED

    @property
    def round(self) -> bool:
        return self.sign in _ROUND


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with boxes.

    Attributes:
        lead: What stands before its first box; where nothing does, the line above if that asks or is short.
        start: Where the lead begins.
        own_lead: Whether the lead stands on the line itself.
        goes_on: Whether the line above has boxes of the same kind as well.
    """

    boxes: list[_Box]
    lead: str
    start: int
    end: int
    own_lead: bool
    goes_on: bool


def line_with_box(question_terms: Sequence[str], text: str) -> BoxAnswer | None:
    """Return what boxes say to a question that can be answered by yes or no.

    The line is the one whose label, or whose question before a "yes" and a "no", has most of the question's words. It
    must have no words that the question lacks, or all that the question has.

    Args:
        question_terms: Stems of the words of the question that carry content.
        text: Of a page.

    Returns:
        None where no line with boxes is about the question.
    """
    best: tuple[tuple[int, int], BoxAnswer] | None = None
    for answer, group in _statements(_lines(text)):
        label = frozenset(terms(_BRACKETED.sub(" ", answer.label)) or terms(answer.label))
        rank = _about(question_terms, label, frozenset(terms(group)))
        if rank is not None and (best is None or rank > best[0]):
            best = rank, answer
    return best[1] if best else None


def chosen_option(question_terms: Sequence[str], text: str) -> ChosenOption | None:
    """Return what is chosen in the group of boxes that a question asks for, each on a line or several on one.

    The question has words of the group's title. The only group of buttons of a page needs no title where the question
    asks what was chosen.

    Args:
        question_terms: Stems of the words of the question that carry content.
        text: Of a page.
    """
    asked_terms = frozenset(question_terms)
    groups = [group for group in _groups(_lines(text)) if not _is_yes_no(group) and _is_choice(group)]
    named = [(_shared(asked_terms - _CHOOSING, frozenset(terms(group[0].lead))), group) for group in groups]
    count, group = max(named, key=lambda each: each[0], default=(0, []))
    if not count or 2 * count < len(set(terms(group[0].lead))):
        round_groups = [group for group in groups if all(box.round for line in group for box in line.boxes)]
        if len(round_groups) != 1 or not asked_terms & _CHOOSING or round_groups[0][0].own_lead:
            return None
        count, group = 0, round_groups[0]
    marked = [box for line in group for box in line.boxes if box.marked]
    start = group[0].start if count else group[0].boxes[0].start
    labels = [_clean(box.behind) for box in marked]
    return ChosenOption(
        start, group[-1].end, marked[0].behind_start, marked[-1].behind_end, ", ".join(labels), group[0].lead
    )


def _lines(text: str) -> list[_Line]:
    """Return the lines with boxes; a "yes" and a "no" on lines of their own are one line."""
    lines: list[_Line] = []
    offset, above, above_start, with_boxes = 0, "", 0, False
    for line in text.split("\n"):
        boxes = _boxes(line, offset)
        if boxes:
            own = bool(boxes[0].before)
            goes_on, end = with_boxes and not own, offset + len(line.rstrip())
            if goes_on and _are_stated(boxes) and _are_stated(lines[-1].boxes):
                lines[-1] = replace(lines[-1], boxes=[*lines[-1].boxes, *boxes], end=end)
            else:
                lead = boxes[0].before if own else "" if goes_on else above
                start = offset if own or goes_on or not above else above_start
                lines.append(_Line(boxes, lead, start, end, own, goes_on))
        if boxes or not line.strip():
            # Over a blank line only what asks is a title.
            above = above if not boxes and above[-1:] in (":", "?") else ""
        else:
            title = line.strip()
            asks = title[-1] in ":?" and len(title) <= _TITLE_CHARS
            above, above_start = title if asks or len(title.split()) <= _TITLE_WORDS else "", offset
        with_boxes = bool(boxes) or (with_boxes and not line.strip())
        offset += len(line) + 1
    return lines


def _boxes(line: str, offset: int) -> list[_Box]:
    options = list(_OPTION.finditer(line))
    boxes = [
        _Box(
            match["sign"],
            line[options[index - 1].end("sign") if index else 0 : match.start()].strip(),
            match["label"].strip(),
            offset + match.start(),
            offset + match.start("label"),
            offset + match.start("label") + len(match["label"].rstrip()),
        )
        for index, match in enumerate(options)
    ]
    if boxes and not boxes[-1].behind and all(_stated(box.before, last=True) for box in boxes):
        return _turned(boxes)
    return boxes


def _turned(boxes: Sequence[_Box]) -> list[_Box]:
    """Give boxes behind their "yes" and "no" the words as if these stood behind the boxes."""
    leads, answers = zip(*(_last_parted(box.before) for box in boxes), strict=True)
    labels = [f"{answer} {lead}".strip() for answer, lead in zip(answers, [*leads[1:], ""], strict=True)]
    return [replace(box, before=lead, behind=label) for box, lead, label in zip(boxes, leads, labels, strict=True)]


def _last_parted(text: str) -> tuple[str, str]:
    rest, _, last = text.rpartition(" ")
    return rest.strip(), last


def _are_stated(boxes: Sequence[_Box]) -> bool:
    """Tell whether each box has "yes" or "no" behind it and nothing else."""
    return all(re.fullmatch(polarity.STATED + r"\W*", box.behind, re.IGNORECASE) for box in boxes)


def _groups(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Yield the lines of boxes with their labels behind, those that follow each other together."""
    group: list[_Line] = []
    for line in lines:
        if not all(box.behind for box in line.boxes):
            continue
        same = bool(group) and line.goes_on and line.boxes[0].round == group[0].boxes[0].round
        if group and not same:
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _statements(lines: Sequence[_Line]) -> Iterator[tuple[BoxAnswer, str]]:
    """Yield what each box, or a yes and a no together, says, with the title of its group."""
    title, chosen = "", False
    for index, line in enumerate(lines):
        if not line.goes_on:
            run = takewhile(lambda other: other.goes_on, lines[index + 1 :])
            title, chosen = line.lead, _is_choice([line, *run])
        if _says_yes_or_no(line.boxes):
            yield from ((answer, "") for answer in _yes_no(line))
            continue
        for box in line.boxes:
            label, group = (box.behind, title) if line.boxes[-1].behind else (box.before or line.lead, "")
            if chosen or not box.round:  # of buttons none of which is chosen, none says no
                yield BoxAnswer(line.start, line.end, _clean(label), _verdict(box, label)), group


def _verdict(box: _Box, label: str) -> Literal["yes", "no", ""]:
    if polarity.NEGATIVE.search(label):  # "No pets" is ticked
        return "no" if box.marked else ""
    return "yes" if box.marked else "no"


def _yes_no(line: _Line) -> Iterator[BoxAnswer]:
    """Yield what is answered to each question of a line: words, a "yes" and a "no", and perhaps the next words."""
    label, start = line.lead, line.start
    marked, passed = list[str](), set[str]()
    for box in line.boxes:
        word = _stated(box.behind)
        passed |= {word} - {""}
        if box.marked:
            marked.append(word)
        following = box.behind.split(maxsplit=1)[1:]
        if following and len(passed) > 1:
            yield _answered(line, start, label, marked)
            label, start, marked, passed = following[0], box.behind_start, [], set()
    if passed:
        yield _answered(line, start, label, marked)


def _answered(line: _Line, start: int, label: str, marked: Sequence[str]) -> BoxAnswer:
    word = marked[0] if len(marked) == 1 else ""
    return BoxAnswer(start, line.end, _clean(label), "yes" if word == "yes" else "no" if word == "no" else "")


def _says_yes_or_no(boxes: Sequence[_Box]) -> bool:
    return all(box.behind for box in boxes) and len({_stated(box.behind) for box in boxes} - {""}) > 1


def _stated(label: str, *, last: bool = False) -> str:
    """Return the "yes" or "no" that a label begins with, or ends with; empty where it does not."""
    word = label.split()[-1 if last else 0] if label else ""
    stated = re.match(polarity.STATED, word, re.IGNORECASE)
    return stated[1].lower() if stated else ""


def _is_choice(lines: Sequence[_Line]) -> bool:
    """Tell whether some box of a group is marked; round signs of one kind may be the bullets of a list."""
    boxes = [box for line in lines for box in line.boxes]
    bullets = all(box.sign in _BULLETS for box in boxes) and len({box.marked for box in boxes}) == 1
    return any(box.marked for box in boxes) and not bullets


def _is_yes_no(group: Sequence[_Line]) -> bool:
    return any(_says_yes_or_no(line.boxes) for line in group)


def _about(question_terms: Sequence[str], label: frozenset[str], group: frozenset[str]) -> tuple[int, int] | None:
    """Return how well a label fits a question: words that both have, and less those that it has more; None for not."""
    asked_terms = frozenset(question_terms)
    own, whole = _shared(asked_terms, label), _shared(asked_terms, label | group)
    missing, more = len(asked_terms) - whole, len(label) - _shared(label, asked_terms)
    # Labels seldom say who it is about, which a question says first: "Did the guest accept the rules?"
    first = frozenset(question_terms[:1])
    only_first = missing == 1 and whole > 1 and not _shared(first, label | group)
    if not own or (missing and (missing > whole or (more and not only_first))):
        return None
    return whole, -more


def _shared(terms_of: frozenset[str], others: frozenset[str]) -> int:
    return sum(any(_same(term, other) for other in others) for term in terms_of)


def _same(term: str, other: str) -> bool:
    """Whether two stems are of one word, or of a verb and who does it."""
    short, long = sorted((term, other), key=len)
    return term == other or (len(short) >= _LEAST_STEM and long.startswith(short) and len(long) - len(short) <= _ENDING)


def _clean(label: str) -> str:
    return label.strip(" \t.,;:")
