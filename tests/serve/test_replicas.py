"""Several servers of one home: they share jobs, sessions and rates, and what one dies over another one does.

With SQLite on one machine, and with PostgreSQL where a server of it can be started.
"""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from core.files import Home
from rag.catalogue.postgres import URL_VARIABLE
from serve.access.keys import KeyStore
from serve.access.rates import RATES_TABLE, RateLimiter
from serve.access.sessions import SESSIONS_TABLE
from serve.errors import ServerBusy
from serve.state.database import StateDatabase
from serve.state.replicas import LEASE_S, REPLICAS_TABLE, Replica
from serve.work.jobs import JobQueue
from tests.serve.conftest import EXAMPLES
from tests.serve.test_stop import serve_process, until
from tests.support.postgres import find_binaries, postgres_server

ITEMS = [{"url": "https://example.org/b.pdf"}]


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server (Debian: postgresql)")
    pytest.importorskip("psycopg")
    with postgres_server(binaries) as url:
        yield url


@pytest.fixture(params=["a file", pytest.param("PostgreSQL", marks=pytest.mark.slow)])
def shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with tables in a file, and with tables in PostgreSQL."""
    if request.param == "PostgreSQL":
        import psycopg

        url = request.getfixturevalue("postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        monkeypatch.setenv(URL_VARIABLE, url)


@pytest.fixture
def queues(shared: None, tmp_path: Path) -> Iterator[tuple[JobQueue, JobQueue]]:
    both = JobQueue(Home(tmp_path)), JobQueue(Home(tmp_path))
    yield both
    for queue in both:
        queue.close()


def _silent(queue: JobQueue, seconds: float) -> None:
    """Make it look as if the server of a queue stood on another machine and had been silent."""
    queue._db.run(
        "UPDATE serve_replicas SET host='elsewhere', beat=? WHERE id=?", (queue._db.now() - seconds, queue._replica.id)
    )


def test_one_server_runs_a_job_and_both_see_it(queues: tuple[JobQueue, JobQueue]) -> None:
    here, there = queues
    first, second = (here.add(here.new_id(), "default", "me", ITEMS).id for _ in range(2))
    begun = there.begin_next()
    assert begun is not None and begun.id == first
    assert here.begin_next() is None  # one job at a time, among both
    there.progress(first, pages=3, share=0.5, doc="b.pdf")
    assert here.get(first).pages == 3 and here.open_count() == 2
    there.finish(first, [{"doc": "b.pdf", "status": "indexed"}])
    begun = here.begin_next()
    assert begun is not None and begun.id == second and here.get(first).state == "done"


def test_a_silent_server_loses_its_job_and_cannot_end_it_any_more(queues: tuple[JobQueue, JobQueue]) -> None:
    here, there = queues
    job = here.add(here.new_id(), "default", "me", ITEMS).id
    assert here.begin_next() is not None
    _silent(here, LEASE_S / 2)
    assert there.begin_next() is None
    _silent(here, 2 * LEASE_S)
    taken = there.begin_next()
    assert taken is not None and taken.id == job and taken.attempts == 2
    here.progress(job, pages=99, share=1.0, doc="")
    here.finish(job, [{"doc": "b.pdf", "status": "refused"}])
    here.fail(job, "late")
    here.release(job, counted=True)
    assert there.get(job).state == "running" and there.get(job).pages == 0
    there.finish(job, [{"doc": "b.pdf", "status": "indexed"}])
    assert here.get(job).results == [{"doc": "b.pdf", "status": "indexed"}]


def test_a_password_stays_with_its_server_until_that_is_gone(queues: tuple[JobQueue, JobQueue]) -> None:
    here, there = queues
    failed = here.add(here.new_id(), "default", "me", ITEMS).id
    here.fail(failed, "locked")
    job = here.retry(failed, who="me", password="open sesame").id
    assert there.begin_next() is None
    _silent(here, 2 * LEASE_S)
    begun = there.begin_next()
    assert begun is not None and begun.id == job and there.password(job) == ""


def test_a_start_deletes_no_upload_that_another_server_receives(queues: tuple[JobQueue, JobQueue]) -> None:
    here, there = queues
    here.recover()
    upload = here.folder(here.new_id())
    upload.mkdir(parents=True)
    there.recover()
    assert upload.is_dir()
    there.close()
    here.recover()
    assert not upload.exists()


def test_requests_count_at_all_servers_together(shared: None, tmp_path: Path) -> None:
    tables = [StateDatabase(Home(tmp_path), "access", (RATES_TABLE, SESSIONS_TABLE)) for _ in range(2)]
    rates = itertools.cycle([RateLimiter(6, each) for each in tables])
    for _ in range(6):
        next(rates).take("alice")
    for _ in range(2):
        with pytest.raises(ServerBusy):
            next(rates).take("alice")
    next(rates).take("bob")
    for each in tables:
        each.close()


def test_a_server_that_was_taken_for_dead_enters_again(shared: None, tmp_path: Path) -> None:
    tables = StateDatabase(Home(tmp_path), "jobs", (REPLICAS_TABLE,))
    here, there = Replica(tables), Replica(tables)
    here.beat()
    there.beat()
    assert there.remove_dead() == 1
    tables.run("UPDATE serve_replicas SET pid=0, started=1 WHERE id=?", (here.id,))  # no such process
    assert there.remove_dead() == 0
    here.beat()
    assert there.remove_dead() == 1
    tables.close()


def test_jobs_of_an_earlier_version_are_kept(tmp_path: Path) -> None:
    (tmp_path / "serve").mkdir()
    columns = "id, state, collection, who, items, results, attempts, pages, share, doc, error, created_at, updated_at"
    with sqlite3.connect(tmp_path / "serve" / "jobs.sqlite") as older:
        older.execute(f"CREATE TABLE jobs(seq INTEGER PRIMARY KEY AUTOINCREMENT, {columns})")
        for name, state in (("job-1", "done"), ("job-2", "running"), ("job-3", "queued")):
            values = (name, state, "default", "me", '[{"url": "https://example.org/b.pdf"}]', "[]", 1, 0, 0, "", "")
            older.execute(
                f"INSERT INTO jobs({columns}) VALUES({', '.join('?' * 13)})",
                (*values, "2999-01-01T00:00:00", "2999-01-01T00:00:00"),
            )
    older.close()
    for _ in range(2):
        queue = JobQueue(Home(tmp_path))
        assert queue.recover() == 2
        assert [job.id for job in queue.listed()] == ["job-3", "job-2", "job-1"]
        queue.close()


def test_a_dead_process_of_this_machine_is_found_out_at_once(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from core.files import Home; from serve.work.jobs import "
        "JobQueue; queue = JobQueue(Home(Path(sys.argv[1]))); queue.begin_next(); os.kill(os.getpid(), signal.SIGKILL)"
    )
    queue = JobQueue(Home(tmp_path))
    job = queue.add(queue.new_id(), "default", "me", ITEMS).id
    assert subprocess.run([sys.executable, "-c", script, str(tmp_path)], timeout=120).returncode == -9
    assert queue.get(job).state == "running"
    begun = queue.begin_next()
    assert begun is not None and begun.id == job and begun.attempts == 2
    queue.close()


def test_a_server_killed_under_load_loses_no_accepted_job(
    shared: None, made_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers get uploads in turn; one is killed in the middle, and every accepted job ends at the other."""
    monkeypatch.setenv("KB_SERVE__HOSTS", "kb.example")
    secret = KeyStore(made_home).add("alice")
    headers = {"authorization": f"Bearer {secret}"}
    documents = [EXAMPLES / name for name in ("handbook.pdf", "manual.pdf", "update.pdf")]
    notes = [(f"note-{number}.md", f"# Note {number}\n\nRoom {number} is open.\n".encode()) for number in range(5)]
    files = [*[(path.name, path.read_bytes()) for path in documents], *notes]
    accepted: list[str] = []
    with serve_process(made_home, headers) as (doomed, first), serve_process(made_home, headers) as (_, second):
        cookies = httpx.post(f"{first}/login", data={"key": secret}, trust_env=False, timeout=60).cookies
        assert httpx.get(f"{second}/v1/documents", cookies=cookies, trust_env=False).status_code == 200

        def status(job: str) -> str:
            found = httpx.get(f"{second}/v1/documents/jobs/{job}", headers=headers, trust_env=False, timeout=60)
            return str(found.json()["status"])

        for number, file in enumerate(files):
            if number == 5:
                until(lambda: any(status(job) != "queued" for job in accepted))
                doomed.kill()
                doomed.wait(30)
            url = second if number % 2 or number >= 5 else first
            response = httpx.post(
                f"{url}/v1/documents", files={"file": file}, headers=headers, trust_env=False, timeout=60
            )
            assert response.status_code in (200, 202)
            accepted.append(response.json()["id"])
        until(lambda: all(status(job) == "done" for job in accepted))
        listed = httpx.get(f"{second}/v1/documents", headers=headers, trust_env=False, timeout=60).json()
    assert sorted(each["doc"] for each in listed["documents"]) == sorted(name for name, _ in files)
