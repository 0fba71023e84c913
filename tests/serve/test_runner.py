"""The thread that runs ingest jobs: to their end, one after another, each in a process of its own."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from core.files import Home
from core.settings import Settings
from kb.workspace import Workspace
from serve.work.jobs import IngestJob, JobQueue
from serve.work.runner import JobRunner

WAIT_S = 120
HANDBOOK = Path(__file__).parents[2] / "examples" / "handbook.pdf"


def _settled(jobs: JobQueue, job_id: str) -> IngestJob:
    end = time.monotonic() + WAIT_S
    while (job := jobs.get(job_id)).state not in ("done", "failed"):
        assert time.monotonic() < end, job
        time.sleep(0.05)
    return job


def test_jobs_end_with_an_outcome_for_every_file(made_home: Home, tmp_path: Path) -> None:
    handbook = Path(shutil.copy(HANDBOOK, tmp_path))
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    jobs = JobQueue(made_home)
    runner = JobRunner(jobs, Workspace(settings=Settings(), home=made_home))
    items = [{"path": str(path), "source": f"upload:{path.name}"} for path in (handbook, broken)]
    first = jobs.add(jobs.new_id(), "default", "me", items).id
    runner.start()
    try:
        assert [file["status"] for file in _settled(jobs, first).results] == ["indexed", "refused"]
    finally:
        runner.stop()
    assert runner._process is None
    assert handbook.is_file()  # only what lies in the job's own folder is deleted once it is read
    # Nobody runs jobs any more; a new one waits.
    later = jobs.add(jobs.new_id(), "default", "me", items[:1])
    runner.wake()
    assert jobs.get(later.id).state == "queued"
    jobs.close()
