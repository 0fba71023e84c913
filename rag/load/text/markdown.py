"""Reads Markdown: it becomes HTML and goes the way of HTML, so that raw markup in it cannot hide text either."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import markdown_it
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from core.errors import DataError
from core.hyphens import LINE_END_HYPHEN, LineEndHyphens
from core.reading.text.labels import begins_with_label
from core.settings import IngestSettings
from rag.load.outline import Outline
from rag.load.sections import SectionReader
from rag.load.text.encoding import decode_file
from rag.load.web.html import outline_of

PARSER = f"markdown-it-py {markdown_it.__version__}"
_MAX_NESTING = 1000
_YAML_HEADER = re.compile(r"\A---[ \t]*\n(.{0,10000}?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_TOML_HEADER = re.compile(r"\A\+\+\+[ \t]*\n(.{0,10000}?)\n\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELDS = ("title", "author", "date", "subject", "keywords", "lang")
# A value on its line, or folded onto the indented lines below.
_FIELD = re.compile(
    rf"^({'|'.join(_FIELDS)})[ \t]*:[ \t]*(?:[>|][+-]?[ \t]*\n((?:[ \t]+.*(?:\n|\Z))+)|(.+)$)", re.MULTILINE
)
_HYPHEN_AT_END = re.compile(r"[^\W_]-\Z")
_NAMES = {"date": "created", "lang": "language"}


def read_markdown(path: Path, limits: IngestSettings) -> SectionReader:
    """Open a Markdown file (CommonMark with tables, footnotes, definitions); a header in YAML or TOML becomes metadata.

    Raises:
        DataError: It is not text, or nests quotes and lists too deep.
    """
    text, note = decode_file(path)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    fields, length = _header(text)
    text = text[length:]
    outline = markdown_outline(text, path)
    title = fields.pop("title", "")
    metadata = {_NAMES.get(name, name): value for name, value in fields.items()}
    return SectionReader(path, "markdown", PARSER, replace(outline, title=title, metadata=metadata, note=note), limits)


def _header(text: str) -> tuple[dict[str, str], int]:
    """Return the known fields of a file's header and the header's length; no fields and 0 where there is none."""
    if header := _YAML_HEADER.match(text):
        pairs = _FIELD.findall(header[1])
        return {name: " ".join((folded or value).split()).strip("\"'") for name, folded, value in pairs}, header.end()
    if header := _TOML_HEADER.match(text):
        try:
            values = tomllib.loads(header[1])
        except tomllib.TOMLDecodeError:
            return {}, 0
        listed = {"author": values.get("authors"), **values}
        fields = {name: listed[name] for name in _FIELDS if isinstance(listed.get(name), str | list | date)}
        return {
            name: ", ".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else str(value)
            for name, value in fields.items()
        }, header.end()
    return {}, 0


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
        _part_labels(tokens)
        _join_halves(tokens, text)
        markup = parser.renderer.render(tokens, parser.options, {})
    except RecursionError as error:
        raise DataError("nests quotes or lists too deep", path=path) from error
    return outline_of(markup, path, quirks=False) if markup.strip() else Outline(())


def _keep_delimiters(tokens: Sequence[Token]) -> None:
    """Note what follows the numbers of a list, which HTML has no word for."""
    for token in tokens:
        if token.type == "ordered_list_open" and token.markup == ")":
            token.attrSet("data-delimiter", ")")


def _part_labels(tokens: Sequence[Token]) -> None:
    """Keep the line end before a line that begins with a label set off by its type, or with one as others beside do."""
    for token in tokens:
        children = token.children or []
        places = [place for place, child in enumerate(children) if child.type in ("softbreak", "hardbreak")]
        if not places:
            continue
        lines = [children[first + 1 : after] for first, after in pairwise([-1, *places, len(children)])]
        labelled = [begins_with_label("".join(child.content for child in line)) for line in lines]
        for number, place in enumerate(places, 1):
            beside = labelled[0] or labelled[number - 1] or labelled[number + 1 : number + 2] == [True]
            if labelled[number] and (beside or _begins_set_off(lines[number])):
                children[place].type, children[place].tag = "hardbreak", "br"


def _begins_set_off(line: Sequence[Token]) -> bool:
    """Tell whether a line begins in bold or italic type, and it ends at the colon of a label."""
    opened = [child for child in line[:2] if child.type in ("strong_open", "em_open")]
    closed = next((place for place, child in enumerate(line) if child.type in ("strong_close", "em_close")), 0)
    before, behind = ("".join(child.content for child in part) for part in (line[:closed], line[closed:]))
    return bool(opened) and (before.endswith(":") or behind.startswith(":"))


def _join_halves(tokens: Sequence[Token], text: str) -> None:
    """Take out the line ends behind hyphens, where the next line goes on without a blank, and hyphens amid words."""
    breaks = [
        (children, place)
        for token in tokens
        if (children := token.children or [])
        for place in range(1, len(children) - 1)
        if children[place].type == "softbreak"
        and _HYPHEN_AT_END.search(children[place - 1].content)
        and children[place + 1].content[:1].isalnum()
    ]
    halves = [
        (children[place - 1].content[:-1], f"{LINE_END_HYPHEN}{children[place + 1].content}")
        for children, place in breaks
    ]
    hyphens = LineEndHyphens("\n".join([*("".join(pair) for pair in halves), text]))
    start = 0
    for (children, place), (before, after) in zip(breaks, halves, strict=True):
        position = start + len(before)
        children[place - 1].content = before + hyphens.join(position, position + 1)
        children[place].type, children[place].content = "text", ""
        start = position + len(after) + 1
