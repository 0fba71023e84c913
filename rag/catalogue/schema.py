"""The catalogue's tables and the migrations that lead to them, one entry per schema version.

A new file runs through all of them, so that a migrated catalogue and a new one have the same tables.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from pathlib import PurePath

Migration = str | Callable[[sqlite3.Connection], None]

_FIRST = """
CREATE TABLE collections(
  name TEXT PRIMARY KEY,
  embedder TEXT NOT NULL,              -- JSON identity all visible vectors share
  created_at TEXT NOT NULL);
CREATE TABLE documents(
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never reused: indexes remember ids
  collection TEXT NOT NULL REFERENCES collections(name),
  sha256 TEXT NOT NULL,
  doc TEXT NOT NULL,
  title TEXT NOT NULL,
  unit TEXT NOT NULL,
  parser TEXT NOT NULL,
  metadata TEXT NOT NULL,
  profile TEXT NOT NULL,
  n_pages INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  status TEXT NOT NULL CHECK(status IN ('staging', 'indexed', 'no text')),
  recipe TEXT NOT NULL,                -- JSON: reading, chunking and embedder that made the chunks
  ingested_at TEXT NOT NULL,
  UNIQUE(collection, sha256));
CREATE VIEW visible AS SELECT * FROM documents WHERE status <> 'staging';
CREATE TABLE sources(
  collection TEXT NOT NULL,
  source TEXT NOT NULL,
  document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  PRIMARY KEY(collection, source));
CREATE INDEX sources_by_document ON sources(document);
CREATE TABLE pages(
  document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  page INTEGER NOT NULL,
  text TEXT NOT NULL,
  quality TEXT NOT NULL,
  reason TEXT NOT NULL,
  label TEXT NOT NULL,
  hidden TEXT NOT NULL,
  hidden_text TEXT NOT NULL,
  parser TEXT NOT NULL,
  PRIMARY KEY(document, page));
CREATE TABLE chunks(
  document INTEGER NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  page INTEGER NOT NULL,
  start INTEGER NOT NULL,
  "end" INTEGER NOT NULL,
  header TEXT NOT NULL,
  vector BLOB NOT NULL,                -- float32, little endian, L2-normalised
  PRIMARY KEY(document, page, start, "end"));
CREATE TABLE indexed(                   -- which documents a derived index holds
  store TEXT NOT NULL,
  collection TEXT NOT NULL,
  document INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  PRIMARY KEY(store, collection, document));
"""

# `sources.doc` is the document's name at that source; `notes` holds what a person is told once, then deleted.
_BLOCKS_AND_NAMES = """
ALTER TABLE pages ADD COLUMN blocks TEXT NOT NULL DEFAULT '[]';
ALTER TABLE sources ADD COLUMN doc TEXT NOT NULL DEFAULT '';
CREATE TABLE notes(note TEXT PRIMARY KEY);
"""
# Codes of languages: of a page, and of a document's pages, parted by blanks, the one with most text first. NULL where
# nobody has looked: documents of older versions, until the next ingest.
_LANGUAGES = """
ALTER TABLE pages ADD COLUMN language TEXT;
ALTER TABLE documents ADD COLUMN languages TEXT;
CREATE INDEX documents_by_language ON documents(collection, languages);
"""
REREAD_NOTE = (
    "the documents here were read without their layout (tables, lists, columns); `kb reindex` reads them again"
)


def _name_sources(db: sqlite3.Connection) -> None:
    """Give every source its document's name: the file's, and for a URL the one it was stored under."""
    rows = db.execute(
        "SELECT s.collection, s.source, d.doc FROM sources s JOIN documents d ON d.id = s.document"
    ).fetchall()
    for collection, source, doc in rows:
        name = doc if "://" in source else PurePath(source).name
        db.execute("UPDATE sources SET doc=? WHERE collection=? AND source=?", (name, collection, source))
    if rows:
        db.execute("INSERT INTO notes VALUES(?)", (REREAD_NOTE,))


# Version reached, and what leads there from the version before.
MIGRATIONS: Mapping[int, tuple[Migration, ...]] = {
    1: (_FIRST,),
    2: (_BLOCKS_AND_NAMES, _name_sources),
    3: (_LANGUAGES,),
}
SCHEMA_VERSION = max(MIGRATIONS)


def migrate(db: sqlite3.Connection) -> None:
    """Bring a catalogue to `SCHEMA_VERSION`, in the caller's transaction."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    for reached in range(version + 1, SCHEMA_VERSION + 1):
        for step in MIGRATIONS[reached]:
            if callable(step):
                step(db)
                continue
            for statement in step.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version={reached}")
