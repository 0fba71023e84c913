"""What the tab Training calls: its state, minutes of recipes, starting, resuming, exporting, and errors that say what
to click."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.files import Home
from core.settings import Settings
from core.types import RunCard
from finetune.load_recipe import load_recipe
from finetune.runs import create_run, open_run
from finetune.training.machine import this_machine
from serve.app import create_app
from serve.review import DatasetReviews
from serve.ui.training import training_routes
from serve.work.tasks import BackgroundTasks
from serve.work.training import TrainingManager
from tests.support.commands import COMMAND
from tests.support.tiny_models import dataset_folder


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A dataset, one without rows, and a run that was never trained."""
    dataset_folder(tmp_path / "datasets" / "tanks")
    for name in ("tanks", "Empty one"):
        (tmp_path / "datasets" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "datasets" / name / "pairs.jsonl").touch()
    card = RunCard(name="tanks-1", base="smollm2", method="lora", data_sha256="", seed=0, versions={})
    create_run(Home(tmp_path), card, load_recipe("", this_machine(), flags={}, pairs=()))
    return Home(tmp_path)


@pytest.fixture
def page(home: Home, settings: Settings) -> Iterator[TestClient]:
    app = create_app(settings, home, parts=("api",))
    service = app.state.service
    training = TrainingManager(service, BackgroundTasks(service.workspace))
    app.include_router(training_routes(service, training, DatasetReviews(service)), prefix="/page")
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client
        training.stop()


def test_the_state_has_all_that_the_tab_shows(page: TestClient, home: Home) -> None:
    state = page.get("/page/training").raise_for_status().json()
    assert state["datasets"] == [{"name": "Empty one", "rows": 0}, {"name": "tanks", "rows": 16}]
    assert {"quick", "smollm2-cpu"} <= {recipe["name"] for recipe in state["recipes"]}
    assert [target["name"] for target in state["targets"]] == ["gguf", "ollama", "hf"]
    assert [(run["name"], run["actions"]) for run in state["runs"]] == [("tanks-1", ["resume"])]
    assert state["free_names"] == {"Empty one": "empty-one-1", "tanks": "tanks-2"}
    assert (state["task"], state["shown"], state["curves"]) == (None, "tanks-1", {})
    open_run(home, "tanks-1").log.write_text('{"stage": "sft", "step": 1, "loss": 3.5}\n')
    assert page.get("/page/training?run=tanks-1").json()["curves"] == {"sft loss": [[1, 3.5]]}
    assert page.get("/page/training?run=none").json()["shown"] == "tanks-1"


def test_minutes_are_asked_for_without_waiting(page: TestClient) -> None:
    known = page.post("/page/training/estimates", json={"dataset": "tanks"}).raise_for_status().json()
    assert known == {"recipes": {}, "default": "", "pending": True}


def test_a_task_is_begun_followed_and_stopped(page: TestClient) -> None:
    body = {"dataset": "tanks", "recipe": "quick", "base": "no-such-base", "name": "tanks-2"}
    begun = page.post("/page/training/start", json=body)
    assert (begun.status_code, begun.json()) == (202, {"kind": "train", "name": "tanks-2"})
    task = page.get("/page/training").json()["task"]
    assert (task["kind"], task["name"]) == ("train", "tanks-2")
    assert page.post("/page/training/start", json={**body, "name": "tanks-3"}).status_code == 400  # one at a time
    # While it runs, no estimate takes the machine from it.
    assert page.post("/page/training/estimates", json={"dataset": "tanks"}).json()["pending"] is False
    stopping = page.post("/page/training/stop").raise_for_status().json()["task"]
    assert stopping["state"] in ("stopping", "stopped", "failed")


FAILING: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "estimate of an unknown dataset": ("estimates", {"dataset": "none"}, 404, "choose one under Data"),
    "estimate of many passes": ("estimates", {"dataset": "tanks", "epochs": 1001}, 400, "epochs"),
    "start on an unknown dataset": ("start", {"dataset": "none", "name": "x"}, 404, "choose one under Data"),
    "start without rows": ("start", {"dataset": "Empty one", "name": "x"}, 422, "make one under Data"),
    "start under a bad name": ("start", {"dataset": "tanks", "name": "../x"}, 400, "choose another name"),
    "start under a taken name": ("start", {"dataset": "tanks", "name": "tanks-1"}, 400, "choose another name"),
    "resume of an unknown run": ("resume/none", {}, 404, "choose a run"),
    "export of an unknown run": ("export/none", {}, 404, "choose a run"),
    "what an unknown run knows": ("know/none", {}, 404, "choose a run"),
    "rows of what an unknown run does not know": ("weak/none", {}, 404, "choose a run"),
    "export to an unknown target": ("export/tanks-1", {"to": "none"}, 400, "use one of"),
    "comparison of an unknown run": ("compare/none", {}, 404, "choose a run"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failing_request_says_what_to_click(page: TestClient, name: str) -> None:
    path, body, status, words = FAILING[name]
    response = page.post(f"/page/training/{path}", json=body)
    fault = response.json()["error"]
    text = f"{fault['message']} {fault.get('click', '')}"
    assert response.status_code == status and words in text and not COMMAND.search(text), text
    assert page.get("/page/training").json()["task"] is None


def test_what_a_run_knows_is_read_after_it_was_asked(page: TestClient, home: Home) -> None:
    missing = page.get("/page/training/runs/tanks-1/knowledge")
    assert missing.status_code == 404 and missing.json()["error"]["click"] == "ask it first"
    begun = page.post("/page/training/know/tanks-1")
    assert (begun.status_code, begun.json()) == (202, {"kind": "know", "name": "tanks-1"})
    folder = open_run(home, "tanks-1").folder / "knows"
    folder.mkdir(exist_ok=True)
    (folder / "map.json").write_text('{"run": "tanks-1", "documents": []}')
    assert page.get("/page/training/runs/tanks-1/knowledge").json() == {"run": "tanks-1", "documents": []}


def test_a_comparison_is_begun_by_one_click_and_its_report_is_known(page: TestClient, home: Home) -> None:
    begun = page.post("/page/training/compare/tanks-1")
    assert (begun.status_code, begun.json()) == (202, {"kind": "compare", "name": "tanks-1"})
    assert [run["has_report"] for run in page.get("/page/training").json()["runs"]] == [False]
    report = open_run(home, "tanks-1").folder / "compare" / "report.html"
    report.parent.mkdir(exist_ok=True)
    report.write_text("<h1>Better</h1>", encoding="utf-8")
    assert [run["has_report"] for run in page.get("/page/training").json()["runs"]] == [True]


def test_an_exported_file_is_downloaded_under_its_name(page: TestClient, home: Home) -> None:
    missing = page.get("/page/training/runs/tanks-1/file")
    assert missing.status_code == 404 and missing.json()["error"]["click"] == "press Export first"
    open_run(home, "tanks-1").gguf.write_bytes(b"GGUF")
    response = page.get("/page/training/runs/tanks-1/file").raise_for_status()
    assert response.content == b"GGUF" and 'filename="tanks-1.gguf"' in response.headers["content-disposition"]
