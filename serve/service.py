"""The operations of the server, called by the API, the page and the tools.

Every call runs on a worker thread of one of two lanes: `quick` for search, quotation and pages, `chat` for models that
write, so that a long answer delays no search.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any

from core.chat.local.base import LocalChat
from core.errors import ConfigError
from core.files import Home
from core.settings import Settings
from core.types import Answer, Document, Hit, Page
from kb.collections import Collections
from kb.maintenance import forget_documents
from kb.views.as_json import hit_json, page_labels
from kb.workspace import Workspace
from rag.catalogue.database import catalogue_exists
from rag.catalogue.reader import CatalogueReader
from rag.embed.base import Embedder
from rag.open import embedder_of
from serve.access.keys import KeyStore
from serve.access.rates import RATES_TABLE
from serve.access.sessions import SESSIONS_TABLE
from serve.answers.answering import AnswerRequest, AnswerResponse, ConversationAnswerer, PreparedRequest
from serve.answers.models import BASE, WITH_DOCUMENTS, ModelRegistry, ServedModel
from serve.answers.vectors import EmbeddedTexts, embedded
from serve.documents.pages import PageRenderer, PageView
from serve.errors import NotFound, ServerBusy
from serve.observability.logs import AuditLog
from serve.observability.metrics import ServerMetrics
from serve.state.database import StateDatabase
from serve.work.jobs import IngestJob, JobQueue
from serve.work.lanes import WorkerLane, streamed
from serve.work.runner import JobRunner

MOST_HITS = 200
_ADD = "add documents under Documents"
_CHOOSE = "choose one under Documents"


class Service:
    """Models, collections, jobs, keys and logs of one server.

    Args:
        settings: Of this server.
        home: Where state lives.
    """

    def __init__(self, settings: Settings, home: Home) -> None:
        self.settings = settings
        self.home = home
        self.models = ModelRegistry(settings, home)
        self.jobs = JobQueue(home)
        self.keys = KeyStore(home)
        # Rates and sessions cost nobody anything when they are lost with the power.
        self.access = StateDatabase(home, "access", (RATES_TABLE, SESSIONS_TABLE), durable=False)
        self.audit = AuditLog(home)
        self.quick = WorkerLane("quick", settings.serve.workers, settings.serve.queue)
        self.chat = WorkerLane("chat", settings.serve.chat_workers, settings.serve.queue)
        self.metrics = ServerMetrics(
            {"quick": lambda: self.quick.call_count, "chat": lambda: self.chat.call_count}, self.jobs.open_count
        )
        self.workspace = Workspace(settings=settings, home=home)
        self._collections = Collections(self.workspace)
        self._answering = ConversationAnswerer(self.workspace, self.models, self._collections)
        self._renderer = PageRenderer(home)
        self._runner = JobRunner(self.jobs, self.workspace)
        self._looks = 0
        self._closings: list[Callable[[], None]] = []

    def work_count(self) -> int:
        """Return how often work began or ended; unchanged, nothing has happened; it grows while something runs."""
        running = self.quick.call_count + self.chat.call_count
        self._looks += bool(running)
        return self.quick.total_count + self.chat.total_count + self._looks

    @property
    def collection(self) -> str:
        """The collection of requests that name none."""
        return self.settings.rag.collection

    def start(self) -> None:
        """Start to run jobs."""
        self._runner.start()

    def on_close(self, close: Callable[[], None]) -> None:
        """Call a function when this server ends."""
        self._closings.append(close)

    def close(self) -> None:
        """Stop the workers and close the files; the running job is resumed at the next start."""
        for close in self._closings:
            close()
        self._runner.stop()
        self.quick.close()
        self.chat.close()
        self.jobs.close()
        self.access.close()
        self.audit.close()

    def warm(self) -> None:
        """Load the embedder, the collection on every thread, and the weights of the default model.

        Raises:
            KbError: A model cannot be loaded.
        """
        self.embedder.embed_query("warm")

        def one_thread() -> None:
            if self._collections.has(self.collection):
                self._collections.search(self.collection, "warm", 1)

        waiting = [*self.quick.every_worker(one_thread), *self.chat.every_worker(one_thread)]
        for future in waiting:
            future.result()
        chat = self.models.open(self.models.find(BASE))[1]
        if isinstance(chat, LocalChat):
            chat.load()

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder that the settings name, shared by all threads."""
        return embedder_of(self.settings, self.home)

    async def listed_models(self) -> list[ServedModel]:
        """Return the models that can be asked."""
        return await self.quick.run(self.models.listed)

    async def controls(self, model: str) -> frozenset[str]:
        """Return the controls that a model honours.

        Raises:
            KbError: There is no such model, or it cannot be opened.
        """
        return await self.quick.run(lambda: self.models.controls(self.models.find(model)))

    async def spelling(self, model: str) -> str:
        """Return what a model stands for now, as `extractive` for `base` where no other model answers.

        Raises:
            KbError: There is no such model, or it cannot be opened.
        """
        return await self.quick.run(lambda: self.models.open(self.models.find(model))[0])

    async def search(
        self, query: str, k: int, *, collection: str = "", docs: Sequence[str] = (), pages: Sequence[int] | None = None
    ) -> list[Hit]:
        """Search; `docs` are names, ids or prefixes, `pages` 0-based.

        Raises:
            KbError: No such collection or document, or the index failed.
        """
        name = collection or self.collection

        def work() -> list[Hit]:
            self._require(name)
            hashes = [self._resolve(name, doc).sha256 for doc in docs] or None
            return self._collections.search(name, query, k, hashes, pages)

        return await self.quick.run(work)

    async def search_json(self, query: str, k: int, **scope: Any) -> list[dict[str, Any]]:
        """Search as `search`, and return hits as `kb search --json` prints them."""
        name = scope.get("collection") or self.collection
        hits = await self.search(query, k, **scope)

        def work() -> list[dict[str, Any]]:
            label = page_labels(self._require(name), name)
            return [hit_json(hit, label) for hit in hits]

        return await self.quick.run(work)

    async def prepared(self, request: AnswerRequest) -> PreparedRequest:
        """Check a request and fit it to its model, before its answer begins.

        Raises:
            KbError: As `ConversationAnswerer.prepared`.
        """
        quick = len(request.conversation) < 2 or await self.quick.run(
            lambda: self._answering.is_quick(self.models.find(request.model))
        )
        lane = self.quick if quick else self.chat  # counting tokens loads the weights of a model that writes
        return await lane.run(lambda: self._answering.prepared(request))

    async def answer(self, request: AnswerRequest) -> AsyncGenerator[str | AnswerResponse]:
        """Yield the pieces of an answer as they are written, then the checked answer.

        Raises:
            KbError: As `ConversationAnswerer.reply`.
        """
        quick = await self.quick.run(lambda: self._answering.is_quick(self.models.find(request.model)))
        lane = self.quick if quick else self.chat

        def work(on_text: Callable[[str], None]) -> AnswerResponse:
            return self._answering.reply(request, on_text)

        async with aclosing(streamed(lane, work)) as parts:
            async for part in parts:
                if isinstance(part, AnswerResponse):
                    self.metrics.tokens(part.prompt_tokens, part.completion_tokens)
                yield part

    async def reply(self, request: AnswerRequest) -> AnswerResponse:
        """Return the checked answer.

        Raises:
            KbError: As `ConversationAnswerer.reply`.
        """
        parts = [part async for part in self.answer(request)]
        assert isinstance(parts[-1], AnswerResponse)
        return parts[-1]

    async def why(self, request: AnswerRequest, answer: Answer) -> Answer:
        """Return an answer whose statements say whether they were read or remembered; waits with models that write.

        Raises:
            KbError: As `ConversationAnswerer.reply`.
        """
        labelled = await self.chat.run(lambda: self._answering.why(request, answer))
        self.metrics.tokens(labelled.tokens.get("why_prompt", 0), labelled.tokens.get("why_completion", 0))
        return labelled

    async def embed(self, texts: Sequence[str], *, query: bool) -> EmbeddedTexts:
        """Embed texts; one longer than the embedder reads is the mean of its parts, weighted by their tokens."""
        return await self.quick.run(lambda: embedded(self.embedder, texts, query=query))

    async def documents(self, collection: str = "") -> list[Document]:
        """Return the documents of a collection; none where it does not exist yet."""
        name = collection or self.collection
        return await self.quick.run(
            lambda: self._collections.catalogue().documents(name) if self._collections.has(name) else []
        )

    async def collections(self) -> list[str]:
        """Return the names of all collections, the server's own first."""

        def work() -> list[str]:
            there = self._collections.catalogue().collections() if catalogue_exists(self.home.catalogue) else {}
            return [self.collection, *(name for name in there if name != self.collection)]

        return await self.quick.run(work)

    async def check_collection(self, collection: str) -> None:
        """Check that a collection exists; the server's own need not yet.

        Raises:
            NotFound: It does not.
        """
        if collection not in ("", self.collection):
            await self.quick.run(lambda: self._require(collection))

    async def document(self, doc: str, collection: str = "") -> Document:
        """Return one document by name, id or prefix of the id.

        Raises:
            NotFound: No document fits, or more than one.
        """
        return await self.quick.run(lambda: self._resolve(collection or self.collection, doc))

    async def page(self, doc: str, page: int, collection: str = "") -> tuple[Document, Page]:
        """Return a document and one of its pages, 0-based.

        Raises:
            NotFound: There is no such document or page.
        """
        return await self.quick.run(lambda: self._page(collection or self.collection, doc, page))

    def page_text(self, sha256: str, page: int) -> str:
        """Return a page's text in the server's collection; call it on a worker thread.

        Raises:
            KbError: There is no such collection or page.
        """
        return self._require(self.collection).page(self.collection, sha256, page).text

    async def page_view(self, doc: str, page: int, start: int = 0, end: int = 0, collection: str = "") -> PageView:
        """Return a page with a span marked, for a person to look at.

        Raises:
            NotFound: There is no such document or page.
        """

        def work() -> PageView:
            document, shown = self._page(collection or self.collection, doc, page)
            return self._renderer.view(document, shown, start, end)

        return await self.quick.run(work)

    async def hidden(self, doc: str, collection: str = "") -> list[Page]:
        """Return the pages from which hidden text was removed.

        Raises:
            NotFound: There is no such document.
        """
        name = collection or self.collection

        def work() -> list[Page]:
            document = self._resolve(name, doc)
            catalogue = self._collections.catalogue()
            return [
                catalogue.page(name, document.sha256, index) for index in catalogue.hidden_counts(name, document.sha256)
            ]

        return await self.quick.run(work)

    async def forget(self, doc: str, collection: str = "") -> Document:
        """Remove a document with everything stored about it.

        Raises:
            NotFound: There is no such document.
            ServerBusy: An ingest is running.
        """
        name = collection or self.collection

        def work() -> Document:
            document = self._resolve(name, doc)
            forget_documents(self.workspace.with_rag(collection=name), [document.sha256], on_note=_refuse_to_wait)
            return document

        return await self.quick.run(work)

    def add_job(self, job_id: str, items: Sequence[Mapping[str, str]], *, who: str, collection: str = "") -> IngestJob:
        """Store an ingest job; it runs after the jobs before it."""
        job = self.jobs.add(job_id, collection or self.collection, who, items)
        self._runner.wake()
        return job

    def retry_job(self, job_id: str, *, who: str, password: str = "") -> IngestJob:
        """Store a new job for what was refused of a job, or for all of a failed one; a password opens locked files.

        Raises:
            NotFound: Unknown job, or nothing of it can be tried again.
        """
        job = self.jobs.retry(job_id, who=who, password=password)
        self._runner.wake()
        return job

    def first_pages(self, document: Document, count: int, collection: str = "") -> list[Page]:
        """Return the first pages of a document; call it on a worker thread."""
        name = collection or self.collection
        catalogue = self._require(name)
        return [catalogue.page(name, document.sha256, index) for index in range(min(count, document.n_pages))]

    def _require(self, collection: str) -> CatalogueReader:
        """Return the calling thread's catalogue, which holds the collection."""
        try:
            return self._collections.require(collection)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint, click=error.click or _ADD) from error

    def _resolve(self, collection: str, doc: str) -> Document:
        catalogue = self._require(collection)
        try:
            return catalogue.resolve(collection, doc)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint, click=error.click or _CHOOSE) from error

    def _page(self, collection: str, doc: str, page: int) -> tuple[Document, Page]:
        document = self._resolve(collection, doc)
        try:
            return document, self._collections.catalogue().page(collection, document.sha256, page)
        except ConfigError as error:
            raise NotFound(error.message, hint=error.hint, click=error.click or _CHOOSE) from error


def _refuse_to_wait(_: str) -> None:
    """Refuse a call that would have to wait for another process that writes."""
    raise ServerBusy("documents are being added; nothing can be removed meanwhile", retry_after_s=10)


def with_documents(model: str) -> str:
    """Return a model's id with answers from the documents."""
    return model if model.endswith(WITH_DOCUMENTS) else model + WITH_DOCUMENTS
