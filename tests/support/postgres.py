"""A real PostgreSQL server for tests, on a socket in a folder of its own; absent where there is no `initdb`."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def find_binaries() -> Path | None:
    """Return the folder with `initdb` and `pg_ctl`, Debian's where they are not on PATH."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


@contextmanager
def postgres_server(binaries: Path) -> Iterator[str]:
    """Start a server and yield its address; it goes with the block."""
    # Its processes refuse to run as root, and their user has to reach the folder.
    user = "postgres" if os.geteuid() == 0 else None
    root = Path(tempfile.mkdtemp(prefix="kb-pg-"))
    if user:
        shutil.chown(root, user)
    data, name = root / "data", user or getpass.getuser()

    def run(*command: str) -> None:
        subprocess.run(command, check=True, user=user, cwd=root, stdout=subprocess.DEVNULL, timeout=300)

    run(
        str(binaries / "initdb"),
        "-D",
        str(data),
        "-A",
        "trust",
        "-E",
        "UTF8",
        "--no-sync",
        "-U",
        name,
        "--locale=C.UTF-8",
    )
    options = f"-k {root} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB -c autovacuum=off"
    run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-t", "240", "-l", str(root / "log"), "-o", options, "start")
    try:
        yield f"postgresql://{name}@/postgres?host={root}"
    finally:
        run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(root, ignore_errors=True)
