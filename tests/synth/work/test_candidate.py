"""Candidates: ids, names, what a question may take its words from."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from synth.work.candidate import digest, order_key
from tests.support.club import QUAY, RACKS, candidate, citation, filled


def test_a_passage_is_named_as_in_kb_ask(tmp_path):
    source = candidate(filled(tmp_path)).source
    assert source.name == "club.pdf, p. 1 | Club"
    assert replace(source, title="").name == "club.pdf, p. 1"
    passage = source.passage("k1")
    assert (passage.key, passage.source, passage.text) == ("k1", source.name, source.text)


def test_a_passage_holds_quotes_that_stand_whole_inside_it(tmp_path):
    source = candidate(filled(tmp_path)).source
    assert source.holds(RACKS.evidence[0])
    assert not source.holds(QUAY.evidence[0])
    assert not replace(source, end=RACKS.evidence[0].end - 1).holds(RACKS.evidence[0])


def test_an_id_depends_on_the_phrasing(tmp_path):
    work = filled(tmp_path)
    first, second = candidate(work), candidate(work, phrasing=1)
    assert first.id == candidate(work).id != second.id
    assert second.question == RACKS.questions[1]


def test_what_a_question_may_speak_of(tmp_path):
    one = candidate(filled(tmp_path))
    assert one.quotes == RACKS.evidence[0].quote
    assert "club.pdf" in one.named
    assert "The Harbour Office" in one.named
    assert "built in March 1974" in one.about
    assert "new quay" in one.about  # the opening of the document, where it says what it is


def test_evidence_in_two_places_gives_two_passages(tmp_path):
    both = replace(RACKS, evidence=(*RACKS.evidence, citation("The new quay of the Rowing Club is 62 m long.", page=1)))
    one = candidate(filled(tmp_path), both)
    assert [source.page for source in one.sources] == [0, 1]


parts = st.lists(st.text(alphabet="ab ", max_size=5), min_size=1, max_size=4)


@given(parts, parts)
def test_a_digest_tells_where_one_part_ends(left, right):
    assert (digest(*left) == digest(*right)) == (left == right)


@given(st.integers(0, 99), st.text(max_size=8))
def test_an_order_key_fits_sqlite_and_depends_on_the_seed(seed, text):
    key = order_key(seed, text)
    assert 0 <= key < 1 << 63
    assert key == order_key(seed, text)
    assert key != order_key(seed + 1, text)
