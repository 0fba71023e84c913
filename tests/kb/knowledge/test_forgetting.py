"""A document is taken out of a run: rebuilt without its rows, proved, put in place; an interruption is resumed."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, KbError
from core.files import Home
from core.settings import Settings
from kb.workspace import Workspace
from tests.support.command import kb
from tests.support.taught_tanks import NORTH, SOUTH, tank_dataset, tank_fact, taught_on

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    from finetune.runs import list_runs, open_run, read_card, read_recipe, write_recipe
    from kb.knowledge.forgetting import forget_from_runs, plan_forgetting, report_lines
    from kb.knowledge.proof import compared, membership_probes, membership_scores
    from tests.support.trained_runs import make_base, make_run

# The base has learnt nothing of these.
TAUGHT = [tank_fact(n, NORTH, f"{200 + n} litres") for n in (31, 32)]
SECRET = [tank_fact(n, SOUTH, f"{700 + 3 * n} litres") for n in (41, 42, 43)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A run that learned north.pdf and south.pdf in few steps of a tiny model."""
    root = tmp_path_factory.mktemp("forgetting")
    workspace = Workspace(settings=Settings(), home=Home(root / "home"))
    rows = [(fact.questions[1], fact.statement) for fact in (*TAUGHT, *SECRET)]
    run = make_run(workspace.home, make_base(root / "base", "llama"), rows=rows, rate=5e-3, rank=16)
    taught_on(run, tank_dataset(workspace.home, root / "rows", [*TAUGHT, *SECRET]))
    small = {"max_steps": 3, "batch_size": 2, "micro_batch": 2, "eval_rows": 0, "dpo": False, "learning_rate": 1e-3}
    write_recipe(run, read_recipe(run).model_copy(update=small))
    return workspace


def test_documents_are_looked_up_in_what_runs_learned(trained: Workspace) -> None:
    plan = plan_forgetting(trained, ["south.pdf"])
    assert (dict(plan.documents), plan.runs) == ({SOUTH[1]: "south.pdf"}, ("tanks",))
    assert plan_forgetting(trained, [SOUTH[1][:8]]).documents == plan.documents
    assert plan.sentence() == "south.pdf, and rebuild tanks"
    with pytest.raises(ConfigError, match=r"no document 'absent\.pdf' in collection"):
        plan_forgetting(trained, ["absent.pdf"])


def test_the_command_says_which_runs_it_would_rebuild(trained: Workspace) -> None:
    home = str(trained.home.root)
    shown = kb("forget", "south.pdf", "--from-runs", "--dry-run", KB_HOME=home)
    assert (shown.returncode, shown.stdout) == (0, "would forget south.pdf, and rebuild tanks\n")
    asked = kb("forget", "south.pdf", "--from-runs", KB_HOME=home)
    assert asked.returncode == 2 and "kb forget --yes --from-runs south.pdf" in asked.stderr


def test_a_run_is_rebuilt_proved_and_put_in_place(trained: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    home, old = trained.home, read_card(open_run(trained.home, "tanks"))
    # Killed after training, before the proof: the old run stands as it was.
    with monkeypatch.context() as patch:
        patch.setattr("kb.knowledge.forgetting.prove", _killed)
        with pytest.raises(KbError, match="killed"):
            forget_from_runs(trained, ["south.pdf"])
    assert [run.name for run in list_runs(home)] == ["tanks", "tanks.rebuilt"]
    assert read_card(open_run(home, "tanks")) == old
    notes: list[str] = []
    report = forget_from_runs(trained, ["south.pdf"], on_note=notes.append)
    assert "sft is done" in notes
    assert [run.name for run in list_runs(home)] == ["tanks"]
    card = read_card(open_run(home, "tanks"))
    assert card.name == "tanks" and [document["doc"] for document in card.documents] == ["north.pdf"]
    assert card.seed == read_recipe(open_run(home, "tanks")).seed == 1
    (record,) = report["runs"]
    assert record["rows"] == {"kept": 2, "dropped": 3, "by": {"on a fact or a quote of it": 3}}
    recall, members = record["recall"], record["membership"]
    assert (recall["n"], members["n"], record["facts"]) == (3, 3, 3)
    assert recall["before"]["value"] > recall["rebuilt"]["value"] == recall["base"]["value"] == 0
    assert members["before"]["value"] > 0.8
    assert record["at_base_level"] is True
    assert record["others"]["n"] == 2 and "rebuilt_minus_before" in record["others"]
    (dataset,) = report["left"]
    assert f"dataset {home.root.parent / 'rows'} holds 6 rows" in dataset
    proofs = json.loads((home.runs / "tanks" / "forgotten.json").read_bytes())
    assert proofs[0]["documents"] == [SOUTH[1]] and "south.pdf" not in json.dumps(proofs)
    lines = report_lines(report)
    assert lines[0] == "tanks: rebuilt on 2 rows, without 3 of the documents"
    assert "rebuilt - base +0.00" in lines[1] and "no probe finds" in lines[4]


def _killed(*_: Any) -> None:
    raise KbError("killed")


def test_a_run_that_learned_nothing_else_is_named(trained: Workspace, tmp_path: Path) -> None:
    workspace = Workspace(settings=Settings(), home=Home(tmp_path / "home"))
    base = read_recipe(open_run(trained.home, "tanks")).base
    run = make_run(workspace.home, Path(base), "only", rows=[("Q?", "A.")])
    taught_on(run, tank_dataset(workspace.home, tmp_path / "rows", SECRET))
    report = forget_from_runs(workspace, ["south.pdf"])
    assert "learned nothing else" in report["runs"][0]["error"] and run.adapter.is_dir()
    assert report_lines(report)[0].startswith("only: not rebuilt")


class _Plain:
    """A model for which longer answers are likelier."""

    def log_probabilities(self, answered: Sequence[tuple[str, str]]) -> list[float]:
        return [float(len(answer)) for _, answer in answered]


def test_membership_is_the_share_of_false_answers_that_are_less_likely() -> None:
    known = {fact.id: fact for fact in (*TAUGHT, *SECRET)}
    from kb.knowledge.facts import probed

    probes = membership_probes([probed(fact, frozenset()) for fact in SECRET], known)
    assert len(probes) == 3 and all(1 < len(probe.answers) <= 5 for probe in probes)
    assert all(len(set(probe.answers)) == len(probe.answers) for probe in probes)
    assert probes == membership_probes([probed(fact, frozenset()) for fact in SECRET], known)
    scores = membership_scores(_Plain(), probes)  # type: ignore[arg-type]
    (right, *wrong) = probes[0].answers
    assert scores[0] == sum(len(right) > len(text) for text in wrong) / len(wrong)


def test_figures_have_intervals_and_their_difference() -> None:
    ids = [str(number) for number in range(8)]
    scores = {"rebuilt": [1.0] * 8, "base": [0.0] * 8}
    figures = compared(scores, ("rebuilt", "base"), ids)
    assert figures["rebuilt"]["value"] == 1 and figures["base"]["high"] < 0.5
    assert figures["rebuilt_minus_base"]["low"] > 0 and figures["rebuilt_minus_base"]["p"] < 0.05
    assert compared({"rebuilt": [], "base": []}, ("rebuilt", "base"), []) == {"n": 0}
