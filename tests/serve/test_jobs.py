"""A job that was written down is done, whatever ends in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.files import Home
from serve.errors import NotFound
from serve.work.jobs import MOST_ATTEMPTS, JobQueue

ITEMS = [{"path": "/x/a.pdf", "source": "upload:1/a.pdf"}, {"url": "https://example.org/b.pdf"}]


def test_reasons_are_shown_without_a_command_and_scans_are_marked(tmp_path: Path) -> None:
    jobs = JobQueue(Home(tmp_path))
    job = jobs.add(jobs.new_id(), "default", "me", [{**ITEMS[0], "ocr": "yes"}])
    assert job.ocr and job.to_json()["ocr"]
    reason = "no text layer on pages 1-3; to read scans, ingest with OCR (extra 'ocr')"
    locked = "is locked; pass --password"
    jobs.finish(job.id, [{"doc": "a.pdf", "status": "no text", "reason": reason}, {"doc": "b.pdf", "reason": locked}])
    assert jobs.get(job.id).to_json()["files"] == [
        {"doc": "a.pdf", "status": "no text", "reason": "no text layer on pages 1-3", "scanned": True},
        {"doc": "b.pdf", "reason": "is locked"},
    ]
    jobs.close()


def test_a_restart_takes_up_what_ran_and_what_waited(tmp_path: Path) -> None:
    jobs = JobQueue(Home(tmp_path))
    first = jobs.add(jobs.new_id(), "default", "me", ITEMS)
    second = jobs.add(jobs.new_id(), "default", "me", ITEMS)
    begun = jobs.begin_next()
    assert begun is not None and begun.id == first.id and begun.state == "running"
    jobs.close()  # as kill -9 would leave it

    again = JobQueue(Home(tmp_path))
    assert again.recover() == 2
    assert [job.id for job in (again.begin_next(), again.begin_next()) if job] == [first.id, second.id]
    assert again.begin_next() is None
    again.close()


def test_a_job_whose_process_keeps_dying_is_given_up(tmp_path: Path) -> None:
    jobs = JobQueue(Home(tmp_path))
    job = jobs.add(jobs.new_id(), "default", "me", ITEMS)
    other = jobs.add(jobs.new_id(), "default", "me", ITEMS)
    for _ in range(MOST_ATTEMPTS):
        begun = jobs.begin_next()
        assert begun is not None and begun.id == job.id
        jobs.release(job.id, counted=True)
    following = jobs.begin_next()
    assert following is not None and following.id == other.id
    assert jobs.get(job.id).state == "failed"
    jobs.close()


def test_stopping_the_server_does_not_count_against_a_job(tmp_path: Path) -> None:
    jobs = JobQueue(Home(tmp_path))
    job = jobs.add(jobs.new_id(), "default", "me", ITEMS)
    for _ in range(2 * MOST_ATTEMPTS):
        assert jobs.begin_next() is not None
        jobs.release(job.id, counted=False)
    assert jobs.get(job.id).state == "queued"
    jobs.close()


def test_files_stay_while_a_job_waits_and_go_with_its_end(tmp_path: Path) -> None:
    jobs = JobQueue(Home(tmp_path))
    done, failed, waits, orphan = (jobs.new_id() for _ in range(4))
    for job_id in (done, failed, waits):
        jobs.add(job_id, "default", "me", ITEMS)
    for job_id in (done, failed, waits, orphan):
        jobs.folder(job_id).mkdir(parents=True)
    jobs.finish(done, [{"doc": "a.pdf", "status": "indexed"}])
    jobs.fail(failed, "broken")
    jobs.recover()
    assert [jobs.folder(each).exists() for each in (done, failed, waits, orphan)] == [False, False, True, False]
    assert jobs.get(done).to_json()["files"] == [{"doc": "a.pdf", "status": "indexed"}]
    assert jobs.get(failed).to_json()["error"] == "broken"
    assert [file["doc"] for file in jobs.get(waits).to_json()["files"]] == ["a.pdf", "https://example.org/b.pdf"]
    with pytest.raises(NotFound):
        jobs.get(orphan)
    jobs.close()
