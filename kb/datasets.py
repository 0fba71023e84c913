"""Makes training data from a collection's documents: joins catalogue, search and chat models to `synth`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.models import open_chat, resolve
from core.prompt import load_prompt
from core.types import Document, Pair
from kb.missed import MissedFacts
from kb.scope import open_collection
from kb.workspace import Workspace
from rag.catalogue.corpus import CatalogueCorpus
from rag.search.similar import Similarity
from synth.dataset.review import DECISIONS, Review
from synth.facts.read import read_facts
from synth.generate.ask import CachedChat
from synth.generate.base import Generator
from synth.generate.cache import Call, CallCache
from synth.generate.model import ModelGenerator, reply_tokens
from synth.generate.rules import RulesGenerator
from synth.making.build import DatasetBuilder
from synth.making.run import SynthPlan, SynthProgress, SynthTools

_BUILT_IN = "builtin"

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
    """

    pairs: int | None = None
    seed: int = 0
    audit: bool = False
    missed: MissedFacts | None = None


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
    with _builder(workspace, folder, request or DatasetRequest(), on_progress, on_call, on_note) as builder:
        manifest: dict[str, Any] = builder.build()
    if (folder / DECISIONS).is_file():
        manifest = Review(folder).apply().manifest
    return manifest


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
    with ExitStack() as stack:
        models = _Models(workspace, request, stack, on_call)
        plan = SynthPlan(
            collection=workspace.collection,
            settings=settings.synth,
            seed=request.seed,
            pairs=request.pairs,
            answer_prompt=load_prompt(settings.rag.prompt_file),
            audit=request.audit,
        )
        tools = SynthTools(
            corpus=CatalogueCorpus(knowledge.catalogue, workspace.collection),
            retriever=knowledge.searcher,
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
        """Return what makes the generator once the documents are known."""
        settings = self.workspace.settings
        name = settings.synth.generator
        spec = "extractive" if name == _BUILT_IN else str(resolve(name, settings))

        def made(documents: Sequence[Document]) -> Generator:
            if spec == "extractive":
                every: Generator = RulesGenerator(documents, read_facts)
            else:
                every = ModelGenerator(self.ask(spec), settings.synth.phrasings)
            return self.request.missed.only(every) if self.request.missed else every

        return made

    def ask(self, spec: str) -> CachedChat:
        """Return a chat model whose replies are cached."""
        given, home = self.workspace.settings, self.workspace.home
        room = reply_tokens(given.synth.per_chunk, given.synth.phrasings)
        sizes = {"max_tokens": max(given.models.max_tokens, room), "seed": self.request.seed}
        models = given.models.model_copy(update=sizes)
        settings = given.model_copy(update={"models": models})
        cache = CallCache(home.cache / "synth.sqlite")
        self.stack.callback(cache.close)
        ask = CachedChat(
            open_chat(spec, settings, home),
            spec,
            models.model_dump(mode="json"),
            cache,
            concurrency=settings.synth.concurrency,
            on_call=self.on_call,
        )
        self.stack.callback(ask.close)
        return ask
