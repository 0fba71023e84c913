"""Brings files, folders and URLs into a collection, and forgets what is gone."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.errors import DataError
from kb.workspace import Workspace
from rag.catalogue.forget import forget_missing
from rag.catalogue.reader import CatalogueReader
from rag.catalogue.writer import Catalogue
from rag.embed.base import Embedder
from rag.embed.languages import MULTILINGUAL_COMMAND, unread_note
from rag.ingest.discover import FoundFiles, find_files, source_of
from rag.ingest.fetch import is_url
from rag.ingest.ingest import FileResult, Ingest, Progress
from rag.ingest.place import Here, Pending, Workplace, in_order
from rag.open import embedder_of, open_store, writing

WAITING = "another kb process is writing; waiting for it to finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """What became of an ingest.

    Attributes:
        files: One result for every file and URL, faults of the given paths included.
        forgotten: Documents removed because their files are gone.
        seconds: Time taken.
    """

    files: tuple[FileResult, ...]
    forgotten: int = 0
    seconds: float = 0.0

    @property
    def pages(self) -> int:
        """Pages read in this run."""
        return sum(result.pages for result in self.files if result.status in ("indexed", "no text"))

    @property
    def refused(self) -> tuple[FileResult, ...]:
        """The files that could not be used."""
        return tuple(result for result in self.files if result.status == "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestPlan:
    """What paths and URLs lead to.

    Attributes:
        listing: Files with the faults of paths that lead nowhere.
        urls: What is fetched.
        roots: The paths as given, for `sync`.
    """

    listing: FoundFiles
    urls: tuple[str, ...]
    roots: tuple[Path, ...]


def plan_ingest(sources: Sequence[str | Path], glob: str | None = None) -> IngestPlan:
    """Find the files that paths, folders and URLs name; nothing is read or fetched.

    Raises:
        DataError: No path leads to a file.
        ConfigError: No path was given, or the glob is malformed.
    """
    urls = tuple(source for source in sources if isinstance(source, str) and is_url(source))
    roots = tuple(Path(source) for source in sources if source not in urls)
    listing = find_files(roots, glob) if roots or not urls else FoundFiles((), ())
    return IngestPlan(listing=listing, urls=urls, roots=roots)


def ingest(
    workspace: Workspace,
    plan: IngestPlan,
    *,
    password: str | None = None,
    ocr: bool = False,
    sync: bool = False,
    allow_private: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> IngestReport:
    """Read documents into the workspace's collection; the same call resumes after an interruption.

    Args:
        plan: From `plan_ingest`.
        password: Of locked documents.
        ocr: Read scanned pages from their image.
        sync: Forget documents whose files are gone from the folders; skipped where a path could not be read.
        allow_private: Fetch URLs from loopback and private addresses too.
        on_progress: Called after every commit.
        on_note: Receives what a person should know meanwhile.

    Raises:
        KbError: As `rag.ingest.ingest.Ingest.run`.
    """
    started = time.monotonic()
    faults = plan.listing.faults
    if plan.listing.note:
        on_note(plan.listing.note)
    if sync and faults:
        on_note("--sync forgets nothing this time: not every path could be read")
    results, forgotten = ingest_files(
        workspace,
        [(path, source_of(path)) for path in plan.listing.files],
        plan.urls,
        password=password,
        ocr=ocr,
        sync_roots=plan.roots if sync and not faults else (),
        allow_private=allow_private,
        on_progress=on_progress,
        on_wait=lambda: on_note(WAITING),
        on_note=on_note,
    )
    results += [_refused(fault.path or "", fault) for fault in faults]
    with closing(CatalogueReader(workspace.home.catalogue)) as catalogue:
        for note in [*catalogue.take_notes(), _language_note(catalogue, workspace.collection, results)]:
            if note:
                on_note(note)
    return IngestReport(files=tuple(results), forgotten=forgotten, seconds=time.monotonic() - started)


def _language_note(catalogue: CatalogueReader, collection: str, results: Sequence[FileResult]) -> str:
    """Return what to know of new documents in languages that the collection's embedder does not read."""
    new = {result.sha256 for result in results if result.status == "indexed"}
    languages = [
        code
        for document in catalogue.documents(collection)
        if document.sha256 in new
        for code in document.languages[:1]
    ]
    note = unread_note(languages, str(catalogue.collections()[collection]["model"])) if languages else ""
    flag = "" if collection == "default" else f" --collection {collection}"
    return note and f"{note}. For one that reads it: {MULTILINGUAL_COMMAND}{flag}"


