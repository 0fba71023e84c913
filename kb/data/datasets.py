"""Makes training data from a collection's documents: joins catalogue, search and chat models to `synth`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import MissingExtra
from core.models import open_chat
from core.prompt import load_prompt
from core.settings import SynthSettings
from core.types import Document, Pair
from core.weights.shelf import require
from core.weights.shipped import question_writer_adapter
from kb.data.generators import RULES, WRITER, chosen_generator, few_facts, generator_notes
from kb.data.missed import MissedFacts
from kb.scope import open_collection
from kb.staleness import register_dataset
from kb.workspace import Workspace
from rag.catalogue.corpus import CatalogueCorpus
from rag.catalogue.reader import CatalogueReader
from rag.search.similar import Similarity
from synth.dataset.review import DECISIONS, Review
from synth.facts.read import read_facts
from synth.generate.adapted_writer import AdaptedWriter
from synth.generate.ask import CachedChat
from synth.generate.base import Generator
from synth.generate.cache import Call, CallCache
from synth.generate.model import ModelGenerator, reply_tokens
from synth.generate.rules import RulesGenerator
from synth.generate.spread import spread_caller
from synth.generate.writer import WriterGenerator
from synth.making.build import DatasetBuilder
from synth.making.run import SynthPlan, SynthProgress, SynthTools

if TYPE_CHECKING:
    from core.reading.spans.reader import SpanReader
    from kb.knowledge.weak import WeakFacts


# Kinds of rows that are about no fact: they are not made where only what a run does not know is asked for.
_TEXT_KINDS = ("rewrite", "summary")
# Context of the question writer: its prompts are short.
_WRITER_TOKENS = 1024

# Called with each reply of a chat model and whether it came from the cache.
OnCall = Callable[[Call, bool], None]


@dataclass(frozen=True, slots=True)
class DatasetRequest:
    """What rows are made; the section `synth` of the settings says how.

    Attributes:
        pairs: Rows; None takes what comes of the facts.
        seed: The same seed gives the same bytes.
        audit: Plant errors in good rows and report what finds them.
        missed: Only facts that a tuned model missed.
        documents: Hashes of the documents to read; None for all.
        weak: Only facts that a run does not know.
    """

    pairs: int | None = None
    seed: int = 0
    audit: bool = False
    missed: MissedFacts | None = None
    documents: frozenset[str] | None = None
    weak: WeakFacts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowEstimate:
    """What making rows would take.

    Attributes:
        documents: To read, with `pages` and `chunks`.
        calls: Calls of a chat model at most, by purpose; those in the cache are not counted.
        prompt_tokens: Read by the model at most.
        completion_tokens: Written by it at most.
    """

    documents: int
    pages: int
    chunks: int
    calls: Mapping[str, int]
    prompt_tokens: int
    completion_tokens: int

    def to_json(self) -> dict[str, Any]:
        """Return what `kb synth --dry-run --json` prints."""
        return {
            "documents": self.documents,
            "pages": self.pages,
            "chunks": self.chunks,
            "calls": dict(self.calls),
            "tokens": {"prompt": self.prompt_tokens, "completion": self.completion_tokens},
        }

    def lines(self) -> list[str]:
        """Return the same for a person."""
        read = f"to read: {self.documents} documents, {self.pages} pages, {self.chunks} chunks"
        if not self.calls:
            return [read, "model calls: 0; tokens: 0 (this generator asks no server)"]
        calls = ", ".join(f"{count} for {purpose}" for purpose, count in self.calls.items())
        return [
            read,
            f"model calls: at most {sum(self.calls.values())} ({calls}; replies in the cache are not counted)",
            f"tokens: at most about {self.prompt_tokens} read and {self.completion_tokens} written",
        ]


def synthesize(
    workspace: Workspace,
    folder: Path,
    request: DatasetRequest | None = None,
    *,
    on_progress: Callable[[SynthProgress], None] = lambda _: None,
    on_call: OnCall = lambda _call, _cached: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Make a dataset folder; an interrupted one is resumed, and what people decided about its rows is kept.

    Args:
        folder: Where it goes.
        request: What rows are made.
        on_progress: Called as documents are read and rows made.
        on_call: Called with each reply of a chat model.
        on_note: Receives what a person should know about the collection.

    Returns:
        The manifest.

    Raises:
        ConfigError: There is no such collection.
        DataError: Every row was filtered out.
        BackendError: The chat model failed.
    """
    request = request or DatasetRequest()
    with _builder(workspace, folder, request, on_progress, on_call, on_note) as builder:
        manifest: dict[str, Any] = builder.build()
    register_dataset(workspace.home, folder)
    if note := few_facts(manifest, workspace, request.pairs):
        on_note(note)
    if (folder / DECISIONS).is_file():
        manifest = Review(folder).apply().manifest
    return manifest


def documents_named(workspace: Workspace, names: Sequence[str]) -> frozenset[str] | None:
    """Return the hashes of documents; None where none is named.

    Args:
        names: File names, ids or prefixes of hashes.

    Raises:
        ConfigError: There is no such collection or document.
    """
    if not names:
        return None
    catalogue = CatalogueReader(workspace.home.catalogue)
    catalogue.require_collection(workspace.collection)
    return frozenset(catalogue.resolve(workspace.collection, name).sha256 for name in names)


def preview_rows(
    workspace: Workspace,
    count: int,
    request: DatasetRequest | None = None,
    *,
    on_note: Callable[[str], None] = lambda _: None,
) -> list[Pair]:
    """Return the first rows that `synthesize` would make; nothing is kept."""
    with (
        tempfile.TemporaryDirectory(prefix="kb-synth-") as folder,
        _builder(workspace, Path(folder), request or DatasetRequest(), on_note=on_note) as builder,
    ):
        return list(builder.preview(count))


