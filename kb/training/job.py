"""The stages of a training run in their order: rows, SFT, preferences, DPO, export. Each is resumable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError, DataError
from core.files import sha256_of
from core.prompt import load_prompt
from core.rows import write_rows
from core.types import RunCard
from finetune.data.rows import open_dataset
from finetune.estimate import check_fits, estimate
from finetune.recipe import Recipe, recipe_dtype
from finetune.retain.registry import RETAIN_METHODS
from finetune.runs import TrainingRun, open_run, read_card, read_recipe, remove_run, update_card
from finetune.training.launch import STAGES, Launch, begin_run, device_count, join_stage, train_stage
from finetune.training.machine import Machine
from finetune.training.nodes import NodeLeader, announced_stages, leading
from kb.exporting import open_run_export
from kb.training.continuing import continued_request, continued_rows, continued_run
from kb.training.from_docs import free_name, rows_from_docs, slug, unfinished_from_docs, unfinished_runs
from kb.training.request import TrainingRequest, hints_for, machine_of, recipe_of, requested_rows
from kb.training.resume import check_same_request, differing_fields
from kb.workspace import Workspace

if TYPE_CHECKING:
    from finetune.data.prepare import Prepared
    from finetune.training.search import Trial
    from synth.making.run import SynthProgress

# Rows by which the longest is estimated before all are read.
_SAMPLED = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingResult:
    """A run that is trained to its end.

    Attributes:
        run: Its name and folder.
        card: What `run.json` says of it.
    """

    run: TrainingRun
    card: RunCard

    def to_json(self) -> dict[str, Any]:
        """Return what `kb finetune --json` prints."""
        return {
            "run": self.run.name,
            "folder": str(self.run.folder),
            "stages": dict(self.card.stages),
            "scores": dict(self.card.scores),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeTrials:
    """Settings that were tried.

    Attributes:
        name: The search's; the same name resumes it.
        data: Where the rows lie.
        trials: The best first.
        command: Trains with the best settings.
    """

    name: str
    data: Path
    trials: tuple[Trial, ...]
    command: str


class TrainingJob:
    """One request that is trained.

    Args:
        workspace: Home, collection and settings.
        request: What is trained.
        on_note: Receives a line at each step.
        on_event: Receives the events of the training processes: `progress`, `audit`, `model`, `stage`.
        on_rows: Receives the progress of making rows.
    """

    def __init__(
        self,
        workspace: Workspace,
        request: TrainingRequest,
        *,
        on_note: Callable[[str], None] = lambda _: None,
        on_event: Callable[[Mapping[str, Any]], None] = lambda _: None,
        on_rows: Callable[[SynthProgress], None] = lambda _: None,
    ) -> None:
        self._workspace = workspace
        self._home = workspace.home
        self._named = request
        self._request = continued_request(workspace.home, request)
        self._note = on_note
        self._on_event = on_event
        self._on_rows = on_rows
        self._nodes = request.training_nodes()
        self._leader: NodeLeader | None = None

    @cached_property
    def machine(self) -> Machine:
        """This machine, examined once: what is free now decides the batch."""
        return machine_of(self._request)

    def train(self, *, resume: bool = False) -> TrainingResult:
        """Run every stage that is not done.

        Args:
            resume: Take up the named run, or the newest that is not done.

        Raises:
            KbError: A stage failed; the same call resumes.
        """
        if self._nodes.rank:
            return self._follow()
        with leading(self._nodes) as self._leader:
            return self._train(resume=resume)

    def _train(self, *, resume: bool) -> TrainingResult:
        from finetune.training.policy import publish

        run = self._resumed() if resume and self._has_run() else self._begun()
        recipe = read_recipe(run)
        self._note(f"run {run.name}; to resume after an interruption: kb finetune --resume {run.name}")
        self._teach(run, recipe)
        last = "sft"
        if not recipe.dpo:
            self._say_if_unused(run)
            update_card(run, stages={"dpo": "skipped"})
        elif self._preferences(run, recipe):
            self._stage(run, "dpo")
            last = "dpo"
        else:
            self._note("dpo is skipped: the data has no preferences")
            update_card(run, stages={"dpo": "skipped"})
        publish(run, last)
        self._export(run, recipe)
        return TrainingResult(run=run, card=read_card(run))

    def search(self, trials: int) -> RecipeTrials:
        """Try settings of rate, rank and epochs.

        Args:
            trials: Done in all, those of earlier calls included.

        Raises:
            DataError: The data has no held-out rows.
            KbError: A trial failed; the same call resumes.
        """
        from finetune.training.search import search

        prepared = self._prepared(fitted=False)
        if next(iter(prepared.dataset.pairs("val")), None) is None:
            raise DataError(
                "no held-out rows, by which a search compares settings",
                path=prepared.dataset.path,
                hint="kb synth --out DIR; kb finetune --data DIR --search N",
            )
        name = self._request.name or f"{slug(prepared.dataset.path.stem)}-search"

        def attempt(recipe: Recipe, trial: str) -> tuple[float, float]:
            if (self._home.runs / trial).exists():
                remove_run(open_run(self._home, trial))
            run = self._created(trial, prepared, self._sized(prepared, recipe))
            self._teach(run, recipe)
            card = read_card(run)
            remove_run(run)
            return card.scores.get("sft/recall", 0.0), card.times_s.get("sft", 0.0)

        done = search(self._home, name, prepared.recipe, trials, attempt)
        data = self._request.data or str(prepared.dataset.path)
        command = self._request.command("", self._request.recipe, data, done[0].choices)
        return RecipeTrials(name=name, data=prepared.dataset.path, trials=tuple(done), command=command)

    def _begun(self) -> TrainingRun:
        """Return a new run, or the one that the same request left unfinished."""
        with hints_for(self._request):
            prepared = self._prepared()
        recipe = self._sized(prepared, prepared.recipe)
        for run in unfinished_runs(self._home):
            if self._request.name in ("", run.name) and self._is_same(run, prepared):
                self._note(f"resuming run {run.name}")
                return run
        path = prepared.dataset.path
        stem = Path(self._request.data).stem if self._request.data else path.stem
        name = self._request.name or (path.name if self._request.from_docs else free_name(self._home, stem))
        return self._created(name, prepared, recipe)

    def _created(self, name: str, prepared: Prepared, recipe: Recipe) -> TrainingRun:
        data = str(prepared.dataset.path)
        prompt = prepared.chat.answer_prompt
        start = continued_run(self._home, recipe).adapter if recipe.continues else None
        return begin_run(self._home, name, recipe, prepared.base, prepared.dataset, data, prompt, start)

    def _is_same(self, run: TrainingRun, prepared: Prepared) -> bool:
        """Tell whether a run began with the recipe and the data that are asked for now."""
        same_data = read_card(run).data_sha256 == prepared.dataset.sha256()
        return same_data and not differing_fields(read_recipe(run), prepared.recipe)

    def _has_run(self) -> bool:
        """Tell whether there is a run to resume: of rows from documents, these may be all that there was."""
        request = self._request
        if not request.from_docs:
            return True
        return (
            (self._home.runs / request.name).is_dir() if request.name else bool(unfinished_from_docs(self._workspace))
        )

    def _resumed(self) -> TrainingRun:
        """Return the run to resume.

        Raises:
            ConfigError: There is none, or the request names other settings or other data than it began with.
        """
        unfinished = unfinished_from_docs(self._workspace) if self._request.from_docs else unfinished_runs(self._home)
        if self._request.name:
            run = open_run(self._home, self._request.name)
        elif unfinished:
            run = unfinished[0]
        else:
            raise ConfigError("no run to resume", hint="kb runs list", click="start a run under Training")
        name = free_name(self._home, run.name)
        check_same_request(run, self._named, self._home, self.machine, other_name=name, on_note=self._note)
        return run

    def _prepared(self, *, fitted: bool = True) -> Prepared:
        """Return recipe, base and data, everything checked; with `from_docs` the data is made first.

        Args:
            fitted: Choose passes and rows that fit the minutes of the recipe.
        """
        from finetune.data.prepare import prepare
        from finetune.training.base import check_base, find_base
        from kb.training.sizing import sized

        recipe = recipe_of(self._request, self.machine, self._note)
        if recipe.continues:
            continued_run(self._home, recipe)
        check_base(find_base(recipe.base, self._home), recipe)  # before minutes are spent on rows
        if self._request.from_docs and not self._request.data:
            data = rows_from_docs(self._workspace, self._request, recipe, on_note=self._note, on_rows=self._on_rows)
        else:
            data = requested_rows(self._request, recipe, self._home, on_note=self._note)
        if recipe.continues:
            data = continued_rows(self._workspace, recipe, data, on_note=self._note)
        prompt = load_prompt(self._workspace.settings.rag.prompt_file)
        prepared = prepare(recipe, data, self._home, machine=self.machine, prompt=prompt)
        for note in prepared.notes:
            self._note(note)
        return sized(prepared, self._home, self._note) if fitted else prepared

    def _sized(self, prepared: Prepared, recipe: Recipe) -> Recipe:
        """Return the recipe with nothing left to the machine: arithmetic, and the largest batch that fits.

        Raises:
            ConfigError: Not even one row fits.
            DataError: No row serves the objective.
        """
        from finetune.data.audit import check_rows_left
        from finetune.data.dataset import tokenise
        from finetune.data.work import longest_row

        head = (pair for pair, _ in zip(prepared.dataset.pairs("train"), range(_SAMPLED), strict=False))
        data = tokenise(head, prepared.chat, recipe, prepared.context_tokens)
        if not data.rows:  # the first rows may all be of another objective
            data = prepared.tokenised()
            check_rows_left(data)
        rows = data.rows
        longest = longest_row(prepared, rows)
        needs = estimate(prepared.base.shape, recipe, self.machine, rows=len(rows), row_tokens=longest)
        check_fits(needs)
        return recipe.model_copy(update={"dtype": recipe_dtype(recipe, self.machine), "micro_batch": needs.micro_batch})

    def _teach(self, run: TrainingRun, recipe: Recipe) -> None:
        """Run SFT, after the base has written the rows that retain its skills where the recipe asks for them."""
        if RETAIN_METHODS[recipe.retain].prepares:
            self._stage(run, "retain", processes=1)
        self._stage(run, "sft")

    def _stage(self, run: TrainingRun, name: str, *, processes: int = 0) -> None:
        if read_card(run).stages.get(name) == "done":
            self._note(f"{name} is done")
            return
        self._note(f"{name} starts")
        request = self._request
        processes = processes or request.processes or device_count(self.machine)
        launch = Launch(processes=processes, log_dir=request.log_dir, report_to=request.report_to)
        if self._leader and name in STAGES:  # the others train; rows are written by one
            self._leader.announce(run.name, name, processes, sha256_of(run.recipe))
            launch = replace(launch, nodes=self._nodes)
        train_stage(self._home, run, name, self.machine, launch, self._on_event)

    def _follow(self) -> TrainingResult:
        """Train this node's share of every stage that node 0 announces."""
        nodes, run = self._nodes, None
        self._note(f"node {nodes.rank} of {nodes.count}; node 0 at {nodes.rendezvous} leads")
        for stage in announced_stages(nodes):
            run = self._shared_run(stage["run"], stage["recipe_sha256"])
            self._note(f"{stage['stage']} of run {run.name} starts")
            launch = Launch(processes=stage["processes"], nodes=nodes)
            join_stage(self._home, run, stage["stage"], self.machine, launch)
        if run is None:
            raise ConfigError("node 0 had nothing to train", hint="kb runs list")
        return TrainingResult(run=run, card=read_card(run))

    def _shared_run(self, name: str, recipe_sha256: str) -> TrainingRun:
        folder = self._home.runs / name
        if not folder.is_dir() or sha256_of((run := open_run(self._home, name)).recipe) != recipe_sha256:
            raise ConfigError(
                f"{folder} is not the run that node 0 trains: all nodes need one home, on a file system that all mount",
                hint="export KB_HOME=FOLDER  # on every node",
            )
        return run

    def _preferences(self, run: TrainingRun, recipe: Recipe) -> bool:
        """Tell whether there are preferences, after pairing the policy's own wrong answers with the right ones."""
        from kb.training.preferences import policy_preferences

        own = run.policy_preferences
        dataset = open_dataset(Path(read_card(run).data))
        if not own.is_file():
            own.parent.mkdir(exist_ok=True)
            pairs, preferences = list(dataset.pairs("train")), list(dataset.preferences("train"))
            mistakes = policy_preferences(run, recipe, self._home, self.machine, pairs, preferences, self._note)
            made = list(mistakes)
            write_rows(own, made)
            kinds = ", ".join(f"{count} {kind}" for kind, count in Counter(row.kind for row in made).most_common())
            self._note(f"preferences against the policy's own mistakes: {len(made)}{f' ({kinds})' if kinds else ''}")
        return own.stat().st_size > 0 or any(True for _ in dataset.preferences("train"))

    def _say_if_unused(self, run: TrainingRun) -> None:
        """Say where the data has preferences that the recipe does not train and nobody has turned off."""
        dpo_declined = self._request.choices.get("dpo") is False or "dpo" in self._request.skip
        if not dpo_declined and any(True for _ in open_dataset(Path(read_card(run).data)).preferences("train")):
            self._note("the preferences of the data are not trained; with --set dpo=true they are")

    def _export(self, run: TrainingRun, recipe: Recipe) -> None:
        """Write what answers as trained, a GGUF file where one can be made; not where export is skipped."""
        if "export" in self._request.skip or not self._request.from_docs or not recipe.training_method.merges:
            return
        export = open_run_export(self._workspace, run.name, on_note=self._note)
        self._note(f"exported to {export.best()}")
