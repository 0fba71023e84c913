"""Cleaning: what it removes, what it keeps, and the way back to the raw text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clean import _ANY_SPECIAL, _SPECIAL, clean

ODD = (
    "\r\n\t\x00\x02\x0c\x85\xa0\xad\u034f\u200b\u200c\u200d\u200e\u202e\u2066\u2028\ufb01\ufe0f\ufeff\ufffe\ufffd"
    "\U000e0041\U000e0101\ud800"
)
TEXT = st.text(
    st.one_of(st.sampled_from(ODD), st.sampled_from("ab -1مक\u2764\U0001f3f4\u20e3"), st.characters()), max_size=60
)


@given(TEXT)
def test_cleaning_twice_changes_nothing(raw: str) -> None:
    once = clean(raw).text
    again = clean(once)
    assert again.text == once
    assert again.hidden == {}


def test_the_quick_look_stops_at_every_special_character_and_at_no_other() -> None:
    everything = "".join(map(chr, [*range(0x10000), *range(0xE0000, 0xE0200)]))
    assert _ANY_SPECIAL.findall(everything) == [sign for sign in everything if _SPECIAL.match(sign)]


@given(TEXT)
def test_nothing_invisible_is_left(raw: str) -> None:
    text = clean(raw).text
    assert not set(text) & set(
        "\r\x00\x02\x0c\x85\xa0\xad\u200b\u200e\u202e\u2066\u2028\ufb01\ufeff\ufffe\ud800\U000e0101"
    )


@given(TEXT)
def test_every_offset_leads_back_to_its_characters(raw: str) -> None:
    cleaned = clean(raw)
    ends = [cleaned.raw_span(at, at + 1) for at in range(len(cleaned.text))]
    assert ends == sorted(ends)
    for at, (start, end) in enumerate(ends):
        kept = raw[start:end]
        assert cleaned.text[at] == kept or cleaned.text[at] in clean(raw[start:end]).text or kept in "\x02\ufffe\ud800"


@given(TEXT, st.data())
def test_hidden_spans_are_cut_out_whole_and_kept_for_audit(raw: str, data: st.DataObject) -> None:
    cut = sorted(data.draw(st.lists(st.integers(0, len(raw)), min_size=2, max_size=2)))
    if cut[0] == cut[1]:
        return
    cleaned = clean(raw, [(cut[0], cut[1], "tiny")])
    for at in range(len(cleaned.text)):
        start, end = cleaned.raw_span(at, at + 1)
        assert end <= cut[0] or start >= cut[1]
    assert cleaned.hidden.get("tiny", 0) == len(raw[cut[0] : cut[1]].strip())


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
        ("e\ufb03cient \ufb01les", "efficient files"),
        ("a\xa0b\u2009c", "a b c"),
        ("infor\xad\nmation", "information"),
        ("nul\x00 and \x07bell", "nul and bell"),
        ("lone \ud800", "lone \ufffd"),
    ],
)
def test_plain_repairs(raw: str, text: str) -> None:
    cleaned = clean(raw)
    assert cleaned.text == text
    assert cleaned.hidden == {}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("The informa\ufffetion is old. New information came.", "The information is old. New information came."),
        ("a long\ufffeterm plan, as long-term plans go", "a long-term plan, as long-term plans go"),
        ("stock\ufffebased pay\n" + "a line of text\n" * 80 + "the stock is based here", "stock-based"),
        ("Anglo\ufffeSaxon", "Anglo-Saxon"),
        ("2019\ufffe2020", "2019-2020"),
        ("unter\ufffeschied", "unterschied"),  # one line of one is hyphenated: a typesetter's work
        ("rare\ufffeword\n" + "a line\n" * 80, "rare-word"),
        ("self\ufffeemployed people", "self-employed"),
        ("a state-of-the\ufffeart pump", "a state-of-the-art pump"),
        ("state-of\ufffethe-art", "state-of-the-art"),
        ("twenty\ufffefive", "twenty-five"),
        ("cross\ufffeing the road", "crossing"),
        ("a well-estab\ufffelished rule", "a well-established rule"),
    ],
)
def test_a_hyphen_at_a_line_end_is_judged_by_the_words_of_the_page(raw: str, text: str) -> None:
    assert clean(raw).text.startswith(text)


@pytest.mark.parametrize(
    ("raw", "text", "kinds"),
    [
        ("a\u200bb\ufeffc", "abc", {"zero_width": 2}),
        ("a\u200db", "ab", {"zero_width": 1}),
        ("pay \u202e001\u202c now", "pay 001 now", {"bidi": 2}),
        ("x" + "".join(chr(0xE0000 + ord(c)) for c in "obey"), "x", {"tags": 4}),
        ("x\ufe01\ufe02\U000e0110", "x", {"variation_selectors": 3}),
    ],
)
def test_invisible_characters_are_counted_by_kind(raw: str, text: str, kinds: dict[str, int]) -> None:
    cleaned = clean(raw)
    assert cleaned.text == text
    assert cleaned.hidden == kinds


def test_tags_are_spelt_out_for_the_auditor() -> None:
    assert clean("x" + "".join(chr(0xE0000 + ord(c)) for c in "obey me")).hidden_text == "obey me"


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم",  # Persian: ZWNJ is spelling
        "क्\u200dष",  # Devanagari half form
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # family
        "\u2764\ufe0f\u200d\U0001f525",
        "1\ufe0f\u20e3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # flag of England
    ],
)
def test_scripts_and_emoji_keep_the_marks_they_need(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.text == text
    assert cleaned.hidden == {}


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        clean("abc").raw_span(2, 5)
