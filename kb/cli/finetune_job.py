"""The stages of `kb finetune` in their order; what one workshop makes is handed to the next here."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError, DataError, MissingExtra
from core.install import package_command
from kb.cli import finetune_show as show
from kb.cli import screen
from kb.cli.finetune import Wanted, chosen_recipe

if TYPE_CHECKING:
    from core.types import Pair, Preference
    from finetune.data.prepare import Prepared
    from finetune.recipe import Recipe
    from finetune.runs import Run
    from finetune.training.launch import Launch
    from finetune.training.machine import Machine
    from kb.workspace import Workspace

_TRACKERS = {"tensorboard": "tensorboard", "mlflow": "mlflow", "wandb": "wandb"}
# Longest answer of the policy that could stand in a preference.
_POLICY_TOKENS = 96


class Job:
    """One call of `kb finetune` that trains."""

    def __init__(self, session: Workspace, wanted: Wanted) -> None:
        self._session = session
        self._wanted = wanted
        for name in wanted.report_to:
            if name not in _TRACKERS:
                raise ConfigError(f"--report-to {name}: one of {', '.join(_TRACKERS)}", hint="kb finetune --help")
            if importlib.util.find_spec(_TRACKERS[name]) is None:
                package = _TRACKERS[name]
                raise MissingExtra(f"--report-to {name} requires the package {package}", hint=package_command(package))

    @cached_property
    def machine(self) -> Machine:
        """This machine, asked once: what is free now decides the batch."""
        from finetune.training.machine import this_machine

        return this_machine()

    def train(self, *, resume: bool) -> None:
        """Run every stage that is not done."""
        from finetune.runs import read_card, read_recipe, update_card
        from finetune.training.policy import publish

        # Rows may have been all that there was when it stopped.
        run = self._resumed() if resume and (self._unfinished() or not self._wanted.from_docs) else self._begun()
        recipe = read_recipe(run)
        self._note(f"run {run.name}; if it is interrupted: kb finetune --resume {run.name}")
        self._stage(run, "sft")
        last = "sft"
        if not recipe.dpo:
            update_card(run, stages={"dpo": "skipped"})
        elif self._preferences(run):
            self._stage(run, "dpo")
            last = "dpo"
        else:
            self._note("dpo is skipped: the data has no preferences")
            update_card(run, stages={"dpo": "skipped"})
        publish(run, last)
        self._export(run, recipe)
        card = read_card(run)
        if self._wanted.as_json:
            screen.document(
                {"run": run.name, "folder": str(run.folder), "stages": dict(card.stages), "scores": dict(card.scores)}
            )
        else:
            screen.say(run.name)
        self._note(f'{run.folder}. Next: kb generate {run.name} "QUESTION"; kb compare {run.name}')

    def search(self, trials: int) -> None:
        """Try settings and print a table, the best first."""
        from finetune.training.search import search

        prepared = self._prepared()
        if next(iter(prepared.dataset.pairs("val")), None) is None:
            raise DataError(
                "a search compares settings by held-out rows, and there are none", path=prepared.dataset.path,
                hint="kb synth --out DIR; kb finetune --data DIR --search N",
            )  # fmt: skip
        name = self._wanted.name or f"{_slug(prepared.dataset.path.stem)}-search"

        def attempt(recipe: Recipe, trial: str) -> tuple[float, float]:
            from finetune.runs import open_run, read_card, remove_run

            home = self._session.home
            if (home.runs / trial).exists():
                remove_run(open_run(home, trial))
            run = self._created(trial, prepared, self._sized(prepared, recipe))
            self._stage(run, "sft")
            card = read_card(run)
            remove_run(run)
            return card.scores.get("sft/recall", 0.0), card.times_s.get("sft", 0.0)

        found = search(self._session.home, name, prepared.recipe, trials, attempt)
        if self._wanted.as_json:
            screen.document({"search": name, "trials": [trial.record() for trial in found]})
            return
        names = list(found[0].choices)
        screen.table(
            ["trial", *names, "recall", "seconds"],
            [[str(t.number), *(f"{t.choices[n]:.4g}" for n in names), f"{t.recall:.3f}", f"{t.seconds:.0f}"]
             for t in found],
            right=frozenset(range(len(names) + 3)),
        )  # fmt: skip
        best = " ".join(f"--set {key}={value:.4g}" for key, value in found[0].choices.items())
        self._note(f"Next: kb finetune --data {prepared.dataset.path} {best}")

    def _note(self, text: str) -> None:
        screen.note(text, quiet=self._wanted.quiet)

    # What is trained

    def _begun(self) -> Run:
        """Return a new run, or the one that the same command left unfinished."""
        prepared = self._prepared()
        recipe = self._sized(prepared, prepared.recipe)
        for run in self._unfinished():
            if self._wanted.name in ("", run.name) and not self._differences(run, prepared.recipe, prepared):
                self._note(f"goes on with run {run.name}")
                return run
        path = prepared.dataset.path
        stem = Path(self._wanted.data).stem if self._wanted.data else path.stem
        name = self._wanted.name or (path.name if self._wanted.from_docs else self._free_name(stem))
        return self._created(name, prepared, recipe)

    def _created(self, name: str, prepared: Prepared, recipe: Recipe) -> Run:
        from finetune.training.launch import begin_run

        data = str(prepared.dataset.path)
        prompt = prepared.chat.answer_prompt
        return begin_run(self._session.home, name, recipe, prepared.base, prepared.dataset, data, prompt)

    def _unfinished(self) -> list[Run]:
        """Return the runs that have no result yet, the newest first."""
        from finetune.runs import list_runs, read_card

        found = [(read_card(run).created_at, run) for run in list_runs(self._session.home) if not run.adapter.is_dir()]
        return [run for _, run in sorted(found, key=lambda one: one[0], reverse=True)]

    def _differences(self, run: Run, recipe: Recipe, prepared: Prepared | None) -> list[str]:
        """Return what a run began with that is not what is wanted now."""
        from finetune.runs import read_card, read_recipe

        began = read_recipe(run)
        fields = [name for name in type(began).model_fields if name not in _RESOLVED]
        differing = [name for name in fields if getattr(recipe, name) != getattr(began, name)]
        if prepared and read_card(run).data_sha256 != prepared.dataset.sha256():
            differing.append("data")
        return differing

    def _resumed(self) -> Run:
        """Return the run that goes on.

        Raises:
            ConfigError: There is none, or flags ask for another recipe than it began with.
        """
        from finetune.runs import open_run

        if self._wanted.name:
            run = open_run(self._session.home, self._wanted.name)
        else:
            unfinished = self._unfinished()
            if not unfinished:
                raise ConfigError("there is no run to go on with", hint="kb runs list")
            run = unfinished[0]
        if any(value is not None for value in self._wanted.choices.values()) or self._wanted.pairs:
            differing = self._differences(run, chosen_recipe(self._wanted, self.machine), None)
            if differing:
                fields = ", ".join(differing)
                raise ConfigError(f"run {run.name!r} began with another {fields}", hint="kb finetune --resume RUN")
        return run

    def _prepared(self) -> Prepared:
        """Return recipe, base and data, everything checked; with --from-docs the data is made first."""
        from core.prompt import load_prompt
        from finetune.data.prepare import prepare
        from finetune.training.base import check_base, find_base
        from kb.training_data import training_folder

        recipe = chosen_recipe(self._wanted, self.machine)
        # Before minutes are spent on rows.
        check_base(find_base(recipe.base, self._session.home), recipe)
        if self._wanted.from_docs and not self._wanted.data:
            data = self._from_docs(recipe)
        else:
            data = training_folder(
                self._wanted.data, self._session.home, most_rows=most_rows(recipe), on_note=self._note
            )
        prompt = load_prompt(self._session.settings.rag.prompt_file)
        prepared = prepare(recipe, data, self._session.home, machine=self.machine, prompt=prompt)
        for note in prepared.notes:
            self._note(note)
        return prepared

    def _from_docs(self, recipe: Recipe) -> Path:
        """Return the dataset of the collection, made by `kb synth`; it goes on where it was interrupted."""
        home, slug = self._session.home, _slug(self._session.collection)
        left = (run.name for run in self._unfinished() if re.fullmatch(rf"{slug}-[0-9]+", run.name))
        name = self._wanted.name or next(left, self._free_name(slug))
        folder = home.root / "datasets" / name
        if (folder / "manifest.json").is_file():
            self._note(f"rows: {folder} is there")
            return folder
        if "synth" in self._wanted.skip:
            raise ConfigError(f"--skip synth: there are no rows in {folder}", hint="kb finetune --from-docs")
        from kb.cli.synth import build_dataset

        with ExitStack() as stack:
            manifest = build_dataset(self._session, folder, seed=recipe.seed, quiet=self._wanted.quiet, stack=stack)
        self._note(f"rows: {manifest['counts']['pairs']} in {folder}")
        return folder

    def _free_name(self, stem: str) -> str:
        from finetune.runs import list_runs

        taken = {run.name for run in list_runs(self._session.home)}
        slug = _slug(stem)
        return next(name for number in range(1, len(taken) + 2) if (name := f"{slug}-{number}") not in taken)

    def _sized(self, prepared: Prepared, recipe: Recipe) -> Recipe:
        """Return the recipe with nothing left to the machine: arithmetic, and the largest batch that fits.

        Raises:
            ConfigError: Not even one row fits.
        """
        from finetune.data.dataset import tokenise
        from finetune.estimate import check_fits, estimate
        from finetune.recipe import recipe_dtype

        head = (pair for pair, _ in zip(prepared.dataset.pairs("train"), range(_SAMPLED), strict=False))
        rows = tokenise(head, prepared.chat, recipe, prepared.context_tokens).rows
        longest = prepared.longest(rows)
        found = estimate(prepared.base.shape, recipe, self.machine, rows=len(rows), row_tokens=longest)
        check_fits(found)
        return recipe.model_copy(update={"dtype": recipe_dtype(recipe, self.machine), "micro_batch": found.micro_batch})

    # Stages

    @property
    def _launch(self) -> Launch:
        from finetune.training.launch import Launch, device_count

        wanted = self._wanted
        processes = wanted.processes or device_count(self.machine)
        return Launch(processes=processes, log_dir=wanted.log_dir, report_to=wanted.report_to)

    def _stage(self, run: Run, name: str) -> None:
        from finetune.runs import read_card
        from finetune.training.launch import train_stage

        if read_card(run).stages.get(name) == "done":
            self._note(f"{name} is done")
            return
        self._note(f"{name} starts")
        train_stage(
            self._session.home, run, name, self.machine, self._launch,
            lambda told: show.event(told, quiet=self._wanted.quiet),
        )  # fmt: skip

    def _preferences(self, run: Run) -> bool:
        """Tell whether there is anything to prefer, after the policy's own answers were asked for."""
        from core.rows import write_rows
        from finetune.data.rows import open_dataset
        from finetune.runs import read_card, read_recipe

        own = run.policy_preferences
        dataset = open_dataset(Path(read_card(run).data))
        if not own.is_file():
            own.parent.mkdir(exist_ok=True)
            made = list(self._against_policy(run, read_recipe(run), list(dataset.pairs("train"))))
            write_rows(own, made)
            self._note(f"preferences against the policy's own answers: {len(made)}")
        return own.stat().st_size > 0 or any(True for _ in dataset.preferences("train"))

    def _against_policy(self, run: Run, recipe: Recipe, pairs: list[Pair]) -> Iterator[Preference]:
        """Yield what the SFT policy says without the evidence, where that is wrong, against the grounded answer."""
        from synth.check.grounding import LexicalScorer
        from synth.making.prefer import policy_preference
        from synth.work.kinds import POLICY_KINDS

        grounded = [pair for pair in pairs if pair.kind in ("evidence", "distractors") and pair.evidence]
        step = max(1, len(grounded) // max(1, recipe.policy_preferences // len(POLICY_KINDS)))
        asked = grounded[::step] if recipe.policy_preferences else []
        if not asked:
            return
        self._note(f"asking the policy {len(asked) * len(POLICY_KINDS)} questions")
        memory, distractors = POLICY_KINDS
        prompts = [(row, memory, "") for row in asked] + [
            (row, distractors, wrong) for row in asked if (wrong := _without(row, grounded))
        ]
        margin = self._session.settings.synth.margin
        for (row, kind, _), said in zip(prompts, self._answers(run, recipe, prompts), strict=True):
            preference, _ = policy_preference(row, kind, said, LexicalScorer(), margin)
            if preference is not None:
                yield preference

    def _answers(self, run: Run, recipe: Recipe, prompts: list[tuple[Pair, str, str]]) -> list[str]:
        from dataclasses import replace

        from finetune.data.prepare import chat_of_policy
        from finetune.runs import read_prompt
        from finetune.training.base import find_base
        from finetune.training.policy import asker, load_policy

        base = find_base(recipe.base, self._session.home)
        folder = run.stage("sft") / "policy"
        chat = chat_of_policy(base, recipe, folder, read_prompt(run))
        model = load_policy(base, recipe, self.machine, folder)
        shown = [chat.prompt(replace(row, context=context)) for row, _, context in prompts]
        return asker(model, chat, recipe, self.machine, _POLICY_TOKENS).answers(shown)

    def _export(self, run: Run, recipe: Recipe) -> None:
        """Merge, write and compare, where the method merges and nobody said otherwise."""
        if "export" in self._wanted.skip or not self._wanted.from_docs or not recipe.training_method.merges:
            return
        from finetune.export.job import DEFAULT, Server, open_export

        settings = self._session.settings
        server = Server(
            url=settings.rag.ollama_url, timeout_s=settings.models.timeout_s, num_ctx=settings.models.num_ctx
        )
        job = open_export(self._session.home, run.name, self.machine, server, self._note)
        self._note(f"exported to {job.gguf(DEFAULT)}")


# Rows by which the longest is judged before all are read.
_SAMPLED = 20_000
# Fields that the machine or the name of a recipe decide, not a person who resumes.
_RESOLVED = frozenset({"name", "dtype", "micro_batch"})


def most_rows(recipe: Recipe) -> int:
    """Return how many rows of a split a run can reach; 0 for all of them."""
    return recipe.max_steps * recipe.batch_size if recipe.streaming else 0


def _without(row: Pair, others: list[Pair]) -> str:
    """Return the passages of another row that do not hold this row's answer; empty where all do."""
    from core.metrics import contains

    gold = row.evidence[0].quote
    return next(
        (
            other.context
            for other in others
            if other.group != row.group and not contains(other.context, gold) and row.answer not in other.context
        ),
        "",
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "run"
