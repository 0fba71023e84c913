"""Questions for a visitor: answered by the documents before they are shown, found once for a state of a collection."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from core.files import Home
from core.settings import Settings
from serve.answers.answering import AnswerRequest
from serve.answers.history import ChatMessage
from serve.documents.examples import ExampleQuestions
from serve.service import Service
from tests.serve.conftest import Running

pytestmark = pytest.mark.weights


async def test_every_question_is_short_and_answered_with_a_quote(server: Running) -> None:
    examples = ExampleQuestions(server.service)
    questions = await examples.questions()
    assert len(questions) == len(set(questions)) == 3
    assert all(question.endswith("?") and len(question) <= 90 for question in questions)
    asked = AnswerRequest(conversation=[ChatMessage(role="user", text=questions[-1])], model="extractive+rag")
    assert (await server.service.reply(asked)).ground == "cited"
    assert await examples.questions() is questions  # found once


async def test_an_empty_or_unknown_collection_has_none(tmp_path: Path, settings: Settings, weights: Path) -> None:
    (tmp_path / "models").symlink_to(weights)
    with closing(Service(settings, Home(tmp_path))) as service:
        assert await ExampleQuestions(service).questions() == []
        assert await ExampleQuestions(service).questions("none") == []
