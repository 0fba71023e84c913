"""Which files a person means by paths, directories and a glob. Opens none of them."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError, DataError

# Suffixes taken from a directory without asking; anything can be named explicitly or by --glob.
SUFFIXES = frozenset({".pdf", ".md", ".markdown", ".html", ".htm", ".xhtml", ".txt", ".text", ".docx"})


@dataclass(frozen=True, slots=True)
class Found:
    """What a person's paths lead to.

    Attributes:
        files: Absolute paths in a stable order, each once.
        faults: Paths that lead nowhere, folders that cannot be looked into or hold nothing to read, each with a reason.
    """

    files: tuple[Path, ...]
    faults: tuple[DataError, ...]


def find_files(paths: Sequence[Path], glob: str | None = None) -> Found:
    """Find files.

    Hidden files and folders are left out, and links to folders are not followed. A named file is taken whatever its
    suffix; a directory gives files of the known suffixes, or those that match `glob`.

    Raises:
        DataError: Nothing was found; the first fault.
        ConfigError: No path was given, or the glob is none.
    """
    if not paths:
        raise ConfigError("no path was given", hint="kb ingest PATH")
    found: dict[Path, None] = {}
    faults: list[DataError] = []
    for path in paths:
        # Without `..`, so that one file has one name; symbolic links keep theirs.
        absolute = Path(os.path.abspath(path))  # noqa: PTH100
        try:
            absolute.stat()
            is_folder = absolute.is_dir()
        except FileNotFoundError:
            faults.append(DataError("there is no such file or directory", path=path, hint="kb ingest PATH"))
            continue
        except OSError as error:
            faults.append(DataError(f"cannot be read: {error.strerror}", path=path, hint="kb ingest PATH"))
            continue
        if is_folder:
            inside = list(_walk(absolute, glob, lambda error: faults.append(_unreadable(error))))
            if not inside:
                faults.append(_holds_nothing(path, glob))
            found.update(dict.fromkeys(inside))
        else:
            found[absolute] = None
    if faults and not found:
        raise faults[0]
    return Found(tuple(found), tuple(faults))


def source_of(path: Path) -> str:
    """Return what a file is known by in the catalogue: its path, bytes that are no UTF-8 spelled `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _unreadable(error: OSError) -> DataError:
    return DataError(f"cannot be looked into: {error.strerror}", path=str(error.filename))


def _holds_nothing(path: Path, glob: str | None) -> DataError:
    wanted = f"matching {glob!r}" if glob else "of a known type (" + " ".join(sorted(SUFFIXES)) + ")"
    return DataError(f"holds no file {wanted}", path=path, hint=f"kb ingest {shlex.quote(str(path))} --glob '*'")


def _walk(directory: Path, glob: str | None, on_fault: Callable[[OSError], None]) -> Iterator[Path]:
    inside: list[Path] = []
    for folder, folders, names in os.walk(directory, onerror=on_fault):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside += [Path(folder, name) for name in names if not name.startswith(".")]
    wanted = _matching(directory, glob) if glob else {path for path in inside if path.suffix.lower() in SUFFIXES}
    for path in sorted(inside):
        if path in wanted and path.is_file():
            yield path


def _matching(directory: Path, glob: str) -> set[Path]:
    try:
        return set(directory.rglob(glob))
    except (ValueError, NotImplementedError) as error:
        raise ConfigError(f"--glob {glob!r}: {error}", hint="kb ingest DIR --glob '*.pdf'") from error
