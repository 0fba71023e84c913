"""Facts of one sentence: drafts with their questions, and sentences that depend on others."""

from __future__ import annotations

import pytest

from synth.facts.draft import FactDraft
from synth.facts.english.casing import Casing
from synth.facts.english.definite import Definites
from synth.facts.english.prose.sentence_facts import facts_of
from tests.support.stated_facts import FILING, HANDBOOK, flat


def drafts(sentence: str, naming=HANDBOOK) -> list[FactDraft]:
    found = list(facts_of(flat(sentence), naming, Casing(), Definites()))
    for draft in found:
        assert draft.quotes[0] == (0, len(sentence))
        assert sentence[slice(*draft.value)].casefold() in sentence.casefold()
        assert len(set(draft.questions)) == len(draft.questions)
    return found


def asked(sentence: str, naming=HANDBOOK) -> dict[str, str]:
    return {draft.questions[1]: draft.answer for draft in drafts(sentence, naming)}


def test_two_predicates_of_one_subject():
    found = asked("The old boathouse has 14 racks and holds 28 boats.")
    assert list(found.values()) == ["14 racks", "28 boats"]
    assert (
        "According to the Staff Handbook of the Rowan Institute, how many boats does the old boathouse hold?" in found
    )


def test_clauses_after_a_semicolon():
    assert list(asked("The old boathouse has 14 racks; the new quay is 62 m long.").values()) == ["14 racks", "62 m"]


def test_an_adverb_before_the_verb_is_left_out_of_the_question():
    (draft,) = drafts("The old kiln usually consumes the peat of three farms.")
    assert draft.questions[1].endswith("what does the old kiln consume?")


def test_a_lead_stays_in_the_question():
    (question,) = asked("In 2021, the harbour museum received 12,000 visitors.")
    assert question.endswith("how many visitors did the harbour museum receive in 2021?")


def test_the_organisation_is_named_for_the_institute():
    assert drafts("The Institute employs 64 staff.")[0].subject == "the Rowan Institute"


def test_a_post_with_its_holder():
    (draft,) = drafts("In May the club was led by the Listener, Avery Hoyt.")
    assert (draft.kind, draft.answer) == ("name", "Avery Hoyt")
    assert draft.questions[0].startswith("Who is the Listener")


def test_a_definition_and_an_abbreviation():
    kinds = {draft.kind: draft.answer for draft in drafts("“Tide” means the rise and fall of the sea (ROF).")}
    assert kinds["definition"].startswith("the rise and fall of the sea")
    (short,) = drafts("The room has magnetic resonance imaging (MRI) and a lamp.")
    assert (short.kind, short.subject, short.answer) == ("acronym", "MRI", "magnetic resonance imaging")


def test_a_quantity_as_subject():
    (draft,) = drafts("Six bicycles are kept at the office.")
    assert (draft.answer, draft.subject) == ("Six bicycles", "bicycles")


@pytest.mark.parametrize(
    "sentence",
    [
        "It has 14 racks.",
        "This boathouse has 14 racks.",
        "The amount was 14 crowns.",
        "The company has 14 racks.",
        "The old boathouse has 14 racks",
        "Has the old boathouse 14 racks?",
        "The old boathouse (and quay has 14 racks.",
        "Short one.",
        "The old boathouse has 14 racks ☐ yes ☐ no.",
    ],
)
def test_what_depends_on_other_sentences_gives_no_fact(sentence):
    assert drafts(sentence) == []


def test_in_a_filing_an_amount_needs_its_period():
    assert drafts("Net sales in Europe were $5 million.", FILING) == []
    (draft,) = drafts("Net sales in Europe were $5 million in 2022.", FILING)[:1]
    assert draft.answer == "$5 million"
    assert "2022" in draft.questions[0]


def test_respectively_gives_two_facts():
    sentence = "Net sales in Europe were $5 million and $4 million in 2022 and 2021, respectively."
    assert [draft.answer for draft in drafts(sentence, FILING) if draft.kind == "quantity"] == [
        "$5 million",
        "$4 million",
    ]
