"""The datasets of this server and their review.

Datasets are found under `KB_HOME/datasets` and in folders named when the server starts; no path comes from a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.errors import ConfigError
from core.files import Home
from core.rows import PAIRS, PREFERENCES
from core.types import Citation, Pair
from finetune.runs import check_name
from serve.documents.pages import PageView
from serve.errors import NotFound
from serve.service import Service
from synth.dataset.review import Action, Decision, Review, ReviewItem, ReviewResult, altered_lines, text_of
from synth.dataset.write import JudgedFolder
from synth.exporting.write import FORMATS, export

_FORMATS = tuple(FORMATS)
MANIFEST = "manifest.json"


def exports(home: Home) -> Path:
    """Return the folder of exported files."""
    return home.cache / "exports"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """A row under review.

    Attributes:
        texts: What may be edited: `question`, `answer`, `context`.
        system: The system message; empty for none.
        turns: Earlier questions and answers, oldest first, and whether an answer is trained too.
        evidence: Quotes that prove the answer; empty for a preference.
        altered: What of the context no document says, a line for each altered quote.
        worse: The rejected answer of a preference.
        checks: Every check that it passed, with its figure.
        decided: The decision about it, or empty.
    """

    id: str
    kind: str
    split: str
    origin: str
    texts: Mapping[str, str]
    system: str
    turns: Sequence[tuple[str, str, bool]]
    evidence: Sequence[Citation]
    altered: Sequence[str]
    worse: str
    checks: Mapping[str, float]
    decided: str


class DatasetReviews:
    """Reviews of datasets; every call runs on a worker thread.

    Args:
        service: Looks up quotes and runs the calls on its threads.
        folders: Dataset folders beside those of the home.
    """

    def __init__(self, service: Service, folders: Sequence[Path] = ()) -> None:
        self._service = service
        self._named = {folder.resolve().name: folder.resolve() for folder in folders}
        self._counted: dict[Path, tuple[tuple[int, int], int]] = {}

    async def datasets(self) -> list[str]:
        """Return the names of the datasets."""
        return await self._service.quick.run(lambda: sorted(self._folders()))

    async def undecided(self, name: str) -> list[str]:
        """Return ids of rows without a decision, in order.

        Raises:
            NotFound: There is no such dataset.
        """

        def work() -> list[str]:
            return [item.row.id for item in self._review(name).items(undecided=True)]

        return await self._service.quick.run(work)

    async def row(self, name: str, row_id: str) -> ReviewRow:
        """Return one row.

        Raises:
            KbError: There is no such dataset or row.
        """
        return await self._service.quick.run(lambda: _review_row(self._review(name).find(row_id)))

    async def page_view(self, quote: Citation) -> PageView:
        """Return the page that a quote stands on, with the quote marked.

        Raises:
            NotFound: The document is not in the server's collection.
        """
        return await self._service.page_view(quote.sha256, quote.page, quote.start, quote.end)

    async def decide(self, name: str, row_id: str, action: Action, texts: Mapping[str, str], who: str) -> None:
        """Record a decision about a row.

        Raises:
            ConfigError: There is no such row, or the edited answer is not supported by its evidence.
        """

        def work() -> None:
            review = self._review(name)
            row = review.find(row_id).row
            now = datetime.now(UTC).isoformat(timespec="seconds")
            decision = Decision(id=row.id, action=action, time=now, by=who)
            if action == "edit":
                evidence = row.evidence if isinstance(row, Pair) else ()
                changed = {**text_of(row), **texts}
                decision = Decision(id=row.id, action=action, time=now, by=who, evidence=evidence, **changed)
            review.decide(decision)

        await self._service.quick.run(work)

    async def withdraw(self, name: str, row_id: str) -> None:
        """Take back the last decision about a row.

        Raises:
            ConfigError: There is none.
        """
        await self._service.quick.run(lambda: self._review(name).withdraw(row_id))

    async def row_count(self, name: str) -> int:
        """Return the number of a dataset's training rows.

        Raises:
            NotFound: There is no such dataset.
        """
        return await self._service.quick.run(lambda: self._row_count(self.folder(name) / "train.jsonl"))

    def new_folder(self, name: str) -> Path:
        """Return the folder of a new dataset, or of one that was not finished.

        Raises:
            ConfigError: The name is not valid, or a finished dataset has it.
        """
        folder = self._service.home.root / "datasets" / check_name(name)
        if (folder / MANIFEST).is_file():
            raise ConfigError(
                f"a dataset named {name!r} exists", hint="kb synth --out DIR", click="choose another name"
            )
        return folder

    async def apply(self, name: str) -> ReviewResult:
        """Apply the decisions to the dataset.

        Raises:
            KbError: There is no such dataset, or it is damaged.
        """
        return await self._service.quick.run(lambda: self._review(name).apply())

    async def export(self, name: str, to: str) -> Path:
        """Write the training rows in a trainer's format and return the file.

        Raises:
            KbError: There is no such dataset or format, or nothing to write.
        """
        if to not in _FORMATS:
            raise ConfigError(f"unknown format {to!r}; use one of {', '.join(_FORMATS)}", click="choose a format")

        def work() -> Path:
            folder = self.folder(name)
            out = exports(self._service.home) / f"{folder.name}-{to}.jsonl"
            export(JudgedFolder(folder), out, to=to)
            return out

        return await self._service.quick.run(work)

    def folder(self, name: str) -> Path:
        """Return a dataset's folder.

        Raises:
            NotFound: There is no such dataset.
        """
        folder = self._folders().get(name)
        if folder is None:
            raise NotFound(f"unknown dataset {name!r}", hint="kb serve --data DIR", click="choose one under Data")
        return folder

    def _row_count(self, path: Path) -> int:
        """Count the lines of a file; again only once it has changed."""
        if not path.is_file():
            return 0
        state = path.stat()
        stamp = (state.st_mtime_ns, state.st_size)
        if self._counted.get(path, (None, 0))[0] != stamp:
            with path.open("rb") as lines:
                self._counted[path] = (stamp, sum(1 for _ in lines))
        return self._counted[path][1]

    def _folders(self) -> dict[str, Path]:
        own = {path.name: path for path in self._service.home.root.glob("datasets/[!.]*")}
        return {name: path for name, path in {**own, **self._named}.items() if _is_dataset(path)}

    def _review(self, name: str) -> Review:
        return Review(self.folder(name), self._service.page_text)


def _is_dataset(path: Path) -> bool:
    return any((path / name).is_file() for name in (PAIRS, PREFERENCES))


def _review_row(item: ReviewItem) -> ReviewRow:
    row = item.row
    pair = isinstance(row, Pair)
    untrained = row.untrained_turns if isinstance(row, Pair) else range(len(row.turns))
    return ReviewRow(
        id=row.id,
        kind=row.kind,
        split=row.split,
        origin=row.origin,
        texts=text_of(row),
        system=row.system,
        turns=[(prompt, answer, index not in untrained) for index, (prompt, answer) in enumerate(row.turns)],
        evidence=row.evidence if isinstance(row, Pair) else (),
        altered=altered_lines(row),
        worse="" if pair else getattr(row, "rejected", ""),
        checks=row.checks,
        decided=item.decision.action if item.decision else "",
    )
