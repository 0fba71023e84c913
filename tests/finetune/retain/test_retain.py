"""Every way of retaining on a tiny model that answers and stops: its rows, its loss, and a run that was killed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, DataError
from finetune.load_recipe import load_recipe
from finetune.retain.names import RETAIN_NAMES
from finetune.retain.registry import RETAIN_METHODS
from tests.support.json_lines import write_jsonl
from tests.support.tiny_models import CPU, begun, pair

pytestmark = [
    pytest.mark.train,
    pytest.mark.skipif(not importlib.util.find_spec("peft"), reason="needs kb[train]"),
]
if importlib.util.find_spec("peft"):
    import torch

    from finetune.retain.stage import retained_rows, rows_file, run_retain
    from finetune.runs import read_card
    from finetune.training.launch import Launch, train_stage
    from finetune.training.sft import run_sft
    from finetune.training.stage import Stage
    from tests.support.trained_runs import make_base

STEPS = {"packing": "bfd", "max_steps": 6, "save_steps": 3, "eval_steps": 6, "early_stopping": 0, "retain_share": 0.75}


@pytest.fixture(scope="module")
def answering(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base that has learnt some answers and to stop after them."""
    return make_base(tmp_path_factory.mktemp("base") / "llama", "llama", max_position_embeddings=1024)


def prepared_run(root: Path, base: Path, name: str = "one", **choices: Any) -> tuple[Any, Any, Any]:
    link = root / "llama"
    if not link.exists():
        link.symlink_to(base)
    return begun(root, "llama", name=name, **(STEPS | choices))


def trained(root: Path, base: Path, name: str = "one", **choices: Any) -> tuple[Any, Any]:
    home, run, prepared = prepared_run(root, base, name, **choices)
    if RETAIN_METHODS[prepared.recipe.retain].prepares:
        run_retain(Stage(run=run, name="retain", prepared=prepared), home.cache / "retain")
    run_sft(Stage(run=run, name="sft", prepared=prepared))
    return run, prepared


def losses(run: Any) -> list[float]:
    return [entry["loss"] for entry in read_card(run).curves["sft"] if "loss" in entry]


def weights(run: Any) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (run.stage("sft") / "policy").glob("*.safetensors")}


@pytest.fixture
def one_thread() -> Any:
    """Sums are added in the same order as in a process with one thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_ways_and_what_they_refuse() -> None:
    assert RETAIN_NAMES == ("none", "kl", "mixsd", "replay", "sdft")
    assert load_recipe("quick", CPU, pairs=["finetune.retain=kl", "base=x"]).retain == "kl"
    for pairs, says in (
        (["retain=full"], "use one of none, kl, mixsd, replay, sdft"),
        (["retain=kl", "method=full"], "retain kl with full: the base is not there"),
        (["retain=sdft", "method=prompt"], "retain sdft with prompt: the base is not there"),
        (["retain=replay", "streaming=true"], "retain replay with streaming"),
    ):
        with pytest.raises(ConfigError, match=says):
            load_recipe("quick", CPU, pairs=[*pairs, "base=x"])


def test_replay_rows_are_the_base_s_own_answers_and_are_trained(tmp_path: Path, answering: Path) -> None:
    run, prepared = trained(tmp_path, answering, retain="replay")
    rows = retained_rows(run, prepared.recipe)
    assert len(rows) > 6 and {row.origin for row in rows} == {"base"}
    card = read_card(run)
    assert card.rows["train"] == 16 + len(rows) and card.rows["retain"] == len(rows)
    assert card.stages == {"retain": "done", "sft": "done"} and card.times_s["retain"] > 0
    # What the base wrote is what it writes.
    from finetune.training.base import load_model
    from finetune.training.policy import asker

    model = load_model(prepared.base, prepared.recipe, CPU)
    shown = [prepared.chat.prompt(row) for row in rows]
    assert asker(model, prepared.chat, prepared.recipe, CPU, 96).answers(shown) == [row.answer for row in rows]
    # Another run of the same base asks nothing again.
    cached = list((tmp_path / "home" / "cache" / "retain").glob("*.jsonl"))
    before = [path.read_bytes() for path in cached]
    trained(tmp_path, answering, name="two", retain="replay")
    assert [path.read_bytes() for path in cached] == before != []


def test_a_term_of_zero_leaves_the_loss_and_the_term_keeps_the_model_near_its_base(
    tmp_path: Path, answering: Path
) -> None:
    choices = {"max_steps": 10, "eval_steps": 10, "save_steps": 10, "learning_rate": 5e-3}
    plain, prepared = trained(tmp_path, answering, name="plain", **choices)
    near, _ = trained(tmp_path, answering, name="near", retain="kl", retain_weight=5.0, **choices)
    # An adapter starts as the base: the term is 0 and the first loss that of plain training.
    assert losses(near)[0] == pytest.approx(losses(plain)[0], abs=1e-6)
    drift = [entry["retain_kl"] for entry in read_card(near).curves["sft"] if "retain_kl" in entry]
    assert drift[0] == 0.0 and len(drift) == 10 and drift[-1] > 0
    rows = retained_rows(near, prepared.recipe.model_copy(update={"retain": "kl"}))
    assert 0 < distance(near, prepared, rows) < 0.7 * distance(plain, prepared, rows)


def distance(run: Any, prepared: Any, rows: Any) -> float:
    """Return the mean divergence of a run's policy from its base over the answers of some rows."""
    from finetune.data.collate import collator
    from finetune.retain.divergence import divergences
    from finetune.retain.divergence_term import base_of, divergence_term, label_states
    from finetune.training.head import add_label_head
    from finetune.training.policy import load_policy

    model = load_policy(prepared.base, prepared.recipe, CPU, run.stage("sft") / "policy").eval()
    add_label_head(model)
    make = collator(prepared.recipe, prepared.chat.pad_id, 4096, device="cpu")
    term = divergence_term(prepared, rows, make, rank=0, processes=1)
    values = []
    for group in term.groups:
        for part in term.collate(group)["parts"]:
            with torch.no_grad():
                own = label_states(model, part)
                with base_of(model):
                    reference = label_states(model, part).states
                values.append(divergences(own.states, reference, own.weight))
    return float(torch.cat(values).mean())


