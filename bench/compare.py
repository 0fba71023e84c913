"""Whether `kb compare` finds what must be there: facts taught, a document that came later, questions without an answer.

    python bench/compare.py                     teach SmolLM2 handbook.pdf and manual.pdf; update.pdf comes later
    python bench/compare.py --keep FOLDER       the same in a KB_HOME that stays; a second call goes on where it was
    python bench/compare.py --run NAME --keep F compare a run of that home instead of teaching one
    python bench/compare.py --taught A.pdf B.pdf --later C.pdf     other documents

Taught by `kb finetune --from-docs` with the recipe of this machine, whose mix teaches facts and reading, and exported
to a GGUF file; `--closed-book` teaches closed-book rows alone. Asked are the dataset's test split, one question for
each fact that `kb synth` reads in the later document, and those questions of `examples/questions.jsonl` that are about
it or that nobody can answer. Arms: base and tuned, each alone and with search, and the extractive reader with search,
which `kb ask` takes where nobody chooses a model. Needs kb[train] unless `--run` is given.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.teach import SHARES  # noqa: E402
from core.settings import home_dir  # noqa: E402
from finetune.compare.questions import CHANGED, NEW, UNANSWERABLE  # noqa: E402

EXAMPLES = ROOT / "examples"
RUN, READER = "taught", "reader with search"
ROWS = 380


def main() -> None:
    """Teach, compare, say what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--taught", type=Path, nargs="+", default=[EXAMPLES / "handbook.pdf", EXAMPLES / "manual.pdf"])
    parser.add_argument("--later", type=Path, default=EXAMPLES / "update.pdf")
    parser.add_argument("--keep", type=Path, help="KB_HOME that stays; a temporary one otherwise")
    parser.add_argument("--run", default="", help="a run of that home; taught anew otherwise")
    parser.add_argument("--closed-book", action="store_true", help="teach closed-book rows alone")
    parser.add_argument("--minutes", type=float, default=30.0, help="of training at most")
    parser.add_argument("--limit", type=int, default=100, help="questions asked of each arm")
    options = parser.parse_args()
    with _home(options.keep) as home:
        run = options.run or _teach(home, options)
        later = _questions(home, options.later)
        begun = time.perf_counter()
        report = _compare(home, run, later, options.limit)
        print(
            f"{report['questions']['asked']} questions, {len(report['arms'])} arms, "
            f"{(time.perf_counter() - begun) / 60:.1f} minutes"
        )
    _tell(report)


@contextmanager
def _home(keep: Path | None) -> Iterator[Path]:
    """Yield a KB_HOME of its own that shares the models of the user's."""
    models = home_dir(os.environ) / "models"
    with tempfile.TemporaryDirectory(prefix="kb-compare-") as scratch:
        home = (keep or Path(scratch)).absolute()
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "models").exists():
            models.mkdir(parents=True, exist_ok=True)
            (home / "models").symlink_to(models)
        os.environ["KB_HOME"] = str(home)
        yield home


def _kb(*arguments: str | Path) -> None:
    """Run a command of the program; what it prints goes to stderr."""
    subprocess.run([sys.executable, "-m", "kb.cli", *map(str, arguments)], cwd=ROOT, check=True, stdout=sys.stderr)


def _synth(collection: str, out: Path, *chosen: str) -> None:
    if not (out / "manifest.json").is_file():
        shares = f"synth.shares={SHARES}"
        _kb("synth", "--collection", collection, "--out", out, "--set", "synth.phrasings=8", "--set", shares, *chosen)


def _teach(home: Path, options: argparse.Namespace) -> str:
    """Teach the documents, if that was not done, and return the run's name."""
    _kb("models", "pull", "minilm", "smollm2")
    if not (home / "runs" / RUN).exists():
        _kb("ingest", *options.taught)
        if options.closed_book:
            _synth("default", home / "dataset", "--pairs", str(ROWS))
        source = ("--data", home / "dataset") if options.closed_book else ("--from-docs",)
        _kb("finetune", RUN, *source, "--no-dpo", "--set", f"minutes={options.minutes}", "--skip", "export")
    if not (home / "runs" / RUN / "model.gguf").is_file():
        _kb("export", RUN, "--to", "gguf")
    return RUN


