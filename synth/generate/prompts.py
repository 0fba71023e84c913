"""The prompts of the model generator, read from `synth/prompts/`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from synth.templates.wording import fill

_FOLDER = Path(__file__).parent.parent / "prompts"


@cache
def _template(name: str) -> str:
    return (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").strip()


def prompt(name: str, **values: str) -> str:
    """Return a prompt with its placeholders filled; braces inside values are kept."""
    return fill(_template(name), values)


def all_prompts() -> dict[str, str]:
    """Return every prompt by name, for the manifest."""
    return {path.stem: _template(path.stem) for path in sorted(_FOLDER.glob("*.txt"))}
