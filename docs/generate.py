"""Writes the pages of the reference that come out of the code: `python docs/generate.py`.

Settings come from `core.settings`, recipes from their files and `finetune.recipe`. A test compares.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.settings import known_keys
from finetune.recipe import Recipe

HERE = Path(__file__).parent
RECIPES = HERE.parent / "finetune" / "recipes"
_CELL = re.compile(r"\s+")


def settings_page() -> str:
    """Return the page of all settings, with type, default and meaning."""
    lines = [
        "# Settings",
        "",
        "Made from the code by `make docs`. A setting comes from, strongest first: a flag (`--set KEY=VALUE`),",
        "the environment (`KB_RAG__TOP_K`), `./kb.toml`, `~/.config/kb/config.toml`, the default.",
        "`kb config show` prints each with its value and source.",
        "Keys for servers are read from the environment alone: `WEAVIATE_API_KEY`, `OPENAI_API_KEY`.",
        "",
        "```toml",
        "[rag]",
        "top_k = 6",
        "```",
    ]
    section = ""
    for key, info in known_keys().items():
        if key.partition(".")[0] != section:
            section = key.partition(".")[0]
            lines += ["", f"## {section}", "", "| key | default | meaning |", "|---|---|---|"]
        lines.append(f"| `{key}` | {_default(info.default)} | {_text(info.description or '')} |")
    return "\n".join(lines) + "\n"


def recipes_page() -> str:
    """Return the page of recipes: what each sets, and every field with its default."""
    lines = [
        "# Recipes",
        "",
        "Made from the code by `make docs`. `--recipe NAME` takes one of these, `--recipe FILE.toml` one of your own",
        "with the same fields, `--set FIELD=VALUE` changes one field.",
    ]
    for path in sorted(RECIPES.glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        about = " ".join(line[1:].strip() for line in text.splitlines() if line.startswith("#"))
        body = "\n".join(line for line in text.splitlines() if not line.startswith("#")).strip()
        lines += ["", f"## {path.stem}", "", about, "", "```toml", body, "```"]
    lines += ["", "One for each method, with its own settings: `--method NAME` or `--recipe NAME`.", ""]
    for path in sorted((RECIPES / "methods").glob("*.toml")):
        text = path.read_text(encoding="utf-8")
        about = " ".join(line[1:].strip() for line in text.splitlines() if line.startswith("#"))
        values = tomllib.loads(text).items()
        shown = ", ".join(f"`{name} = {value}`" for name, value in values if name != "method")
        lines.append(f"- `{path.stem}`: {about} {shown}")
    lines += ["", "## Every field", "", "| field | default | meaning |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {_default(info.default)} | {_text(info.description or '')} |"
        for name, info in Recipe.model_fields.items()
    ]
    return "\n".join(lines) + "\n"


def _default(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"`{name}={part}`" for name, part in value.items())
    if value is None or value == "" or value == [] or value == ():
        return ""
    shown = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return f"`{_text(shown)}`"


def _text(text: str) -> str:
    return _CELL.sub(" ", text).replace("|", "\\|").strip()


PAGES = {"reference/settings.md": settings_page, "reference/recipes.md": recipes_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
