"""`kb synth`: training data from the documents of a collection."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import ConfigError
from kb.cli import options, screen
from kb.cli.session import begin, open_collection
from kb.cli.synth_data import app as app

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from core.types import Document, Pair
    from kb.cli.synth_missed import Missed
    from kb.workspace import Workspace
    from rag.search.similar import Similarity
    from synth.generate.ask import CachedChat
    from synth.generate.base import Generator
    from synth.generate.cache import Call, CallCache
    from synth.making.build import DatasetBuilder
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
    pairs: Annotated[int | None, typer.Option("--pairs", help="Rows wanted.", min=1, metavar="N")] = None,
    per_chunk: Annotated[
        int | None, typer.Option("--per-chunk", help="Most facts of one chunk.", min=1, max=100, metavar="N")
    ] = None,
    generator: Annotated[
        str | None, typer.Option("--generator", help="builtin, or a chat model as for --model.", metavar="NAME")
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
    collection: options.Collection = None,
    store: options.Store = None,
    settings: options.Set = None,
    dry_run: options.DryRun = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Make training data from the documents of a collection; an interrupted run goes on where it was.

    Without --out, --preview, --audit and --dry-run still work. What else there is to set: kb config show.
    """
    if context.invoked_subcommand is not None:
        return
    del from_docs  # the documents are the only source here; files come in by `kb synth import`
    flags = {"synth.generator": generator, "synth.mode": mode, "synth.per_chunk": per_chunk}
    missed = _missed(from_report) if from_report else None
    given = [*(missed.settings if missed else ()), *(settings or [])]
    session = begin(collection=collection, store=store, pairs=given, flags=flags)
    if out is None and not (preview or audit or dry_run):
        raise ConfigError("say where the dataset goes", hint="kb synth --out data/mine")
    with ExitStack() as stack:
        folder = out if out and not (preview or dry_run) else _scratch(stack)
        wanted = pairs or (missed.rows_wanted if missed else None)
        job = _Job(session, folder, pairs=wanted, seed=seed, audit=audit, quiet=quiet, stack=stack, missed=missed)
        if dry_run:
            job.estimate(as_json=as_json)
        elif preview:
            job.preview(preview, as_json=as_json)
        else:
            job.build(as_json=as_json, kept=out is not None)


def _missed(report: Path) -> Missed:
    from kb.cli.synth_missed import missed_of

    return missed_of(report)


