"""The prompt of a question shows its passages between its mark, under instructions where there are some."""

from __future__ import annotations

from dataclasses import replace

from core.prompt import AnswerPrompt, ShownAtOnce
from core.reading.passages import Passage, parse
from core.reading.proposals.candidates import Quote
from rag.answer.pack import Span
from rag.answer.packed import PackedQuestion, flowing

SPAN = Span(doc="a.pdf", sha256="0" * 64, page=0, start=0, end=11, text="It is 62 m.")
PASSAGES = [Passage(key="b2c3d", source="a.pdf, p. 1", text="It is 62 m."), Passage(key="f4g5h", source="b", text="x")]
PACKED = PackedQuestion(
    question="How long is the quay?",
    template=AnswerPrompt("Answer {question} by these:\n{passages}\n"),
    spans=[],
    passages=PASSAGES,
    cosine=None,
    written_in=["en", "en"],
    mark="h4n8c2",
)


def test_passages_stand_in_the_prompt_and_can_be_read_out_again() -> None:
    (message,) = PACKED.messages(PASSAGES, "")
    shown, rest = parse(message.text)
    assert [(passage.key, passage.text) for passage in shown] == [("b2c3d", "It is 62 m."), ("f4g5h", "x")]
    assert rest.startswith("Answer How long is the quay? by these:")
    assert "<<h4n8c2 [[b2c3d]]" in message.text


def test_other_passages_may_be_shown_and_instructions_come_first() -> None:
    system, message = PACKED.messages(PASSAGES[1:], "Be brief.")
    assert (system.type, system.text) == ("system", "Be brief.")
    assert [passage.key for passage in parse(message.text)[0]] == ["f4g5h"]
    (bare,) = replace(PACKED, question="Why {passages}?").messages([], "")
    assert "Why {passages}?" in bare.text  # a question fills no place


def test_the_passages_that_answer_best_stay_cut_to_what_stands_around_the_place() -> None:
    page = "".join(f"Line {number} says that berth {number} is {number} metres long. " for number in range(100, 160))
    start, offset = page.index("Line 130"), page.index("Line 101")
    passage = Passage(key="k2m3n", source="c", text=page[offset:], page_text=page, offset=offset)
    span = Span(doc="a.pdf", sha256="0" * 64, page=4, start=offset, end=len(page), text=page[offset:])
    packed = replace(PACKED, passages=[*PASSAGES, passage], spans=[SPAN, SPAN, span], written_in=["en", "en", "de"])
    places = [Quote(2, start, start + 40), Quote(0, 0, 0), Quote(1, 0, 0)]
    narrowed = packed.narrowed(places, ShownAtOnce(2, 900))
    assert [each.key for each in narrowed.passages] == ["k2m3n", "b2c3d"] and narrowed.written_in == ["de", "en"]
    shown = narrowed.passages[0]
    assert page[shown.offset : shown.offset + len(shown.text)] == shown.text == narrowed.spans[0].text
    assert (narrowed.spans[0].start, narrowed.spans[0].page) == (shown.offset, 4)
    assert shown.text.startswith("Line ") and shown.text.rstrip().endswith("long.")
    assert "berth 130" in shown.text and 700 < len(shown.text) <= 900
    # Without a length: what a model would have read by itself, or as much around the place.
    for begins in (start - 200, start + 600):
        near = replace(span, start=begins, end=begins + 400, text=page[begins : begins + 400])
        close = replace(packed, close=(SPAN, near)).narrowed(places, ShownAtOnce(2))
        assert (close.passages[0].text == near.text) is (begins < start) and not close.flowing
        assert "berth 130" in close.passages[0].text and len(close.passages[0].text) <= 400
        assert close.spans[0].text == close.passages[0].text == page[close.spans[0].start : close.spans[0].end]
    whole = packed.narrowed(places, ShownAtOnce(8))
    assert whole.passages[0] == passage and not whole.flowing and narrowed.flowing
    assert [each.key for each in whole.passages] == ["k2m3n", "b2c3d", "f4g5h"]


def test_wrapped_lines_flow_where_few_passages_are_shown() -> None:
    wrapped = (
        "The Institute is governed by a Council of eleven members, of whom seven make a quorum. The\nCouncil meets."
    )
    table = (
        "Post Holder Chief duty Extension\nDirector Dr Ingrith Vellacombe Answers to the Council 101\nHarbour Master"
    )
    assert flowing(wrapped) == wrapped.replace("\n", " ")
    assert flowing(table) == table
    passages = [replace(PASSAGES[0], text=wrapped)]
    assert "The Council meets" in replace(PACKED, flowing=True).messages(passages, "")[0].text
    assert "The\nCouncil meets" in PACKED.messages(passages, "")[0].text


def test_a_model_is_shown_what_is_blank_to_the_reader() -> None:
    blank = replace(PASSAGES[0], text="It is      ")
    packed = replace(PACKED, passages=[blank], spans=[SPAN], written_in=["en"])
    assert [passage.text for passage in packed.as_printed().passages] == ["It is 62 m."]
    assert packed.as_printed().passages[0].key == blank.key
