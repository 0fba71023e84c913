"""Arms on a cluster reply as those of one machine, and a machine that has other documents is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from core.machine.cluster import Cluster
from finetune.compare.arms import AnswersAhead, Arm
from finetune.compare.probes import probe_questions
from finetune.compare.questions import GoldQuestion
from finetune.compare.run import Output, ask_all
from kb.comparison.arms import ArmFactory, parse_arm
from kb.comparison.job import ComparisonRequest, compare
from kb.comparison.spread_arms import ArmJob, SpreadArms, Way, reply_there, spread_arms
from kb.comparison.why import why_arm
from kb.workspace import Workspace, open_workspace
from tests.support.fake_ray import FakeRay

pytestmark = pytest.mark.weights
SPEC = parse_arm("read=extractive+rag")
QUESTIONS = [
    GoldQuestion(id="rent", text="What is the monthly rent in the Alder lease?", answer="$1,450"),
    GoldQuestion(id="who", text="Who painted the harbour?", answer=None),
    GoldQuestion(id="deposit", text="How much is the deposit?", answer="two months' rent"),
]


def _timeless(replies: Mapping[tuple[str, str], Output]) -> dict[tuple[str, str], Any]:
    times = {"first_token_s": 0.0, "total_s": 0.0}
    return {key: (output.key, replace(output.reply, **times)) for key, output in replies.items()}


@pytest.mark.parametrize("way", ["asked", "why", "probes"])
def test_replies_are_those_of_one_machine_whatever_is_lost(stocked: Workspace, tmp_path: Path, way: Way) -> None:
    factory = ArmFactory(stocked)
    arm: Arm = factory.arm(SPEC)
    if way == "why":
        arm = why_arm(factory, SPEC, arm)
    if way == "probes":
        arm = factory.probe_arm(arm)
    questions = probe_questions()[:2] if way == "probes" else QUESTIONS
    ray = FakeRay(lose={0: 0, 2: 0}, cores=1)
    there = SpreadArms(Cluster(ray), stocked).arm(arm, SPEC, way)
    spread = ask_all([there], questions, tmp_path / "there")
    assert _timeless(spread) == _timeless(ask_all([arm], questions, tmp_path / "here"))
    assert set(ray.started) == {"reply_there"} and len(ray.lost) == 2
    # What another process holds is not counted as this one's.
    assert {output.memory_bytes for output in spread.values()} == {0}
    before = len(ray.started)
    ask_all([there], questions, tmp_path / "there")
    assert len(ray.started) == before
    with there.open() as answerer:
        assert isinstance(answerer, AnswersAhead)


def test_a_machine_that_sees_other_documents_is_refused(stocked: Workspace) -> None:
    job = ArmJob(
        settings=stocked.settings.model_dump_json(),
        home=str(stocked.home.root),
        spec=SPEC,
        way="asked",
        fingerprint=ArmFactory(stocked).arm(SPEC).fingerprint,
    )
    assert "1,450" in reply_there(job, QUESTIONS[0]).text
    with pytest.raises(ConfigError, match="other documents, weights or settings for the arm 'read'"):
        reply_there(replace(job, fingerprint="0"), QUESTIONS[0])


def test_a_comparison_over_a_cluster_needs_one(stocked: Workspace, tmp_path: Path) -> None:
    with spread_arms(stocked) as spread:
        assert spread is None
    questions = tmp_path / "q.jsonl"
    questions.write_text('{"question": "How much is the deposit?", "answer": "two months\' rent", "doc": "alder.md"}\n')
    workspace = open_workspace(stocked.home.root, flags={"models.on": "ray:nowhere"})
    request = ComparisonRequest(arms=("a=extractive+rag", "b=extractive"), questions=[questions], out=tmp_path / "out")
    with pytest.raises(ConfigError, match="'nowhere' is not the address"):
        compare(workspace, request)
