"""FAQs in Markdown: questions by mark, by heading and in bold, and where their answers end."""

from __future__ import annotations

import pytest

from synth.importing.records.faq import faq, is_question, looks_like_faq

MARKED = """# About the club

Q: How many boats are there?
A: There are 28.
They lie in racks.

**Q2:** Who may row?
**A2:** Members.
"""
HEADED = """# Rowing

## How many boats are there?

There are 28.

### In winter

Only 14.

## History

Built in 1974.

## 2. Who may row
Members.

```
## Is this a question?
```
"""


def pairs(text: str) -> list[tuple[int, str, str]]:
    return [(line, draft.question, draft.answer) for line, draft in faq(enumerate(text.splitlines(), start=1))]


def test_marked_questions_and_answers():
    assert pairs(MARKED) == [
        (3, "How many boats are there?", "There are 28.\nThey lie in racks."),
        (7, "Who may row?", "Members."),
    ]


@pytest.mark.parametrize(
    ("question", "answer"),
    [("Frage 1:", "Antwort:"), ("Question :", "Réponse :"), ("**Pregunta:**", "**Respuesta:**"), ("q1.", "a1.")],
)
def test_labels_of_other_languages(question, answer):
    assert pairs(f"{question} Boot?\n{answer} 28.\n") == [(1, "Boot?", "28.")]


def test_a_word_that_begins_like_a_label_is_none():
    assert not pairs("Questions: none yet\nAnswers: none\n")


def test_headings_that_ask_own_what_is_below_them():
    found = pairs(HEADED)
    assert [(line, question) for line, question, _ in found] == [(3, "How many boats are there?"), (15, "Who may row")]
    assert "Only 14." in found[0][2]
    assert "1974" not in found[0][2]
    assert "## Is this a question?" in found[1][2]


def test_bold_questions():
    text = "**How many boats?**\n28.\n\n**Who may row?**\nMembers.\n"
    assert [(question, answer) for _, question, answer in pairs(text)] == [
        ("How many boats?", "28."),
        ("Who may row?", "Members."),
    ]


def test_a_question_without_an_answer_gives_no_row():
    assert pairs("Q: Who?\nQ: How many?\nA: 28.\n") == [(2, "How many?", "28.")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [(MARKED, True), (HEADED, True), ("# A title\n\nText.\n## Another\n", False), ("Q: Who?\n", False)],
)
def test_what_looks_like_an_faq(text, expected):
    assert looks_like_faq(text.splitlines()) is expected


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("1. How do I row?", True),
        ("What is an oar", True),
        ("何人ですか？", True),
        ("History", False),
        ("However it was", False),
    ],
)
def test_headings_that_ask(heading, expected):
    assert is_question(heading) is expected


@pytest.mark.parametrize("rule", ["---", "***", "* * *", "___", "...", "---  "])
def test_a_rule_between_two_questions_belongs_to_no_answer(rule):
    for text in (
        f"question: q\nanswer: a\n{rule}\nquestion: q2\nanswer: a2",
        f"{rule}\nquestion: q\nanswer: a\n\n{rule}\n\nquestion: q2\nanswer: a2\n{rule}\n",
        f"## What is q?\na\n\n{rule}\n\n## What is q2?\na2\n",
    ):
        drafts = [draft for _, draft in faq(enumerate(text.splitlines(), start=1))]
        assert [draft.answer for draft in drafts] == ["a", "a2"]


def test_a_rule_within_an_answer_stays():
    text = "Q: q\nA: one\n---\ntwo -- three ---\n\nQ: q2\nA: ```\n---\n```"
    drafts = [draft for _, draft in faq(enumerate(text.splitlines(), start=1))]
    assert [draft.answer for draft in drafts] == ["one\n---\ntwo -- three ---", "```\n---\n```"]
