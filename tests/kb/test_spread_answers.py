"""Answers made on the machines of a cluster: those of one machine, begun before they are asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from core.machine.cluster import Cluster
from kb.answering import open_answerer
from kb.spread_answers import AnswerJob, SpreadAnswers, answer_there, documents_digest
from kb.workspace import Workspace, open_workspace
from rag.open import open_knowledge
from tests.support.fake_ray import FakeRay

pytestmark = pytest.mark.weights
QUESTIONS = [
    "What is the monthly rent in the Alder lease?",
    "Who painted the harbour?",
    "How much is the deposit?",
    "What is the monthly rent in the Alder lease?",
]


def _timeless(answer: object) -> dict[str, object]:
    return {name: getattr(answer, name) for name in ("answer", "ground", "citations", "model", "short_answer")}


def test_answers_are_those_of_one_machine_whatever_is_lost(stocked: Workspace) -> None:
    knowledge = open_knowledge(stocked.settings, stocked.home, stocked.collection)
    alone = open_answerer(stocked, knowledge)
    ray = FakeRay(lose={0: 0, 2: 0}, cores=1)
    ask = SpreadAnswers(Cluster(ray), stocked, QUESTIONS)
    assert [_timeless(ask(question)) for question in QUESTIONS] == [
        _timeless(alone.ask(question)) for question in QUESTIONS
    ]
    # Three different questions, two of them lost once.
    assert ray.started == ["answer_there"] * 5
    assert _timeless(ask("Who owns the mill?")) == _timeless(alone.ask("Who owns the mill?"))


def test_no_more_is_begun_than_keeps_the_cluster_busy(stocked: Workspace) -> None:
    ray = FakeRay(cores=1, done=False)
    ask = SpreadAnswers(Cluster(ray), stocked, [f"What is gate {number}?" for number in range(9)])
    ask("What is gate 0?")
    assert len(ray.started) == 2
    ask("What is gate 4?")
    assert len(ray.started) == 5


def test_a_machine_that_sees_another_collection_is_refused(stocked: Workspace, own_home: Home) -> None:
    job = AnswerJob(
        settings=stocked.settings.model_dump_json(), home=str(own_home.root), documents=documents_digest(stocked)
    )
    assert answer_there(job, QUESTIONS[0]).citations  # a copy of the same documents
    with pytest.raises(ConfigError, match="has another collection 'default'"):
        answer_there(replace(job, documents="0"), QUESTIONS[0])


def test_an_evaluation_over_a_cluster_needs_one(stocked_home: Home, tmp_path: Path) -> None:
    from kb.evaluation import evaluate

    file = tmp_path / "q.jsonl"
    file.write_text(json.dumps({"question": QUESTIONS[0], "answer": "$1,450", "doc": "alder.md"}))
    workspace = open_workspace(stocked_home.root, flags={"rag.model": "extractive", "models.on": "ray:nowhere"})
    assert evaluate(workspace, file).metrics["doc_hit@1"]["value"] == 1  # search alone takes no cluster
    with pytest.raises(ConfigError, match="'nowhere' is not the address"):
        evaluate(workspace, file, answers=True)
