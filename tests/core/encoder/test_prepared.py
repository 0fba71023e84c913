"""A graph is built once, kept whole, and a full disk is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.encoder.prepared import GRAPH, prepare
from core.errors import BackendError
from core.inference import core, openvino


def doubling(folder: Path) -> openvino.Model:
    (folder / "notes.txt").write_text("beside the graph")
    from openvino import opset13 as ops

    given = ops.parameter([2], dtype=np.float32, name="x")
    return openvino.Model([ops.multiply(given, ops.constant(np.float32(2)))], [given], "doubling")


def test_a_graph_is_built_once_and_runs(tmp_path: Path) -> None:
    path = prepare(tmp_path / "graph", doubling)
    assert path == tmp_path / "graph" / GRAPH and (path.parent / "notes.txt").is_file()
    compiled = core().compile_model(path, "CPU")
    assert compiled([np.array([1, 2], dtype=np.float32)])[0].tolist() == [2.0, 4.0]

    def again(folder: Path) -> openvino.Model:
        raise AssertionError("built twice")

    assert prepare(tmp_path / "graph", again) == path


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def full(folder: Path) -> openvino.Model:
        raise RuntimeError("iostream error")

    with pytest.raises(BackendError, match="the disk is full"):
        prepare(tmp_path / "graph", full)
    assert not (tmp_path / "graph").exists()

    def wrong(folder: Path) -> openvino.Model:
        raise RuntimeError("unsupported layer")

    with pytest.raises(RuntimeError, match="unsupported layer"):
        prepare(tmp_path / "graph", wrong)
