"""A GGUF file as a graph on disk: the same answers in less memory, and the file itself where there can be none."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from gguf import GGMLQuantizationType

from core.chat.local.graph import graph_of
from tests.core.weights.test_gguf_header import write

ANSWER = """
import json, sys
from pathlib import Path
import psutil
from core.chat.local.decoding import Sampling
from core.chat.local.genai_engine import GenAIEngine
engine = GenAIEngine(Path(sys.argv[1]), 2048, keep_graph=sys.argv[2] == "graph")
loaded = psutil.Process().memory_full_info().uss
tale = " ".join(f"On day {day} the ferry took {7 * day % 40} people over the lake." for day in range(1, 90))
number = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 2, "maximum": 2}}, "required": ["n"]}
texts = []
for question, schema in (
    ("Name three rivers of France.", None),
    (f"{tale} What does this tale say of the lake?", None),
    ("How many days of leave does an employee get?", number),
):
    prompt = engine.encode(engine.render([{"role": "user", "content": question}]))
    texts += [piece.text for piece in engine.stream(prompt, Sampling(max_tokens=40, json_schema=schema))]
print(json.dumps(["".join(texts), loaded]))
"""


def answer(path: Path, way: str) -> tuple[str, int]:
    done = subprocess.run([sys.executable, "-c", ANSWER, str(path), way], capture_output=True, check=True)
    text, loaded = json.loads(done.stdout.splitlines()[-1])
    return text, loaded


@pytest.mark.skipif(not Path("/proc/self/maps").is_file(), reason="needs a system that lists mappings")
def test_a_graph_answers_as_its_file_and_takes_far_less_memory(weights: Path) -> None:
    path = weights / "smollm2" / "model.gguf"
    expected, plain = answer(path, "file")
    given, mapped = answer(path, "graph")
    assert given == expected
    assert mapped < 0.6 * plain
    assert graph_of(path) == next(path.parent.glob("graph-*"))


@pytest.mark.parametrize("kind", [GGMLQuantizationType.Q4_1, GGMLQuantizationType.F16])
def test_there_is_no_graph_of_quantised_matrices_and_none_that_cannot_be_built(
    kind: GGMLQuantizationType, tmp_path: Path
) -> None:
    path = write(tmp_path / "model.gguf", kind)  # two tensors are no model
    assert graph_of(path) is None
    assert [each.name for each in tmp_path.iterdir() if not each.name.endswith(".lock")] == ["model.gguf"]


def test_the_graph_of_an_earlier_file_goes(tmp_path: Path) -> None:
    path = write(tmp_path / "model.gguf")
    (tmp_path / "graph-1-1").mkdir()
    assert graph_of(path) is None
    assert not (tmp_path / "graph-1-1").exists()


def test_a_file_without_room_for_its_graph_is_loaded_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "model.gguf")
    earlier = tmp_path / "graph-1-1"
    earlier.mkdir()
    monkeypatch.setattr("core.chat.local.graph._FREE_TIMES", 1 << 50)
    assert graph_of(path) is None
    assert earlier.exists()  # nothing is begun
