"""`kb compare` from outside: wrong usage, and a report that a second run finds again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.files import Home
from kb.cli.main import app
from tests.support.command import kb
from tests.support.json_lines import read_jsonl

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "name a run"),
        (("--arm", "a=extractive"), "two arms"),
        (("--arm", "a=extractive", "--arm", "a=smollm2"), "same name"),
        (("--arm", "a=extractive", "--arm", "b=extractive,prompt=/nowhere.txt", "--out", "o"), "prompt file"),
        (("--arm", "a=extractive", "--arm", "b=extractive"), "no folder for the report"),
        (("--arm", "a=extractive", "--arm", "b=extractive", "--out", "o"), "no questions"),
        (("nosuch",), "unknown run"),
        (("--arm", "a=extractive", "--arm", "b=extractive", "--few-shot", "f"), "require a run"),
    ],
)
def test_wrong_usage_says_what_to_type(home: Home, arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        app(["compare", *arguments], standalone_mode=False)
    assert raised.value.hint.startswith("kb ")


@pytest.mark.weights
def test_a_comparison_is_reported_and_found_again(model_home: Home, tmp_path: Path) -> None:
    assert kb("ingest", "-q", *(str(EXAMPLES / name) for name in ("manual.pdf", "update.pdf"))).returncode == 0
    records = read_jsonl(EXAMPLES / "questions.jsonl")
    wanted = [one for one in records if one.get("doc") in ("manual.pdf", "update.pdf")][:5]
    path = tmp_path / "q.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in [*wanted, {"question": "Who won?", "answer": None}]))
    arms = ("--arm", "read=extractive+rag", "--arm", "blind=extractive", "--arm", "given=extractive+oracle")
    command = ("compare", *arms, "--questions", str(path), "--out", str(tmp_path / "out"))
    first = kb(*command)
    assert first.returncode == 0, first.stderr
    assert "read" in first.stdout
    assert "report.html" in first.stderr
    outputs = (tmp_path / "out" / "outputs.jsonl").read_bytes()
    again = kb(*command, "--json", "--similarity", "--grounding")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "out" / "outputs.jsonl").read_bytes() == outputs
    report = json.loads(again.stdout)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    right = report["measures"]["right"]["arms"]
    assert right["read"]["value"] > right["blind"]["value"] == 0.0
    assert report["measures"]["similarity"]["arms"]["read"]["value"] > 0
    assert report["abstention"]["blind"]["declined_unanswerable"] == 1
    assert report["repeat"]["documents"].keys() == {"manual.pdf", "update.pdf"}
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
