"""English wording: what each pattern finds, and the nearest wording that it must leave alone."""

from __future__ import annotations

import pytest

from core.language.english.questions.wording import ENGLISH


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (
            ENGLISH.source_mention,
            "What is described, according to the second passage?",
            "according to the second passage",
        ),
        (ENGLISH.source_mention, "The document states a price.", "The document states"),
        (ENGLISH.source_mention, "What does the given information say?", "given information"),
        (ENGLISH.source_mention, "According to the Act, who pays?", None),
        (ENGLISH.source_mention, "How many documents does the club keep?", None),
        (ENGLISH.pronoun, "How tall is it?", "it"),
        (ENGLISH.pronoun, "How tall is Itzel?", None),
        (ENGLISH.expletive, "How long does it take?", "does it take"),
        (ENGLISH.expletive, "Is it strictly forbidden to row?", "Is it strictly forbidden"),
        (ENGLISH.expletive, "How long is it?", None),
        (ENGLISH.noun_phrase, "Has every member a key?", "every member"),
        (ENGLISH.noun_phrase, "Has Ann's boat a name?", "Ann's boat"),
        (ENGLISH.noun_phrase, "Has Ann sold boats?", None),
        (ENGLISH.role, "What did the company earn?", "the company"),
        (ENGLISH.role, "What did the company of Ann earn?", None),
        (ENGLISH.question_phrase, "By what share did fees rise?", "By what"),
        (ENGLISH.question_phrase, "How much is it?", "How much"),
        (ENGLISH.question_phrase, "Name the whatnot.", None),
    ],
)
def test_patterns(pattern, text, found):
    match = pattern.search(text)
    assert (match and match[0]) == found


@pytest.mark.parametrize(
    ("text", "outside"),
    [
        ("What does the table above show?", True),
        ("What is the aforementioned fee?", True),
        ("Who signs the following?", True),
        ("Who rows on the following day?", False),
        ("What were those?", True),
        ("What of those who row?", False),
        ("What was that amount?", True),
        ("Who says that rowing is easy?", False),
        ("What did the club earn last year?", True),
        ("What did the club earn in the last year of the war?", True),
        ("What did the club earn in 1974?", False),
        ("What do we pay?", True),
        ("What do members in the US pay?", False),
    ],
)
def test_what_is_understood_only_beside_a_page(text, outside):
    assert any(pattern.search(text) for pattern in ENGLISH.outside_references) is outside


@pytest.mark.parametrize(
    ("sentence", "leans"),
    [
        ("However, it rained.", True),
        ("In addition, boats sank.", True),
        ("Italy rows.", False),
        ("Boats also sink.", False),
    ],
)
def test_sentences_that_lean_on_the_one_before(sentence, leans):
    assert bool(ENGLISH.leaning_opening.match(sentence)) is leans


@pytest.mark.parametrize(
    ("question", "starts"),
    [
        ("In which year?", True),
        ("how many?", True),
        ("Howard rows?", False),
        ("Is it so?", False),
        ("And in what?", False),
    ],
)
def test_questions_that_ask_with_a_word_of_their_own(question, starts):
    assert bool(ENGLISH.question_start.match(question)) is starts