@pytest.mark.parametrize("method", ["ia3", "llama-adapter"])
def test_the_term_serves_other_adapters(tmp_path: Path, answering: Path, method: str) -> None:
    run, _ = trained(tmp_path, answering, retain="kl", method=method, max_steps=3, eval_steps=3)
    drift = [entry["retain_kl"] for entry in read_card(run).curves["sft"] if "retain_kl" in entry]
    assert drift[0] == drift[1] == pytest.approx(0.0, abs=1e-6)  # the first step warms up
    assert drift[2] > 0


def test_mixed_answers_hold_the_fact_and_are_likelier_under_the_base(tmp_path: Path, answering: Path) -> None:
    write_jsonl(
        tmp_path / "data" / "train.jsonl",
        [
            pair(number, question=f"What is the capacity of tank {number}?", answer=f"{310 + 7 * number} litres")
            for number in range(1, 13)
        ],
    )
    run, prepared = trained(tmp_path, answering, retain="mixsd")
    rows = {row.id: row for row in retained_rows(run, prepared.recipe)}
    given = {row.id: row for row in prepared.dataset.pairs("train")}
    assert rows and read_card(run).rows["train"] == len(given)
    assert all(given[name].answer in row.answer for name, row in rows.items())
    assert any(row.answer != given[name].answer for name, row in rows.items())

    from finetune.data.collate import collator
    from finetune.data.encoding import encode_pair
    from finetune.training.base import load_model
    from finetune.training.head import add_label_head

    model = load_model(prepared.base, prepared.recipe, CPU).eval()
    add_label_head(model)

    def loss(row: Any) -> float:
        tokens = encode_pair(row, prepared.chat)
        make = collator(prepared.recipe.model_copy(update={"packing": "none"}), prepared.chat.pad_id, 512, device="cpu")
        (part,) = make([{"input_ids": tokens.input_ids, "labels": tokens.labels}])["parts"]
        with torch.no_grad():
            scores = model(**part, label_scores=True)
        return -float(scores.log_probs.sum() / scores.label_mask.sum())

    assert sum(map(loss, rows.values())) < sum(loss(given[name]) for name in rows)


def test_an_answer_is_cut_from_both_views(tmp_path: Path, answering: Path) -> None:
    from random import Random

    from finetune.retain.mix import mixed_replies
    from finetune.training.base import load_model
    from finetune.training.policy import asker

    _, _, prepared = prepared_run(tmp_path, answering)
    model = load_model(prepared.base, prepared.recipe, CPU)
    ask = asker(model, prepared.chat, prepared.recipe, CPU, 24)
    expert = [[{"role": "user", "content": f"What is the capacity of tank {n}?"}] for n in (1, 4)]
    naive = [[{"role": "user", "content": text}] for text in ("Is ice cold?", "What is the capital of France?")]
    both = list(zip(expert, naive, strict=True))
    alone = {share: mixed_replies(ask, both, [Random(0), Random(1)], share) for share in (0.0, 1.0)}
    assert alone[0.0] == ask.replies(expert) and alone[1.0] == ask.replies(naive)


