"""A model made ready once and found again: an OpenVINO graph in a folder that appears whole or not at all.

Knows folders and renames; refuses to know what is in a graph.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from kb.inference import openvino

GRAPH = "graph.xml"


def prepare(folder: Path, build: Callable[[Path], openvino.Model]) -> Path:
    """Return the path of the graph in `folder`, building and storing it if it is not there.

    Two processes may do so at once: the first to finish wins and the other's work is dropped.

    Args:
        folder: Where the graph lives; its name must change whenever the graph would.
        build: Makes the model; may leave further files in the folder it is given.

    Raises:
        OSError: The disk is full or read-only.
    """
    if not (folder / GRAPH).is_file():
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
        try:
            openvino.save_model(build(work), work / GRAPH, compress_to_fp16=False)
            _publish(work, folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder / GRAPH


def _publish(work: Path, folder: Path) -> None:
    try:
        work.rename(folder)
    except OSError:
        if not (folder / GRAPH).is_file():
            raise
