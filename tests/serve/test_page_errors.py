"""What the page says when a handler or a long task fails: what is wrong and the next click, never a command.

The handlers of the tabs are called as Gradio calls them, over a server with documents; nothing is replaced.
"""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from core.errors import BackendError, KbError, MissingExtra, error_from_json
from core.files import Home
from core.rows import row_to_json, write_rows
from core.settings import Settings
from core.types import Citation, Pair, RunCard
from finetune.load_recipe import load_recipe
from finetune.runs import create_run
from finetune.training.machine import this_machine
from kb.job import EventWriter, do_job, job_line
from kb.training.request import TrainingRequest
from kb.workspace import Workspace
from rag.catalogue.reader import CatalogueReader
from serve.answers.answering import AnswerRequest
from serve.answers.history import ChatMessage
from serve.errors import error_response, page_text
from serve.review import DatasetReviews
from serve.service import Service
from serve.ui.compare import CompareTab
from serve.ui.data import DataTab
from serve.ui.report import ReportTab
from serve.work.tasks import BackgroundTasks
from serve.work.training import TrainingManager
from tests.serve.conftest import QUESTION
from tests.support.commands import COMMAND

HTTP = SimpleNamespace(state=SimpleNamespace(who="me"))


class Page:
    """The tabs over one server, without a browser."""

    def __init__(self, service: Service) -> None:
        self.service = service
        reviews, tasks = DatasetReviews(service), BackgroundTasks(service.workspace)
        training = TrainingManager(service, tasks)
        with gr.Blocks():
            self.compare = CompareTab(service)
            self.data = DataTab(reviews, tasks)
            self.report = ReportTab(service.home, training, tasks)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, stocked: Home, weights: Path) -> Home:
    """Documents, a dataset of one row, and a run that was never trained."""
    root = tmp_path_factory.mktemp("page-errors")
    for path in stocked.root.iterdir():
        if path.name not in ("models", "serve", "datasets", "compare", "runs"):
            (root / path.name).symlink_to(path)
    (root / "models").symlink_to(weights)
    catalogue = CatalogueReader(stocked.catalogue)
    document = catalogue.resolve("default", "handbook.pdf")
    text = catalogue.page("default", document.sha256, 1).text
    quote = Citation(doc=document.doc, sha256=document.sha256, page=1, start=0, end=40, quote=text[:40])
    pair = Pair(
        id="row-0",
        kind="closed-book",
        question="How long?",
        answer=text[:40],
        context="",
        evidence=(quote,),
        fact="f",
        group="g",
        split="train",
        checks={},
    )
    for name in ("pairs.jsonl", "train.jsonl"):
        write_rows(root / "datasets" / "mine" / name, [row_to_json(pair)])
    (root / "datasets" / "mine" / "manifest.json").write_text("{}")
    card = RunCard(name="begun", base="smollm2", method="lora", data_sha256="", seed=0, versions={})
    create_run(Home(root), card, load_recipe("", this_machine(), flags={}, pairs=()))
    return Home(root)


@pytest.fixture(scope="module")
def page(home: Home) -> Iterator[Page]:
    service = Service(Settings(), home)
    yield _page(service)
    service.close()


