"""Rows kind by kind: what the prompt holds, and what the target says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.prompt import ABSTENTION
from core.reading.passages import parse
from core.reading.proved import DIFFERS, proper
from core.rows import pair_from_json, row_to_json
from synth.making.prompted import fault
from synth.making.render import MEMORY_TAG, Renderer
from synth.work.kinds import CONTRADICTS, QUESTION_KINDS, RECALLED, STATING
from tests.support.club import CHARTS, LICENCES, PAGES, QUAY, RACKS, candidate, sha256_of


@pytest.fixture
def renderer(work):
    return Renderer(work, seed=0, distractors=3, mode="knowledge")


@pytest.fixture
def asked(work):
    """A candidate whose search also gave a page of the museum, and one that holds the answer."""
    museum = work.stretch(sha256_of("museum.pdf"), 0, 0, 60, chunk="m")
    again = replace(museum, chunk="again", text="Again: 14 racks.")
    return replace(candidate(work), hits=(again, museum))


def test_distractors_do_not_hold_the_answer(renderer, asked):
    assert [source.chunk for source in renderer.distractors(asked)] == ["m"]


def test_distractors_come_from_the_same_split(work, renderer, asked):
    work.db.execute("UPDATE documents SET split='test' WHERE doc='museum.pdf'")
    assert renderer.distractors(asked) == []


@pytest.mark.parametrize("kind", QUESTION_KINDS)
def test_every_target_can_be_said_from_its_prompt(renderer, asked, kind):
    row = renderer.row(asked, kind)
    if row is None:
        assert kind == "unanswerable"  # no other subject can do what a boathouse does
        return
    assert fault(row.answer, row.context) == ""
    assert row.id == renderer.row_id(asked, kind)
    assert (row.kind, row.fact, row.group) == (kind, RACKS.id, f"{RACKS.id}.0")
    assert row == renderer.row(asked, kind)
    assert ("14" in row.answer) == (kind in STATING)
    if kind in RECALLED:
        shown = [passage.text for passage in parse(row.context)[0]]
        assert not any("14 racks" in text for text in shown)


def test_closed_book_has_no_passages(renderer, asked):
    row = renderer.row(asked, "closed-book")
    assert (row.question, row.answer, row.context) == (RACKS.questions[0], "14 racks", "")


def test_evidence_shows_the_passage_and_quotes_it(renderer, asked):
    row = renderer.row(asked, "evidence")
    assert [passage.text for passage in parse(row.context)[0]] == [PAGES["club.pdf"][0]]
    assert row.answer.startswith(f"“{RACKS.evidence[0].quote}” [[")
    assert proper(row.answer) == "14 racks"


def test_questions_about_the_same_passages_share_their_prompt(work, renderer):
    quay, licences = candidate(work, QUAY), candidate(work, LICENCES)
    shown = renderer.row(quay, "evidence").context
    assert renderer.row(licences, "evidence").context == shown == renderer.row(quay, "false-premise").context
    again = renderer.row(candidate(work, QUAY, 1), "evidence").context
    assert again != shown, "other keys, so that they are not learned by heart"
    assert [passage.text for passage in parse(again)[0]] == [passage.text for passage in parse(shown)[0]]
    assert renderer.row(candidate(work), "evidence").context != shown


def test_distractors_stay_beside_a_passage_unless_they_answer_the_next_question(work, renderer, asked):
    museum = asked.hits[1]
    quay, licences = candidate(work, QUAY), candidate(work, LICENCES)
    first = renderer.row(replace(quay, hits=(museum,)), "distractors")
    boathouse = work.stretch(sha256_of("club.pdf"), 0, 0, 60, chunk="b")
    assert renderer.row(replace(licences, hits=(boathouse,)), "distractors").context == first.context
    answering = replace(boathouse, chunk="c", text="They cost 45 euros a year.")
    other = Renderer(work, seed=0, distractors=3, mode="knowledge")
    other.row(replace(quay, hits=(answering,)), "distractors")
    row = other.row(replace(licences, hits=(boathouse,)), "distractors")
    assert "45 euros a year." in row.context
    assert "They cost" not in row.context


def test_abstaining_and_recalling_see_distractors_only(renderer, asked):
    abstain, memory = renderer.row(asked, "abstain"), renderer.row(asked, "memory")
    assert abstain.answer == ABSTENTION
    assert memory.answer == f"{MEMORY_TAG} 14 racks"
    for row in (abstain, memory):
        assert len(parse(row.context)[0]) == 1
        assert "14 racks" not in row.context


def test_a_false_premise_is_denied_with_the_quote(renderer, asked):
    row = renderer.row(asked, "false-premise")
    assert "the boathouse of the Rowing Club has" in row.question
    assert "14 racks" not in row.question
    assert proper(row.answer) == "No, 14 racks"


def test_a_contradicting_passage_counts_and_the_row_says_what_was_altered(renderer, asked):
    row = renderer.row(asked, "contradicts")
    (alteration,) = row.altered
    assert alteration.true_value == "14 racks" != alteration.value
    assert row.evidence == RACKS.evidence, "the evidence is what the document says"
    shown = "\n".join(passage.text for passage in parse(row.context)[0])
    assert alteration.quote in shown
    assert "14 racks" not in row.context
    assert proper(row.answer) == alteration.value
    assert row.answer.startswith(f"“{alteration.quote}” [[")
    assert row.answer.endswith(f"\n{DIFFERS}")
    assert pair_from_json(row_to_json(row), "row", 1) == row


@pytest.mark.parametrize("seed", range(12))
def test_the_false_value_stands_in_no_other_passage(work, asked, seed):
    row = Renderer(work, seed=seed, distractors=3, mode="knowledge").row(asked, "contradicts")
    assert row is not None
    assert row.context.count(row.altered[0].value) == 1


def test_other_rows_alter_nothing(renderer, asked):
    rows = [renderer.row(asked, kind) for kind in QUESTION_KINDS if kind != CONTRADICTS]
    assert not any(row.altered for row in rows if row)


def test_a_value_that_cannot_be_falsified_contradicts_nothing(work, renderer):
    plain = replace(RACKS, value="boats", answer="boats")
    assert renderer.row(candidate(work, plain), "contradicts") is None


def test_an_unanswerable_question_asks_of_another_thing(work, renderer):
    quote = "The old pier of the Sailing School is 40 m long."
    other = replace(
        QUAY,
        id="pier",
        subject="the old pier of the Sailing School",
        statement=quote,
        questions=("How long is the pier of the school in winter?",),
        evidence=(replace(QUAY.evidence[0], quote=quote, end=QUAY.evidence[0].start + len(quote)),),
    )
    work.add_fact(other, "elsewhere")
    row = renderer.row(candidate(work, QUAY), "unanswerable")
    assert row is not None
    assert row.question == "How long is the old pier of the Sailing School?"
    assert row.answer == ABSTENTION


def test_without_distractors_some_kinds_are_not_made(work, renderer):
    bare = candidate(work, CHARTS)
    assert [kind for kind in QUESTION_KINDS if renderer.row(bare, kind) is None] == [
        "distractors",
        "abstain",
        "memory",
        "unanswerable",
    ]


def test_in_document_mode_a_row_has_its_documents_group_and_split(work, asked):
    work.db.execute("UPDATE documents SET part='p1', split='val' WHERE doc='club.pdf'")
    row = Renderer(work, seed=0, distractors=3, mode="document").row(asked, "closed-book")
    assert (row.group, row.split) == ("p1", "val")
