from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.clean import clean
from rag.load.spans import SpanMap

RAW = st.text("ab \n\r\xad\ufb01\u200b\xa0", max_size=40)


@given(RAW, st.data())
def test_a_clean_span_holds_what_its_raw_span_becomes(raw: str, data: st.DataObject) -> None:
    cleaned = clean(raw)
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, len(raw)))
    low, high = SpanMap(cleaned.text, cleaned.edits).clean(start, end)
    assert 0 <= low <= high <= len(cleaned.text)
    text = cleaned.text[low:high]
    assert text == text.strip()
    # Letters are never changed, so those of the raw span all stand in the clean one.
    assert [c for c in raw[start:end] if c in "ab"] == [c for c in text if c in "ab"]


@given(RAW, RAW)
def test_spans_side_by_side_stay_apart(left: str, right: str) -> None:
    cleaned = clean(left + "\n\n" + right)
    spans = SpanMap(cleaned.text, cleaned.edits)
    first, second = spans.clean(0, len(left)), spans.clean(len(left) + 2, len(left) + 2 + len(right))
    assert first[1] <= second[0] or first[0] == first[1] or second[0] == second[1]


def test_a_ligature_counts_as_its_letters() -> None:
    cleaned = clean("a \ufb01t b")
    assert SpanMap(cleaned.text, cleaned.edits).clean(2, 4) == (2, 5)
    assert cleaned.text[2:5] == "fit"


def test_spans_end_where_the_text_was_cut() -> None:
    assert SpanMap("abc", []).clean(1, 9) == (1, 3)
    assert SpanMap("abc", []).clean(5, 9) == (3, 3)
