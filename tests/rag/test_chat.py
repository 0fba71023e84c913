"""Follow-ups stand alone after rewriting, by rule and by a model that may talk nonsense."""

from __future__ import annotations

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from core.reading.extractive import ExtractiveChat
from rag.answer.chat import carried, depends_on_history, standalone


@pytest.mark.parametrize(
    ("earlier", "question", "expected"),
    [
        ("What was Apple's revenue in 2023?", "And in 2022?", "What was Apple's revenue in 2022?"),
        ("How long is the warranty of the Fulmar X200?", "What does it cover?", "What does it cover (Fulmar X200)?"),
        ("How long is the warranty?", "Does it cover water?", "Does it cover water (long warranty)?"),
        ("What does the handbook say on guests?", "What about dogs?", "What does the handbook say on guests dogs?"),
        (
            "Who chairs the Council?",
            "How deep may divers go in Corrow Sound?",
            "How deep may divers go in Corrow Sound?",
        ),
        ("Who chairs the Council?", "Is there a shop on the island?", "Is there a shop on the island?"),
        ("How high is Tharrow Top?", "Why?", "How high is Tharrow Top?"),
        (
            "What is the fee of the Birch Lane club?",
            "And the deposit?",
            "What is the deposit of the Birch Lane club?",
        ),
        ("Is tea served in the Birch hut?", "What is its address?", "What is the address in the Birch hut?"),
    ],
)
def test_the_rule(earlier: str, question: str, expected: str) -> None:
    assert carried(question, earlier) == expected
    assert standalone(question, [(earlier, "An answer.")], ExtractiveChat()) == expected


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    history = [("What was Acme's revenue in 2021?", "5"), ("And in 2022?", "6")]
    assert standalone("And in 2023?", history, ExtractiveChat()) == "What was Acme's revenue in 2023?"


CARS = ["How many hp does the Polo have?", "And the Fiesta?", "How big is the boot?", "And how much does it use?"]
DEPOTS = ["Who runs the North depot?", "How many trucks does it have?", "And the South depot?"]
PEOPLE = ["Where did Ada Reiss study?", "And Ben?", "When did he join?"]


@pytest.mark.parametrize(
    ("earlier", "question", "expected"),
    [
        (CARS[:3], "And how much does it use?", "And how much does it use (Fiesta)?"),
        (CARS, "And the other one?", "And how much does it use (Polo)?"),
        (CARS[:2], "And the other one?", "How many hp does the Polo have?"),
        (CARS, "Which of them has more hp?", "Which of them has more hp (Polo, Fiesta)?"),
        (CARS[:2], "Which is cheaper?", "Which is cheaper (Polo, Fiesta)?"),
        (CARS[:2], "Who is the owner of the shop?", "Who is the owner of the shop?"),
        (CARS[:1], "And the other one?", "And the other one (Polo)?"),  # no other is known
        (DEPOTS[:2], "And the South depot?", "How many trucks does it have (South)?"),
        (DEPOTS, "And in the North one?", "How many trucks does it have (North)?"),
        (DEPOTS[:2], "What about the South fence?", "the South fence?"),
        (PEOPLE, "Back to Ada: who is her manager?", "Who is her manager (Ada Reiss)?"),
        (PEOPLE, "What about Ada, when did she join?", "When did she join (Ada Reiss)?"),
        (PEOPLE, "About the fee, is it due?", "About the fee, is it due (Ben)?"),
        ([*PEOPLE, "Back to Ada: who is her manager?"], "What is her salary?", "What is her salary (Ada Reiss)?"),
        (PEOPLE[:1], "When?", "When did Ada Reiss study?"),
    ],
)
def test_the_subjects_of_a_conversation_are_kept(earlier: list[str], question: str, expected: str) -> None:
    history = [(each, "An answer.") for each in earlier]
    assert standalone(question, history, ExtractiveChat()) == expected


def test_no_history_no_change() -> None:
    assert standalone("And in 2022?", [], ExtractiveChat()) == "And in 2022?"
    assert depends_on_history("And in 2022?")


def says(text: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(text)]))


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("What does the warranty of the Fulmar X200 cover?", "What does the warranty of the Fulmar X200 cover?"),
        ('"What does the warranty of the Fulmar X200 cover?"\n', "What does the warranty of the Fulmar X200 cover?"),
        ("Sure! Here is it:\nWhat?", "What does it cover (Fulmar X200)?"),
        ("What does the Pentagon cover?", "What does it cover (Fulmar X200)?"),
        ("", "What does it cover (Fulmar X200)?"),
    ],
)
def test_a_model_rewrites_and_is_not_trusted_blindly(reply: str, expected: str) -> None:
    history = [("How long is the warranty of the Fulmar X200?", "24 months.")]
    assert standalone("What does it cover?", history, says(reply)) == expected
