"""Votes of blind comparisons: texts without what gives a model away, and a tally of the votes so far."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from core.files import Home
from core.prompt import ABSTENTION, NOTICE

NO_ANSWER = "(no answer)"
# Places of quotes, numbered sources and keys; marks of headings, lists and emphasis; quotation marks.
_PLACE = re.compile(r"\s*\((?:[^()\n]|\([^()\n]*\))*,\s*p\.\s*\d+[^()\n]*\)|\s*\[\[?[^\]\n]{1,40}\]\]?")
_FORMAT = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|[-*+•][ \t]+|\d{1,3}[.)][ \t]+|>[ \t]?)|[*_`“”\"„]", re.MULTILINE)


def disguised(text: str) -> str:
    """Return an answer without notices, sources and formatting, which would tell which model wrote it."""
    text = text.replace(NOTICE, "").strip()
    if not text or text == ABSTENTION or text.startswith(NO_ANSWER):
        return NO_ANSWER
    text = _FORMAT.sub("", _PLACE.sub("", text))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return "\n".join(line for line in lines if line) or NO_ANSWER


class VoteTally:
    """The votes of a home, one a line; a vote holds names of models and no text.

    Args:
        home: Where state lies.
    """

    def __init__(self, home: Home) -> None:
        self._path: Path = home.root / "serve" / "votes.jsonl"

    def add(self, models: Sequence[str], best: str | None) -> None:
        """Store a vote; `best` is None where there was no difference.

        Raises:
            OSError: It cannot be written.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps({"models": list(models), "best": best}) + "\n")
            handle.flush()
            os.fsync(handle.fileno())

    def text(self) -> str:
        """Return the tally as a sentence; empty where nobody has voted."""
        votes = self._votes()
        if not votes:
            return ""
        wins = Counter(best for _, best in votes if best)
        shown = Counter(model for models, _ in votes for model in models)
        each = ", ".join(f"{model} best in {wins[model]} of {count}" for model, count in shown.most_common())
        ties = sum(best is None for _, best in votes)
        return f"Votes so far: {each}" + (f"; no difference in {ties}." if ties else ".")

    def _votes(self) -> list[tuple[list[str], str | None]]:
        if not self._path.is_file():
            return []
        votes = []
        for line in self._path.read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
                votes.append((list(record["models"]), record["best"]))
            except (ValueError, KeyError, TypeError):  # a line that a full disk cut
                continue
        return votes
