"""Answers over a collection with a given model, and conversations."""

from __future__ import annotations

import pytest

from core.errors import ConfigError
from core.reading.extractive import ExtractiveChat
from kb.answering import Conversation, open_answerer
from kb.scope import open_collection
from kb.workspace import Workspace
from rag.open import Knowledge

pytestmark = pytest.mark.weights


@pytest.fixture
def knowledge(stocked: Workspace) -> Knowledge:
    return open_collection(stocked)


def test_a_given_model_and_retriever_are_used(stocked: Workspace, knowledge: Knowledge) -> None:
    answerer = open_answerer(stocked, knowledge, chat=ExtractiveChat(), retriever=knowledge.narrowed(), model="smollm2")
    answer = answerer.ask("What is the monthly rent in the Alder lease?")
    assert answer.model == "smollm2" and "1,450" in answer.answer
    with pytest.raises(ConfigError, match="unknown model 'x'"):
        open_answerer(stocked, knowledge, model="x")


def test_a_conversation_keeps_its_turns(stocked: Workspace, knowledge: Knowledge) -> None:
    pieces: list[str] = []
    chat = Conversation(open_answerer(stocked, knowledge))
    answer = chat.ask("What is the monthly rent in the Alder lease?", on_token=pieces.append)
    assert chat.history == [("What is the monthly rent in the Alder lease?", answer.answer)]
    assert "1,450" in "".join(pieces)