def _questions(home: Path, later: Path) -> Path:
    """Add the later document and return a file of questions about it, with those that nobody can answer."""
    path = home / "questions.jsonl"
    if not path.is_file():
        _kb("ingest", later)
        _kb("ingest", "--collection", "later", later)
        _synth("later", home / "later")
        known = [json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()]
        own = [record for record in known if record["answer"] is None or record.get("doc") == later.name]
        records = [*_one_a_fact(home / "later"), *own]
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def _one_a_fact(dataset: Path) -> list[dict[str, Any]]:
    """Return the first question of every fact of a dataset."""
    rows = [json.loads(line) for line in (dataset / "pairs.jsonl").read_text("utf-8").splitlines()]
    first = {row["fact"]: row for row in reversed(rows) if row["kind"] == "closed-book"}
    return [{name: row[name] for name in ("question", "answer", "evidence", "fact")} for row in first.values()]


def _compare(home: Path, run: str, later: Path, limit: int) -> dict[str, Any]:
    data = json.loads((home / "runs" / run / "run.json").read_bytes())["data"]
    question_arguments = ("--questions", data, "--questions", later, "--limit", str(limit))
    out = home / "compared"
    _kb("compare", run, *question_arguments, "--arm", f"{READER}=extractive+rag", "--out", out)
    report: dict[str, Any] = json.loads((out / "report.json").read_bytes())
    return report


def _tell(report: Mapping[str, Any]) -> None:
    """Print the figures, and what was expected of them."""
    names = [arm["name"] for arm in report["arms"]]
    print(f"{'stratum':24}{'questions':>10}  " + "".join(f"{name:>22}" for name in names))
    for stratum, table in report["strata"].items():
        cells = "".join(f"{_cell(table['arms'].get(name)):>22}" for name in names)
        print(f"{stratum:24}{table['questions']:>10}  {cells}")
    for words, pair in (
        ("tuned beats base on what it was taught", _pair(report, NEW, "tuned", "base")),
        ("search beats tuning on the later document", _pair(report, CHANGED, READER, "tuned")),
        ("tuning adds nothing about the later document", _pair(report, CHANGED, "tuned", "base")),
        ("declining: base with search against base", _pair(report, UNANSWERABLE, "base+rag", "base")),
        ("declining: reader against tuned", _pair(report, UNANSWERABLE, READER, "tuned")),
    ):
        print(f"{words}: {_difference(pair)}")
    print(report["verdict"]["sentence"])


def _cell(cell: Mapping[str, Any] | None) -> str:
    if cell is None:  # contradicting passages are shown to arms with search alone
        return "-"
    if cell["low"] is None:
        return f"{cell['value']:.2f} (no interval)"
    return f"{cell['value']:.2f} ({max(0.0, cell['low']):.2f} to {min(1.0, cell['high']):.2f})"


def _pair(report: Mapping[str, Any], stratum: str, arm: str, other: str) -> tuple[Mapping[str, Any], int]:
    """Return how two arms differ in a stratum, and the sign that makes it `arm - other`."""
    pairs = report["strata"][stratum]["pairs"]
    compared = next(entry for entry in pairs if {entry["left"], entry["right"]} == {arm, other})
    return compared, 1 if compared["left"] == arm else -1


def _difference(pair_and_sign: tuple[Mapping[str, Any], int]) -> str:
    figures, sign = pair_and_sign
    low, high = sorted(100 * max(-1.0, min(1.0, sign * figures[end])) for end in ("low", "high"))
    return (
        f"{sign * 100 * figures['mean']:+.0f} points ({low:+.0f} to {high:+.0f}), p {figures['adjusted_p']:.4f}: "
        f"{'differs' if figures['significant'] else figures['says']}; "
        f"{100 * figures['detectable']:.0f} points would be seen"
    )


if __name__ == "__main__":
    main()
