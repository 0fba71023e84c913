"""One file that holds a whole knowledge base and restores elsewhere: catalogue and originals.

The index is left out, being derived, and models, which can be pulled again. Every member carries its hash.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path

from core.errors import ConfigError, DataError
from core.files import Home, atomic_write, sha256_of
from core.machine.install import upgrade_hint
from core.originals import keep_original, original_file, release_original
from rag.catalogue.database import catalogue_exists
from rag.catalogue.postgres import URL_VARIABLE, postgres_url, server_name
from rag.catalogue.schema import SCHEMA_VERSION

_MANIFEST = "manifest.json"
_CATALOGUE = "catalogue.sqlite"


def write_backup(home: Home, target: Path) -> int:
    """Write a backup; consistent although others may be reading or writing meanwhile.

    Args:
        home: What to back up.
        target: File to write, whole or not at all.

    Returns:
        Its size in bytes.

    Raises:
        ConfigError: Nothing has been ingested, or the target exists.
        OSError: The target cannot be written.
    """
    if postgres_url():
        raise ConfigError(
            f"the catalogue is on a server ({server_name(postgres_url())}), which makes its own backups",
            hint=f'pg_dump "${URL_VARIABLE}" > kb.sql  # and copy {home.root}/originals',
        )
    if not home.catalogue.exists():
        raise ConfigError(f"nothing has been ingested yet (no {home.catalogue})", hint="kb ingest PATH")
    if target.exists():
        raise ConfigError(f"{target} exists already", hint=f"kb backup --out {target.stem}-2{target.suffix}")
    with tempfile.TemporaryDirectory(prefix="kb-backup-") as folder:
        copy = Path(folder) / _CATALOGUE
        with closing(sqlite3.connect(home.catalogue)) as source, closing(sqlite3.connect(copy)) as sink:
            source.backup(sink)
            # No index comes along, so none holds anything.
            sink.execute("DELETE FROM indexed")
            sink.commit()
        members = {_CATALOGUE: copy}
        members |= {f"originals/{path.parent.name}/{path.name}": path for path in _originals(home, copy, Path(folder))}
        manifest = {
            "schema": SCHEMA_VERSION,
            "members": {
                name: {"sha256": sha256_of(path), "size_bytes": path.stat().st_size} for name, path in members.items()
            },
        }
        with atomic_write(target) as handle, tarfile.open(fileobj=handle, mode="w:gz", compresslevel=1) as archive:
            _add_bytes(archive, _MANIFEST, json.dumps(manifest, indent=1).encode())
            for name, path in members.items():
                archive.add(path, arcname=name, recursive=False)
    return target.stat().st_size


def _originals(home: Home, catalogue: Path, folder: Path) -> list[Path]:
    """Return the files of all documents, each in a folder named by its hash; what a store holds is copied below one."""
    with closing(sqlite3.connect(catalogue)) as db:
        rows = db.execute("SELECT DISTINCT sha256, doc FROM visible ORDER BY sha256").fetchall()
    if home.originals_url:
        home = Home(folder, home.originals_url)
    paths = {original_file(home, sha256, doc, most_bytes=None) for sha256, doc in rows}
    return sorted(path for path in paths if path.exists())


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def restore_backup(source: Path, home: Home) -> None:
    """Restore a backup into an empty home; the index is to be rebuilt afterwards.

    Every member is checked before the catalogue appears, which is the last file to be put in place.

    Raises:
        ConfigError: The home already holds a catalogue, or there is no such file.
        DataError: The file is no backup, is damaged, or comes from a newer version.
    """
    if catalogue_exists(home.catalogue):
        raise ConfigError(
            f"{home.root} already holds a knowledge base", hint=f"KB_HOME=/an/empty/folder kb backup --restore {source}"
        )
    if not source.is_file():
        raise ConfigError(f"{source}: there is no such file", hint="kb backup --restore FILE")
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            members = _manifest(archive, source)["members"]
            for name in sorted(members, key=lambda name: name == _CATALOGUE):
                sha256, place = members[name]["sha256"], _place(home, name, source)
                _extract(archive, name, sha256, place, source)
                if name != _CATALOGUE:
                    keep_original(home, place, sha256)
                    release_original(home, sha256)
    except (tarfile.TarError, EOFError, OSError, KeyError, ValueError) as error:
        raise DataError(f"is not a whole kb backup ({error})", path=source, hint="kb backup --out FILE") from error


def _manifest(archive: tarfile.TarFile, source: Path) -> dict[str, dict[str, dict[str, str]]]:
    first = archive.extractfile(_MANIFEST)
    if first is None:
        raise DataError("holds no manifest", path=source)
    manifest: dict[str, dict[str, dict[str, str]]] = json.load(first)
    if int(str(manifest["schema"])) > SCHEMA_VERSION:
        raise DataError("was written by a newer version of kb", path=source, hint=upgrade_hint())
    return manifest


def _place(home: Home, name: str, source: Path) -> Path:
    if name == _CATALOGUE:
        return home.catalogue
    # Names in an archive are input: only what write_backup makes is accepted.
    parts = re.fullmatch(r"originals/([0-9a-f]{64})/([^/]+)", name)
    if parts is None or parts[2] in {".", ".."}:
        raise DataError(f"holds an unexpected member {name!r}", path=source)
    return home.original(parts[1], parts[2])


def _extract(archive: tarfile.TarFile, name: str, sha256: str, target: Path, source: Path) -> None:
    member = archive.extractfile(name)
    if member is None:
        raise DataError(f"member {name!r} is missing", path=source)
    digest = hashlib.sha256()
    with atomic_write(target) as handle:
        while block := member.read(1 << 20):
            digest.update(block)
            handle.write(block)
        if digest.hexdigest() != sha256:
            raise DataError(f"member {name!r} is damaged", path=source)
