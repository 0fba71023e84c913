"""Reads RTF; hidden, white and tiny runs go to the audit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from striprtf.striprtf import rtf_to_text

from core.errors import DataError
from core.settings import IngestSettings
from rag.load.outline import Element, Outline, Run, TableCell
from rag.load.sections import SectionReader
from rag.load.text.plain import elements_of
from rag.load.web.visible import TINY_PT

PARSER = f"striprtf {version('striprtf')}"
_TOKEN = re.compile(r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\[^a-z]|[{}]", re.I)
_COLOURS = re.compile(r"\{\\colortbl([^{}]*)\}")
_WHITE = re.compile(r"\\red255\\green255\\blue255")
_FIELD = re.compile(r"\{\\(title|author|subject|keywords) ([^{}\\]*)\}")
# Put around what is hidden; private characters that the reader hands through.
_STARTS = {"not_displayed": "\ue100", "tiny": "\ue101", "no_contrast": "\ue102"}
_END = "\ue10f"
_KINDS = {mark: kind for kind, mark in _STARTS.items()}
_HALF_POINTS = 2


def read_rtf(path: Path, limits: IngestSettings) -> SectionReader:
    """Open an RTF file.

    Raises:
        DataError: It is damaged.
    """
    markup = path.read_bytes().decode("latin-1")
    try:
        text = rtf_to_text(_marked(markup), errors="replace")
    except (ValueError, LookupError, TypeError, IndexError, RecursionError, OverflowError) as error:
        raise DataError(f"is a damaged RTF file: {type(error).__name__}: {error}", path=path) from error
    fields = dict(_FIELD.findall(markup[: 1 << 16]))
    outline = Outline(tuple(_hidden_apart(elements_of(text))), fields.pop("title", ""), fields)
    return SectionReader(path, "rtf", PARSER, outline, limits)


def _marked(markup: str) -> str:
    """Return RTF with marks where text begins and ends to be hidden."""
    colours = _COLOURS.search(markup)
    whites = {
        str(number) for number, entry in enumerate((colours[1] if colours else "").split(";")) if _WHITE.search(entry)
    }
    out: list[str] = []
    stack: list[tuple[bool, bool, bool]] = []
    state, current, position = (False, False, False), "", 0
    for match in _TOKEN.finditer(markup):
        out.append(markup[position : match.start()])
        position = match.end()
        if match[0] == "{":
            stack.append(state)
        elif match[0] == "}":
            state = stack.pop() if stack else state
        elif match[1]:
            state = _changed(state, match[1], match[2] or "", whites)
        kind = next((name for name, on in zip(("not_displayed", "tiny", "no_contrast"), state, strict=True) if on), "")
        mark = ""
        if kind != current:
            mark = (_escape(_END) if current else "") + (_escape(_STARTS[kind]) if kind else "")
            current = kind
        out.append(mark + match[0] if match[0] == "}" and not kind else match[0] + mark)
    return "".join([*out, markup[position:]])


def _changed(state: tuple[bool, bool, bool], word: str, argument: str, whites: set[str]) -> tuple[bool, bool, bool]:
    vanished, tiny, white = state
    if word == "v":
        return argument != "0", tiny, white
    if word == "fs" and argument.isdigit():
        return vanished, int(argument) < TINY_PT * _HALF_POINTS, white
    if word == "cf":
        return vanished, tiny, argument in whites
    return (False, False, False) if word == "plain" else state


def _escape(mark: str) -> str:
    """Return a private character as RTF, in a group of its own so that no state of the text around it changes."""
    return f"{{\\uc1\\u{ord(mark)}?}}"


def _hidden_apart(elements: tuple[Element, ...]) -> Iterator[Element]:
    """Turn marks into hidden runs; one that was open at the end of an element goes on in the next."""
    state = ""
    for element in elements:
        if element.rows:
            rows = []
            for row in element.rows:
                cells: list[TableCell] = []
                for cell in row:
                    runs, state = _runs(cell.runs, state)
                    cells.append(replace(cell, runs=runs))
                rows.append(tuple(cells))
            yield replace(element, rows=tuple(rows))
            continue
        runs, state = _runs(element.runs, state)
        yield replace(element, runs=runs)


def _runs(runs: tuple[Run, ...], state: str) -> tuple[tuple[Run, ...], str]:
    out: list[Run] = []
    for run in runs:
        for part in re.split(f"([{''.join(_KINDS)}{_END}])", run.text):
            if part in _KINDS:
                state = _KINDS[part]
            elif part == _END:
                state = ""
            elif part:
                out.append(Run(part, state))
    return tuple(out), state
