"""`kb synth`: training data from the documents of a collection."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigError
from kb.cli import options, screen
from kb.cli.session import begin
from kb.cli.synth_data import app as app

if TYPE_CHECKING:
    from core.types import Pair
    from kb.data.datasets import DatasetRequest
    from kb.workspace import Workspace
    from synth.generate.cache import Call
    from synth.making.run import SynthProgress


@app.callback(invoke_without_command=True)
def synth(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Dataset folder.", metavar="DIR")] = None,
    from_docs: Annotated[bool, typer.Option("--from-docs", help="From the collection's documents (default).")] = False,
    from_report: Annotated[
        Path | None,
        typer.Option(
            "--from-report", help="Only facts that a tuned model missed: report.json of kb compare.", metavar="FILE"
        ),
    ] = None,
    weak: Annotated[
        str, typer.Option("--weak", help="Only facts that a run does not know closed book (kb knows).", metavar="RUN")
    ] = "",
    pairs: Annotated[int | None, typer.Option("--pairs", help="Rows to make.", min=1, metavar="N")] = None,
    per_chunk: Annotated[
        int | None, typer.Option("--per-chunk", help="Most facts of one chunk.", min=1, max=100, metavar="N")
    ] = None,
    generator: Annotated[
        str | None,
        typer.Option("--generator", help="auto, rules, writer, or a chat model as for --model.", metavar="NAME"),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            "--mode",
            help="Hold out phrasings of known facts (knowledge) or whole documents (document).",
            metavar="NAME",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.", min=0)] = 0,
    preview: Annotated[int, typer.Option("--preview", help="Show the first N rows; write none.", min=0)] = 0,
    audit: Annotated[
        bool, typer.Option("--audit", help="Plant errors in good rows and report what finds them.")
    ] = False,
    on: options.On = None,
    collection: options.Collection = None,
    store: options.Store = None,
    settings: options.Set = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Make training data from the documents of a collection, or from those named; the same command resumes.

    Without --out, --preview, --audit and --dry-run still work. kb config show lists further settings.
    """
    if context.invoked_subcommand is not None:
        return
    del from_docs  # the documents are the only source here; files come in by `kb synth import`
    if out is None and not (preview or audit or dry_run):
        raise ConfigError("no folder for the dataset", hint="kb synth --out data/mine")
    from kb.data.datasets import DatasetRequest, documents_named
    from kb.data.missed import missed_of

    missed = missed_of(from_report) if from_report else None
    flags = {"synth.generator": generator, "synth.mode": mode, "synth.per_chunk": per_chunk, "models.on": on}
    given = [*(missed.settings if missed else ()), *(settings or [])]
    workspace = begin(collection=collection, store=store, pairs=given, flags=flags)
    rows = pairs or (missed.row_count if missed else None)
    documents = documents_named(workspace, context.args)
    request = DatasetRequest(pairs=rows, seed=seed, audit=audit, missed=missed, documents=documents)
    if weak:
        from kb.knowledge.weak import weak_facts

        request = replace(request, weak=weak_facts(workspace, weak, screen.notes(quiet=quiet)))
    if dry_run:
        _estimate(workspace, request, as_json=as_json, quiet=quiet)
    elif preview:
        _preview(workspace, preview, request, as_json=as_json, quiet=quiet)
    else:
        _build(workspace, out, request, as_json=as_json, quiet=quiet)


def _build(workspace: Workspace, out: Path | None, request: DatasetRequest, *, as_json: bool, quiet: bool) -> None:
    """Make the dataset and show what is in it; without a folder nothing is kept."""
    from kb.data.datasets import synthesize

    begun = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="kb-synth-") as scratch,
        screen.bar("{task.fields[rows]} rows", "{task.fields[rate]}", quiet=quiet) as bar,
    ):
        meter = RowMeter(bar, request.pairs)
        manifest = synthesize(
            workspace,
            out or Path(scratch),
            request,
            on_progress=meter,
            on_call=meter.called,
            on_note=screen.notes(quiet=quiet),
        )
    if as_json:
        screen.document(manifest)
    else:
        from kb.views.dataset_view import CHECK_HEADS, check_rows, manifest_lines

        screen.table(CHECK_HEADS, check_rows(manifest), right=frozenset({1, 2, 3}))
        for line in manifest_lines(manifest):
            screen.say(line)
    tokens = f", {meter.calls()}" if meter.tokens else ""
    where = f" in {out}. Next: kb synth review {screen.quote(str(out))}" if out else "; nothing was kept"
    seconds = time.monotonic() - begun
    screen.note(f"{manifest['counts']['pairs']} rows in {seconds:.0f} s{tokens}{where}", quiet=quiet)


def _preview(workspace: Workspace, count: int, request: DatasetRequest, *, as_json: bool, quiet: bool) -> None:
    """Show the first rows."""
    from core.rows import row_to_json
    from kb.data.datasets import preview_rows

    pairs = preview_rows(workspace, count, request, on_note=screen.notes(quiet=quiet))
    if as_json:
        screen.document({"rows": [row_to_json(pair) for pair in pairs]})
    else:
        for pair in pairs:
            _show(pair)
    screen.note("nothing was written. Next: the same command with --out DIR, without --preview", quiet=quiet)


def _estimate(workspace: Workspace, request: DatasetRequest, *, as_json: bool, quiet: bool) -> None:
    """Show what a run would ask of a model."""
    from kb.data.datasets import estimate_rows

    needs = estimate_rows(workspace, request, on_note=screen.notes(quiet=quiet))
    if as_json:
        screen.document(needs.to_json())
        return
    for line in needs.lines():
        screen.say(line)


class RowMeter:
    """Feeds the bar with rows, their rate, and the tokens of a model."""

    def __init__(self, bar: Any, pairs: int | None) -> None:
        self._bar = bar
        self._pairs = pairs
        self._begun = time.monotonic()
        self._task = bar.add_task("reading", total=None, rows=0, rate="") if bar else None
        self.tokens = 0
        self.fresh = 0
        self.cached = 0

    def __call__(self, progress: SynthProgress) -> None:
        """Show how far the run is."""
        if self._bar is None:
            return
        target = self._pairs if progress.stage == "rows" and self._pairs else None
        done, total = (progress.rows, target) if target else (progress.done, progress.total or None)
        rate = f"{progress.rows / max(1e-9, time.monotonic() - self._begun):.0f} rows/s"
        rate = f"{rate}, {self.calls()}" if self.tokens else rate
        self._bar.update(
            self._task, description=progress.stage, completed=done, total=total, rows=progress.rows, rate=rate
        )

    def called(self, call: Call, cached: bool) -> None:
        """Count a reply of a model."""
        self.tokens += 0 if cached else call.prompt_tokens + call.completion_tokens
        self.fresh += not cached
        self.cached += cached

    def calls(self) -> str:
        """Return calls and tokens so far."""
        rate = self.tokens / max(1e-9, time.monotonic() - self._begun)
        return f"{self.fresh} calls ({self.cached} from the cache), {self.tokens} tokens, {rate:.0f}/s"


def _show(pair: Pair) -> None:
    screen.say(f"[{pair.kind}] {screen.line(pair.question)}")
    if pair.context:
        screen.say(f"  context: {screen.line(pair.context)[:160]} ... ({len(pair.context)} characters)")
    screen.say(f"  answer:  {screen.line(pair.answer)}")
    for citation in pair.evidence:
        screen.say(f"  source:  {screen.page_place(citation.doc, citation.page)}: {screen.line(citation.quote)[:160]}")
    screen.say()
