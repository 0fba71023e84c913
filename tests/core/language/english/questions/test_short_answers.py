"""Patterns of the part of a sentence that answers."""

from __future__ import annotations

import re

import pytest

from core.language.english.questions import short_answers


@pytest.mark.parametrize(
    ("pattern", "text", "part"),
    [
        (short_answers.DURATION, "It takes about 3 working days.", "about 3 working days"),
        (short_answers.DURATION, "It takes twenty-four hours.", "twenty-four hours"),
        (short_answers.DURATION, "It takes 2 hours and 30 minutes.", "2 hours and 30 minutes"),
        (short_answers.DURATION, "Serviced every six months.", "every six months"),
        (short_answers.DURATION, "It takes long.", None),
        (short_answers.COUNTED, "There are seven rooms.", "seven"),
        (short_answers.COUNTED, "There are twenty-one rooms.", "twenty-one"),
        (short_answers.COUNTED, "It rang twice.", "twice"),
        (short_answers.COUNTED, "The tenant often freights.", None),
        (short_answers.NAME, "written by Dr. Ada Lint yesterday", "Dr. Ada Lint"),
        (short_answers.NAME, "led by Élodie van der Meer", "Élodie van der Meer"),
        (short_answers.NAME, "nobody at all", None),
        (short_answers.DATE_NAMES, "closed on Sundays", "Sundays"),
        (short_answers.DATE_NAMES, "opened in spring of 2019 by", "spring of 2019"),
        (short_answers.DATE_NAMES, "opened in 1874 by", "1874"),
        (short_answers.DATE_NAMES, "holds 310 charts", None),
        (short_answers.UNIT, "9.4 kg", " kg"),
        (short_answers.UNIT, "seven make", None),
        (short_answers.UNIT, "9 minutes", None),  # a unit is a whole word
        (short_answers.EVERY, "Each member", "Each"),
        (short_answers.EVERY, "everyone", None),
    ],
)
def test_the_part_that_answers(pattern: re.Pattern[str], text: str, part: str | None) -> None:
    match = pattern.search(text)
    assert (match and match[0]) == part


@pytest.mark.parametrize(
    ("pattern", "group", "text", "part"),
    [
        (short_answers.PLACE, "name", "kept in Port Ellan", "Port Ellan"),
        (short_answers.PLACE, "name", "kept at the Old Mill, Ellan", "the Old Mill, Ellan"),
        (short_answers.PLACE, "name", "kept in a drawer", None),
        (short_answers.REASON, "rest", "closed because of ice.", " ice."),
        (short_answers.REASON, "rest", "closed, in order to\ndredge it", "\ndredge it"),
        (short_answers.REASON, "rest", "closed", None),
        (short_answers.IS, "rest", "A quorum is seven members", "seven members"),
        (short_answers.IS, "rest", "E-5 means that it is full", "that it is full"),
        (short_answers.IS, "rest", "his island", None),
        (short_answers.PROPERTY, "rest", "Chair: Mona Vell", "Mona Vell"),
        (short_answers.PROPERTY, "name", "Chair: Mona Vell: deputy", "Chair"),
        (short_answers.PROPERTY, "rest", "at 10:30 sharp", None),  # no space, no property
        (short_answers.PROPERTY, "rest", "Chair: ", None),
    ],
)
def test_what_stands_behind_the_word_that_leads_in(
    pattern: re.Pattern[str], group: str, text: str, part: str | None
) -> None:
    match = pattern.search(text)
    assert (match and match[group]) == part
