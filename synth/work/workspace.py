"""Facts, candidates and rows of a run, in the same SQLite file as the documents they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.metrics import normalised
from core.rows import fact_from_json, row_to_json
from core.types import Fact, Pair, Preference
from synth.work.candidate import QuestionCandidate
from synth.work.kinds import RECALLED
from synth.work.places import Places

_SCHEMA = """
CREATE TABLE facts(seq INTEGER PRIMARY KEY, id TEXT UNIQUE, chunk TEXT, kind TEXT, place INTEGER, json TEXT);
CREATE INDEX facts_by_chunk ON facts(chunk);
CREATE INDEX facts_by_kind ON facts(kind, place);
CREATE TABLE plan(seq INTEGER PRIMARY KEY, fact INTEGER);
CREATE TABLE asked(question TEXT, answer TEXT, fact TEXT);
CREATE INDEX asked_by_question ON asked(question);
CREATE TABLE kept(alike TEXT, fact TEXT, cluster INTEGER, question TEXT, vector BLOB);
CREATE INDEX kept_alike ON kept(alike);
CREATE INDEX kept_fact ON kept(fact);
CREATE TABLE accepted(seq INTEGER PRIMARY KEY, fact TEXT, phrasing INTEGER, cluster INTEGER, hits TEXT, figures TEXT,
  origin TEXT, vector BLOB);
CREATE TABLE bands(band INTEGER, value BLOB, owner TEXT, PRIMARY KEY(band, value, owner)) WITHOUT ROWID;
CREATE TABLE signatures(owner TEXT PRIMARY KEY, hashes BLOB) WITHOUT ROWID;
CREATE TABLE rows(seq INTEGER PRIMARY KEY, id TEXT UNIQUE, kind TEXT, fact TEXT, grp TEXT, split TEXT, chunk TEXT,
  vector BLOB, json TEXT);
