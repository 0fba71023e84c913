"""Writes the `.ipynb` files from the texts beside them (jupytext, py:percent): `python notebooks/build.py`.

The text is what is edited and reviewed. The same text gives the same bytes: no outputs, no times, cells named by number.
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat

HERE = Path(__file__).parent
NAMES = ("quickstart", "rag_weaviate_ollama", "finetune_colab_t4", "compare")


def notebook_of(name: str) -> nbformat.NotebookNode:
    """Return the notebook of a text."""
    notebook = jupytext.reads((HERE / f"{name}.py").read_text(encoding="utf-8"), fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell["metadata"] = {}
    notebook["metadata"] = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    if name == "finetune_colab_t4":
        notebook["metadata"].update(accelerator="GPU", colab={"gpuType": "T4"})
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return notebook


def main() -> None:
    """Write every notebook."""
    for name in NAMES:
        (HERE / f"{name}.ipynb").write_text(nbformat.writes(notebook_of(name)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
