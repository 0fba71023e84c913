"""Decisions about rows of a dataset as a person gives them: by the id of a row, by a key, in an editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from core.errors import ConfigError
from core.prompt import passage_source
from core.types import Pair
from kb.workspace import Workspace
from rag.catalogue.database import catalogue_exists
from rag.catalogue.reader import CatalogueReader
from synth.dataset.review import (
    ACTIONS,
    Action,
    Decision,
    PageText,
    Review,
    Reviewed,
    ReviewItem,
    altered_lines,
    text_of,
)

_MARK = "=== {} ==="
# Characters of a context that are shown.
_MOST_CHARS = 3000


def page_text_of(workspace: Workspace) -> PageText | None:
    """Return how quotes are looked up; None where the collection does not exist."""
    if not catalogue_exists(workspace.home.catalogue):
        return None
    catalogue = CatalogueReader(workspace.home.catalogue)
    if workspace.collection not in catalogue.collections():
        return None
    return lambda sha256, page: catalogue.page(workspace.collection, sha256, page).text


def decision_by_id(reviewing: Review, row_id: str, action: str, note: str, given: Mapping[str, str | None]) -> Decision:
    """Return a decision about the row of an id.

    Args:
        given: New `question`, `answer` and `context` of an edit; None leaves a text as it is.

    Raises:
        ConfigError: An edit changes nothing.
        DataError: There is no such row.
    """
    row = reviewing.find(row_id).row
    if action == "edit" and not any(value is not None for value in given.values()):
        raise ConfigError(f"row {row_id}: nothing to change", hint=f'--edit {row_id} --answer "..."')
    return decision_on(row, action, note, {name: value for name, value in given.items() if value is not None})


def decision_on(row: Reviewed, action: str, note: str = "", changed: Mapping[str, str] | None = None) -> Decision:
    """Return a decision about a row, made now.

    Args:
        action: One of `synth.dataset.review.ACTIONS`.
        note: Why.
        changed: Texts of an edit that differ from the row's.
    """
    decided: Action = next(known for known in ACTIONS if known == action)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if decided != "edit":
        return Decision(id=row.id, action=decided, time=now, note=note)
    evidence = row.evidence if isinstance(row, Pair) else ()
    return Decision(
        id=row.id, action=decided, time=now, note=note, evidence=evidence, **{**text_of(row), **(changed or {})}
    )


def edited_in_editor(texts: Mapping[str, str]) -> dict[str, str]:
    """Let the person edit named texts in $VISUAL or $EDITOR; a text whose mark was removed is missing.

    Raises:
        ConfigError: There is no such editor, or it failed.
    """
    opened = "\n".join(f"{_MARK.format(name)}\n{text}\n" for name, text in texts.items())
    return _sections(_edited(opened), list(texts))


def _edited(text: str) -> str:
    """Let the person edit a text in $VISUAL or $EDITOR and return it.

    Raises:
        ConfigError: There is no such editor, or it failed.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.NamedTemporaryFile("w+", suffix=".txt", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            subprocess.run([*shlex.split(editor), file.name], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise ConfigError(
                f"the editor {editor!r} failed: {error}", hint="EDITOR=nano and the same command"
            ) from error
        # Editors replace the file: what stands at the name counts, not what the handle holds.
        return Path(file.name).read_text(encoding="utf-8")


def _sections(written: str, names: list[str]) -> dict[str, str]:
    """Return the text below each mark, for the marks that are still there."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in written.splitlines():
        name = next((name for name in names if line.strip() == _MARK.format(name)), "")
        if name:
            current = sections.setdefault(name, [])
        else:
            current.append(line)
    return {name: "\n".join(lines).strip() for name, lines in sections.items()}


def row_parts(item: ReviewItem) -> list[tuple[str, str]]:
    """Return what a person is shown of a row, as (name, text)."""
    row = item.row
    texts = text_of(row)
    untrained = row.untrained_turns if isinstance(row, Pair) else range(len(row.turns))
    parts = [("system", _short(row.system))] if row.system else []
    parts += [
        (f"turn {i}{'' if i - 1 not in untrained else ', not trained'}", f"{asked_question}\n{answer}")
        for i, (asked_question, answer) in enumerate(row.turns, start=1)
    ]
    parts += [("context", _short(texts["context"]))] if texts["context"] else []
    parts += [("question", texts["question"]), ("answer", texts["answer"])]
    if isinstance(row, Pair):
        parts += [
            ("evidence", f"{passage_source(' '.join(each.doc.split()), each.page)}: “{each.quote}”")
            for each in row.evidence
        ]
        parts += [("altered", line) for line in altered_lines(row)]
    else:
        parts.append(("worse", row.rejected))
    if row.checks:
        parts.append(("kept for", ", ".join(f"{name} {value:g}" for name, value in row.checks.items())))
    if item.decision:
        parts.append(("decided", f"{item.decision.action}, {item.decision.time}"))
    return parts


def _short(text: str) -> str:
    cut = len(text) - _MOST_CHARS
    return text if cut <= 0 else f"{text[:_MOST_CHARS]} … and {cut} characters more"
