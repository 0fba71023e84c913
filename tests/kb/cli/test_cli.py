"""The command line as a process: its output and its exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.files import Home
from tests.support.command import EXAMPLES, ROOT, kb

COMMANDS = [
    "ingest",
    "ask",
    "search",
    "chat",
    "list",
    "show",
    "forget",
    "synth",
    "finetune",
    "models",
    "reindex",
    "backup",
    "doctor",
    "config",
]


def test_help_names_every_command() -> None:
    done = kb("--help")
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.stdout


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom kb.cli.main import app\n"
        "heavy = {'torch', 'transformers', 'gradio', 'fastapi', 'numpy', 'pydantic', 'openvino', 'lancedb', 'pyarrow',"
        " 'langchain_core', 'pypdfium2', 'httpx', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nonsense"], 2, "nonsense"),
        (["ingest"], 2, "PATH"),
        (["search", "--set", "rag.topk=3", "x"], 2, "did you mean 'rag.top_k'"),
        (["search", "x", "-k", "0"], 2, "-k"),
        (["list"], 2, "nothing has been ingested"),
        (["ask", "What is it?"], 2, "nothing has been ingested"),
        (["ask", "  "], 2, "empty"),
        (["ingest", "/there/is/no/such.pdf"], 5, "no such file"),
        (["backup"], 2, "nothing has been ingested"),
        (["backup", "--restore", str(ROOT / "README.md")], 5, "not a whole kb backup"),
    ],
)
def test_bad_input_has_a_message_and_a_code(
    home: Home, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    done = kb(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_missing_weights_name_the_command(home: Home) -> None:
    done = kb("ingest", str(EXAMPLES / "update.pdf"))
    assert done.returncode == 3
    assert "kb models pull minilm" in done.stderr


def test_a_home_that_cannot_be_written_says_so(model_home: Home, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = kb("ingest", str(EXAMPLES / "update.pdf"), KB_HOME=str(blocked / "home"))
    assert done.returncode in (2, 3, 4)
    assert "Traceback" not in done.stderr


def test_config_show_gives_every_value_its_source(home: Home, tmp_path: Path) -> None:
    done = kb("config", "show", "--json", cwd=tmp_path, KB_RAG__TOP_K="5")
    shown = json.loads(done.stdout)
    assert shown["settings"]["rag.top_k"] == {"value": 5, "source": "environment KB_RAG__TOP_K"}
    assert shown["settings"]["rag.splitter"]["source"] == "default"
    assert shown["home"] == str(home.root)


@pytest.mark.weights
def test_the_whole_path(model_home: Home, tmp_path: Path) -> None:
    done = kb("ingest", str(EXAMPLES / "handbook.pdf"), str(EXAMPLES / "update.pdf"), "--json")
    assert done.returncode == 0, done.stderr
    files = json.loads(done.stdout)["files"]
    assert [(f["doc"], f["status"]) for f in files] == [("handbook.pdf", "indexed"), ("update.pdf", "indexed")]
    listed = json.loads(kb("list", "--json").stdout)["documents"]
    assert [(d["doc"], d["pages"], d["status"]) for d in listed] == [
        ("handbook.pdf", 13, "indexed"),
        ("update.pdf", 2, "indexed"),
    ]

    hits = json.loads(kb("search", "who is the Harbour Master", "--json", "-k", "4").stdout)["hits"]
    assert len(hits) == 4
    page = json.loads(kb("show", hits[0]["doc"], "--page", str(hits[0]["page"] + 1), "--json").stdout)
    assert page["text"][hits[0]["start"] : hits[0]["end"]] == hits[0]["text"]
    assert page["sha256"] == hits[0]["sha256"]
    only = json.loads(kb("search", "council", "--json", "--doc", "update.pdf", "--page", "2").stdout)["hits"]
    assert {(hit["doc"], hit["page"]) for hit in only} == {("update.pdf", 1)}
    assert json.loads(kb("search", "council", "--explain", "--json").stdout)["dense"]

    assert kb("show", "nothing.pdf").returncode == 2
    assert kb("search", "x", "--collection", "nowhere").returncode == 2
    assert json.loads(kb("doctor", "--json").stdout)["ok"] is True
    assert kb("forget", "update.pdf", "--dry-run").stdout.startswith("would forget update.pdf")
    assert kb("forget", "update.pdf", "--yes").returncode == 0
    assert len(json.loads(kb("list", "--json").stdout)["documents"]) == 1

    backup = tmp_path / "kb.tar.gz"
    assert kb("backup", "--out", str(backup)).returncode == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "models").symlink_to(model_home.models)
    assert kb("backup", "--restore", str(backup), KB_HOME=str(elsewhere)).returncode == 0
    again = json.loads(kb("search", "who is the Harbour Master", "--json", "-k", "4", KB_HOME=str(elsewhere)).stdout)
    assert [hit["text"] for hit in again["hits"]]


@pytest.mark.weights
@pytest.mark.parametrize("model", ["extractive", "smollm2"])
def test_ask_quotes_what_stands_on_the_page(model_home: Home, model: str) -> None:
    kb("ingest", str(EXAMPLES / "handbook.pdf"))
    done = kb("ask", "Who is the Harbour Master?", "--model", model, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    own = {"short_answer", "confidence"}  # of a small model where it gives way to the reader
    fields = {"answer", "ground", "citations", "model", "timings", "tokens"}
    assert fields <= set(answer) - {"computed_from"} <= fields | own
    assert model == "smollm2" or own <= set(answer)
    assert answer["ground"] in {"cited", "ungrounded", "abstained"}
    assert answer["model"] in {model, "extractive"}
    for citation in answer["citations"]:
        page = json.loads(kb("show", citation["doc"], "--page", str(citation["page"] + 1), "--json").stdout)
        assert page["text"][citation["start"] : citation["end"]] == citation["quote"]
    if model == "extractive":
        assert answer["ground"] == "cited"
        assert answer["citations"]


@pytest.mark.weights
def test_chat_answers_line_by_line(model_home: Home) -> None:
    kb("ingest", str(EXAMPLES / "handbook.pdf"))
    done = subprocess.run(
        [sys.executable, "-m", "kb.cli", "chat", "--model", "extractive"],
        cwd=ROOT,
        env=dict(os.environ),
        input="Who is the Harbour Master?\nWhat is the Harbour Master's extension?\n",
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("ground: ") == 2
