"""Ingest jobs that outlive requests: a queue in a database, uploaded files in the home, resumed after any restart.

A job is stored before its request is answered, and is done once its results are stored. Several servers may share the
queue: one of them runs a job, and where it dies another one takes the job over.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from core.files import Home
from rag.catalogue.quality import LOCKED, NO_TEXT_LAYER
from serve.errors import NotFound, without_command
from serve.state.database import StateDatabase
from serve.state.replicas import REPLICAS_TABLE, Replica

State = Literal["queued", "running", "done", "failed"]
# A job whose process died this often is not started again.
MOST_ATTEMPTS = 3
KEPT_FOR = timedelta(days=30)
_TABLE = """
CREATE TABLE IF NOT EXISTS serve_jobs(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT UNIQUE NOT NULL,
  state TEXT NOT NULL,
  collection TEXT NOT NULL,
  who TEXT NOT NULL,
  items TEXT NOT NULL,                 -- JSON: [{"path", "source"} or {"url"}]
  results TEXT NOT NULL DEFAULT '[]',  -- JSON: rows as `kb ingest --json` gives them
  attempts INTEGER NOT NULL DEFAULT 0,
  pages INTEGER NOT NULL DEFAULT 0,
  share DOUBLE PRECISION NOT NULL DEFAULT 0,
  doc TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  holder TEXT NOT NULL DEFAULT '',     -- server that runs it
  only_on TEXT NOT NULL DEFAULT '')    -- server that knows the password of its files
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestJob:
    """One ingest job.

    Attributes:
        items: `{"path", "source"}` of an upload, or `{"url"}`; with `"ocr"` where scanned pages are read.
        results: One per item, once the job is done.
        pages: Pages stored so far.
        share: Share of all bytes that is done, 0 to 1.
        doc: File that is being read.
        error: Why the job failed.
    """

    id: str
    state: State
    collection: str
    who: str
    items: Sequence[Mapping[str, str]]
    results: Sequence[Mapping[str, Any]]
    attempts: int
    pages: int
    share: float
    doc: str
    error: str
    created_at: str
    updated_at: str

    @property
    def ocr(self) -> bool:
        """Whether scanned pages are read from their image."""
        return any("ocr" in item for item in self.items)

    def to_json(self) -> dict[str, Any]:
        """Return the job as the API shows it; `scanned` marks a file with pages that only OCR would read,
        `locked` one that a password opens."""
        return {
            "object": "job",
            "id": self.id,
            "status": self.state,
            "collection": self.collection,
            "files": [_shown(row) for row in self.results]
            or [{"doc": _item_name(item), "status": self.state} for item in self.items],
            "ocr": self.ocr,
            "progress": {"share": round(self.share, 4), "pages": self.pages, "doc": self.doc},
            "error": self.error or None,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file of a job with its reason in words that need no terminal."""
    reason = str(row.get("reason") or "")
    scanned = {"scanned": True} if NO_TEXT_LAYER in reason else {}
    locked = {"locked": True} if row.get("status") == "refused" and LOCKED in reason else {}
    if locked:
        reason = reason.replace("; pass --password", " with a password")
    return {**row, **({"reason": without_command(reason)} if reason else {}), **scanned, **locked}


def _item_name(item: Mapping[str, str]) -> str:
    return item["url"] if "url" in item else Path(item["path"]).name


class JobQueue:
    """The job queue of a home, or of all homes that share a catalogue in PostgreSQL; any thread may call.

    Args:
        home: Where state lives; servers that share the queue have one home, on a file system that all of them mount.

    Raises:
        BackendError: The database cannot be opened.
    """

    def __init__(self, home: Home) -> None:
        self._folder = home.root / "serve"
        # Of locked documents, by job: never written, so that a restart asks for them again.
        self._passwords: dict[str, str] = {}
        self._db = StateDatabase(home, "jobs", (_TABLE, REPLICAS_TABLE))
        self._replica = Replica(self._db)
        self._take_over_older()

    def new_id(self) -> str:
        """Return a random id that cannot be guessed."""
        return f"job-{secrets.token_hex(12)}"

    def folder(self, job_id: str) -> Path:
        """Return the folder of a job's files until it is done."""
        return self._folder / "uploads" / job_id

    def add(self, job_id: str, collection: str, who: str, items: Sequence[Mapping[str, str]]) -> IngestJob:
        """Store a job; from then on it survives restarts."""
        return self._add(job_id, collection, who, items)

    def _add(
        self, job_id: str, collection: str, who: str, items: Sequence[Mapping[str, str]], *, only_on: str = ""
    ) -> IngestJob:
        now = _now()
        self._db.run(
            "INSERT INTO serve_jobs(id, state, collection, who, items, created_at, updated_at, only_on) "
            "VALUES(?,?,?,?,?,?,?,?)",
            (job_id, "queued", collection, who, json.dumps(list(items)), now, now, only_on),
        )
        return self.get(job_id)

    def get(self, job_id: str) -> IngestJob:
        """Return one job.

        Raises:
            NotFound: Unknown job.
        """
        rows = self._db.run("SELECT * FROM serve_jobs WHERE id=?", (job_id,))
        if not rows:
            raise NotFound(f"unknown job {job_id!r}", hint="GET /v1/documents/jobs")
        return _job(rows[0])

    def listed(self, limit: int = 100) -> list[IngestJob]:
        """Return the latest jobs, newest first."""
        return [_job(row) for row in self._db.run("SELECT * FROM serve_jobs ORDER BY seq DESC LIMIT ?", (limit,))]

    def open_count(self) -> int:
        """Return how many jobs wait or run."""
        return int(self._db.run("SELECT count(*) FROM serve_jobs WHERE state IN ('queued', 'running')")[0][0])

    def recover(self) -> int:
        """Queue interrupted jobs again and delete what is no longer needed; return how many jobs wait."""
        self._replica.join()
        others = self._take_back()
        old = (datetime.now(UTC) - KEPT_FOR).isoformat()
        self._db.run("DELETE FROM serve_jobs WHERE state IN ('done', 'failed') AND updated_at < ?", (old,))
        waiting = {row["id"] for row in self._db.run("SELECT id FROM serve_jobs WHERE state='queued'")}
        # Uploads whose request died before the job was stored. Another server may be receiving one.
        for folder in () if others else (self._folder / "uploads").glob("job-*"):
            if folder.name not in waiting:
                shutil.rmtree(folder, ignore_errors=True)
        return len(waiting)

    def begin_next(self) -> IngestJob | None:
        """Start the oldest waiting job, unless another server runs one; None where there is nothing to start.

        One that died too often fails, and the next is started.
        """
        self._replica.join()
        self._take_back()
        while rows := self._db.run(
            "UPDATE serve_jobs SET state='running', holder=?, attempts=attempts+1, updated_at=? "
            "WHERE state='queued' AND id=(SELECT id FROM serve_jobs WHERE state='queued' AND only_on IN ('', ?) "
            "ORDER BY seq LIMIT 1) "
            "AND NOT EXISTS (SELECT 1 FROM serve_jobs AS other WHERE other.state='running' AND other.holder<>?) "
            "RETURNING *",
            (self._replica.id, _now(), self._replica.id, self._replica.id),
        ):
            job = _job(rows[0])
            if job.attempts <= MOST_ATTEMPTS:
                return job
            self.fail(job.id, f"the process that read it died {MOST_ATTEMPTS} times")
        return None

    def _take_over_older(self) -> None:
        """Move the jobs of a queue that an earlier version of kb made, whose table belonged to one server."""
        older = "SELECT 1 FROM sqlite_master WHERE type='table' AND name='jobs'"
        if not self._db.remote and self._db.run(older):
            self._db.run(
                "INSERT OR IGNORE INTO serve_jobs(id, state, collection, who, items, results, attempts, pages, share, "
                "doc, error, created_at, updated_at) SELECT id, state, collection, who, items, results, attempts, "
                "pages, share, doc, error, created_at, updated_at FROM jobs ORDER BY seq"
            )
            self._db.run("DROP TABLE jobs")

    def _take_back(self) -> int:
        """Queue again what servers ran that are dead; return how many others live."""
        others = self._replica.remove_dead()
        self._db.run(
            "UPDATE serve_jobs SET state='queued', holder='' WHERE state='running' AND holder<>? "
            "AND holder NOT IN (SELECT id FROM serve_replicas)",
            (self._replica.id,),
        )
        self._db.run(
            "UPDATE serve_jobs SET only_on='' WHERE only_on NOT IN ('', ?) "
            "AND only_on NOT IN (SELECT id FROM serve_replicas)",
            (self._replica.id,),
        )
        return others

    def progress(self, job_id: str, *, pages: int, share: float, doc: str) -> None:
        """Store the progress of a job."""
        self._db.run(
            "UPDATE serve_jobs SET pages=?, share=?, doc=?, updated_at=? WHERE id=? AND holder IN ('', ?)",
            (pages, share, doc, _now(), job_id, self._replica.id),
        )

    def finish(self, job_id: str, results: Sequence[Mapping[str, Any]]) -> None:
        """Store the results of a job and delete its files, but for those that were refused: see `retry`."""
        self._passwords.pop(job_id, None)
        rows = self._db.run(
            "UPDATE serve_jobs SET state='done', share=1, doc='', holder='', results=?, updated_at=? "
            "WHERE id=? AND holder IN ('', ?) RETURNING *",
            (json.dumps(list(results)), _now(), job_id, self._replica.id),
        )
        if not rows:  # this server was taken for dead, and another one runs the job
            return
        job = _job(rows[0])
        keep = {item["path"] for item in _refused(job) if "path" in item}
        if not keep:
            shutil.rmtree(self.folder(job_id), ignore_errors=True)
            return
        for item in job.items:
            if "path" in item and item["path"] not in keep:
                path = Path(item["path"])
                if path.is_relative_to(self.folder(job_id)):
                    path.unlink(missing_ok=True)

    def fail(self, job_id: str, error: str) -> None:
        """Mark a job as failed; its files stay for `retry` until the next start."""
        self._passwords.pop(job_id, None)
        self._db.run(
            "UPDATE serve_jobs SET state='failed', holder='', error=?, updated_at=? WHERE id=? AND holder IN ('', ?)",
            (error, _now(), job_id, self._replica.id),
        )

    def password(self, job_id: str) -> str:
        """Return what opens the locked documents of a job; empty where nothing was said, or before a restart."""
        return self._passwords.get(job_id, "")

    def retry(self, job_id: str, *, who: str, password: str = "") -> IngestJob:
        """Store a new job for the files and addresses of a job that were refused, or for all of a failed one.

        Args:
            job_id: Of the job.
            who: Asks for it.
            password: Of locked documents; kept in memory until the new job ends.

        Raises:
            NotFound: Unknown job, or nothing of it can be tried again.
        """
        job = self.get(job_id)
        items = list(job.items) if job.state == "failed" else _refused(job)
        items = [item for item in items if "url" in item or Path(item["path"]).is_file()]
        if not items or job.state not in ("done", "failed"):
            message = "there is nothing to try again; files are kept until the server restarts"
            raise NotFound(message, hint="kb ingest PATH", click="add the file again")
        new_id = self.new_id()
        again: list[Mapping[str, str]] = []
        for item in items:
            if "url" in item:
                again.append(item)
                continue
            target = self.folder(new_id) / Path(item["path"]).relative_to(self.folder(job_id))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(item["path"], target)
            again.append({**item, "path": str(target)})
        if password:
            self._replica.join()
            self._passwords[new_id] = password
        return self._add(new_id, job.collection, who, again, only_on=self._replica.id if password else "")

    def release(self, job_id: str, *, counted: bool) -> None:
        """Queue a running job again.

        Args:
            counted: Whether the attempt counts: its process died, rather than was stopped.
        """
        self._db.run(
            "UPDATE serve_jobs SET state='queued', holder='', attempts=attempts-?, updated_at=? WHERE id=? "
            "AND holder IN ('', ?)",
            (0 if counted else 1, _now(), job_id, self._replica.id),
        )

    def close(self) -> None:
        """Leave the servers that share the queue, and close the database."""
        self._replica.leave()
        self._db.close()


def _refused(job: IngestJob) -> list[Mapping[str, str]]:
    """Return the items of a job that were refused."""
    if len(job.results) != len(job.items):
        return []
    return [item for item, row in zip(job.items, job.results, strict=True) if row.get("status") == "refused"]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _job(row: Any) -> IngestJob:
    values = {field.name: row[field.name] for field in fields(IngestJob)}
    return IngestJob(**{**values, "items": json.loads(row["items"]), "results": json.loads(row["results"])})
