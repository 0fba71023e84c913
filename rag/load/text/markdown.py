"""Reads Markdown: it becomes HTML and goes the way of HTML, so that raw markup in it cannot hide text either."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import markdown_it
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.outline import Outline
from rag.load.sections import SectionReader
from rag.load.text.encoding import decode_file
from rag.load.web.html import outline_of

PARSER = f"markdown-it-py {markdown_it.__version__}"
_MAX_NESTING = 1000
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.{0,10000}?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_FIELD = re.compile(r"^(title|author|date|subject|keywords|lang)[ \t]*:[ \t]*(.+)$", re.MULTILINE)
_NAMES = {"date": "created", "lang": "language"}


def read_markdown(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a Markdown file (CommonMark with tables, footnotes and definitions); a YAML header becomes metadata.

    Raises:
        DataError: It is not text, or nests quotes and lists too deep.
    """
    text, note = decode_file(path)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    fields: dict[str, str] = {}
    header = _FRONT_MATTER.match(text)
    if header:
        fields = {name: value.strip().strip("\"'") for name, value in _FIELD.findall(header[1])}
        text = text[header.end() :]
    outline = markdown_outline(text, path)
    title = fields.pop("title", "")
    metadata = {_NAMES.get(name, name): value for name, value in fields.items()}
    return SectionReader(path, "markdown", PARSER, replace(outline, title=title, metadata=metadata, note=note), limits)


def markdown_outline(text: str, path: Path) -> Outline:
    """Return what Markdown without a header holds.

    Raises:
        DataError: It nests quotes or lists too deep.
    """
    # The preset stops at ten levels of lists and drops what is deeper without a word.
    parser = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(deflist_plugin)
    try:
        tokens = parser.parse(text)
        _keep_delimiters(tokens)
        markup = parser.renderer.render(tokens, parser.options, {})
    except RecursionError as error:
        raise DataError("nests quotes or lists too deep", path=path) from error
    return outline_of(markup, path, quirks=False) if markup.strip() else Outline(())


def _keep_delimiters(tokens: Sequence[Token]) -> None:
    """Note what follows the numbers of a list, which HTML has no word for."""
    for token in tokens:
        if token.type == "ordered_list_open" and token.markup == ")":
            token.attrSet("data-delimiter", ")")
