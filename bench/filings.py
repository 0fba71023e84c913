"""Write the questions about the filings as records that `kb eval` and `bench/ingest.py` read.

    python bench/filings.py OUT --data FOLDER

writes `OUT/financebench.jsonl` (gold pages, 0-based) and `OUT/sec10q.jsonl` (questions that have one document).
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def annual(data: Path) -> list[Row]:
    """Return the financebench questions, with the pages that hold their evidence."""
    rows = map(json.loads, (data / "financebench" / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        {
            "question": row["question"],
            "answer": row["answer"],
            "doc": row["doc"],
            "pages": sorted({evidence["page_index"] for evidence in row["evidence"]}),
        }
        for row in rows
    ]


def quarterly(data: Path) -> list[Row]:
    """Return the sec10q questions that have one document."""
    with (data / "sec10q" / "qna_data.csv").open(encoding="utf-8-sig", newline="") as handle:
        return [
            {"question": row["Question"], "answer": row["Answer"], "doc": row["Source Docs"].strip("* ") + ".pdf"}
            for row in csv.DictReader(handle)
            if row["Question Type"].startswith("Single-Doc")
        ]


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder with financebench/ and sec10q/")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, rows in (("financebench", annual(options.data)), ("sec10q", quarterly(options.data))):
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (options.out / f"{name}.jsonl").write_text(text, encoding="utf-8")
        print(f"{options.out / name}.jsonl: {len(rows)} questions")


if __name__ == "__main__":
    main()
