"""`kb eval`: search and answers measured on questions with known answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigError, GateError
from kb.cli import options, screen
from kb.cli.ask import open_answerer, open_collection
from kb.cli.session import Session, begin

if TYPE_CHECKING:
    from rag.answer.evaluate import Record, Score

Metrics = dict[str, dict[str, Any]]


def evaluate(
    file: Annotated[Path, typer.Argument(help='Records {"question", "answer", "doc", "pages"}.', metavar="FILE.jsonl")],
    answers: Annotated[bool, typer.Option("--answers", help="Also ask, and score the answers.")] = False,
    against: Annotated[
        list[str] | None,
        typer.Option(help="Compare with this setting on top; repeatable.", metavar="KEY=VALUE"),
    ] = None,
    fail_under: Annotated[
        list[str] | None, typer.Option(help="Exit 1 when a metric is lower.", metavar="METRIC=VALUE")
    ] = None,
    top_k: options.TopK = None,
    model: options.Model = None,
    collection: options.Collection = None,
    store: options.Store = None,
    pairs: options.Set = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Measure search, and with --answers the answers, on a file of questions."""
    session = begin(collection=collection, store=store, top_k=top_k, model=model, pairs=pairs)
    floors = _floors(fail_under or [])
    from rag.answer.evaluate import difference, read_records, summary

    records = read_records(file, open_collection(session, quiet=True).catalogue.documents(session.collection))
    scores = _scores(session, records, answers=answers, quiet=quiet)
    metrics = summary(scores)
    report: dict[str, Any] = {"metrics": metrics, "settings": _settings(session)}
    if against:
        second = begin(collection=collection, store=store, top_k=top_k, model=model, pairs=[*(pairs or []), *against])
        theirs = _scores(second, records, answers=answers, quiet=quiet)
        report["against"] = {"metrics": summary(theirs), "settings": _settings(second)}
        report["difference"] = difference(scores, theirs)
    if as_json:
        screen.document(report)
    else:
        _table(report)
    _gate(metrics, floors)


def _floors(texts: list[str]) -> dict[str, float]:
    floors = {}
    for text in texts:
        metric, _, value = text.rpartition("=")
        try:
            floors[metric] = float(value)
        except ValueError as error:
            raise ConfigError(
                f"--fail-under {text}: not METRIC=VALUE", hint="kb eval FILE.jsonl --fail-under page_hit@5=0.5"
            ) from error
    return floors


def _scores(session: Session, records: list[Record], *, answers: bool, quiet: bool) -> list[Score]:
    from rag.answer.evaluate import run

    knowledge = open_collection(session, quiet=quiet)
    ask = open_answerer(session, knowledge, knowledge.narrowed()).ask if answers else None
    with screen.bar("{task.completed}/{task.total} questions", quiet=quiet) as bar:
        task = bar.add_task("asking", total=len(records)) if bar else None

        def step() -> None:
            if bar and task is not None:
                bar.advance(task)

        return run(records, knowledge.narrowed(), k=session.settings.rag.top_k, ask=ask, on_record=step)


def _settings(session: Session) -> dict[str, Any]:
    return {"collection": session.collection, **session.settings.model_dump(mode="json")}


def _table(report: dict[str, Any]) -> None:
    rows = [
        [name, f"{m['value']:.3f}", f"{m['low']:.3f} to {m['high']:.3f}", str(m["n"])]
        for name, m in report["metrics"].items()
    ]
    screen.table(["metric", "value", "95% interval", "n"], rows, right=frozenset({1, 3}))
    if "difference" in report:
        screen.say()
        rows = [
            [name, f"{report['against']['metrics'][name]['value']:.3f}", f"{d['value']:+.3f}",
             f"{d['low']:+.3f} to {d['high']:+.3f}", str(d["n"])]
            for name, d in report["difference"].items()
        ]  # fmt: skip
        screen.table(["metric", "second", "first - second", "95% interval", "n"], rows, right=frozenset({1, 2, 4}))


def _gate(metrics: Metrics, floors: dict[str, float]) -> None:
    unknown = [name for name in floors if name not in metrics]
    if unknown:
        raise ConfigError(f"--fail-under {unknown[0]}: not measured here", hint=f"measured: {', '.join(metrics)}")
    low = [f"{name} {metrics[name]['value']:.3f} < {floor:.3f}" for name, floor in floors.items()
           if metrics[name]["value"] < floor]  # fmt: skip
    if low:
        raise GateError("; ".join(low), hint="kb search --explain QUESTION")
