"""Packed passages are true spans, apart from each other, distinct and inside the budget."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from core.types import Hit
from rag.answer.pack import Span, counts_first, distinct, merge, pack
from tests.support.shelf import Shelf

SENTENCES = [
    f"Sentence number {at} is about {'boats tides ropes lamps storms'.split()[at % 5]} and says {at * 7}."
    for at in range(60)
]
PAGE = "\n".join(SENTENCES)


def words(text: str) -> int:
    return len(text.split())


def hit(start: int, length: int, page: int = 0) -> Hit:
    text = PAGE[start : start + length]
    return Hit(doc="a.pdf", sha256="s", page=page, start=start, end=start + len(text), text=text, score=1.0)


HITS = st.lists(st.builds(hit, st.integers(0, len(PAGE) - 1), st.integers(1, 600), st.integers(0, 2)), max_size=12)


@given(hits=HITS)
def test_merged_spans_are_verbatim_disjoint_and_hold_every_hit(hits: list[Hit]) -> None:
    spans = merge(hits, lambda *_: PAGE)
    for span in spans:
        assert PAGE[span.start : span.end] == span.text
    for one in hits:
        if one.text.strip():
            holders = [s for s in spans if s.page == one.page and s.start <= one.start and one.end <= s.end]
            assert len(holders) == 1
    for page in range(3):
        ends = sorted((span.start, span.end) for span in spans if span.page == page)
        assert all(before[1] < after[0] for before, after in pairwise(ends))


@given(hits=HITS, limit=st.integers(1, 8), budget=st.integers(0, 400))
def test_limit_and_budget_are_kept(hits: list[Hit], limit: int, budget: int) -> None:
    spans = pack(hits, lambda *_: PAGE, limit=limit, budget_tokens=budget, count_tokens=words, frame_tokens=5)
    assert len(spans) <= limit
    assert sum(words(span.text) + 5 for span in spans) <= budget
    assert all(PAGE[span.start : span.end] == span.text for span in spans)


def test_chunks_are_widened_to_whole_sentences() -> None:
    start = PAGE.index("about tides and says 7")
    (narrow,) = merge([hit(start, 12)], lambda *_: PAGE, widen_chars=25)
    assert narrow.text == SENTENCES[1]
    (wide,) = merge([hit(start, 12)], lambda *_: PAGE, widen_chars=100)
    assert wide.text == "\n".join(SENTENCES[:3])


def test_order_is_that_of_the_best_hit() -> None:
    far = PAGE.index(SENTENCES[50])
    spans = merge([hit(far, 60), hit(0, 60), hit(far + 30, 60)], lambda *_: PAGE)
    assert [SENTENCES[50] in span.text for span in spans] == [True, False]


def span_of(text: str) -> Span:
    return Span(doc="a", sha256="s", page=0, start=0, end=len(text), text=text)


def test_repeats_go_and_other_figures_stay() -> None:
    text = "Net sales rose in the quarter because more people bought lamps, and the board was pleased with 12 per cent."
    twin = text.replace(" and ", " \nand ")
    other = text.replace("12", "13")
    assert list(distinct([span_of(text), span_of(twin), span_of(other)])) == [span_of(text), span_of(other)]


def test_the_first_passage_is_cut_at_a_sentence_when_it_is_too_long() -> None:
    spans = pack([hit(0, len(PAGE))], lambda *_: PAGE, limit=8, budget_tokens=50, count_tokens=words, frame_tokens=5)
    assert len(spans) == 1
    assert spans[0].text.endswith(".")
    assert 0 < words(spans[0].text) <= 45


def test_real_pages() -> None:
    shelf = Shelf.of_examples("handbook.pdf", "manual.pdf")
    hits = shelf.search("When does the ferry sail and what does the night at a hut cost?", 24)
    spans = pack(hits, shelf.page_text, limit=8, budget_tokens=4000, count_tokens=words)
    assert 1 < len(spans) <= 8
    assert all(shelf.page_text(span.sha256, span.page)[span.start : span.end] == span.text for span in spans)
    assert len({span.text for span in spans}) == len(spans)


def test_what_states_the_number_that_is_asked_for_comes_first() -> None:
    texts = [
        "Our people are our strength.",
        "Benefits cost 3,000 a year.",
        "We employ some 4,150 people in 9 countries.",
    ]
    hits = [
        Hit(doc="a.pdf", sha256="s", page=at, start=0, end=len(text), text=text, score=1.0)
        for at, text in enumerate(texts)
    ]
    assert [each.page for each in counts_first("How many people does Nordbuss employ?", hits)] == [2, 0, 1]
    assert counts_first("What do people cost?", hits) == hits
