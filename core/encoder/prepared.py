"""A model made ready once and found again: an OpenVINO graph in a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from core.inference import openvino
from core.machine.disk import disk_fault

GRAPH = "graph.xml"


def prepare(folder: Path, build: Callable[[Path], openvino.Model]) -> Path:
    """Return the path of the graph in `folder`, building and storing it if it is not there.

    Args:
        folder: Where the graph is kept; its name must change whenever the graph would.
        build: Makes the model; may leave further files in the folder it is given.

    Raises:
        BackendError: The disk is full or read-only.
    """
    if not (folder / GRAPH).is_file():
        from core.weights.folders import make_folder

        try:
            make_folder(folder, lambda work: openvino.save_model(build(work), work / GRAPH, False), ready=GRAPH)
        except (OSError, RuntimeError) as error:
            fault = disk_fault(folder, error)
            if fault is None:
                raise
            raise fault from error
    return folder / GRAPH
