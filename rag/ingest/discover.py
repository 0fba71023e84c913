"""Which files a person means by paths, directories and a glob."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import ConfigError, DataError
from rag.load.sniff import SUFFIXES

_NAMED_PATHS = 4
_LOCK = "~$"  # how office programs begin the name of the file beside one that is open
_NAMED_SUFFIXES = 12  # of files that were left: more would fill the screen


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What a person's paths lead to.

    Attributes:
        files: Absolute paths in a stable order, each once.
        faults: Paths that lead nowhere, folders that cannot be looked into or hold nothing to read, each with a reason.
        others: Files of the folders that are of no type that is read, each once.
        passed: Links of the folders that are not followed or lead nowhere, and hidden files of a type that is read.
    """

    files: tuple[Path, ...]
    faults: tuple[DataError, ...]
    others: tuple[Path, ...] = ()
    passed: tuple[Path, ...] = ()

    @property
    def note(self) -> str:
        """What a person should know of the files that were left: how many, and their types; `""` for none."""
        count = len(self.others)
        files = "1 file of another type was" if count == 1 else f"{count} files of other types were"
        left = f"{files} left: {_types(self.others)}; to read all files: --glob '*'" if count else ""
        names = ", ".join(path.name for path in self.passed[:_NAMED_PATHS])
        more = len(self.passed) - _NAMED_PATHS
        passed = f"hidden files and links that were left: {names}" + (f" and {more} more" if more > 0 else "")
        return "; ".join(part for part in (left, passed if self.passed else "") if part)


def find_files(paths: Sequence[Path], glob: str | None = None) -> FoundFiles:
    """Find files.

    Hidden files and folders are left out, and links to folders are not followed. A named file is taken whatever its
    suffix; a directory gives files of the known suffixes, or those that match `glob`.

    Raises:
        DataError: Nothing was found; the first fault.
        ConfigError: No path was given, or the glob is none.
    """
    if not paths:
        raise ConfigError("no path was given", hint="kb ingest PATH")
    files: dict[Path, None] = {}
    others: dict[Path, None] = {}
    passed: dict[Path, None] = {}
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
            inside, left_out, hidden = _walk(absolute, glob, lambda error: faults.append(_unreadable(error)))
            if not inside:
                faults.append(_holds_nothing(path, glob, left_out))
            files.update(dict.fromkeys(inside))
            others.update(dict.fromkeys(left_out))
            passed.update(dict.fromkeys(hidden))
        else:
            files[absolute] = None
    if faults and not files:
        raise faults[0]
    others_left, passed_left = (tuple(path for path in paths if path not in files) for paths in (others, passed))
    return FoundFiles(tuple(files), tuple(faults), others_left, passed_left)


def source_of(path: Path) -> str:
    """Return what a file is known by in the catalogue: its path, bytes that are no UTF-8 spelled `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _unreadable(error: OSError) -> DataError:
    return DataError(f"cannot be looked into: {error.strerror}", path=str(error.filename))


def _types(paths: Sequence[Path]) -> str:
    """Return the types of files as a person names them, the most frequent first."""
    counts = Counter(path.suffix.lower()[1:] or "no suffix" for path in paths)
    names = [name for name, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    more = len(names) - _NAMED_SUFFIXES
    return ", ".join(names[:_NAMED_SUFFIXES]) + (f" and {more} more" if more > 0 else "")


def _holds_nothing(path: Path, glob: str | None, others: Sequence[Path]) -> DataError:
    if glob:
        message = f"holds no file matching {glob!r}"
    else:
        message = "holds no file of a known type" + (f", only {_types(others)}" if others else "")
    return DataError(message, path=path, hint=f"kb ingest {shlex.quote(str(path))} --glob '*'")


def _walk(
    directory: Path, glob: str | None, on_fault: Callable[[OSError], None]
) -> tuple[list[Path], list[Path], list[Path]]:
    """Return the files of a directory that are read; without a glob those of other types; and what is passed by."""
    inside: list[Path] = []
    passed: list[Path] = []
    for folder, folders, names in os.walk(directory, onerror=on_fault):
        passed += [Path(folder, name) for name in folders if Path(folder, name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside += [Path(folder, name) for name in names if not name.startswith((".", _LOCK))]
        hidden = [Path(folder, name) for name in names if name.startswith(".")]
        passed += [path for path in hidden if path.suffix.lower() in SUFFIXES]
    files = [path for path in sorted(inside) if path.is_file()]
    passed += [path for path in inside if path.is_symlink() and not path.exists()]
    if glob:
        matching = _matching(directory, glob)
        return [path for path in files if path in matching], [], sorted(passed)
    known = [path for path in files if path.suffix.lower() in SUFFIXES]
    return known, [path for path in files if path.suffix.lower() not in SUFFIXES], sorted(passed)


def _matching(directory: Path, glob: str) -> set[Path]:
    try:
        return set(directory.rglob(glob))
    except (ValueError, NotImplementedError) as error:
        raise ConfigError(f"--glob {glob!r}: {error}", hint="kb ingest DIR --glob '*.pdf'") from error
