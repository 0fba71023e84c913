"""The page at `/privacy`: what is stored under KB_HOME and what leaves the machine. Plain HTML.

A test compares `STORED` with what the server writes.
"""

from __future__ import annotations

from html import escape

from core.backends import destination, parse_spec
from core.chat.remote.address import is_loopback
from core.files import Home
from core.settings import Settings
from rag.catalogue.postgres import postgres_url, server_name

# Path under KB_HOME, and what is in it.
STORED = (
    ("originals/", "the documents you add, unchanged, named by hash"),
    ("catalogue.sqlite", "their text, pages, chunks and vectors"),
    ("index/", "the search index made from them"),
    ("feedback.jsonl", "questions and answers that you rated, voted on or corrected"),
    ("serve/uploads/", "files that wait for ingest; removed afterwards, refused ones at the next start"),
    ("serve/forgotten/", "documents that were forgotten less than a minute ago, so that it can be undone"),
    ("serve/votes.jsonl", "which models were compared and which was best; no texts"),
    ("serve/conversations/", "conversations of people with keys, until they delete them"),
    ("serve/jobs.sqlite", "which files were added when, with their names; removed after 30 days"),
    (
        "serve/access.sqlite",
        "how many requests each key or address made lately; hashes of browsers' sessions",
    ),
    ("serve/audit.jsonl", "who did what with which document, when; no questions, answers or file names"),
    ("serve/keys.json", "names of keys and their hashes"),
    ("serve/tasks/", "orders and reports of long tasks: making training data, training, export, comparison"),
    ("datasets/", "training data, with the decisions of reviewers"),
    ("runs/", "trained models"),
    ("cache/", "what can be made again: exports, files on their way through the browser"),
)


def privacy_page(settings: Settings, home: Home) -> str:
    """Return the page."""
    rows = "".join(f"<tr><td><code>{escape(path)}</code></td><td>{escape(what)}</td></tr>" for path, what in STORED)
    local = is_loopback(settings.rag.ollama_url)
    servers = "" if local else f" Ollama runs at {escape(settings.rag.ollama_url)}, which is another machine."
    if settings.ingest.originals:
        servers += f" Originals are kept at {escape(str(settings.ingest.originals))}."
    if postgres_url():
        shared = escape(server_name(postgres_url()))
        servers += f" Pages, chunks, jobs, sessions and counts of requests are kept in {shared}."
    if settings.ingest.on:
        servers += f" Documents are read on the machines of the cluster {escape(settings.ingest.on)}."
    model = settings.rag.model
    remote = destination(parse_spec(model), settings)
    sent = f" Questions and passages go to the model {escape(model)} at {escape(remote)}." if remote else ""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>kb: what is stored, and where</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
table {{ border-collapse: collapse; }} td, th {{ text-align: left; padding: .3rem .8rem .3rem 0; vertical-align: top; }}
code {{ overflow-wrap: anywhere; }}
</style></head><body><main><h1>What is stored, and where</h1>
<p>Everything stays on the machine that runs this server, under <code>{escape(str(home.root))}</code>. The page loads
nothing from elsewhere, and no usage data is sent.{servers}{sent}</p>
<table><thead><tr><th scope="col">where</th><th scope="col">what</th></tr></thead><tbody>{rows}</tbody></table>
<p>Conversations are kept in your browser until you delete them there; where the server has keys, also on the server,
each person's apart. Ratings and corrections are stored.
Logs hold times, path patterns and sizes, never contents.</p>
<p>To remove a document with everything stored about it: open it under Documents, then Forget.</p>
<p><a href="/">To the page</a></p></main></body></html>"""
