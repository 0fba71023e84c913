"""The notebooks are those of their texts, and run from the first cell to the last on a CPU without a server."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path

import pytest

from core.files import Home

pytestmark = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("jupytext", "nbclient", "ipykernel"))), reason="needs the extra dev"
)
ROOT = Path(__file__).parent.parent
NOTEBOOKS = ROOT / "notebooks"
NAMES = ("quickstart", "rag_weaviate_ollama", "finetune_colab_t4", "compare")


def test_notebooks_are_in_step_with_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat

    monkeypatch.syspath_prepend(str(NOTEBOOKS))
    spec = importlib.util.spec_from_file_location("notebooks_build", NOTEBOOKS / "build.py")
    assert spec and spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert sorted(build.NAMES) == sorted(NAMES) == sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    for name in NAMES:
        written = (NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8")
        assert written == nbformat.writes(build.notebook_of(name)) + "\n", f"{name}: python notebooks/build.py"
        notebook = nbformat.reads(written, as_version=4)
        nbformat.validate(notebook)
        assert "colab.research.google.com" in notebook.cells[0].source
        assert [cell for cell in notebook.cells if cell.get("outputs")] == []


def _run(name: str, folder: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> str:
    """Execute a notebook in a kernel of its own; return what its cells print."""
    import nbformat
    from nbclient import NotebookClient

    shutil.copytree(ROOT / "examples", folder / "examples")
    environment = {
        "KB_HOME": str(home.root),
        "KB_RAG__OLLAMA_URL": "http://127.0.0.1:9",
        "KB_WEAVIATE__URL": "http://127.0.0.1:9",
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "JUPYTER_PLATFORM_DIRS": "1",
        "IPYTHONDIR": str(folder / "ipython"),
    }
    for key, value in environment.items():
        monkeypatch.setenv(key, value)
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    printed = []
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            printed.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(printed)


@pytest.mark.weights
@pytest.mark.filterwarnings("default")
def test_the_first_answer_is_given(model_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = _run("quickstart", tmp_path, model_home, monkeypatch)
    assert "Dorrit Amblesworth | cited" in printed and "(handbook.pdf, p. 6)" in printed
    assert "The documents do not say." in printed and "page_hit@5" in printed


@pytest.mark.weights
@pytest.mark.filterwarnings("default")
def test_without_servers_what_is_built_in_answers(
    model_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = _run("rag_weaviate_ollama", tmp_path, model_home, monkeypatch)
    assert "the embedded index is used instead" in printed
    assert "the built-in reader quotes instead of writing" in printed and "Dorrit Amblesworth" in printed


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.filterwarnings("default")
def test_arms_are_compared(model_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run("compare", tmp_path, model_home, monkeypatch)
    assert (tmp_path / "comparison" / "report.html").is_file()


@pytest.mark.slow
@pytest.mark.weights
@pytest.mark.train
@pytest.mark.filterwarnings("default")
@pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs the extra train")
def test_every_stage_of_the_training_runs_on_a_cpu(
    model_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_NOTEBOOK_STEPS", "2")
    monkeypatch.setenv("KB_NOTEBOOK_PAIRS", "24")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    printed = _run("finetune_colab_t4", tmp_path, model_home, monkeypatch)
    assert "no GPU: SmolLM2 on the CPU" in printed and "'sft': 'done'" in printed
    assert (model_home.runs / "colab" / "merged").is_dir()
