"""Reads Markdown and plain text.

Markdown becomes HTML and goes the way of HTML, so that raw markup in it cannot hide text either. Plain text is taken as
it stands.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import markdown_it
from markdown_it import MarkdownIt

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.sections import Outline, SectionReader, plain_block
from rag.load.sniff import read_text
from rag.load.web.html import outline_of

PARSER = f"markdown-it-py {markdown_it.__version__}"
_MAX_NESTING = 1000
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.{0,10000}?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_FIELD = re.compile(r"^(title|author|date|subject|keywords|lang)[ \t]*:[ \t]*(.+)$", re.MULTILINE)
_NAMES = {"date": "created", "lang": "language"}


def read_markdown(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a Markdown file (CommonMark with tables); a YAML header becomes metadata.

    Raises:
        DataError: It is not text, or nests quotes and lists too deep.
    """
    text = read_text(path).replace("\r\n", "\n").replace("\r", "\n")
    fields: dict[str, str] = {}
    header = _FRONT_MATTER.match(text)
    if header:
        fields = {name: value.strip().strip("\"'") for name, value in _FIELD.findall(header[1])}
        text = text[header.end() :]
    # The preset stops at ten levels of lists and drops what is deeper without a word.
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])
    try:
        markup = parser.render(text)
    except RecursionError as error:
        raise DataError("nests quotes or lists too deep", path=path) from error
    outline = outline_of(markup, path) if markup.strip() else Outline(())
    title = fields.pop("title", "")
    metadata = {_NAMES.get(name, name): value for name, value in fields.items()}
    return SectionReader(path, "markdown", PARSER, replace(outline, title=title, metadata=metadata), limits)


def read_plain(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a text file.

    Raises:
        DataError: It is not text.
    """
    return SectionReader(path, "text", "plain text", Outline((plain_block(read_text(path)),)), limits)