def ingest_files(
    workspace: Workspace,
    files: Sequence[tuple[Path, str]],
    urls: Sequence[str] = (),
    *,
    password: str | None = None,
    ocr: bool = False,
    sync_roots: Sequence[Path] = (),
    allow_private: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_wait: Callable[[], None] = lambda: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> tuple[list[FileResult], int]:
    """Read files and URLs into the workspace's collection.

    Args:
        files: Path to read and the source it is known by (an absolute path, or a URL).
        urls: Fetched first; one that cannot be fetched becomes a refused result.
        sync_roots: Folders whose missing files are forgotten.
        on_wait: Called once when another process holds the writer lock.
        on_note: Receives which machines do the work (`ingest.on`), and what was lost with one of them.

    Returns:
        A result for every file and URL, and the number of documents forgotten.

    Raises:
        KbError: As `rag.ingest.ingest.Ingest.run`.
    """
    settings, home = workspace.settings, workspace.home
    embedder = embedder_of(settings, home)
    with (
        writing(home, on_wait),
        tempfile.TemporaryDirectory(prefix="kb-fetch-") as folder,
        _workplace(workspace, embedder, password, ocr, on_note) as place,
    ):

        def progress(report: Progress) -> None:
            for note in place.take_notes():
                on_note(note)
            on_progress(report)

        fetched, refused = _fetch(place, urls, Path(folder), allow_private=allow_private)
        catalogue = Catalogue(home.catalogue, create=True)
        store = open_store(settings, home, workspace.collection, embedder.identity.dimension)
        run = Ingest(
            home=home,
            catalogue=catalogue,
            store=store,
            embedder=embedder,
            settings=settings,
            collection=workspace.collection,
            place=place,
            on_progress=progress,
        )
        results = run.run([*files, *fetched], password=password, ocr=ocr)
        present = [source for _, source in files]
        forgotten = forget_missing(home, catalogue, store, workspace.collection, sync_roots, present)
    return [*results, *refused], forgotten


@contextmanager
def _workplace(
    workspace: Workspace, embedder: Embedder, password: str | None, ocr: bool, on_note: Callable[[str], None]
) -> Iterator[Workplace]:
    """Yield where files are fetched and read and texts embedded, as `ingest.on` says."""
    settings, home = workspace.settings, workspace.home
    if not settings.ingest.on:
        yield Here(settings, embedder, password=password, ocr=ocr)
        return
    from core.machine.cluster import joined
    from rag.ingest.spread import Spread

    with joined(settings.ingest.on) as cluster:
        on_note(f"Ray: {cluster.n_machines} machines with {cluster.n_cpus} cores read and embed")
        with closing(Spread(cluster, settings, home, embedder, password=password, ocr=ocr)) as place:
            yield place


def _fetch(
    place: Workplace, urls: Sequence[str], folder: Path, *, allow_private: bool
) -> tuple[list[tuple[Path, str]], list[FileResult]]:
    fetched: list[tuple[Path, str]] = []
    refused: list[FileResult] = []

    def begin(numbered: tuple[int, str]) -> Pending[Path]:
        number, url = numbered
        return place.fetch(url, folder / str(number), allow_private=allow_private)

    for (_, url), download in in_order(enumerate(urls), begin, place.ahead):
        try:
            fetched.append((download.result(), url))
        except DataError as error:
            refused.append(_refused(url, error))
    return fetched, refused


def _refused(source: str, error: DataError) -> FileResult:
    return FileResult(
        doc=source, source=source, sha256="", pages=0, status="refused", reason=error.message, hint=error.hint
    )