CREATE INDEX rows_by_group ON rows(grp);
CREATE INDEX rows_by_fact ON rows(fact);
CREATE TABLE preferences(seq INTEGER PRIMARY KEY, id TEXT UNIQUE, kind TEXT, grp TEXT, split TEXT, json TEXT);
CREATE TABLE rejected(seq INTEGER PRIMARY KEY, check_name TEXT, json TEXT);
CREATE TABLE grams(hash INTEGER PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE barred(grp TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE gram_facts(hash INTEGER, fact TEXT, PRIMARY KEY(hash, fact)) WITHOUT ROWID;
CREATE TABLE common(hash INTEGER PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE group_grams(hash INTEGER, grp TEXT, PRIMARY KEY(hash, grp)) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """A fact and the chunk it was read in."""

    fact: Fact
    chunk: str


class SynthTables(Places):
    """The tables behind one run; arguments as for `Places`."""

    def __init__(self, path: Path, seed: int) -> None:
        super().__init__(path, seed)
        self.db.executescript(_SCHEMA)

    def add_fact(self, fact: Fact, chunk: str) -> bool:
        """Store a fact with its chunk; False where it is stored already."""
        cursor = self.db.execute(
            "INSERT OR IGNORE INTO facts(id, chunk, kind, place, json) VALUES(?,?,?,place_of(?),?)",
            (fact.id, chunk, fact.kind, fact.id, _dump(row_to_json(fact))),
        )
        if cursor.rowcount:
            answer = normalised(fact.answer)
            self.db.executemany(
                "INSERT INTO asked VALUES(?,?,?)", [(normalised(text), answer, fact.id) for text in fact.questions]
            )
        return bool(cursor.rowcount)

    def fact(self, fact_id: str) -> Fact:
        """Return a stored fact."""
        (text,) = self.db.execute("SELECT json FROM facts WHERE id=?", (fact_id,)).fetchone()
        return fact_from_json(json.loads(text), self.path, 1)

    def planned(self, per_chunk: int) -> Iterator[Planned]:
        """Yield facts chunk by chunk in rounds: the first fact of every chunk, then the second, up to `per_chunk`.

        Inside a chunk the kinds of facts take turns.
        """
        self.db.execute("DELETE FROM plan")
        self.db.execute(
            """INSERT INTO plan(fact) SELECT seq FROM (
                 SELECT seq, chunk, row_number() OVER (PARTITION BY chunk ORDER BY turn, place) AS round FROM (
                   SELECT seq, chunk, place, row_number() OVER (PARTITION BY chunk, kind ORDER BY place) AS turn
                   FROM facts)) AS ranked
               JOIN chunks c ON c.id = ranked.chunk
               WHERE round <= ? AND c.shared = 0 ORDER BY round, c.place""",
            (per_chunk,),
        )
        for number in range(1, self.count("plan") + 1):
            text, chunk = self.db.execute(
                "SELECT f.json, f.chunk FROM plan p JOIN facts f ON f.seq = p.fact WHERE p.seq=?", (number,)
            ).fetchone()
            yield Planned(fact_from_json(json.loads(text), self.path, number), chunk)

    def facts_of(self, chunk: str) -> list[Fact]:
        """Return the facts of a chunk in the order they were read."""
        rows = self.db.execute("SELECT json, seq FROM facts WHERE chunk=? ORDER BY seq", (chunk,)).fetchall()
        return [fact_from_json(json.loads(text), self.path, seq) for text, seq in rows]

    def others(self, fact: Fact, limit: int) -> list[Fact]:
        """Return other facts of the same kind, from a place in the seed's order that the fact decides."""
        query = "SELECT json, seq FROM facts WHERE kind=? AND place > place_of(?) ORDER BY place LIMIT ?"
        around = "SELECT json, seq FROM facts WHERE kind=? AND place < place_of(?) ORDER BY place LIMIT ?"
        rows = self.db.execute(query, (fact.kind, fact.id, limit)).fetchall()
        rows += self.db.execute(around, (fact.kind, fact.id, limit - len(rows))).fetchall()
        return [fact_from_json(json.loads(text), self.path, seq) for text, seq in rows]

    def answers_to(self, question: str) -> set[str]:
        """Return the distinct answers (normalised) that facts give to a question."""
        rows = self.db.execute("SELECT DISTINCT answer FROM asked WHERE question=?", (normalised(question),))
        return {row[0] for row in rows}

    def accept(self, candidate: QuestionCandidate) -> None:
        """Store a candidate that passed every check."""
        hits = [[hit.sha256, hit.page, hit.start, hit.end, hit.chunk, hit.header] for hit in candidate.hits]
        self.db.execute(
            "INSERT INTO accepted(fact, phrasing, cluster, hits, figures, origin, vector) VALUES(?,?,?,?,?,?,?)",
            (
                candidate.fact.id,
                candidate.phrasing,
                candidate.cluster,
                json.dumps(hits),
                json.dumps(candidate.figures),
                candidate.origin,
                candidate.vector,
            ),
        )

    def accepted(self) -> Iterator[QuestionCandidate]:
        """Yield the accepted candidates in order."""
        for number in range(1, self.count("accepted") + 1):
            fact_id, phrasing, cluster, hits, figures, origin, vector = self.db.execute(
                "SELECT fact, phrasing, cluster, hits, figures, origin, vector FROM accepted WHERE seq=?", (number,)
            ).fetchone()
            fact = self.fact(fact_id)
            candidate = candidate_of(self, fact, phrasing, origin)
            if candidate is not None:
                yield QuestionCandidate(
                    fact=fact,
                    phrasing=phrasing,
                    source=candidate.source,
                    also=candidate.also,
                    origin=origin,
                    hits=tuple(self.stretch(*hit[:4], chunk=hit[4], header=hit[5]) for hit in json.loads(hits)),
                    figures=json.loads(figures),
                    cluster=cluster,
                    vector=vector,
                )

    def add_row(self, pair: Pair, chunk: str, vector: bytes = b"") -> bool:
        """Store a row; False where its id is stored already."""
        cursor = self.db.execute(
            "INSERT OR IGNORE INTO rows(id, kind, fact, grp, split, chunk, vector, json) VALUES(?,?,?,?,?,?,?,?)",
            (pair.id, pair.kind, pair.fact, pair.group, pair.split, chunk, vector, _dump(row_to_json(pair))),
        )
        return bool(cursor.rowcount)

    def has_row(self, row_id: str) -> bool:
        """Whether a row is stored."""
        return self.db.execute("SELECT 1 FROM rows WHERE id=?", (row_id,)).fetchone() is not None

    def recalls(self, fact_id: str) -> bool:
        """Whether a stored row teaches a fact from memory."""
        kinds = sorted(RECALLED)
        query = f"SELECT 1 FROM rows WHERE fact=? AND kind IN ({','.join('?' * len(kinds))})"  # noqa: S608
        return self.db.execute(query, (fact_id, *kinds)).fetchone() is not None

    def add_preference(self, preference: Preference) -> bool:
        """Store a preference pair; False where its id is stored already."""
        cursor = self.db.execute(
            "INSERT OR IGNORE INTO preferences(id, kind, grp, split, json) VALUES(?,?,?,?,?)",
            (preference.id, preference.kind, preference.group, preference.split, _dump(row_to_json(preference))),
        )
        return bool(cursor.rowcount)

    def reject(self, check: str, reason: str, record: Mapping[str, Any]) -> None:
        """Store a record that a check dropped, with the reason."""
        self.db.execute(
            "INSERT INTO rejected(check_name, json) VALUES(?,?)",
            (check, _dump({**record, "check": check, "reason": reason})),
        )

    def drop_rows(self, ids: Iterable[str], check: str, reason: str) -> None:
        """Move rows to the rejected ones, with the check and the reason."""
        for row_id in ids:
            (text,) = self.db.execute("SELECT json FROM rows WHERE id=?", (row_id,)).fetchone()
            self.reject(check, reason, json.loads(text))
            self.db.execute("DELETE FROM rows WHERE id=?", (row_id,))

    def records(self, table: str, where: str = "1") -> Iterator[dict[str, Any]]:
        """Yield the JSON of a table's rows in order; rows and preferences with their current group and split."""
        placed = table in ("rows", "preferences")
        columns = "json, grp, split" if placed else "json"
        for row in self.db.execute(f"SELECT {columns} FROM {table} WHERE {where} ORDER BY seq"):  # noqa: S608
            record: dict[str, Any] = json.loads(row[0])
            yield {**record, "group": row[1], "split": row[2]} if placed else record


def candidate_of(places: Places, fact: Fact, phrasing: int, origin: str) -> QuestionCandidate | None:
    """Return a fact's phrasing with the passages of its evidence, None where a quote is in no chunk."""
    sources = [places.source_of(citation) for citation in fact.evidence]
    if not sources or any(source is None for source in sources):
        return None
    first, *rest = [source for source in sources if source is not None]
    apart = (source for source, citation in zip(rest, fact.evidence[1:], strict=True) if not first.holds(citation))
    also = tuple(dict.fromkeys(apart))
    return QuestionCandidate(fact=fact, phrasing=phrasing, source=first, also=also, origin=origin)


def _dump(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
