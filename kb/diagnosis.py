"""What a report of a fault needs: machine, versions, settings, checks and counts, without anything of the documents."""

from __future__ import annotations

import json
import platform
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from core.errors import KbError
from core.files import atomic_write
from core.inference import has_bf16
from core.machine.system import available_bytes, memory_bytes, usable_cores
from core.settings import known_keys
from core.version import DISTRIBUTION, project_version
from core.weights.shelf import list_models
from finetune.runs import list_runs, read_card
from kb.workspace import Workspace
from rag.catalogue.reader import CatalogueReader
from rag.doctor import Check, examine

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Settings whose values are words of the user's own: a name, a folder, an address.
_OWN_WORDS = ("collection", "_file", "url", "hosts", "origins", "host")
_CREDENTIALS = re.compile(r"(?<=//)[^/@\s]+@|\b(?:[A-Za-z0-9_-]{32,})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """A setting with its value and where that came from."""

    key: str
    value: Any
    source: str
    meaning: str


def setting_rows(workspace: Workspace) -> list[SettingRow]:
    """Return every setting in the order of the sections."""
    rows = []
    for key, info in known_keys().items():
        section, name = key.split(".", 1)
        value = getattr(getattr(workspace.settings, section), name)
        rows.append(
            SettingRow(key=key, value=value, source=workspace.sources[key], meaning=str(info.description or ""))
        )
    return rows


def setting_text(value: Any) -> str:
    """Return a setting's value for a column of a table; of a mapping, how many values it holds."""
    if isinstance(value, Mapping):
        return f"{len(value)} values (--json)"
    return "" if value is None else str(value)


def settings_json(rows: Sequence[SettingRow]) -> dict[str, dict[str, Any]]:
    """Return settings as JSON carries them: key to value and source."""
    plain = (int, float, str, bool, type(None))
    return {
        row.key: {"value": row.value if isinstance(row.value, plain) else str(row.value), "source": row.source}
        for row in rows
    }


def diagnose(workspace: Workspace, bundle: Path | None = None) -> list[Check]:
    """Check everything that kb depends on.

    Args:
        bundle: File for a report that a person can attach to an issue; none if None.

    Raises:
        OSError: The file cannot be written.
    """
    checks = examine(workspace.settings, workspace.home)
    if bundle is not None:
        report = bundle_of(workspace, checks)
        with atomic_write(bundle) as handle:
            handle.write((json.dumps(report, ensure_ascii=False, indent=2) + "\n").encode())
    return checks


def bundle_of(workspace: Workspace, checks: Sequence[Check]) -> dict[str, Any]:
    """Return a report without text or names of documents, without names of collections and runs, and without keys.

    Paths of the user's folder begin with `~`; settings that hold words of the user's own say only that they are set.
    """
    names = _private_names(workspace)
    return {
        "kb": project_version(),
        "machine": _machine(workspace),
        "packages": dict(_packages()),
        "settings": {
            row.key: {"value": _shown(row, names), "source": _plain(row.source, names)}
            for row in setting_rows(workspace)
            if row.source != "default"
        },
        "checks": [
            {"name": _plain(c.name, names), "state": c.state, "detail": _plain(c.detail, names)} for c in checks
        ],
        "models": sorted(model.name for model in list_models(workspace.home) if "/" not in model.name),
        "collections": list(_collections(workspace)),
        "runs": list(_runs(workspace, names)),
    }


def _machine(workspace: Workspace) -> dict[str, Any]:
    place = next(path for path in (workspace.home.root, *workspace.home.root.parents) if path.exists())
    return {
        "system": platform.system(),
        "release": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "cores": len(usable_cores()),
        "memory_mib": memory_bytes() >> 20,
        "available_mib": available_bytes() >> 20,
        "free_disk_mib": shutil.disk_usage(place).free >> 20,
        "bf16": has_bf16(),
    }


def _packages() -> Iterator[tuple[str, str]]:
    """Yield the packages that the project names, extras included, with the versions installed here."""
    try:
        named = requires(DISTRIBUTION) or ()
    except PackageNotFoundError:
        named = ()
    for name in sorted({match[0].lower() for line in named if (match := _NAME.match(line))}):
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def _collections(workspace: Workspace) -> Iterator[dict[str, Any]]:
    if not workspace.home.catalogue.exists():
        return
    try:
        catalogue = CatalogueReader(workspace.home.catalogue)
        for name, identity in catalogue.collections().items():
            documents = catalogue.documents(name)
            yield {
                **catalogue.counts(name),
                "suffixes": dict(Counter(Path(document.doc).suffix.lower()[:8] for document in documents)),
                "embedder": "minilm" if str(identity["model"]).startswith("minilm") else "another",
            }
    except KbError as error:
        yield {"fault": type(error).__name__}


def _runs(workspace: Workspace, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    for run in list_runs(workspace.home):
        try:
            card = read_card(run)
        except KbError as error:
            yield {"fault": type(error).__name__}
            continue
        yield {
            "method": card.method,
            "base": "(path)" if "/" in card.base[:5] else _plain(card.base, names),
            "versions": dict(card.versions),
        }


def _private_names(workspace: Workspace) -> list[str]:
    """Return names of documents, collections and runs, longest first, for lines that would show them."""
    names = [] if workspace.collection == "default" else [workspace.collection]
    if workspace.home.catalogue.exists():
        try:
            catalogue = CatalogueReader(workspace.home.catalogue)
            collections = list(catalogue.collections())
            names += [name for name in collections if name != "default"]
            names += [document.doc for name in collections for document in catalogue.documents(name)]
        except KbError:
            pass
    if workspace.home.runs.is_dir():
        names += [path.name for path in workspace.home.runs.iterdir()]
    return sorted({name for name in names if name}, key=len, reverse=True)


def _shown(row: SettingRow, names: Sequence[str]) -> Any:
    if row.key.partition(".")[2].endswith(_OWN_WORDS):
        return "(set)"
    return (
        row.value if isinstance(row.value, (int, float, bool)) or row.value is None else _plain(str(row.value), names)
    )


def _plain(text: str, names: Sequence[str]) -> str:
    for name in names:
        text = text.replace(name, "(name)")
    home = str(Path("~").expanduser())
    return _CREDENTIALS.sub("(hidden)", text.replace(home, "~") if len(home) > 1 else text)
