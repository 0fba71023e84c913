"""Documents that a question names by a word of their name or title, or by a quarter."""

from __future__ import annotations

from core.reading.named_documents import named_first
from core.reading.passages import Passage


def passage(source: str, text: str) -> Passage:
    return Passage(key="a1b2", source=source, text=text)


LEASES = [
    passage("alder.md, p. 1", "The monthly rent is 900 crowns."),
    passage("cedar.md, p. 1", "The monthly rent is 1,100 crowns."),
]


def test_a_name_of_one_document_alone_keeps_its_passages():
    assert named_first("What is the rent in the Cedar lease?", LEASES) == [1]


def test_a_question_without_a_name_keeps_all():
    assert named_first("What is the rent?", LEASES) == [0, 1]


def test_a_word_that_other_documents_speak_of_names_none():
    others = [
        LEASES[0],
        passage("council.md, p. 1", "The council meets in May."),
        passage("rules.md", "The Council decides."),
    ]
    assert named_first("When does the Council meet?", others) == [0, 1, 2]
