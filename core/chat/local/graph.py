"""A GGUF file in F16 as an OpenVINO graph on disk, so that a loaded model takes a third of the memory.

From a GGUF file OpenVINO keeps every matrix twice: widened to float32, and packed for the CPU. Out of a graph whose
matrices are float32 on disk the first of the two is a mapping of the file, whose pages may go once the second is there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.weights.folders import delete_folder, make_folder
from core.weights.gguf_header import read_header

_GRAPH, WEIGHTS = "openvino_model.xml", "openvino_model.bin"
# The graph takes twice the file on disk; larger models stay as they are.
_MOST_BYTES = 512 << 20
_FREE_TIMES = 6  # the size of the file, on the disk that takes the graph
_PREFIX = "graph-"
# Counts up whenever what is written changes.
_FORMAT = 2


def graph_of(path: Path) -> Path | None:
    """Return the folder with the graph of a GGUF file, beside the file; made at the first call, which takes seconds.

    Args:
        path: The file.

    Returns:
        None where a graph is of no use (matrices that are not F16, a large file) or cannot be made (a full disk, a
        folder that cannot be written): the file itself is then loaded.
    """
    stat = path.stat()
    if stat.st_size > _MOST_BYTES or set(read_header(path).matrix_types.values()) != {"F16"}:
        return None
    folder = path.with_name(f"{_PREFIX}{_FORMAT}-{stat.st_mtime_ns:x}-{stat.st_size:x}")
    try:
        if not (folder / _GRAPH).is_file():
            if shutil.disk_usage(path.parent).free < _FREE_TIMES * stat.st_size:
                return None
            for earlier in path.parent.glob(f"{_PREFIX}*"):
                delete_folder(earlier)
            make_folder(folder, lambda work: _make(path, work), ready=_GRAPH)
    except (OSError, subprocess.CalledProcessError):
        return None
    return folder


def _make(path: Path, work: Path) -> None:
    # A process of its own: what building takes goes with it.
    command = [sys.executable, "-P", "-m", "core.chat.local.graph", str(path), str(work)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL, capture_output=True)


def _write(path: Path, work: Path) -> None:
    """Write the graph of a file, its matrices widened to float32 but for the table that rows are taken from.

    Raises:
        ValueError: What OpenVINO saves would not answer as the file does.
    """
    from core.inference import core, openvino

    import openvino_genai as genai  # isort: skip
    from openvino import opset13

    waves = _frequencies(path)
    replaced = 0
    with tempfile.TemporaryDirectory(dir=work) as aside:
        # The graph is saved beside the file that it is read from.
        link = Path(aside) / "model.gguf"
        link.symlink_to(path.resolve())
        genai.LLMPipeline(str(link), "CPU", enable_save_ov_model=True)
        model = core().read_model(str(Path(aside) / _GRAPH))
        for node in model.get_ordered_ops():
            if node.get_type_name() != "Convert":
                continue
            source = node.input_value(0).get_node()
            if source.get_type_name() != "Constant" or source.get_element_type() != openvino.Type.f16:
                continue
            values = np.asarray(source.get_data(), dtype=np.float32)
            if values.shape == waves.shape and np.allclose(values, waves, rtol=1e-3, atol=1e-7):
                values, replaced = waves, replaced + 1
            widened = opset13.constant(values)
            for reader in list(node.output(0).get_target_inputs()):
                if reader.get_node().get_type_name() != "Gather":
                    reader.replace_source_output(widened.output(0))
        if replaced != 1:
            raise ValueError(f"{replaced} tables of rotary frequencies in the graph")
        openvino.save_model(model, work / _GRAPH, compress_to_fp16=False)


def _frequencies(path: Path) -> NDArray[np.float32]:
    """The angles by which heads of a file turn at each position (Su et al. 2021); saving rounds them to float16.

    Raises:
        ValueError: Something else would be lost by rounding, too.
    """
    from gguf import GGUFReader

    reader = GGUFReader(path)
    for tensor in reader.tensors:
        if tensor.tensor_type.name != "F16" and not np.array_equal(tensor.data, tensor.data.astype(np.float16)):
            raise ValueError(f"{tensor.name} has more digits than float16")
    keys = {name: field.contents() for name, field in reader.fields.items() if name.startswith("llama.")}
    heads = keys["llama.attention.head_count"]
    size = keys.get("llama.rope.dimension_count", keys["llama.embedding_length"] // heads)
    base = float(keys.get("llama.rope.freq_base", 10_000.0))
    # Rounded twice, as GenAI does: powers to float32, then what they divide. One unit in the last place is enough to
    # turn an answer at a near-tie.
    powers: NDArray[np.float32] = np.power(base, np.arange(0, size, 2) / size).astype(np.float32)
    turns: NDArray[np.float32] = np.reciprocal(powers)
    return turns.reshape(1, -1, 1)


if __name__ == "__main__":
    _write(Path(sys.argv[1]), Path(sys.argv[2]))