def _scratch(stack: ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kb-synth-")))


@dataclass(frozen=True, slots=True)
class _Vectors:
    """The collection's embedder as `kb synth` wants it."""

    similarity: Similarity

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text."""
        return self.similarity.vectors(texts)


@dataclass(slots=True)
class _Job:
    """One run with its flags; what it opens is closed by `stack`."""

    session: Workspace
    folder: Path
    pairs: int | None
    seed: int
    audit: bool
    quiet: bool
    stack: ExitStack
    meter: _Meter | None = None
    missed: Missed | None = None

    def build(self, *, as_json: bool, kept: bool) -> None:
        """Make the dataset and say what is in it."""
        from synth.dataset.review import DECISIONS, Review

        begun = time.monotonic()
        with screen.bar("{task.fields[rows]} rows", "{task.fields[rate]}", quiet=self.quiet) as bar:
            self.meter = _Meter(bar, self.pairs)
            manifest = self._builder().build()
        if (self.folder / DECISIONS).is_file():  # what people decided about the rows holds for them made anew
            manifest = Review(self.folder).apply().manifest
        if as_json:
            screen.document(manifest)
        else:
            _tell(manifest)
        seconds, tokens = time.monotonic() - begun, f", {self.meter.told()}" if self.meter.tokens else ""
        where = f" in {self.folder}. Next: kb synth review {self.folder}" if kept else "; nothing was kept"
        screen.note(f"{manifest['counts']['pairs']} rows in {seconds:.0f} s{tokens}{where}", quiet=self.quiet)

    def preview(self, rows: int, *, as_json: bool) -> None:
        """Show the first rows."""
        from core.rows import row_to_json

        shown = list(self._builder().preview(rows))
        if as_json:
            screen.document({"rows": [row_to_json(pair) for pair in shown]})
        else:
            for pair in shown:
                _show(pair)
        screen.note("nothing was written. Next: the same command with --out DIR, without --preview", quiet=self.quiet)

    def estimate(self, *, as_json: bool) -> None:
        """Say what a run would ask of a model."""
        asked, there = self._builder().estimate()
        tokens = {"prompt": asked.prompt_tokens, "completion": asked.completion_tokens}
        if as_json:
            screen.document({**there, "calls": dict(asked.calls), "tokens": tokens})
            return
        screen.say(f"to read: {there['documents']} documents, {there['pages']} pages, {there['chunks']} chunks")
        if not asked.calls:
            screen.say("model calls: 0; tokens: 0 (the built-in generator asks no model)")
            return
        calls = ", ".join(f"{count} for {purpose}" for purpose, count in asked.calls.items())
        screen.say(f"model calls: at most {sum(asked.calls.values())} ({calls}; replies in the cache are not counted)")
        screen.say(f"tokens: at most about {tokens['prompt']} read and {tokens['completion']} written")

    def _builder(self) -> DatasetBuilder:
        from core.prompt import load_prompt
        from rag.catalogue.corpus import CatalogueCorpus
        from rag.search.similar import Similarity
        from synth.making.build import DatasetBuilder
        from synth.making.run import SynthPlan, SynthTools

        session, settings = self.session, self.session.settings
        knowledge = open_collection(session, quiet=self.quiet)
        plan = SynthPlan(
            collection=session.collection, settings=settings.synth, seed=self.seed, pairs=self.pairs,
            answer_prompt=load_prompt(settings.rag.prompt_file), audit=self.audit,
        )  # fmt: skip
        tools = SynthTools(
            corpus=CatalogueCorpus(knowledge.catalogue, session.collection),
            retriever=knowledge.searcher,
            embedder=_Vectors(Similarity(knowledge.embedder)),
            generator=self._generator(),
            judge=self._ask(settings.synth.judge) if settings.synth.judge else None,
            on_progress=self.meter or (lambda _: None),
        )
        return DatasetBuilder(plan, tools, self.folder)

    def _generator(self) -> Any:
        """Return what makes the generator once the documents are known."""
        from core.models import resolve
        from synth.facts.read import read_facts
        from synth.generate.model import ModelGenerator
        from synth.generate.rules import RulesGenerator

        settings = self.session.settings
        wanted = settings.synth.generator
        spec = "extractive" if wanted == "builtin" else str(resolve(wanted, settings))

        def made(documents: Sequence[Document]) -> Generator:
            if spec == "extractive":
                every: Generator = RulesGenerator(documents, read_facts)
            else:
                every = ModelGenerator(self._ask(spec), settings.synth.phrasings)
            return self.missed.only(every) if self.missed else every

        return made

    def _ask(self, spec: str) -> CachedChat:
        from core.models import open_chat
        from synth.generate.ask import CachedChat
        from synth.generate.model import reply_tokens

        given = self.session.settings
        room = reply_tokens(given.synth.per_chunk, given.synth.phrasings)
        models = given.models.model_copy(update={"max_tokens": max(given.models.max_tokens, room), "seed": self.seed})
        settings = given.model_copy(update={"models": models})
        ask = CachedChat(
            open_chat(spec, settings, self.session.home), spec, models.model_dump(mode="json"), self._cache(),
            concurrency=settings.synth.concurrency, on_call=self.meter.called if self.meter else _ignored,
        )  # fmt: skip
        self.stack.callback(ask.close)
        return ask

    def _cache(self) -> CallCache:
        from synth.generate.cache import CallCache

        cache = CallCache(self.session.home.cache / "synth.sqlite")
        self.stack.callback(cache.close)
        return cache


def build_dataset(session: Workspace, folder: Path, *, seed: int, quiet: bool, stack: ExitStack) -> dict[str, Any]:
    """Make a dataset of the session's collection, or go on with one; returns its manifest.

    Args:
        stack: Closes what is opened.
    """
    job = _Job(session, folder, pairs=None, seed=seed, audit=False, quiet=quiet, stack=stack)
    with screen.bar("{task.fields[rows]} rows", "{task.fields[rate]}", quiet=quiet) as bar:
        job.meter = _Meter(bar, None)
        return job._builder().build()


def _ignored(call: Call, cached: bool) -> None:
    """Count nothing."""


class _Meter:
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
        wanted = self._pairs if progress.stage == "rows" and self._pairs else None
        done, total = (progress.rows, wanted) if wanted else (progress.done, progress.total or None)
        rate = f"{progress.rows / max(1e-9, time.monotonic() - self._begun):.0f} rows/s"
        told = f"{rate}, {self.told()}" if self.tokens else rate
        self._bar.update(
            self._task, description=progress.stage, completed=done, total=total, rows=progress.rows, rate=told
        )

    def called(self, call: Call, cached: bool) -> None:
        """Count a reply of a model."""
        self.tokens += 0 if cached else call.prompt_tokens + call.completion_tokens
        self.fresh += not cached
        self.cached += cached

    def told(self) -> str:
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


def _tell(manifest: dict[str, Any]) -> None:
    counts, coverage, split = manifest["counts"], manifest["coverage"], manifest["split"]
    screen.table(
        ["check", "seen", "dropped", "passed"],
        [[name, str(one["seen"]), str(one["dropped"]), f"{one['pass_rate']:.0%}"]
         for name, one in manifest["checks"].items()],
        right=frozenset({1, 2, 3}),
    )  # fmt: skip
    screen.say(f"kinds: {', '.join(f'{kind} {count}' for kind, count in counts['kinds'].items())}")
    screen.say(
        f"splits: {', '.join(f'{name} {count}' for name, count in counts['splits'].items())} ({manifest['mode']})"
    )
    by = ", ".join(f"{name} {count}" for name, count in counts["rejected_by"].items())
    screen.say(f"preferences: {counts['preferences']}; rejected: {counts['rejected']}{f' ({by})' if by else ''}")
    screen.say(
        f"covered by {coverage['enough']} rows or more: {coverage['facts']['share']:.0%} of {coverage['facts']['all']}"
        f" facts, {coverage['sentences']['share']:.0%} of {coverage['sentences']['all']} sentences"
    )
    screen.say(f"shared between splits: {split['shared_groups']} groups, {split['shared_grams']} rows")
    for title, part in (("planted error", "recall"), ("harmless change", "false_alarms")):
        for name, found in manifest.get("audit", {}).get(part, {}).items():
            alone = ", ".join(f"{check} {share:.0%}" for check, share in found["alone"].items() if share)
            told = f"{found['caught']} of {found['planted']} dropped ({found['share']:.1%})"
            screen.say(f"{title}: {name}: {told}; each check alone: {alone or 'none'}")