@pytest.fixture(scope="module")
def empty_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A server that has neither documents nor weights."""
    service = Service(Settings(), Home(tmp_path_factory.mktemp("empty-page")))
    yield _page(service)
    service.close()


def _page(service: Service) -> Page:
    """Make the tabs inside an event loop: outside of one Gradio makes several and closes none."""

    async def make() -> Page:
        return Page(service)

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(make())
    finally:
        loop.close()


Call = Callable[[Page], Any]
FAILING: dict[str, tuple[Call, str]] = {
    "dataset under a bad name": (lambda p: p.data._begin("../x", 10), "another name"),
    "dataset under a taken name": (lambda p: p.data._begin("mine", 10), "another name"),
    "rows of an unknown dataset": (lambda p: p.data._open("none"), "Choose one under Data"),
    "decision about no row": (lambda p: p.data._accepted("mine", [], [], HTTP), "no row left"),
    "decision about an unknown row": (lambda p: p.data._accepted("mine", ["none"], [], HTTP), "none"),
    "edit that nothing supports": (
        lambda p: p.data._edited("mine", ["row-0"], [], "How long?", "For 77 years.", "", HTTP),
        "Correct the edit, or reject the row",
    ),
    "undo of nothing": (lambda p: p.data._undone("mine", [], []), "Nothing was decided"),
    "decisions applied to nothing": (lambda p: p.data._applied("none"), "Choose one under Data"),
    "export in an unknown format": (lambda p: p.data._exported("mine", "none"), "Choose a format"),
    "export of preferences that are not there": (lambda p: p.data._exported("mine", "dpo"), "Choose another format"),
    "comparison of an unknown run": (lambda p: _direct(p.report._begin, "none", 4), "Choose a run"),
    "comparison without a run": (lambda p: _direct(p.report._begin, None, 4), "Choose a run first"),
    "question to one model": (lambda p: _drained(p.compare._run("Why?", ["base"], False, "", HTTP)), "two to four"),
    "vote without an answer": (lambda p: p.compare._voted({}, "A", HTTP), "Ask a question first"),
}  # fmt: skip


async def _direct(handler: Callable[..., Any], *arguments: Any) -> Any:
    return handler(*arguments)


async def _drained(drawings: Any) -> list[Any]:
    return [drawing async for drawing in drawings]


@pytest.mark.parametrize("name", FAILING)
async def test_a_failing_handler_says_what_to_click(page: Page, name: str) -> None:
    call, step = FAILING[name]
    with pytest.raises(gr.Error) as caught:
        await call(page)
    text = str(caught.value.message)
    assert step in text and not COMMAND.search(text), text


def _question(**over: Any) -> AnswerRequest:
    return AnswerRequest(conversation=[ChatMessage(role="user", text=QUESTION)], **over)


# What the scripts of the page ask for, by the operation of the service behind it.
OPERATIONS: dict[str, tuple[Callable[[Service], Any], str]] = {
    "page of an unknown document": (lambda s: s.page_view("0" * 64, 0), "choose one under Documents"),
    "page in an unknown collection": (lambda s: s.page_view("0" * 64, 0, collection="none"), "add documents"),
    "page beyond the last": (lambda s: s.page_view("handbook.pdf", 99), ""),
    "hidden text of an unknown document": (lambda s: s.hidden("0" * 64), "choose one under Documents"),
    "removal of an unknown document": (lambda s: s.forget("0" * 64), "choose one under Documents"),
    "retry of an unknown job": (lambda s: _direct(lambda: s.retry_job("none", who="me")), ""),
    "controls of an unknown model": (lambda s: s.controls("none"), "choose a model under Model and controls"),
    "question to an unknown model": (lambda s: s.reply(_question(model="none+rag")), "choose a model under"),
    "question to a server that is away": (lambda s: s.reply(_question(model="ollama:x")), "choose a model under"),
    "question in an unknown collection": (lambda s: s.reply(_question(collection="none")), "add documents under"),
}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_failing_operation_says_what_to_click(page: Page, name: str) -> None:
    call, step = OPERATIONS[name]
    with pytest.raises(KbError) as caught:
        await call(page.service)
    fault = error_response(caught.value)[1]["error"]
    text = f"{fault['message']} {fault.get('click', '')}"
    assert step in text and not COMMAND.search(text), text


async def test_a_page_without_documents_and_weights_says_so(empty_page: Page) -> None:
    for model in ("base+rag", "extractive+rag", "smollm2"):
        with pytest.raises(KbError) as caught:
            await empty_page.service.reply(_question(model=model))
        assert not COMMAND.search(page_text(caught.value)), page_text(caught.value)
    drawings = await _drained(empty_page.compare._run("Why?", ["base+rag", "smollm2"], False, "default", HTTP))
    assert not COMMAND.search(str([box.value for box in drawings[-1][:2]]))


@pytest.mark.parametrize(
    ("kind", "fields", "step"),
    [
        ("export", {"run": "begun", "to": "gguf"}, "Press Resume under Training"),
        ("export", {"run": "none", "to": "gguf"}, "Choose another run"),
        ("compare", {"run": "begun", "limit": 3}, "Press Resume under Training"),
        ("train", {"request": TrainingRequest(name="x", data="/none").to_json()}, "Choose another dataset"),
        (
            "train",
            {"request": TrainingRequest(name="x", data="/none", choices={"base": "none"}).to_json()},
            "Choose another base model",
        ),
        ("train", {"request": TrainingRequest(name="none").to_json(), "resume": True}, "Choose another run"),
        ("synthesize", {"folder": "new", "pairs": 3}, "Documents > Add files"),
    ],
    ids=["unfinished", "no run", "not trained", "no data", "no base", "nothing to resume", "no documents"],
)
def test_a_failing_task_says_what_to_click(
    home: Home, tmp_path: Path, kind: str, fields: dict[str, Any], step: str
) -> None:
    """What a long task writes last, read back as the server reads it."""
    place = Home(tmp_path) if kind == "synthesize" else home
    if kind == "synthesize":
        fields = {**fields, "folder": str(tmp_path / "new")}
    with pytest.raises(KbError) as caught:
        job = json.loads(job_line(Workspace(settings=Settings(), home=place), kind, **fields))
        do_job(job, EventWriter(io.StringIO()))
    text = page_text(error_from_json(caught.value.to_json()))
    assert step in text and not COMMAND.search(text), text


def test_an_error_without_a_click_of_its_own_gets_one() -> None:
    assert page_text(MissingExtra("x is not installed", hint="pip install x")).endswith(
        "runs this server to install it."
    )
    assert "Try again" in page_text(BackendError("it is away", hint="ollama serve"))


async def test_compared_models_search_the_collection_that_is_chosen(page: Page) -> None:
    drawings = await _drained(page.compare._run("Why?", ["extractive+rag", "base+rag"], False, "elsewhere", HTTP))
    assert all("elsewhere" in box.value for box in drawings[-1][:2])
    chosen = (await page.compare._choices())[1]
    assert (chosen.value, chosen.visible) == ("default", False)