def test_a_model_that_distils_itself_learns_and_grades_its_own_answers(tmp_path: Path, answering: Path) -> None:
    run, _ = trained(tmp_path, answering, retain="sdft", max_steps=12, eval_steps=12, learning_rate=5e-3)
    graded = [entry["sdft_kl"] for entry in read_card(run).curves["sft"] if "sdft_kl" in entry]
    assert len(graded) == 12 and graded[0] > 0
    assert sum(graded[-4:]) < sum(graded[:4])


def test_rows_that_teach_no_fact_are_trained_as_they_are(tmp_path: Path, answering: Path) -> None:
    refusals = [pair(50 + n, kind="unanswerable", answer="The documents do not say.", fact="") for n in range(4)]
    write_jsonl(tmp_path / "data" / "train.jsonl", [*map(pair, range(4)), *refusals])
    _, _, prepared = prepared_run(tmp_path, answering, retain="sdft")
    teachers = RETAIN_METHODS["sdft"].teacher_prompts(prepared, list(prepared.dataset.pairs("train")))
    assert sorted(teachers) == ["p0", "p1", "p2", "p3"]
    shown = prepared.chat.tokenizer.decode(teachers["p1"])
    assert "Tank 1 holds 311 litres." in shown and "What is the capacity of tank 1?" in shown


def test_a_base_that_never_stops_is_an_error_that_says_so(tmp_path: Path) -> None:
    home, run, prepared = begun(tmp_path, retain="kl", **STEPS)  # random weights
    prepared = replace(prepared, chat=replace(prepared.chat, eos_ids=frozenset({519})))
    with pytest.raises(DataError, match="ended none of its"):
        run_retain(Stage(run=run, name="retain", prepared=prepared), home.cache)
    with pytest.raises(DataError, match="the rows of the base are missing"):
        run_sft(Stage(run=run, name="sft", prepared=prepared))


def test_the_stage_runs_in_a_process_of_its_own(tmp_path: Path, answering: Path) -> None:
    home, run, prepared = prepared_run(tmp_path, answering, retain="replay", retain_share=0.2)
    events: list[Any] = []
    train_stage(home, run, "retain", CPU, Launch(), events.append)
    assert [event["event"] for event in events][-2:] == ["note", "stage"]
    assert {event["stage"] for event in events if event["event"] == "progress"} == {"retain"}
    assert len(retained_rows(run, prepared.recipe)) == read_card(run).rows["retain"] > 0
    assert (home.cache / "retain").is_dir()


@pytest.mark.parametrize("retain", ["kl", "sdft"])
def test_a_killed_run_ends_in_the_same_weights(tmp_path: Path, answering: Path, retain: str, one_thread: None) -> None:
    whole, _ = trained(tmp_path, answering, name="whole", retain=retain)
    home, broken, prepared = prepared_run(tmp_path, answering, "broken", retain=retain)
    if RETAIN_METHODS[retain].prepares:
        # Killed while the base writes; what it wrote is not written again.
        for path in (home.cache / "retain").glob("*.jsonl"):
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(lines[:2]) + lines[2][:9])
        run_retain(Stage(run=broken, name="retain", prepared=prepared), home.cache / "retain")
        assert rows_file(broken).read_bytes() == rows_file(whole).read_bytes()
    _killed_after(home, broken, 4)
    resumed = Stage(run=broken, name="sft", prepared=prepared)
    checkpoint = resumed.checkpoint()
    assert checkpoint is not None and checkpoint.name == "checkpoint-3" and not weights(broken)
    run_sft(resumed)
    assert weights(broken) == weights(whole) != {}


def _killed_after(home: Any, run: Any, step: int) -> None:
    command = [sys.executable, "-m", "finetune.training.worker", str(home.root), run.name, "sft", ""]
    own = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=own) as process:
        for line in process.stdout or ():
            event = json.loads(line)
            assert event["event"] != "error", event
            if event["event"] == "progress" and event["step"] >= step:
                break
        process.kill()
        assert process.wait() == -9
