"""Routes under `/page/training`, which the tab Training calls: recipes with their minutes, runs, the task, curves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from core.errors import DataError
from kb.exporting import TARGETS
from serve.review import DatasetReviews
from serve.service import Service
from serve.work.tasks import BackgroundTask
from serve.work.training import COMPARED_QUESTIONS, TrainingChoices, TrainingManager, summary_json

_Name = Annotated[str, Field(max_length=200)]
_TARGET_WORDS = {"gguf": "One file (GGUF)", "ollama": "Ollama on this machine", "hf": "Folder for transformers"}


class RunChoices(BaseModel):
    """What is chosen for a run; `epochs` 0 leaves the passes to the recipe."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    dataset: _Name
    recipe: _Name = ""
    base: _Name = ""
    epochs: float = Field(0, ge=0, le=1000)


class NewRun(RunChoices):
    """A run to begin."""

    name: _Name


class ExportTarget(BaseModel):
    """Where a run is exported to."""

    to: _Name = TARGETS[0]


def training_routes(service: Service, training: TrainingManager, reviews: DatasetReviews) -> APIRouter:
    """Return the routes.

    Args:
        service: Runs what takes a moment on its threads.
        training: The runs.
        reviews: The datasets.
    """
    routes = APIRouter()
    for part in (_looks, _deeds):
        routes.include_router(part(service, training, reviews), prefix="/training")
    return routes


def _looks(service: Service, training: TrainingManager, reviews: DatasetReviews) -> APIRouter:
    routes = APIRouter()

    @routes.get("")
    async def state(run: _Name = "") -> dict[str, Any]:
        names = await reviews.datasets()
        datasets = [{"name": name, "rows": await reviews.row_count(name)} for name in names]

        def work() -> dict[str, Any]:
            runs, task = training.runs(), training.task()
            known = [row.name for row in runs]
            shown = next((name for name in (run, (task or {}).get("name"), *reversed(known)) if name in known), "")
            begun = shown and (service.home.runs / shown / "run.json").is_file()
            return {
                "datasets": datasets,
                "recipes": [{"name": name, "about": about} for name, about in training.recipes().items()],
                "methods": training.methods(),
                "targets": [{"name": name, "title": _TARGET_WORDS[name]} for name in TARGETS],
                "runs": [summary_json(row) for row in runs],
                "free_names": {name: _free_name(name, known) for name in names},
                "task": task,
                "shown": shown,
                "curves": training.curves(shown) if begun else {},
            }

        return await service.quick.run(work)

    @routes.post("/estimates")
    async def estimates(choices: RunChoices, again: bool = False) -> dict[str, Any]:
        chosen = _choices(choices, reviews)
        forecasts = await service.quick.run(lambda: training.estimates(chosen, again=again))
        recipes = {name: forecast.to_json() for name, forecast in forecasts.recipes.items()}
        return {"recipes": recipes, "default": forecasts.default, "pending": forecasts.pending}

    @routes.get("/runs/{name}/file")
    async def file(name: str, http: Request) -> FileResponse:
        path = await service.quick.run(lambda: training.file(name))
        service.audit.note("export", http.state.who, run=name)
        return FileResponse(path, media_type="application/octet-stream", filename=f"{name}.gguf")

    @routes.get("/runs/{name}/knowledge")
    async def knowledge(name: str) -> dict[str, Any]:
        return await service.quick.run(lambda: training.knowledge(name))

    return routes


def _deeds(service: Service, training: TrainingManager, reviews: DatasetReviews) -> APIRouter:
    routes = APIRouter()

    def begun(what: str, task: BackgroundTask, http: Request) -> JSONResponse:
        service.audit.note(what, http.state.who, run=task.name)
        return JSONResponse({"kind": task.kind, "name": task.name}, 202)

    @routes.post("/start")
    async def start(new: NewRun, http: Request) -> JSONResponse:
        if not await reviews.row_count(new.dataset):
            message = f"the dataset {new.dataset!r} has no training rows"
            raise DataError(message, hint="kb synth --out DIR", click="choose another one, or make one under Data")
        chosen = _choices(new, reviews)
        task = await service.quick.run(lambda: training.start(new.name, chosen))
        return begun("train", task, http)

    @routes.post("/resume/{name}")
    async def resume(name: str, http: Request) -> JSONResponse:
        return begun("train", await service.quick.run(lambda: training.resume(name)), http)

    @routes.post("/export/{name}")
    async def export(name: str, target: ExportTarget, http: Request) -> JSONResponse:
        return begun("export", await service.quick.run(lambda: training.export(name, target.to)), http)

    @routes.post("/compare/{name}")
    async def compare(name: str, http: Request) -> JSONResponse:
        return begun("compare", await service.quick.run(lambda: training.compare(name, COMPARED_QUESTIONS)), http)

    @routes.post("/know/{name}")
    async def know(name: str, http: Request) -> JSONResponse:
        return begun("know", await service.quick.run(lambda: training.know(name)), http)

    @routes.post("/weak/{name}")
    async def weak(name: str, http: Request) -> JSONResponse:
        return begun("synthesize", await service.quick.run(lambda: training.make_weak_rows(name)), http)

    @routes.post("/stop")
    async def stop(http: Request) -> dict[str, Any]:
        await service.quick.run(training.stop)
        service.audit.note("stop", http.state.who)
        return {"task": training.task()}

    return routes


def _choices(choices: RunChoices, reviews: DatasetReviews) -> TrainingChoices:
    """Return what was chosen, with the dataset's folder.

    Raises:
        NotFound: There is no such dataset.
    """
    folder = reviews.folder(choices.dataset)
    return TrainingChoices(folder=folder, recipe=choices.recipe, base=choices.base, epochs=choices.epochs)


def _free_name(dataset: str, taken: Sequence[str]) -> str:
    """Return a name for a run on a dataset that no run has."""
    stem = re.sub(r"[^a-z0-9_.-]+", "-", dataset.lower()).strip("-_.")[:50] or "run"
    return next(name for number in range(1, len(taken) + 2) if (name := f"{stem}-{number}") not in taken)
