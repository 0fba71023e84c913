"""Retrains a run on what changed since: facts of new versions of its documents that it does not know, with replay."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from core.rows import MANIFEST, DatasetFolder
from finetune.runs import TrainingRun, open_run, read_card, read_recipe, update_card
from kb.data.datasets import DatasetRequest, synthesize
from kb.exporting import export_run
from kb.knowledge.facts import probed_facts
from kb.knowledge.map import KnownFact, ask_facts, dataset_of, run_closed_book
from kb.staleness import LearnedDocument, learner_of_run
from kb.training.continuing import continued_rows
from kb.training.job import TrainingJob
from kb.training.replacing import finish_replacement, replace_run, replacement_of
from kb.training.request import TrainingRequest
from kb.workspace import Workspace

# What follows the name of a run while it is refreshed, and the name of the one that it replaced.
REFRESHED, BEFORE = "refreshed", "before"
OnNote = Callable[[str], None]


def refresh_run(
    workspace: Workspace,
    name: str,
    *,
    on_note: OnNote = lambda _: None,
    on_event: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> dict[str, Any]:
    """Train a run on from its weights on what changed in its documents; the same call resumes.

    The new run takes the old one's name when it is done; the old one stays as `NAME.before`.

    Args:
        name: Of the run.
        on_note: Receives a line at each step.
        on_event: Receives the events of the training processes.

    Returns:
        What `kb refresh --json` prints: `documents` with the state of each that is stale, `facts` of the new versions
        that the run did not know before and knows now, `kept`: the facts of the others that it knew, before and now.

    Raises:
        ConfigError: There is no such run, or it is not trained to its end.
        KbError: Training failed; the same call resumes.
    """
    home, new = workspace.home, replacement_of(workspace.home, name, REFRESHED)
    if not (home.runs / name).exists():
        finish_replacement(home, name, new, kept=f"{name}.{BEFORE}")
    run = open_run(home, name)
    learner = learner_of_run(home, read_card(run))
    changed = [each for each in learner.documents if each.state == "changed"]
    report: dict[str, Any] = {"run": name, "documents": [each.to_json() for each in learner.stale]}
    for each in learner.documents:
        if each.state == "forgotten":
            command = f"kb forget {shlex.quote(each.doc)} --from-runs"
            on_note(f"{each.doc} was forgotten and stays in the weights; to take it out: {command}")
    if not changed:
        return {**report, "trained": False, "facts": {"weak": 0}}
    workspace = workspace.with_rag(collection=learner.collection or workspace.collection)
    fresh = _new_rows(workspace, run, changed, on_note)
    book = run_closed_book(workspace, run)
    fresh_facts, old = probed_facts(fresh), probed_facts(dataset_of(read_card(run)))
    before = ask_facts(book, fresh_facts)
    weak = [each.fact for each in before if each.level != "known"]
    gone = {each.sha256 for each in learner.stale}
    kept = [each.fact for each in ask_facts(book, old) if each.right and each.fact.document[1] not in gone]
    if not weak:
        on_note(f"run {name} knows all {len(fresh_facts)} facts of what changed; nothing is trained")
        _mark_current(run, changed)
        return {**report, "trained": False, "facts": {"asked": len(fresh_facts), "weak": 0}}
    recipe = read_recipe(run).model_copy(update={"continues": name})
    replaced = [each.sha256 for each in changed]
    data = continued_rows(workspace, recipe, fresh.path, on_note=on_note, weak_only=True, replaced=replaced)
    request = TrainingRequest(name=new.name, data=str(data), choices={"continues": name}, skip=frozenset({"export"}))
    job = TrainingJob(workspace, request, on_note=on_note, on_event=on_event)
    new = job.train(resume=new.card.is_file()).run
    after = run_closed_book(workspace, new)
    report["facts"] = {
        "asked": len(fresh_facts),
        "weak": len(weak),
        "weak_right_now": _right(ask_facts(after, weak)),
        "right_before": _right(before),
        "right_now": _right(ask_facts(after, fresh_facts)),
    }
    report["kept"] = {"right_before": len(kept), "right_now": _right(ask_facts(after, kept))}
    report["seconds"] = round(sum(read_card(new).times_s.values()), 1)
    if run.gguf.is_file():
        export_run(workspace, new.name, "gguf", on_note=on_note)
    replace_run(home, name, new, kept=f"{name}.{BEFORE}")
    return {**report, "trained": True, "before": f"{name}.{BEFORE}"}


def _new_rows(workspace: Workspace, run: TrainingRun, changed: list[LearnedDocument], on_note: OnNote) -> DatasetFolder:
    """Return a dataset of the new versions of documents; an interrupted one is resumed."""
    versions = frozenset(each.version for each in changed)
    key = hashlib.sha256(" ".join(sorted(versions)).encode()).hexdigest()[:8]
    folder: Path = workspace.home.root / "datasets" / f"{run.name}-changed-{key}"
    if not (folder / MANIFEST).is_file():
        on_note(f"rows of {', '.join(each.doc for each in changed)} are made in {folder}")
        request = DatasetRequest(seed=read_recipe(run).seed, documents=versions)
        synthesize(workspace, folder, request, on_note=on_note)
    return DatasetFolder(folder)


def _mark_current(run: TrainingRun, changed: list[LearnedDocument]) -> None:
    """Let a run that knows the new versions already say that it learned them."""
    versions = {each.sha256: each.version for each in changed}
    documents = [
        {**document, "sha256": versions.get(document["sha256"], document["sha256"])}
        for document in read_card(run).documents
    ]
    update_card(run, documents=documents)


def _right(facts: list[KnownFact]) -> int:
    return sum(each.right for each in facts)


def refresh_lines(report: Mapping[str, Any]) -> list[str]:
    """Return what a terminal shows of a report."""
    stale = [f"{each['doc']} ({each['state']})" for each in report["documents"]]
    lines = [f"{report['run']}: {', '.join(stale) or 'nothing changed'}"]
    if report["trained"]:
        facts, kept = report["facts"], report["kept"]
        lines.append(
            f"facts of what changed: {facts['right_before']} of {facts['asked']} right before, {facts['right_now']} now"
        )
        lines.append(f"other facts that were right: {kept['right_now']} of {kept['right_before']} still are")
        lines.append(f"trained in {report['seconds']:.0f} s; the run before: {report['before']}")
    return lines
