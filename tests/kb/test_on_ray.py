"""Questions, comparisons and rows over a real Ray cluster of four nodes are those of one machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from core.files import Home
from core.models import open_chat
from core.settings import Settings
from synth.generate.ask import ChatCaller, ModelRequest
from synth.generate.spread import spread_caller
from tests.support.command import kb
from tests.support.json_lines import read_jsonl
from tests.support.ray_cluster import ROOT, ray_cluster

pytestmark = [pytest.mark.weights, pytest.mark.slow]
# What a reply took.
_TIMES = ("_s", "_ms", "seconds", "memory_bytes", "when", "created")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Four nodes."""
    with ray_cluster(4) as nodes:
        yield nodes


def _timeless(value: Any) -> Any:
    """Return what a command printed without what it took."""
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if not key.endswith(_TIMES)}
    return [_timeless(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Questions about the documents of `stocked_home`, one of them without an answer."""
    asked = [
        {
            "question": "What is the monthly rent in the Alder lease?",
            "answer": "$1,450",
            "doc": "alder.md",
            "pages": [0],
        },
        {"question": "How much is the deposit?", "answer": "two months' rent", "doc": "alder.md", "pages": [0]},
        {"question": "Who painted the harbour?", "answer": None},
        *(line for line in read_jsonl(ROOT / "examples" / "questions.jsonl") if line.get("doc") == "update.pdf"),
    ]
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in asked[:8]), encoding="utf-8")
    return path


def _json(home: Home, *arguments: str) -> Any:
    done = kb(*arguments, "--json", KB_HOME=str(home.root))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("model", ["extractive", "smollm2"])
def test_answers_are_measured_alike(own_home: Home, questions: Path, cluster: Any, model: str) -> None:
    command = ("eval", str(questions), "--answers", "--model", model)
    here = _json(own_home, *command)
    there = _json(own_home, *command, "--on", f"ray:{cluster.address}")
    assert there["settings"].pop("models") != here["settings"].pop("models")  # where they are asked
    assert _timeless(there) == _timeless(here)


def test_arms_are_compared_alike(own_home: Home, questions: Path, cluster: Any, tmp_path: Path) -> None:
    arms = ("--arm", "read=extractive+rag", "--arm", "small=smollm2+rag", "--questions", str(questions))
    here = _json(own_home, "compare", *arms, "--out", str(tmp_path / "here"))
    there = _json(own_home, "compare", *arms, "--out", str(tmp_path / "there"), "--on", f"ray:{cluster.address}")
    assert there["measures"]["right"] == here["measures"]["right"]
    replies = [
        [_timeless(line) for line in read_jsonl(tmp_path / name / "outputs.jsonl")] for name in ("there", "here")
    ]
    assert replies[0] == replies[1]


def test_requests_to_a_model_are_answered_alike(own_home: Home, cluster: Any) -> None:
    settings = Settings.model_validate({"models": {"on": f"ray:{cluster.address}", "max_tokens": 24}})
    requests = [ModelRequest(purpose="test", text=f"Write a sentence about {thing}.") for thing in ("rain", "a mill")]
    chat = ChatCaller(open_chat("smollm2", settings, own_home))
    with ExitStack() as stack:
        caller = spread_caller(stack, "smollm2", settings, own_home)
        assert caller is not None
        there = [caller(request).text for request in requests]
    assert there == [chat(request).text for request in requests]
    assert all(there)


def test_a_comparison_that_loses_a_node_and_is_killed_goes_on(
    own_home: Home, questions: Path, cluster: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    command = (
        *(sys.executable, "-m", "kb.cli", "compare", "--arm", "read=extractive+rag", "--arm", "small=smollm2+rag"),
        *("--questions", str(questions), "--out", str(out), "--on", f"ray:{cluster.address}", "--json"),
    )
    environment = {**os.environ, "KB_HOME": str(own_home.root), "PYTHONPATH": str(ROOT)}
    node = cluster.add_node(num_cpus=2)
    first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while first.poll() is None and not (out / "outputs.jsonl").is_file():
        time.sleep(0.05)
    cluster.remove_node(node, allow_graceful=False)
    time.sleep(1)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = (out / "outputs.jsonl").read_bytes()
    again = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert again.returncode == 0, again.stderr
    assert (out / "outputs.jsonl").read_bytes().startswith(kept[: kept.rfind(b"\n") + 1])
    report = json.loads(again.stdout)
    assert report["questions"]["asked"] == len(read_jsonl(questions))
