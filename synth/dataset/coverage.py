"""How many facts and source sentences have enough rows, per page and per document.

A sentence is covered by a row whose evidence touches it; rows whose passage was altered cover nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from core.reading.text.sentences import sentences
from core.types import Page
from synth.work.workspace import SynthTables


@dataclass(slots=True, kw_only=True)
class Share:
    """Number of facts or sentences, and of those with enough rows."""

    all: int = 0
    covered: int = 0

    def add(self, other: Share) -> None:
        """Add another count."""
        self.all += other.all
        self.covered += other.covered

    def to_json(self) -> dict[str, float]:
        """Return both counts and the share."""
        return {
            "all": self.all,
            "covered": self.covered,
            "share": round(self.covered / self.all, 4) if self.all else 0.0,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCoverage:
    """Coverage of the facts and sentences of one page."""

    doc: str
    sha256: str
    page: int
    facts: Share
    sentences: Share

    def to_json(self) -> dict[str, Any]:
        """Return a row of `coverage.jsonl`."""
        return {
            "doc": self.doc,
            "sha256": self.sha256,
            "page": self.page,
            "facts": self.facts.to_json(),
            "sentences": self.sentences.to_json(),
        }


def pages(work: SynthTables, enough: int) -> Iterator[PageCoverage]:
    """Yield the coverage of every page with a sentence, by document and page.

    Args:
        work: Holds the rows.
        enough: Number of rows from which a fact or a sentence is covered.
    """
    _spread(work)
    for sha256, doc in work.db.execute("SELECT sha256, doc FROM documents ORDER BY doc, sha256").fetchall():
        for page in work.pages(sha256):
            covered_sentences = _sentences(work, sha256, page, enough)
            if covered_sentences.all:
                yield PageCoverage(
                    doc=doc,
                    sha256=sha256,
                    page=page.index,
                    facts=_facts(work, sha256, page.index, enough),
                    sentences=covered_sentences,
                )


def _spread(work: SynthTables) -> None:
    """Put the evidence of rows and facts into tables by page."""
    work.db.executescript(
        """DROP TABLE IF EXISTS spans; DROP TABLE IF EXISTS fact_pages;
        CREATE TABLE spans AS SELECT r.id, e.value ->> '$.sha256' AS sha256, e.value ->> '$.page' AS page,
          e.value ->> '$.start' AS start, e.value ->> '$.end' AS "end"
          FROM rows r, json_each(r.json, '$.evidence') e
          WHERE coalesce(json_array_length(r.json, '$.altered'), 0) = 0;
        CREATE INDEX spans_by_page ON spans(sha256, page);
        CREATE TABLE fact_pages AS SELECT f.id, f.json ->> '$.evidence[0].sha256' AS sha256,
          f.json ->> '$.evidence[0].page' AS page, (SELECT count(*) FROM rows r
            WHERE r.fact = f.id AND coalesce(json_array_length(r.json, '$.altered'), 0) = 0) AS rows FROM facts f;
        CREATE INDEX facts_by_page ON fact_pages(sha256, page);"""
    )


def _facts(work: SynthTables, sha256: str, page: int, enough: int) -> Share:
    query = "SELECT count(*), coalesce(sum(rows >= ?), 0) FROM fact_pages WHERE sha256=? AND page=?"
    every, covered = work.db.execute(query, (enough, sha256, page)).fetchone()
    return Share(all=every, covered=covered)


def _sentences(work: SynthTables, sha256: str, page: Page, enough: int) -> Share:
    query = 'SELECT DISTINCT id, start, "end" FROM spans WHERE sha256=? AND page=?'
    spans = work.db.execute(query, (sha256, page.index)).fetchall()
    units = [unit for unit in sentences(page.text) if unit.kind != "heading"]
    covered = sum(
        len({row for row, start, end in spans if start < unit.end and unit.start < end}) >= enough for unit in units
    )
    return Share(all=len(units), covered=covered)
