"""How well `kb synth` keeps a server busy: tokens a second of a run against the same server driven flat out.

Both sides send the same requests, the generator's own, to the same server with the same number under way: the run
through `synth.generate` (prompts, cache, schema, checks), flat out as bare HTTP requests from as many threads. Orders
alternate, so that a machine that slows down hurts both alike. `--memory` runs the built-in generator on a collection
for more and more rows, and takes the peak of each process.

    python -m bench.synth --model ollama:NAME@URL [--requests 24] [--concurrency 4]      a server that runs already
    python -m bench.synth --model openai:NAME@URL                                        URL ends in /v1
    python -m bench.synth --memory [--collection NAME] [--rows 500 2000 8000]            no server needed
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from core.files import Home
from core.models import open_chat
from core.settings import Settings
from synth.generate.ask import CachedChat, ModelRequest
from synth.generate.cache import CallCache
from synth.generate.model import facts_schema
from synth.generate.prompts import prompt

_TEXTS = Path(__file__).parent.parent / "examples" / "source"
_PASSAGE_CHARS = 700
_TOKENS = 96
_ROUNDS = 2


def requests(count: int, salt: str) -> list[ModelRequest]:
    """The generator's questions for facts; `salt` makes each run's differ, lest a server answers from what it holds."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(_TEXTS.glob("*.md")))
    starts = [number * _PASSAGE_CHARS % (len(text) - _PASSAGE_CHARS) for number in range(count)]
    passages = (f"<<{salt}{start}>>\n{text[start : start + _PASSAGE_CHARS]}\n<<{salt}{start}>>" for start in starts)
    return [
        ModelRequest(
            purpose="facts",
            text=prompt("facts", source="handbook.pdf", count="2", phrasings="2", passage=passage),
            schema=facts_schema(2, 2),
        )
        for passage in passages
    ]


def through_synth(
    spec: str, settings: Settings, model_requests: Sequence[ModelRequest], concurrency: int
) -> tuple[int, float]:
    """Tokens and seconds of a run: cache, threads and schema as `kb synth` has them."""
    with tempfile.TemporaryDirectory() as folder:
        cache = CallCache(Path(folder) / "calls.sqlite")
        chat = open_chat(spec, settings, Home(Path(folder)))
        ask = CachedChat(chat, spec, {}, cache, concurrency=concurrency)
        begun = time.perf_counter()
        calls = [reply.call for reply in ask.all(model_requests)]
        seconds = time.perf_counter() - begun
        ask.close()
        cache.close()
    return sum(call.prompt_tokens + call.completion_tokens for call in calls), seconds


def flat_out(url: str, name: str, model_requests: Sequence[ModelRequest], concurrency: int) -> tuple[int, float]:
    """Tokens and seconds of the same requests as bare HTTP, with nothing between."""
    with httpx.Client(base_url=url, timeout=600, trust_env=False) as client, ThreadPoolExecutor(concurrency) as pool:
        begun = time.perf_counter()
        tokens = sum(pool.map(lambda request: _post(client, name, request), model_requests))
        return tokens, time.perf_counter() - begun


def _post(client: httpx.Client, name: str, request: ModelRequest) -> int:
    schema = request.schema.model_json_schema() if request.schema else None
    if str(client.base_url).rstrip("/").endswith("/v1"):
        shape = {"type": "json_schema", "json_schema": {"name": "facts", "schema": schema}}
        body = {
            "model": name,
            "messages": [{"role": "user", "content": request.text}],
            "temperature": 0,
            "seed": 0,
            "max_tokens": _TOKENS,
            "response_format": shape,
        }
        usage = client.post("/chat/completions", json=body).raise_for_status().json()["usage"]
        return int(usage["prompt_tokens"]) + int(usage["completion_tokens"])
    body = {
        "model": name,
        "messages": [{"role": "user", "content": request.text}],
        "stream": False,
        "format": schema,
        "options": {"temperature": 0, "seed": 0, "num_predict": _TOKENS, "num_ctx": 8192},
    }
    done = client.post("/api/chat", json=body).raise_for_status().json()
    return int(done.get("prompt_eval_count", 0)) + int(done["eval_count"])


def busy(model: str, n_requests: int, concurrency: int) -> dict[str, Any]:
    """Tokens a second of both sides, over rounds in alternating order."""
    kind, _, rest = model.partition(":")
    name, _, url = rest.partition("@")
    given: dict[str, Any] = {"models": {"max_tokens": _TOKENS}}
    if kind == "ollama":
        given["rag"] = {"ollama_url": url}
    settings = Settings.model_validate(given)
    spec = f"ollama:{name}" if kind == "ollama" else model
    flat_out(url, name, requests(1, "warm"), 1)
    sums = {"synth": [0, 0.0], "flat": [0, 0.0]}
    for number in range(_ROUNDS):
        order = ("synth", "flat") if number % 2 == 0 else ("flat", "synth")
        for side in order:
            model_requests = requests(n_requests, f"{side}{number}")
            tokens, seconds = (
                through_synth(spec, settings, model_requests, concurrency)
                if side == "synth"
                else flat_out(url, name, model_requests, concurrency)
            )
            sums[side][0] += tokens
            sums[side][1] += seconds
    rates = {side: tokens / seconds for side, (tokens, seconds) in sums.items()}
    return {
        "model": spec,
        "requests": n_requests * _ROUNDS,
        "concurrency": concurrency,
        **{f"{side}_tokens_per_s": round(rate, 1) for side, rate in rates.items()},
        "share": round(rates["synth"] / rates["flat"], 4),
    }


def memory(collection: str, rows: Sequence[int]) -> list[dict[str, float]]:
    """Rows, seconds and the peak of one process each."""
    figures = []
    for pair_count in rows:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "kb.cli", "synth", "--collection", collection, "--pairs", str(pair_count)]
            begun = time.perf_counter()
            child = os.posix_spawn(
                sys.executable,
                [*command, "--out", folder, "--quiet"],
                os.environ,
                file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
            )
            _, status, used = os.wait4(child, 0)
            if status:
                raise SystemExit(os.waitstatus_to_exitcode(status))
            made = json.loads((Path(folder) / "manifest.json").read_text(encoding="utf-8"))["counts"]["pairs"]
        seconds = time.perf_counter() - begun
        figures.append({"rows": made, "seconds": round(seconds, 1), "peak_mib": round(used.ru_maxrss / 1024)})
    return figures


def main() -> None:
    """Run what the flags name and print one JSON document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="ollama:NAME@URL or openai:NAME@URL")
    parser.add_argument("--requests", type=int, default=24, help="per side and round")
    parser.add_argument("--concurrency", type=int, default=4)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--collection", default="default")
    parser.add_argument("--rows", type=int, nargs="+", default=[500, 2000, 8000])
    parser.add_argument("--json", action="store_true", help="on one line")
    given = parser.parse_args()
    report: dict[str, Any] = {}
    if given.model:
        report["busy"] = busy(given.model, given.requests, given.concurrency)
    if given.memory:
        report["memory"] = memory(given.collection, given.rows)
    sys.stdout.write(json.dumps(report, indent=None if given.json else 2) + "\n")


if __name__ == "__main__":
    main()
