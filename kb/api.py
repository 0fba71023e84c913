"""`KnowledgeBase`: the public Python API, one method for each command."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from core.types import Answer, Document, Hit, Page, RunCard
from kb.answering import Conversation, open_answerer
from kb.collections import Collections
from kb.evaluation import Evaluation, evaluate
from kb.ingest import IngestReport, ingest, plan_ingest
from kb.knowledge_api import KnowledgeMethods, Note
from kb.knowledge_api import ignore as _ignore
from kb.maintenance import forget_documents
from kb.scope import Scope, scope_of
from kb.workspace import open_workspace, settings_key
from rag.answer.answer import Answerer
from rag.ingest.ingest import Progress

if TYPE_CHECKING:
    from finetune.compare.run import CompareProgress
    from kb.comparison.job import Comparison
    from kb.exporting import ExportResult
    from synth.making.run import SynthProgress


class KnowledgeBase(KnowledgeMethods):
    """A collection of documents that answers questions.

    Any thread may call, and the command line and a server may work on the same home meanwhile: writers wait for each
    other, and what another process adds or removes shows at the next call. From asynchronous code call it in a thread:
    `await asyncio.to_thread(kb.ask, question)`.

    Args:
        home: Where state lives; `KB_HOME` or its default if None.
        collection: Documents are read into this collection and searched in it.
        settings: Any setting, above environment and files: by its name where that is unique (`top_k=4`,
            `model="extractive"`), else with its section (`models__timeout_s=60`). `kb config show` lists them.

    Raises:
        ConfigError: An unknown setting or an impossible value.
    """

    def __init__(self, home: Path | str | None = None, collection: str = "default", **settings: Any) -> None:
        flags = {settings_key(name): value for name, value in settings.items()}
        self._workspace = open_workspace(home, flags={**flags, "rag.collection": collection})
        self._collections = Collections(self._workspace)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"KnowledgeBase({str(self._workspace.home.root)!r}, collection={self.collection!r})"

    @property
    def home(self) -> Path:
        """The folder where state lives."""
        return self._workspace.home.root

    @property
    def collection(self) -> str:
        """The name of the collection."""
        return self._workspace.collection

    def close(self) -> None:
        """Close what the calling thread has open; a later call opens it again."""
        self._collections.close()

    def ingest(
        self,
        *sources: str | Path,
        glob: str | None = None,
        password: str | None = None,
        ocr: bool = False,
        sync: bool = False,
        allow_private: bool = False,
        on_progress: Callable[[Progress], None] = _ignore,
        on_note: Note = _ignore,
    ) -> IngestReport:
        """Read files, folders and URLs; what is already there is left alone.

        Args:
            sources: Paths or URLs.
            glob: Take files of a folder that match this.
            password: Of locked documents.
            ocr: Read scanned pages from their image.
            sync: Also forget documents whose files are gone from the folders.
            allow_private: Fetch URLs from loopback and private addresses too.
            on_progress: Called after every commit.
            on_note: Receives what a person should know meanwhile.

        Returns:
            One result for every file; a file that cannot be used is in it with its reason and stops no other.

        Raises:
            DataError: No path leads to a file.
            MissingExtra: The embedder's weights are absent.
            BackendError: The disk is full, or a server does not answer.
        """
        return ingest(
            self._workspace,
            plan_ingest(sources, glob),
            password=password,
            ocr=ocr,
            sync=sync,
            allow_private=allow_private,
            on_progress=on_progress,
            on_note=on_note,
        )

    def search(
        self,
        query: str,
        k: int | None = None,
        *,
        docs: Sequence[str] | None = None,
        pages: Sequence[int] | None = None,
    ) -> list[Hit]:
        """Return passages, best first.

        Args:
            query: Words or a question.
            k: Most passages; `rag.top_k` if None.
            docs: Only these documents: file names, ids or prefixes of hashes.
            pages: Only these 0-based pages.

        Raises:
            ConfigError: There is no such collection, document or page.
        """
        scope = self._scope(docs, pages)
        limit = k or self._workspace.settings.rag.top_k
        return self._collections.search(self.collection, query, limit, scope.docs, scope.pages)

    def ask(
        self,
        question: str,
        k: int | None = None,
        *,
        docs: Sequence[str] | None = None,
        pages: Sequence[int] | None = None,
        model: str | None = None,
        why: bool = False,
        on_token: Callable[[str], None] | None = None,
    ) -> Answer:
        """Answer a question with quotes that stand on their pages.

        Args:
            question: As a person asks it.
            k: Most passages that the model reads; `rag.top_k` if None.
            docs: Only these documents: file names, ids or prefixes of hashes.
            pages: Only these 0-based pages.
            model: Spelling of a chat model, as `kb ask --model`; `rag.model` if None.
            why: Also ask again, to tell of each statement whether it was read or remembered.
            on_token: Receives the text as it is written, before it is checked.

        Returns:
            The answer; `text[start:end] == quote` holds for every citation on its page.

        Raises:
            ConfigError: The question is empty, or there is no such collection, document, page or model.
            MissingExtra: Weights are absent.
            BackendError: The model failed.
        """
        answerer = self._answerer(model, self._scope(docs, pages))
        answer = answerer.ask(question, k=k, on_token=on_token)
        return answerer.why(answer, k=k) if why else answer

    def chat(self, *, model: str | None = None) -> Conversation:
        """Begin a conversation for the calling thread: `ask` questions, each in the light of the earlier ones.

        Raises:
            ConfigError: There is no such collection or model.
        """
        return Conversation(self._answerer(model, Scope()))

    def documents(self) -> list[Document]:
        """Return the documents, in order of name.

        Raises:
            ConfigError: There is no such collection.
        """
        return list(self._collections.require(self.collection).documents(self.collection))

    def page(self, doc: str, index: int) -> Page:
        """Return one page: its text, in which all offsets count code points, and its blocks.

        Args:
            doc: File name, id or prefix of the hash.
            index: 0-based.

        Raises:
            ConfigError: There is no such document or page.
        """
        catalogue = self._collections.require(self.collection)
        return catalogue.page(self.collection, catalogue.resolve(self.collection, doc).sha256, index)

    def forget(self, *docs: str, on_note: Note = _ignore) -> list[Document]:
        """Remove documents with everything kept of them, and return what was removed.

        Args:
            docs: File names, ids or prefixes of hashes.
            on_note: Receives what a person should know meanwhile.

        Raises:
            ConfigError: There is no such document; nothing is removed then.
        """
        return forget_documents(self._workspace, docs, on_note=on_note)

    def evaluate(
        self,
        questions: Path | str,
        *,
        answers: bool = False,
        on_progress: Callable[[int, int], None] = _ignore,
    ) -> Evaluation:
        """Measure search, and answers where asked, on a JSONL file of questions.

        Args:
            questions: Records `{"question", "answer", "doc", "pages" or "page_labels"}`; `pages` count from 0.
            answers: Also ask, and score the answers.
            on_progress: Called with questions done and their total.

        Raises:
            DataError: A record is at fault; with its line.
            ConfigError: There is no such collection.
        """
        return evaluate(self._workspace, Path(questions), answers=answers, on_question=on_progress)

    def synthesize(
        self,
        folder: Path | str,
        *,
        pairs: int | None = None,
        seed: int = 0,
        on_progress: Callable[[SynthProgress], None] = _ignore,
    ) -> dict[str, Any]:
        """Make training data from the documents; an interrupted dataset is resumed.

        Args:
            folder: Receives `pairs.jsonl`, `preferences.jsonl`, the splits, `rejected.jsonl` and `manifest.json`.
            pairs: Rows; None takes what comes of the facts.
            seed: The same seed gives the same bytes.
            on_progress: Called as documents are read and rows made.

        Returns:
            The manifest: counts, coverage, checks with their pass rates.

        Raises:
            ConfigError: There is no such collection.
            DataError: Every row was filtered out.
            BackendError: The chat model that `synth.generator` names failed.
        """
        from kb.data.datasets import DatasetRequest, synthesize

        request = DatasetRequest(pairs=pairs, seed=seed)
        return synthesize(self._workspace, Path(folder), request, on_progress=on_progress)

    def finetune(
        self,
        name: str = "",
        *,
        data: Path | str = "",
        recipe: str = "",
        resume: bool = False,
        on_note: Note = _ignore,
        on_event: Callable[[Mapping[str, Any]], None] = _ignore,
        **fields: Any,
    ) -> RunCard:
        """Tune a model: SFT, then DPO where there are preferences; each stage in a process of its own.

        Args:
            name: Of the run; chosen from the data if empty.
            data: Dataset folder, a file that `kb synth import` reads, or `hf:ID`; if empty, rows are made from the
                documents first, and the run is exported at the end.
            recipe: A recipe's name or a TOML file; chosen for the machine if empty.
            resume: Take up the named run, or the newest that is not done.
            on_note: Receives a line at each step.
            on_event: Receives the events of the training processes, as `kb.training.events` describes them.
            fields: Fields of the recipe: `base="smollm2"`, `method="lora"`, `epochs=2`, ...

        Returns:
            The run's card; its files lie in `home / "runs" / card.name`.

        Raises:
            ConfigError: The recipe, base, name or data cannot be used.
            MissingExtra: The extra `train` is not installed.
            KbError: A stage failed; the same call resumes.
        """
        from kb.training.job import TrainingJob
        from kb.training.request import TrainingRequest

        request = TrainingRequest(
            name=name, data=str(data), from_docs=not data and not resume, recipe=recipe, choices=fields
        )
        job = TrainingJob(self._workspace, request, on_note=on_note, on_event=on_event)
        return job.train(resume=resume).card

    def export(
        self,
        run: str,
        to: str = "gguf",
        *,
        quantize: str | None = None,
        out: Path | str | None = None,
        merge_base: str = "",
        converter: Path | str | None = None,
        on_note: Note = _ignore,
    ) -> ExportResult:
        """Merge a run and write it; what answers differently from the trained model is refused.

        Args:
            run: Its name.
            to: `gguf` (one file), `ollama`, or `hf` (a folder).
            quantize: `f16`, `q8_0`, `q4_0`, or an encoding of llama.cpp or Ollama; `f16` if None.
            out: Copy the result there.
            merge_base: Full-precision model of a base that is stored quantised; guessed if empty.
            converter: llama.cpp's `convert_hf_to_gguf.py`, for models that our writer does not know.
            on_note: Receives a line at each step.

        Raises:
            ConfigError: There is no such run, target or encoding, or the method cannot be merged.
            GateError: The result answers otherwise; nothing is put in place.
            BackendError: Ollama cannot be reached.
        """
        from kb.exporting import export_run

        path, script = (None if place is None else Path(place) for place in (out, converter))
        export = partial(export_run, self._workspace, run, to, quantize=quantize, on_note=on_note)
        return export(out=path, merge_base=merge_base, converter=script)

    def compare(
        self,
        run: str = "",
        *arms: str,
        questions: Sequence[Path | str] = (),
        out: Path | str | None = None,
        limit: int | None = None,
        judge: str = "",
        reference: str = "",
        on_progress: Callable[[CompareProgress], None] = _ignore,
        on_note: Note = _ignore,
    ) -> Comparison:
        """Put the same questions to several models and configurations, and say which to use or that none is better.

        Args:
            run: A training run: base and tuned model, each with search and without; none if empty.
            arms: Further arms, `NAME=MODEL[+rag|+oracle|+wrong][,k=N][,prompt=FILE]`.
            questions: Dataset folders (their test split) or JSONL files; the run's dataset if empty.
            out: Folder of the report; `compare/` in the run's folder if None.
            limit: Most questions; all if None.
            judge: Spelling of a chat model that compares the two best arms; none if empty.
            reference: Spelling of a chat model that is asked too and only compared with; none if empty.
            on_progress: Called after every reply.
            on_note: Receives what a person should know about the collection or a model.

        Raises:
            ConfigError: Fewer than two arms, no questions, or something that cannot be opened.
            BackendError: A model or a search failed; the same call resumes.
        """
        from kb.comparison.job import ComparisonRequest, compare

        request = ComparisonRequest(
            run=run,
            arms=arms,
            questions=[Path(path) for path in questions],
            out=None if out is None else Path(out),
            limit=limit,
            judge=judge,
            reference=reference,
            command=f"KnowledgeBase.compare({run!r})",
        )
        return compare(self._workspace, request, on_progress=on_progress, on_note=on_note)

    def _scope(self, docs: Sequence[str] | None, pages: Sequence[int] | None) -> Scope:
        if not docs and not pages:
            return Scope()
        return scope_of(self._collections.knowledge(self.collection), self.collection, docs, pages)

    def _answerer(self, model: str | None, scope: Scope) -> Answerer:
        knowledge = self._collections.knowledge(self.collection)
        if scope != Scope():
            return open_answerer(self._workspace, knowledge, scope=scope, model=model or "")
        opened = self._collections.answerers(self.collection)
        key = model or ""
        if key not in opened:
            opened[key] = open_answerer(self._workspace, knowledge, model=key)
        return opened[key]
