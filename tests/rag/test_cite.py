"""What is planted is caught: wrong numbers, wrong quotes, invented keys; what is true is cited at its exact place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.prompt import ABSTENTION, NOTICE
from core.reading.proved import DIFFERS
from rag.answer.cite import NO_SOURCE, UNSUPPORTED, Checked, abstains, check
from rag.answer.pack import Span
from tests.support.shelf import EXAMPLES, pdf_pages

PAGES = pdf_pages(EXAMPLES / "handbook.pdf")
KEYS = [f"{letter}2b2b" for letter in "bcdfghjkmnpqr"]
SPANS = {
    key: Span(doc="handbook.pdf", sha256="h", page=index, start=0, end=len(text), text=text)
    for index, (key, text) in enumerate(zip(KEYS, PAGES, strict=False))
}
INSTITUTE = KEYS[2]  # "The Institute": founded 9 May 1908, 41,000 crowns, seven make a quorum
SENTENCE = "The Council appoints the Director for a term of six years."


def page_text(sha256: str, page: int) -> str:
    assert sha256 == "h"
    return PAGES[page]


def checked(reply: str) -> Checked:
    result = check(reply, SPANS, page_text)
    for citation in result.citations:
        assert PAGES[citation.page][citation.start : citation.end] == citation.quote
    for statement in result.statements:
        assert all(0 <= index < len(result.citations) for index in statement.citations)
        assert statement.supported != bool(statement.reason)
    assert not re.search(r"[b-z][2-9][b-z][2-9][b-z]", result.answer)
    return result


def test_a_supported_sentence_gets_the_verbatim_quote() -> None:
    result = checked(f"A director is appointed by the Council for a term of six years. [[{INSTITUTE}]]")
    assert result.ground == "cited"
    assert [citation.quote for citation in result.citations] == [SENTENCE]
    assert result.answer == "A director is appointed by the Council for a term of six years. (handbook.pdf, p. 3)"


@pytest.mark.parametrize("form", ["“{quote}” [[{key}]] Answer: {answer}", "{answer}: “{quote}” [[{key}]]"])
def test_an_answer_with_its_quote_is_shown_answer_first(form: str) -> None:
    reply = form.format(quote=SENTENCE, key=INSTITUTE, answer="six years")
    result = checked(reply)
    assert result.answer == f"six years: “{SENTENCE}” (handbook.pdf, p. 3)"
    assert result.short_answer == "six years"
    assert [citation.quote for citation in result.citations] == [SENTENCE]


@pytest.mark.parametrize(
    ("answer", "holds"),
    [
        ("six years", True),
        ("for 6 years", True),
        ("the Council", True),
        ("six months", False),
        ("6 weeks", False),
        ("Yes", True),
        ("No, 41,000 crowns", False),
        ("41,000 crowns", False),  # on the page, and not said there
        ("9 May 1908", False),
        ("Dorrit Amblesworth", False),
    ],
)
def test_an_answer_must_be_said_where_its_quote_stands(answer: str, holds: bool) -> None:
    result = checked(f"“{SENTENCE}” [[{INSTITUTE}]] Answer: {answer}")
    (statement,) = result.statements
    assert (statement.supported, result.ground) == ((True, "cited") if holds else (False, "ungrounded"))
    assert holds or UNSUPPORTED in result.answer


SIGNS = "The lowest temperature was minus 19.4 °C. The balance was -5,200 crowns; 12 to 10-20 people came. Net: (310)."


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("The lowest temperature was minus 19.4 °C.", True),
        ("The lowest temperature was -19.4 °C.", True),
        ("The lowest temperature was 19.4 °C.", False),
        ("The lowest temperature was 19.4 °C below zero.", True),
        ("The balance was 5,200 crowns.", False),
        ("The balance was −5,200 crowns.", True),
        ("The loss in the balance was 5,200 crowns.", True),
        ("10-20 people came.", True),
        ("The balance was -20 people.", False),
        ("The net was -310.", True),  # in brackets: an account's negative number, or none
        ("The net was 310.", True),
    ],
)
def test_a_number_keeps_its_sign(claim: str, holds: bool) -> None:
    span = Span(doc="signs.md", sha256="h", page=0, start=0, end=len(SIGNS), text=SIGNS)
    (statement,) = check(f"{claim} [[b2c3d]]", {"b2c3d": span}, lambda *_: SIGNS).statements
    assert (statement.supported, "other sign" in statement.reason) == (holds, not holds)


def test_a_number_keeps_its_unit() -> None:
    for unit, holds in (("years", True), ("months", False)):
        claim = f"The Council appoints the Director for a term of six {unit}. [[{INSTITUTE}]]"
        (statement,) = checked(claim).statements
        assert (statement.supported, "in another unit" in statement.reason) == (holds, not holds)


def test_a_short_answer_keeps_the_sign_of_its_quote() -> None:
    span = Span(doc="signs.md", sha256="h", page=0, start=0, end=len(SIGNS), text=SIGNS)
    for answer, short in (("minus 19.4 °C", "minus 19.4 °C"), ("19.4 °C", "")):
        reply = f"“The lowest temperature was minus 19.4 °C.” [[b2c3d]] Answer: {answer}"
        assert check(reply, {"b2c3d": span}, lambda *_: SIGNS).short_answer == short


def test_an_answer_that_its_quote_does_not_hold_is_no_short_answer() -> None:
    result = checked(f"“{SENTENCE}” [[{INSTITUTE}]] Answer: nine years")
    assert result.short_answer == ""


LONG = [sentence for page in PAGES for sentence in re.findall(r"[A-Z][a-z]+ [^.\d“”]{30,150}\.(?=\s)", page)]


@settings(deadline=None)
@given(sentence=st.sampled_from(LONG), data=st.data())
def test_a_true_quote_is_found_through_folding(sentence: str, data: st.DataObject) -> None:
    page = next(index for index, text in enumerate(PAGES) if sentence in text)
    written = sentence.replace("\n", data.draw(st.sampled_from([" ", "  ", "\u00a0", "\n"])))
    written = written.replace("fi", "ﬁ") if data.draw(st.booleans()) else written
    written = written.replace("’", "'").replace("-", data.draw(st.sampled_from(["-", "\u2010", "- "])))
    result = checked(f"“{written}” [[{KEYS[page]}]]")
    assert result.ground == "cited"
    (citation,) = result.citations
    assert citation.quote == sentence


@settings(deadline=None)
@given(sentence=st.sampled_from(LONG), data=st.data())
def test_a_wrong_quote_is_caught(sentence: str, data: st.DataObject) -> None:
    page = next(index for index, text in enumerate(PAGES) if sentence in text)
    words = sentence.split()
    place = data.draw(st.integers(0, len(words) - 1))
    words[place] = data.draw(st.sampled_from(["zebra", "never-seen", "Quixotic"]))
    result = checked(f"“{' '.join(words)}” [[{KEYS[page]}]]")
    assert result.ground == "ungrounded"
    assert result.answer.endswith(UNSUPPORTED)
    assert "quote" in result.statements[0].reason


@settings(deadline=None)
@given(number=st.integers(0, 10**6), style=st.sampled_from(["{}", "{:,}", "${}", "{}.00", "{} per cent"]))
def test_a_number_that_is_not_on_the_page_is_caught(number: int, style: str) -> None:
    reply = f"The founder left her house, her instruments and a sum of {style.format(number)} crowns. [[{INSTITUTE}]]"
    result = checked(reply)
    stated = {int(found.replace(",", "")) for found in re.findall(r"(?<![\d.])\d[\d,]*(?!\d|\.\d)", PAGES[2])} | {
        5,
        7,
        11,
        6,
        3,
        4,
    }
    assert (result.ground == "cited") == (number in stated)


@settings(deadline=None)
@given(letters=st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True))
def test_an_invented_key_is_removed(letters: str) -> None:
    if letters in SPANS:
        return
    result = check(f"{SENTENCE} [[{letters}]]", {INSTITUTE: SPANS[INSTITUTE]}, page_text)
    assert f"[[{letters}]]" not in result.answer and "[[" not in result.answer
    assert result.ground == "cited"  # its words stand on the one page there is


@pytest.mark.parametrize("key", ["", f" [[{INSTITUTE}]]"])
def test_repeating_the_question_supports_nothing_else(key: str) -> None:
    question = "Who chairs the Council of the Institute?"
    said = check(f"Bartholomew chairs the Council of the Institute.{key}", SPANS, page_text, question=question)
    assert said.ground == "ungrounded"
    echo = check("The Council of the Institute chairs the Council.", SPANS, page_text, question=question)
    assert echo.ground == "ungrounded"
    assert check("The answer is 1908.", SPANS, page_text, question=question).ground == "ungrounded"


def test_an_invented_key_lends_no_support() -> None:
    result = checked("Penguins rule the southern ice shelf. [[z9z9z]]")
    assert result.ground == "ungrounded"
    assert result.answer == f"Penguins rule the southern ice shelf. {NO_SOURCE}"


def test_a_right_key_does_not_make_a_sentence_right() -> None:
    result = checked(f"Penguins rule the southern ice shelf. [[{INSTITUTE}]]")
    assert result.ground == "ungrounded"
    assert result.citations == ()
    assert result.answer.endswith(UNSUPPORTED)


def test_sentences_are_judged_one_by_one() -> None:
    result = checked(f"{SENTENCE} [[{INSTITUTE}]] The Director earns 9,999,999 crowns. [[{INSTITUTE}]]")
    assert result.ground == "cited"
    assert [statement.supported for statement in result.statements] == [True, False]
    assert result.statements[1].reason == "the number 9,999,999 is not on the cited page"
    assert result.answer == f"{SENTENCE} (handbook.pdf, p. 3) The Director earns 9,999,999 crowns. {UNSUPPORTED}"


@pytest.mark.parametrize(
    "reply",
    [
        f"{SENTENCE} [[{INSTITUTE}]]",
        f"{SENTENCE[:-1]} [[{INSTITUTE}]].",
        f"[[{INSTITUTE}]] {SENTENCE}",
        f"{SENTENCE} [{INSTITUTE}]",
        f"{SENTENCE} [[{INSTITUTE}, {KEYS[0]}]]",
        f"1. {SENTENCE} [[{INSTITUTE}]]",
        f"\x1b[31m{SENTENCE}\x1b[0m [[{INSTITUTE}]]",
        f"<think>Which one?</think>{SENTENCE}",
        SENTENCE,
    ],
)
def test_keys_are_read_wherever_a_model_puts_them(reply: str) -> None:
    result = checked(reply)
    assert [citation.quote for citation in result.citations] == [SENTENCE]
    assert "\x1b" not in result.answer and "think" not in result.answer


def test_a_passage_that_adds_nothing_is_not_cited() -> None:
    result = checked(f"{SENTENCE} [[{KEYS[7]}]][[{INSTITUTE}]]")
    assert {citation.page for citation in result.citations} == {2}


def test_quotes_of_a_row_and_its_heads_are_two_citations() -> None:
    row, heads = "Ninefold Hut 212 m Field hut on the western moor 1988", "Site Height (UD) Use Built"
    result = checked(f"“{row}” (columns: “{heads}”) [[{KEYS[3]}]]\n{NOTICE}")
    assert [citation.quote for citation in result.citations] == [row, heads]
    assert result.answer.endswith(NOTICE)


def test_the_remark_that_memory_differs_claims_nothing() -> None:
    result = checked(f"“{SENTENCE}” [[{INSTITUTE}]] Answer: six years\n{DIFFERS}")
    assert (result.ground, result.short_answer) == ("cited", "six years")
    assert [statement.supported for statement in result.statements] == [True, True]
    assert result.answer == f"six years: “{SENTENCE}” (handbook.pdf, p. 3)\n{DIFFERS}"


def test_a_quote_with_stops_in_it_is_one_statement() -> None:
    quote = "The Institute is governed by a Council of eleven members, of whom seven make a quorum. The\nCouncil meets"
    result = checked(f"“{quote}” [[{INSTITUTE}]]")
    assert len(result.statements) == 1
    assert [citation.quote for citation in result.citations] == [quote]


def test_scaled_and_spelled_numbers_hold() -> None:
    assert checked(f"The approved budget for 2024 is 6.2 million crowns. [[{INSTITUTE}]]").ground == "cited"
    assert checked(f"Of eleven members of the Council, 7 make a quorum. [[{INSTITUTE}]]").ground == "cited"
    assert checked(f"The approved budget for 2024 is 6.3 million crowns. [[{INSTITUTE}]]").ground == "ungrounded"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (ABSTENTION, True),
        ("The documents do not mention the price.", True),
        ("The price is not stated in the documents.", True),
        ("I don't know.", True),
        ("User data is not provided to third parties.", False),
        ("The fee is 5 euros.", False),
    ],
)
def test_abstentions_are_told_from_answers(reply: str, expected: bool) -> None:
    assert abstains(reply) == expected


@pytest.mark.parametrize("reply", [ABSTENTION, "", "  \n", "[[z9z9z]]", "<think>never closed"])
def test_nothing_said_is_an_abstention(reply: str) -> None:
    result = checked(reply)
    assert (result.ground, result.answer, result.citations) == ("abstained", ABSTENTION, ())


@settings(deadline=None)
@given(reply=st.text(max_size=300))
def test_any_reply_is_survived(reply: str) -> None:
    result = checked_any(reply)
    assert result.ground in ("cited", "ungrounded", "abstained")
    assert (result.ground == "cited") == bool(result.citations)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", result.answer)


def checked_any(reply: str) -> Checked:
    return check(reply, SPANS, page_text)
