"""Which files a person means by a path, a directory and a glob. Opens none of them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from kb.errors import ConfigError, DataError

# Suffixes taken from a directory without asking; anything can be named explicitly or by --glob.
SUFFIXES = frozenset({".pdf", ".md", ".markdown", ".html", ".htm", ".xhtml", ".txt", ".text", ".docx"})


def find_files(paths: Sequence[Path], glob: str | None = None) -> list[Path]:
    """Return absolute files in a stable order, each once.

    Hidden files and folders are left out. A named file is taken whatever its suffix; a directory gives files of
    the known suffixes, or those that match `glob`.

    Raises:
        DataError: A path does not exist, or a directory holds nothing to read.
        ConfigError: No path was given.
    """
    if not paths:
        raise ConfigError("no path was given", hint="kb ingest PATH")
    found: dict[Path, None] = {}
    for path in paths:
        if not path.exists():
            raise DataError("there is no such file or directory", path=path, hint="kb ingest PATH")
        if path.is_dir():
            inside = list(_walk(_normal(path), glob))
            if not inside:
                wanted = f"matching {glob!r}" if glob else "of a known type (" + " ".join(sorted(SUFFIXES)) + ")"
                raise DataError(f"holds no file {wanted}", path=path, hint=f"kb ingest {path} --glob '*'")
            found.update(dict.fromkeys(inside))
        else:
            found[_normal(path)] = None
    return list(found)


def _normal(path: Path) -> Path:
    # Without `..`, so that one file has one name; symbolic links keep theirs.
    return Path(os.path.abspath(path))  # noqa: PTH100


def _walk(directory: Path, glob: str | None) -> Iterator[Path]:
    for path in sorted(directory.rglob(glob or "*")):
        inner = path.relative_to(directory).parts
        if any(part.startswith(".") for part in inner) or not path.is_file():
            continue
        if glob or path.suffix.lower() in SUFFIXES:
            yield path
