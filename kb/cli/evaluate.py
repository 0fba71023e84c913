"""`kb eval`: search and answers measured on questions with known answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import ConfigError, GateError
from kb.cli import options, screen
from kb.cli.session import begin

if TYPE_CHECKING:
    from kb.evaluation import Metrics


def evaluate(
    file: Annotated[
        Path,
        typer.Argument(
            help='Records {"question", "answer", "doc", "pages"}: pages count from 0, as in all JSON of kb; '
            '"page_labels" in their place names pages as they are printed.',
            metavar="FILE.jsonl",
        ),
    ],
    answers: Annotated[bool, typer.Option("--answers", help="Also ask, and score the answers.")] = False,
    against: Annotated[
        list[str] | None, typer.Option(help="Compare with this setting on top; repeatable.", metavar="KEY=VALUE")
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
    floors = _floors(fail_under or [])
    workspace = begin(collection=collection, store=store, top_k=top_k, model=model, pairs=pairs)
    second = None
    if against:
        given = [*(pairs or []), *against]
        second = begin(collection=collection, store=store, top_k=top_k, model=model, pairs=given)
    from kb.evaluation import evaluate as run_evaluation

    with screen.bar("{task.completed}/{task.total} questions", quiet=quiet) as bar:
        on_question = screen.step(bar, "asking")
        evaluation = run_evaluation(workspace, file, answers=answers, against=second, on_question=on_question)
    if as_json:
        screen.document(evaluation.to_json())
    else:
        for number, (heads, rows) in enumerate(evaluation.tables()):
            screen.say() if number else None
            screen.table(heads, rows, right=frozenset(range(1, len(heads))) - {len(heads) - 2})
    _gate(evaluation.metrics, floors)
    screen.note(f"measured {evaluation.questions} questions. Next: kb search --explain QUESTION", quiet=quiet)


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


def _gate(metrics: Metrics, floors: dict[str, float]) -> None:
    unknown = [name for name in floors if name not in metrics]
    if unknown:
        raise ConfigError(f"--fail-under {unknown[0]}: not measured here", hint=f"measured: {', '.join(metrics)}")
    low = [
        f"{name} {metrics[name]['value']:.3f} < {floor:.3f}"
        for name, floor in floors.items()
        if metrics[name]["value"] < floor
    ]
    if low:
        raise GateError("; ".join(low), hint="kb search --explain QUESTION")
