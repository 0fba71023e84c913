"""Ingest jobs as the page shows them."""

from __future__ import annotations

from pathlib import Path

from core.files import Home
from serve.ui.jobs_html import jobs_table
from serve.work.jobs import JobQueue

ITEMS = [{"path": "/x/<a>.pdf", "source": "upload:1/a.pdf"}, {"url": "https://example.org/b.pdf"}]
REFUSED = {"doc": "b.pdf", "status": "refused", "reason": "is <locked>"}


def _table(tmp_path: Path, *results: dict, state: str = "done", items: list[dict] = ITEMS) -> str:
    jobs = JobQueue(Home(tmp_path))
    try:
        job = jobs.add(jobs.new_id(), "default", "me", items)
        jobs.begin_next()
        if state == "done":
            jobs.finish(job.id, results)
        elif state == "failed":
            jobs.fail(job.id, "The disk is <full>.")
        else:
            jobs.progress(job.id, pages=12, share=0.25, doc="a.pdf")
        return jobs_table(jobs.listed())
    finally:
        jobs.close()


def test_nothing_is_shown_without_jobs() -> None:
    assert jobs_table([]) == ""


def test_a_refused_file_stands_out_with_its_reason(tmp_path: Path) -> None:
    table = _table(tmp_path, {"doc": "a.pdf", "status": "indexed"}, REFUSED)
    assert "1 indexed, 1 refused" in table
    assert '<li class="kb-alert">b.pdf: refused (is &lt;locked&gt;)</li>' in table
    assert "<li>a.pdf: indexed</li>" in table


def test_a_job_of_refused_files_alone_is_no_success(tmp_path: Path) -> None:
    assert '<span class="kb-alert">1 refused</span>' in _table(tmp_path, REFUSED)


def test_a_failed_job_says_why(tmp_path: Path) -> None:
    table = _table(tmp_path, state="failed")
    assert '<span class="kb-alert">failed</span>' in table and "The disk is &lt;full&gt;." in table


def test_a_running_job_has_its_progress(tmp_path: Path) -> None:
    table = _table(tmp_path, state="running")
    assert 'value="25"' in table and "12 pages" in table and "&lt;a&gt;.pdf: running" in table


def test_many_files_are_cut(tmp_path: Path) -> None:
    table = _table(tmp_path, *[{"doc": f"{n}.pdf", "status": "indexed"} for n in range(14)])
    assert table.count("<li") == 11 and "and 4 more" in table
