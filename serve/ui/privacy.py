"""The page that says what is stored and where; plain HTML, kept in step with what the server does by a test."""

from __future__ import annotations

from html import escape

from core.backends import destination, parse_spec
from core.chat.address import is_loopback
from core.files import Home
from core.settings import Settings

# Path under KB_HOME, and what is in it.
STORED = (
    ("originals/", "the documents you add, as they are, by hash"),
    ("catalogue.sqlite", "their text, pages, chunks and vectors"),
    ("index/", "the search index made from them"),
    ("feedback.jsonl", "questions, answers and corrections that you judged or voted on"),
    ("serve/uploads/", "files that wait to be read; gone once they are"),
    ("serve/jobs.sqlite", "what was read in, when, with file names; gone after 30 days"),
    ("serve/audit.jsonl", "who did what to which document, when; no questions, answers or names of files"),
    ("serve/keys.json", "names of keys and their hashes"),
    ("serve/training/", "what training processes said"),
    ("datasets/", "training data, with what people decided about it"),
    ("runs/", "trained models"),
    ("cache/", "what can be made again: exports, files on their way through the browser"),
)


def privacy_page(settings: Settings, home: Home) -> str:
    """Return the page."""
    rows = "".join(
        f"<tr><td><code>{escape(path)}</code></td><td>{escape(what)}</td></tr>" for path, what in STORED
    )  # fmt: skip
    local = is_loopback(settings.rag.ollama_url)
    servers = "" if local else f" Ollama is asked at {escape(settings.rag.ollama_url)}, which is not this machine."
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
nothing from elsewhere and nothing is reported to anybody.{servers}{sent}</p>
<table><thead><tr><th scope="col">where</th><th scope="col">what</th></tr></thead><tbody>{rows}</tbody></table>
<p>Conversations are kept by the open page alone and are gone when it is closed; what you rate or correct is kept.
Logs hold times, paths' patterns and sizes, never contents.</p>
<p>To remove a document with everything kept of it: the tab Documents, or <code>kb forget DOC</code>.</p>
<p><a href="/">Back</a></p></main></body></html>"""
