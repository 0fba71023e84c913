"""The tables of what a run answers closed book, made of the map that `kb knows` writes as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Level = Literal["known", "unsure", "unknown"]
LEVELS: tuple[Level, ...] = ("known", "unsure", "unknown")
# Weak facts that are shown in a terminal.
_SHOWN_FACTS = 10
KNOWN_HEADS = ["document, section", "facts", *LEVELS, "recall", "95% interval", "confidence"]

KNOWN_CAPTION = (
    "Each fact is asked once without passages. Known: the answer is right, and half of the samples or more are the "
    "same; unsure: right otherwise, or a sample is right. Confidence: the mean of the samples' agreement and the mean "
    "probability of a token of the answer; it is not calibrated."
)


def map_rows(record: Mapping[str, Any], *, with_sections: bool = True) -> list[list[str]]:
    """Return the rows of a map's table, under `KNOWN_HEADS`: documents, below each its sections, and the total."""
    rows = []
    for document in record["documents"]:
        state = f" ({document['state']})" if document["state"] in ("changed", "forgotten") else ""
        rows.append(_cells(f"{document['doc'] or '(no document named)'}{state}", document))
        parts = document["sections"] if with_sections and len(document["sections"]) > 1 else ()
        rows += [_cells(f"  {part['section'][:60]}", part) for part in parts]
    return [*rows, _cells("total", record["total"])]


def _cells(name: str, part: Mapping[str, Any]) -> list[str]:
    counts = [str(part[key]) for key in ("n", *LEVELS)]
    interval = f"{part['low']:.2f} to {part['high']:.2f}"
    return [name, *counts, f"{part['recall']:.2f}", interval, f"{part['confidence']:.2f}"]


def weak_lines(record: Mapping[str, Any]) -> list[str]:
    """Return the first facts of a map that are not known, a line each, and how many more there are."""
    weak = [
        f"{fact['level']}: {fact['question']} -> {fact['answer'] or '(no output)'} (right: {fact['gold']})"
        for document in record["documents"]
        for part in document["sections"]
        for fact in part["facts"]
        if fact["level"] != "known"
    ]
    more = len(weak) - _SHOWN_FACTS
    return [*weak[:_SHOWN_FACTS], *([f"... and {more} more (--json)"] if more > 0 else [])]


def without_facts(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a map with its figures alone, as a report holds it."""
    documents = [
        {**document, "sections": [{**part, "facts": []} for part in document["sections"]]}
        for document in record["documents"]
    ]
    return {**record, "documents": documents}
