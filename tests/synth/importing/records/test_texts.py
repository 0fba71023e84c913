"""Plain text in blocks of paragraphs."""

from __future__ import annotations

from synth.importing.records.texts import text_blocks

PARAGRAPH = "The harbour lies in the north. " * 20


def test_paragraphs_are_joined_and_nothing_is_lost():
    lines = ["", "# Title", "", *[PARAGRAPH, ""] * 10, "The end."]
    blocks = list(text_blocks(enumerate(lines, start=1)))
    assert 1 < len(blocks) < 10
    assert next(line for line, _ in blocks) == 2
    joined = " ".join(" ".join(draft.answer for _, draft in blocks).split())
    assert joined == " ".join(" ".join(lines).split())
    assert all(lines[line - 1].rstrip() == draft.answer.splitlines()[0] for line, draft in blocks)
    assert {(draft.question, draft.kind) for _, draft in blocks} == {("", "text")}


def test_a_text_without_blank_lines_is_cut_at_lines():
    blocks = list(text_blocks((number, PARAGRAPH) for number in range(1, 101)))
    assert len(blocks) > 3
    assert max(len(draft.answer) for _, draft in blocks) < 15_000


def test_no_text_no_rows():
    assert list(text_blocks(enumerate(["", "  "], start=1))) == []
