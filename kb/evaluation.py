"""Measures search and answers on a file of questions with known answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import ConfigError, GateError
from core.machine.cluster import joined
from core.types import Answer
from kb.answering import open_answerer
from kb.views.as_json import label_of
from kb.workspace import Workspace
from rag.answer.evaluate import Record, Score, difference, read_records, run, summary
from rag.open import Knowledge, open_knowledge

# Metric to `value`, `low`, `high` (95%) and `n`.
Metrics = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """How well search and answers do on the questions.

    Attributes:
        metrics: By name, with intervals drawn by document.
        settings: All values under which they were measured, the collection first.
        questions: How many were asked.
        against: The same under other settings; empty where nothing was compared.
        against_settings: Those settings.
        difference: Paired differences, first minus second.
    """

    metrics: Metrics
    settings: Mapping[str, Any]
    questions: int
    against: Metrics = field(default_factory=dict)
    against_settings: Mapping[str, Any] = field(default_factory=dict)
    difference: Metrics = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return what `kb eval --json` prints."""
        report: dict[str, Any] = {"metrics": self.metrics, "settings": self.settings}
        if self.against:
            report["against"] = {"metrics": self.against, "settings": self.against_settings}
            report["difference"] = self.difference
        return report

    def tables(self) -> list[tuple[list[str], list[list[str]]]]:
        """Return heads and rows of what was measured, and of the difference where there is one."""
        rows = [
            [name, f"{m['value']:.3f}", f"{m['low']:.3f} to {m['high']:.3f}", str(m["n"])]
            for name, m in self.metrics.items()
        ]
        changes = [
            [
                name,
                f"{self.against[name]['value']:.3f}",
                f"{change['value']:+.3f}",
                f"{change['low']:+.3f} to {change['high']:+.3f}",
                str(change["n"]),
            ]
            for name, change in self.difference.items()
        ]
        heads = ["metric", "second", "first - second", "95% interval", "n"]
        return [(["metric", "value", "95% interval", "n"], rows), *([(heads, changes)] if changes else [])]


def read_questions(workspace: Workspace, file: Path) -> list[Record]:
    """Read a JSONL file of questions about the workspace's collection.

    Raises:
        ConfigError: There is no such collection.
        DataError: The file cannot be read, or a record is at fault; with its line.
    """
    knowledge = open_knowledge(workspace.settings, workspace.home, workspace.collection)
    return _read(workspace, knowledge, file)


def _read(workspace: Workspace, knowledge: Knowledge, file: Path) -> list[Record]:
    catalogue, collection = knowledge.catalogue, workspace.collection

    def labels(sha256: str) -> list[str]:
        return [label_of(page) for page in catalogue.pages(collection, sha256)]

    return read_records(file, catalogue.documents(collection), labels)


def evaluate(
    workspace: Workspace,
    file: Path,
    *,
    answers: bool = False,
    against: Workspace | None = None,
    on_question: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation:
    """Put every question of a file to search, and to the model where answers are measured.

    Args:
        file: JSONL of `{"question", "answer", "doc", "pages" or "page_labels"}`; `pages` count from 0.
        answers: Ask, too, and score the answers.
        against: Other settings for the same questions.
        on_question: Called with questions done and their total.

    Raises:
        KbError: The file, the collection or the model cannot be used.
    """
    records = read_questions(workspace, file)
    total = len(records) * (1 if against is None else 2)
    first = _scores(workspace, records, answers=answers, on_done=lambda done: on_question(done, total))
    metrics = summary(first)
    if against is None:
        return Evaluation(metrics=metrics, settings=_settings(workspace), questions=len(records))
    second = _scores(against, records, answers=answers, on_done=lambda done: on_question(len(records) + done, total))
    return Evaluation(
        metrics=metrics,
        settings=_settings(workspace),
        questions=len(records),
        against=summary(second),
        against_settings=_settings(against),
        difference=difference(first, second),
    )


def _scores(
    workspace: Workspace, records: Sequence[Record], *, answers: bool, on_done: Callable[[int], None]
) -> list[Score]:
    knowledge = open_knowledge(workspace.settings, workspace.home, workspace.collection)
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        on_done(done)

    with ExitStack() as stack:
        ask: Callable[[str], Answer] | None = None
        if answers and workspace.settings.models.on:
            from kb.spread_answers import SpreadAnswers

            cluster = stack.enter_context(joined(workspace.settings.models.on))
            ask = SpreadAnswers(cluster, workspace, [record.question for record in records])
        elif answers:
            ask = open_answerer(workspace, knowledge).ask
        return run(records, knowledge.narrowed(), k=workspace.settings.rag.top_k, ask=ask, on_record=count)


def _settings(workspace: Workspace) -> dict[str, Any]:
    return {"collection": workspace.collection, **workspace.settings.model_dump(mode="json")}


def read_floors(texts: Sequence[str]) -> dict[str, float]:
    """Return the least values of metrics of `METRIC=VALUE` texts.

    Raises:
        ConfigError: A text is none.
    """
    floors = {}
    for text in texts:
        metric, _, value = text.rpartition("=")
        try:
            floors[metric] = float(value)
        except ValueError as error:
            raise ConfigError(
                f"{text}: not METRIC=VALUE", hint="kb eval FILE.jsonl --fail-under page_hit@5=0.5"
            ) from error
    return floors


def check_floors(metrics: Metrics, floors: Mapping[str, float]) -> None:
    """See that no metric is below its least value.

    Raises:
        ConfigError: A metric was not measured.
        GateError: One is lower.
    """
    unknown = [name for name in floors if name not in metrics]
    if unknown:
        raise ConfigError(f"{unknown[0]}: not measured here", hint=f"measured: {', '.join(metrics)}")
    low = [
        f"{name} {metrics[name]['value']:.3f} < {floor:.3f}"
        for name, floor in floors.items()
        if metrics[name]["value"] < floor
    ]
    if low:
        raise GateError("; ".join(low), hint="kb search --explain QUESTION")
