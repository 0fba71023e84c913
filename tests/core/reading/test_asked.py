"""What a question asks for is read from its words: a section, a list, a count, yes or no, a figure, a denial."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading.asked import (
    affirmed,
    asked_thing,
    bare_question,
    contradicts,
    counted_is_named,
    lists_opposite,
    parts_of,
    read_asked,
)


@pytest.mark.parametrize(
    ("question", "section", "whole"),
    [
        ("What does section 4.2 say?", "4.2", True),
        ("What does section 4.2 say about rent?", "4.2", False),
        ("Summarize section 3.", "3", True),
        ("What does clause 2 (a)(ii) require?", "2(a)(ii)", True),
        ("What does 2(b) say?", "2(b)", True),
        ("What does A.10 say?", "A.10", True),
        ("What does 2.1 say?", "2.1", True),
        ("What is 2.1?", "", False),
        ("What does part III say?", "III", True),
        ("What does annex B say?", "annex b", True),
        ("What is item (iv)?", "(iv)", True),
        ("What is point b about?", "b", True),
        ("Which part of the bridge is old?", "", False),
        ("Which step I take first is hard?", "", False),
        ("Please describe clause 7.1", "7.1", True),
        ("Explain step 3", "3", True),
        ("What are the steps of section 3?", "3", False),
        ("Explain the fees of section 3", "3", False),
        ("Who signs under § 12a?", "12a", False),
        ("What is 4.2.1 about?", "4.2.1", True),
        ("How many of item 1,000 were sold?", "", False),
        ("What costs $1.25.50?", "", False),
        ("Who wrote the report?", "", False),
    ],
)
def test_a_named_section_and_whether_all_of_it_is_asked_for(question: str, section: str, whole: bool) -> None:
    asked = read_asked(question)
    assert (asked.section, asked.whole_section) == (section, whole)


@pytest.mark.parametrize(
    ("question", "lists"),
    [
        ("List the colours.", True),
        ("Name all members", True),
        ("What are the opening hours?", True),
        ("Which rooms are available?", True),
        ("What kinds of paper are sold?", True),
        ("Who chairs the board?", False),
        ("When was the list of members printed?", False),
    ],
)
def test_a_list_is_asked_for(question: str, lists: bool) -> None:
    assert read_asked(question).lists is lists


@pytest.mark.parametrize(
    ("question", "counts"),
    [
        ("How many rooms are there?", "rooms"),
        ("How many error codes are listed?", "error codes"),
        ("How many people live in Port Ellan?", ""),
    ],
)
def test_what_is_to_be_counted(question: str, counts: str) -> None:
    assert read_asked(question).counts == counts


@pytest.mark.parametrize(
    ("question", "yes_no"),
    [
        ("Is parking free?", True),
        ("And may guests vote?", True),
        ("Is parking free or paid?", False),
        ("What is parking?", False),
    ],
)
def test_a_choice_between_two_is_no_question_of_yes_or_no(question: str, yes_no: bool) -> None:
    assert read_asked(question).yes_no is yes_no


def test_figures_and_several_answers() -> None:
    assert read_asked("How much is a ticket?").figure
    assert not read_asked("Who wrote the preface?").figure
    assert read_asked("Who signed it and when did it start?").several
    assert not read_asked("Who signed the lease and the annex?").several


@pytest.mark.parametrize(
    ("question", "denial", "stated"),
    [
        ("Who was not present?", "absent excused apologies", "Who absent excused apologies?"),
        ("Who wasn’t there?", "absent excused apologies", "Who absent excused apologies?"),
        ("What is not covered?", "excluded exclude not cover", "What is excluded exclude not cover?"),
        ("Is it not allowed?", "prohibited forbidden not permitted", "Is it prohibited forbidden not permitted?"),
        ("Who was present?", "", "Who was present?"),
    ],
)
def test_a_denial_is_put_as_documents_put_it(question: str, denial: str, stated: str) -> None:
    assert read_asked(question).denial == denial
    assert affirmed(question) == stated


def test_those_present_do_not_answer_who_was_absent() -> None:
    absent, present = read_asked("Who was not present?"), read_asked("Who was present?")
    assert contradicts(absent, "Present: Ann, Bob")
    assert contradicts(absent, "In attendance: Ann")
    assert not contradicts(absent, "Apologies: Cy")
    assert not contradicts(present, "Present: Ann, Bob")


@pytest.mark.parametrize(
    ("question", "sentence", "named"),
    [
        ("How many women took part?", "Eleven women took part.", True),
        ("How many women took part?", "Twelve men took part.", False),
        ("How many error codes exist?", "There are nine codes.", True),
        ("How many error codes exist?", "There are nine lamps.", False),
        ("Who took part?", "Twelve men took part.", True),
    ],
)
def test_a_count_is_of_what_the_question_names(question: str, sentence: str, named: bool) -> None:
    assert counted_is_named(question, sentence) is named


@given(st.text(max_size=60))
def test_any_text_can_be_read(question: str) -> None:
    asked = read_asked(question)
    assert set(asked.section.casefold()) <= {" ", *question.casefold()}
    assert asked.counts in question
    assert asked.section or not asked.whole_section
    assert (affirmed(question) == question) or asked.denial


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        (
            "What is the FY2021 growth rate for Hain plc? Answer in units of percents and round to one decimal place.",
            "What is the FY2021 growth rate for Hain plc?",
        ),
        ("How much (in USD billions) did Hain pay in FY2020?", "How much did Hain pay in FY2020?"),
        (
            "We want to calculate a metric. Here's the question: what is the payout ratio for Hain? Round the answer.",
            "What is the payout ratio for Hain?",
        ),
        (
            "Considering the data in the balance sheet, what is the ratio? Define ratio as assets divided by debts.",
            "What is the ratio? Define ratio as assets divided by debts.",
        ),
        ("What is the margin of Block (formerly known as Square)?", "What is the margin of Block?"),
        ("Who is Tom (called the Cat)?", "Who is Tom?"),
        ("By what time must a plan be handed in?", "By what time must a plan be handed in?"),
        ("If the alarm rings, what should I do?", "If the alarm rings, what should I do?"),
        ("Answer in one word.", "Answer in one word."),
        ("Answer the following question: who is the chair?", "who is the chair?"),
    ],
)
def test_instructions_on_how_to_answer_are_no_part_of_a_question(text: str, bare: str) -> None:
    assert bare_question(text) == bare


@given(st.text())
def test_a_bare_question_is_never_empty_where_the_question_is_not(text: str) -> None:
    assert bool(bare_question(text)) == bool(text)


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("What is the focal length of the telescope?", ("focal", "length")),
        ("What was the population of Port Ellis in 1990?", ("population",)),
        ("Which brand of turbine is it?", ("brand",)),
        ("How many runways does the airfield have?", ("runwai",)),
        ("How tall is the radio mast on the hill?", ("radio", "mast")),
        ("What is the lowest pressure ever measured at the station?", ("lowest", "pressur")),
        ("What kind of turbine is it?", ()),
        ("What year was it built?", ()),
        ("What caused the fall of the city?", ()),
        ("Who built it?", ()),
        ("What is her salary (Ada Reiss)?", ("salari",)),
    ],
)
def test_the_noun_that_names_what_is_asked_for(question: str, thing: tuple[str, ...]) -> None:
    assert asked_thing(question) == thing


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("Who chairs the board, and when was she appointed?", ("Who chairs the board?", "When was she appointed?")),
        ("Who won it and when?", ("Who won it?", "When won it?")),
        ("When and where does the board meet?", ("When does the board meet?", "Where does the board meet?")),
        ("What was agreed, and by whom was it signed?", ("What was agreed?", "By whom was it signed?")),
        ("Does it open on Sunday and what does it cost?", ("Does it open on Sunday?", "What does it cost?")),
        ("What is the fee? When is it due?", ("What is the fee?", "When is it due?")),
    ],
)
def test_two_questions_in_one_are_told_apart(question: str, parts: tuple[str, ...]) -> None:
    assert parts_of(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "What is the difference between what A says and what B says?",
        "Who decides what is bought and when it is paid?",
        "What were the sales of Apple and Microsoft?",
        "Who is the director who left and which is chaired by X?",
        "Is it allowed and when?",
        "Name the tools and say what they cost.",
        "What is the fee? Answer in euros.",
        "",
    ],
)
def test_a_question_whose_parts_need_each_other_stays_whole(question: str) -> None:
    assert parts_of(question) == (question,)


@pytest.mark.parametrize(
    ("typed", "bare"),
    [
        ("whats the code", "what is the code"),
        ("Whos the chair?", "Who is the chair?"),
        ("can I smoke if I dont leave", "can I smoke if I don't leave"),
        ("What shows the code?", "What shows the code?"),
    ],
)
def test_words_as_they_are_typed(typed: str, bare: str) -> None:
    assert bare_question(typed) == bare


def test_a_list_under_the_opposite_label_is_told() -> None:
    question = "What is not included?"
    assert lists_opposite(read_asked(question), question, "Included: poker, gloves")
    assert not lists_opposite(read_asked(question), question, "Not included: oil, hoses.")
    assert not lists_opposite(read_asked(question), question, "Excluded: oil, hoses.")
    assert not lists_opposite(read_asked("What is included?"), "What is included?", "Included: poker")
