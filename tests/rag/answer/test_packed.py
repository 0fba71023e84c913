"""The prompt of a question shows its passages between its mark, under instructions where there are some."""

from __future__ import annotations

from dataclasses import replace

from core.prompt import AnswerPrompt
from core.reading.passages import Passage, parse
from rag.answer.pack import Span
from rag.answer.packed import PackedQuestion

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


def test_the_first_passages_of_an_order_stay() -> None:
    packed = replace(PACKED, spans=[SPAN, replace(SPAN, page=1)], written_in=["en", "de"])
    narrowed = packed.narrowed((1, 0), 1)
    assert [passage.key for passage in narrowed.passages] == ["f4g5h"]
    assert ([span.page for span in narrowed.spans], narrowed.written_in) == ([1], ["de"])
    assert packed.narrowed((1, 0), 2) is packed