def estimate_rows(
    workspace: Workspace, request: DatasetRequest | None = None, *, on_note: Callable[[str], None] = lambda _: None
) -> RowEstimate:
    """Return what `synthesize` would read and ask of a chat model at most."""
    with (
        tempfile.TemporaryDirectory(prefix="kb-synth-") as folder,
        _builder(workspace, Path(folder), request or DatasetRequest(), on_note=on_note) as builder,
    ):
        calls, sizes = builder.estimate()
    return RowEstimate(
        documents=sizes["documents"],
        pages=sizes["pages"],
        chunks=sizes["chunks"],
        calls=dict(calls.calls),
        prompt_tokens=calls.prompt_tokens,
        completion_tokens=calls.completion_tokens,
    )


def _fact_kinds(settings: SynthSettings) -> SynthSettings:
    return settings.model_copy(update={"shares": {**settings.shares, **dict.fromkeys(_TEXT_KINDS, 0.0)}})


@dataclass(frozen=True, slots=True)
class _Vectors:
    """The collection's embedder in the form that `synth` takes."""

    similarity: Similarity

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text."""
        return self.similarity.vectors(texts)


@contextmanager
def _builder(
    workspace: Workspace,
    folder: Path,
    request: DatasetRequest,
    on_progress: Callable[[SynthProgress], None] = lambda _: None,
    on_call: OnCall = lambda _call, _cached: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Iterator[DatasetBuilder]:
    settings = workspace.settings
    knowledge = open_collection(workspace, on_note=on_note)
    corpus = CatalogueCorpus(knowledge.catalogue, workspace.collection, request.documents)
    chosen = chosen_generator(settings)
    for note in generator_notes(corpus.documents(), settings, chosen):
        on_note(note)
    with ExitStack() as stack:
        models = _Models(workspace, request, stack, on_call)
        plan = SynthPlan(
            collection=workspace.collection,
            settings=_fact_kinds(settings.synth) if request.weak else settings.synth,
            seed=request.seed,
            pairs=request.pairs,
            answer_prompt=load_prompt(settings.rag.prompt_file),
            audit=request.audit,
        )
        tools = SynthTools(
            corpus=corpus,
            # Passages of other documents are unknown to a dataset of some.
            retriever=knowledge.searcher
            if request.documents is None
            else knowledge.narrowed(sorted(request.documents)),
            embedder=_Vectors(Similarity(knowledge.embedder)),
            generator=models.generator(),
            judge=models.ask(settings.synth.judge) if settings.synth.judge else None,
            on_progress=on_progress,
        )
        yield DatasetBuilder(plan, tools, folder)


@dataclass(frozen=True, slots=True)
class _Models:
    """Opens what reads facts, writes rows and judges them; `stack` closes it."""

    workspace: Workspace
    request: DatasetRequest
    stack: ExitStack
    on_call: OnCall

    def generator(self) -> Callable[[Sequence[Document]], Generator]:
        """Return what makes the generator once the documents are known.

        Raises:
            MissingExtra: The question writer was named, and weights that it needs are absent.
        """
        settings = self.workspace.settings
        spec = chosen_generator(settings)
        writer = self._writer() if spec == WRITER else None

        def made(documents: Sequence[Document]) -> Generator:
            if writer is not None:
                rules = RulesGenerator(documents, read_facts)
                phrasings = settings.synth.phrasings
                every: Generator = WriterGenerator(*writer, documents, phrasings=phrasings, rules=rules)
            elif spec in RULES:
                every = RulesGenerator(documents, read_facts)
            else:
                every = ModelGenerator(self.ask(spec), settings.synth.phrasings)
            every = self.request.missed.only(every) if self.request.missed else every
            return self.request.weak.only(every) if self.request.weak else every

        return made

    def _writer(self) -> tuple[AdaptedWriter, SpanReader]:
        """Open the question writer and the span reader."""
        from core.chat.local.genai import open_gguf
        from core.reading.spans.reader import open_span_reader
        from core.weights.adapter import merged_gguf, open_adapter

        settings, home = self.workspace.settings, self.workspace.home
        if not question_writer_adapter().is_file():
            raise MissingExtra(
                f"the question writer's weights are not installed ({question_writer_adapter()})",
                hint="kb synth --generator rules  # or ollama:MODEL",
            )
        spans = open_span_reader(home)
        if spans is None:
            raise MissingExtra("the question writer needs the span reader", hint="kb models pull minilm")
        base = require("smollm2", home) / "model.gguf"
        path = merged_gguf(base, open_adapter(question_writer_adapter()), home)
        chat = open_gguf(path, settings.models.model_copy(update={"num_ctx": _WRITER_TOKENS}), name="question-writer")
        cache = self.stack.enter_context(closing(CallCache(home.cache / "synth.sqlite")))
        return AdaptedWriter(chat, path.parent.name, cache), spans

    def ask(self, spec: str) -> CachedChat:
        """Return a chat model whose replies are cached."""
        given, home = self.workspace.settings, self.workspace.home
        room = reply_tokens(given.synth.per_chunk, given.synth.phrasings)
        sizes = {"max_tokens": max(given.models.max_tokens, room), "seed": self.request.seed}
        models = given.models.model_copy(update=sizes)
        settings = given.model_copy(update={"models": models})
        cache = self.stack.enter_context(closing(CallCache(home.cache / "synth.sqlite")))
        caller = spread_caller(self.stack, spec, settings, home)
        ask = CachedChat(
            open_chat(spec, settings, home),
            spec,
            models.model_dump(mode="json"),
            cache,
            concurrency=caller.concurrency if caller else settings.synth.concurrency,
            caller=caller,
            on_call=self.on_call,
        )
        self.stack.callback(ask.close)
        return ask
