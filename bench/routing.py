"""Whether `auto:RUN` is as right as the best single way, and what it costs.

    python -m bench.routing RUN                       a run of KB_HOME, on examples/questions.jsonl
    python -m bench.routing RUN --limit 20 --questions FILE.jsonl
    python -m bench.routing --signals                 reader and retrieval alone, without a run: what thresholds do

The collection of KB_HOME is searched; for figures that mean something it holds handbook.pdf, which the run learned, and
update.pdf, which it did not. Ways: the run alone, the built-in reader with search, the run with search, and `auto:RUN`.
Everything asked is kept in the folder of the report, so a call that was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from core.metrics import contains  # noqa: E402
from core.settings import home_dir  # noqa: E402
from finetune.compare.report.short import HEADS, rows  # noqa: E402
from finetune.compare.run import OUTPUTS, read_outputs  # noqa: E402
from kb.answering import open_answerer  # noqa: E402
from kb.comparison.job import ComparisonRequest, compare  # noqa: E402
from kb.scope import open_collection  # noqa: E402
from kb.workspace import Workspace, open_workspace  # noqa: E402

QUESTIONS = ROOT / "examples" / "questions.jsonl"
AUTO = "auto"
COSINES = (0.2, 0.3, 0.4, 0.5)
CONFIDENCES = (0.0, 0.3, 0.45, 0.6, 0.75, 0.9, 1.01)


def main() -> None:
    """Ask every way, say what was right and what it cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", default="", help="a run of KB_HOME that is exported")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--limit", type=int, help="questions asked; all if absent")
    parser.add_argument("--out", type=Path, help="folder of the report; routing/ in KB_HOME if absent")
    parser.add_argument("--signals", action="store_true", help="only what reader and retrieval tell")
    options = parser.parse_args()
    workspace = open_workspace(home_dir(os.environ), flags={"rag.model": "extractive"})
    if options.signals:
        _signals(workspace, options.questions)
        return
    if not options.run:
        parser.error("name a run, or --signals")
    begun = time.perf_counter()
    out = options.out or workspace.home.root / "routing" / options.run
    request = ComparisonRequest(arms=arms_of(options.run), questions=[options.questions], out=out, limit=options.limit)
    report = compare(workspace, request, on_note=lambda note: print(note, file=sys.stderr)).report
    print(
        f"{report['questions']['asked']} questions, {(time.perf_counter() - begun) / 60:.1f} minutes, report in {out}"
    )
    for line in table(report, out):
        print(line)


def arms_of(run: str) -> tuple[str, ...]:
    """Return the arms that are compared."""
    return (
        f"tuned=run:{run}",
        "search=extractive+rag",
        f"both=run:{run}+rag",
        f"{AUTO}=auto:{run}+rag",
    )


def table(report: Mapping[str, Any], out: Path) -> list[str]:
    """Return what was right with its interval and what it took, the differences to auto, and the ways that it took."""
    lines = ["\t".join(HEADS), *("\t".join(row) for row in rows(report))]
    for name, cost in report["cost"].items():
        lines.append(
            f"{name}: {cost['mean_s']:.2f} s and {cost['prompt_tokens'] + cost['completion_tokens']:.0f} tokens"
        )
    for pair in report["measures"].get("right", {}).get("pairs", ()):
        if AUTO in (pair["left"], pair["right"]):
            sign = 1 if pair["left"] == AUTO else -1
            other = pair["right"] if sign == 1 else pair["left"]
            low, high = sorted(100 * sign * pair[end] for end in ("low", "high"))
            lines.append(f"auto - {other}: {100 * sign * pair['mean']:+.0f} points ({low:+.0f} to {high:+.0f})")
    return [*lines, *_ways(out)]


def _ways(out: Path) -> list[str]:
    """Return how often auto took each way."""
    ways = Counter(output.reply.route for output in read_outputs(out / OUTPUTS) if output.arm == AUTO)
    total = sum(ways.values())
    return [f"auto took {way}: {count} of {total}" for way, count in ways.most_common()]


def _signals(workspace: Workspace, questions: Path) -> None:
    """Print how often the reader is right by its confidence, and what cosines tell of questions without an answer."""
    knowledge = open_collection(workspace)
    answerer, searcher = open_answerer(workspace, knowledge), knowledge.narrowed(None, None)
    seen: list[tuple[bool, float, str, float, bool]] = []
    for line in questions.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        gold = record.get("answer")
        hits = searcher.search(record["question"], workspace.settings.rag.top_k)
        cosine = max((hit.dense for hit in hits if hit.dense is not None), default=0.0)
        answer = answerer.ask(record["question"])
        right = bool(gold is not None and contains(answer.answer, gold))
        seen.append((gold is not None, cosine, answer.ground, answer.confidence or 0.0, right))
    for least, most in pairwise(CONFIDENCES):
        given = [right for _, _, ground, sure, right in seen if ground == "cited" and least <= sure < most]
        print(f"reader {least:.2f} to {min(most, 1):.2f} sure: {sum(given)} of {len(given)} hold the answer")
    for cosine in COSINES:
        print(f"best cosine {cosine:.1f} or more: {_above(seen, cosine, True)}, {_above(seen, cosine, False)}")


def _above(seen: Sequence[tuple[bool, float, str, float, bool]], cosine: float, answerable: bool) -> str:
    own = [value for has_answer, value, *_ in seen if has_answer is answerable]
    kind = "with an answer" if answerable else "without one"
    return f"{sum(value >= cosine for value in own)} of {len(own)} questions {kind}"


if __name__ == "__main__":
    main()
