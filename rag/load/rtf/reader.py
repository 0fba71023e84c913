"""Reads RTF: paragraphs, headings, list items, tables, notes, headers and footers.

Hidden, white and tiny runs go to the audit; what a tracked change deleted is no text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.blocks import BlockKind
from core.errors import DataError
from core.language.english.printed.pages import PAGE_NUMBER
from core.settings import IngestSettings
from rag.load.outline import CELL_GAP, LINE_GAP, PARAGRAPH_GAP, ROW_GAP, STRUCK, Element, Outline, Run, shown, trimmed
from rag.load.raised import lowered, raised
from rag.load.rtf.rows import RtfRow, table_of
from rag.load.rtf.state import State, Tables
from rag.load.rtf.tokens import CHARACTERS, CHARSETS, READ, SKIPPED, Token, tokens
from rag.load.sections import SectionReader
from rag.load.web.links import target_of

PARSER = "RTF 1.9.1"
_LINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.I)
_HEADING = re.compile(r"heading (\d)", re.I)
_INFO = ("title", "author", "subject", "keywords")
_BULLETS = "·•-–*o§\uf0b7\uf0a7"
_MAX_DEPTH = 5000


def read_rtf(path: Path, limits: IngestSettings) -> SectionReader:
    """Open an RTF file.

    Raises:
        DataError: Its groups nest too deep.
    """
    document = RtfDocument()
    for token in tokens(path.read_bytes().decode("latin-1")):
        document.take(token)
        if document.depth > _MAX_DEPTH:
            raise DataError(f"is a damaged RTF file: more than {_MAX_DEPTH:,} groups in each other", path=path)
    elements = tuple(document.finish())
    info = {name: " ".join(text.split()) for name, text in document.info.items()}
    return SectionReader(path, "rtf", PARSER, Outline(elements, info.pop("title", ""), info), limits)


@dataclass(slots=True)
class _Group:
    """What to do when a group ends.

    Attributes:
        state: What holds again.
        ends: `note`, `header`, `footer` or `field`; `""` for nothing.
        runs: Text around it, where its own is collected apart; the place in the text where a field begins.
    """

    state: State
    ends: str = ""
    runs: list[Run] = field(default_factory=list)
    start: int = 0


class RtfDocument:
    """Takes tokens one by one."""

    def __init__(self) -> None:
        self.info: dict[str, str] = {}
        self._state, self._tables = State(), Tables()
        self._groups: list[_Group] = []
        self._elements: list[Element] = []
        self._notes: list[Element] = []  # cited in the paragraph that is read
        self._table_notes: list[Element] = []
        self._runs: list[Run] = []
        self._bytes = bytearray()
        self._to_skip = 0  # characters for readers without Unicode
        self._surrogate = ""
        self._mark = ""
        self._instruction = ""
        self._box: dict[str, int] = {}
        self._rows: list[RtfRow] = []
        self._row, self._cell = RtfRow(), list[Run]()
        self._shade = False
        self._next_merge = ""
        self._n_notes = 0
        self._is_optional = False
        self._font = self._style = 0
        self._style_level = 0
        self._colour = [0, 0, 0]
        self._n_colours = 0

    @property
    def depth(self) -> int:
        """How many groups are open."""
        return len(self._groups)

    def take(self, token: Token) -> None:
        """Take the next token."""
        if token.kind in ("byte", "symbol", "text") and self._to_skip:
            token = self._after_fallback(token)
        if token.kind != "byte":
            self._flush_bytes()
        if token.kind == "byte":
            self._bytes.append(token.number or 0)
        elif token.kind == "text":
            self._bytes += token.text.encode("latin-1") if not token.text.isascii() else b""
            self._write(token.text) if token.text.isascii() else self._flush_bytes()
        elif token.kind == "open":
            self._groups.append(_Group(self._state))
            self._state = replace(self._state)
            self._to_skip = 0
        elif token.kind == "close":
            self._close()
        elif token.kind == "symbol":
            if token.text == "*":
                self._is_optional = True
                return
            if token.text in CHARACTERS:
                self._write(CHARACTERS[token.text])
        else:
            self._word(token.text, token.number)
        self._is_optional = False

    def finish(self) -> Iterator[Element]:
        """Yield what was read."""
        self._flush_bytes()
        while self._groups:
            self._close()
        self._end_paragraph()
        self._end_table()
        yield from self._elements

    def _after_fallback(self, token: Token) -> Token:
        """Leave out what stands for readers without Unicode."""
        if token.kind != "text":
            self._to_skip -= 1
            return Token("none")
        count = min(self._to_skip, len(token.text))
        self._to_skip -= count
        return Token("text", token.text[count:])

    def _flush_bytes(self) -> None:
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            try:
                self._write(data.decode(self._state.codec, "replace"))
            except LookupError:
                self._write(data.decode("cp1252", "replace"))

    def _word(self, word: str, number: int | None) -> None:
        state = self._state
        if word == "u":
            self._unicode(number or 0)
        elif state.destination in ("fonts", "colours", "styles", "form"):
            self._in_table_of(state.destination, word, number)
        elif self._begins(word):
            return
        elif word in CHARACTERS:
            self._write(CHARACTERS[word])
        elif word in ("par", "sect", "page", "column"):
            self._end_paragraph()
        elif word in ("cell", "nestcell", "row", "nestrow", "trowd", "trhdr", "cellx") or word.startswith("cl"):
            self._table_word(word, number)
        elif word == "chftn" and state.destination == "body":
            self._n_notes += 1
            self._add(Run(f"{'' if shown(self._runs[-1:])[-1:].isspace() else ' '}[{self._n_notes}]"))
        elif word in ("ansicpg", "mac", "pc", "pca"):
            codec = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}.get(word, f"cp{number}")
            self._tables.codec = state.codec = codec
        else:
            state.apply(word, number, self._tables)

    def _begins(self, word: str) -> bool:
        """Open what a group holds instead of text of the body; tell whether the word did that."""
        state = self._state
        name = {"listtext": "mark", "pntext": "mark", "fldinst": "instruction", "formfield": "form"}.get(word, "")
        name = name or {"fonttbl": "fonts", "colortbl": "colours", "stylesheet": "styles", "info": "info"}.get(word, "")
        if state.destination == "info" and word in _INFO:
            name = word
        if word in SKIPPED or (self._is_optional and word not in READ and not name):
            state.destination = "skip"
        elif name and state.destination != "skip":
            state.destination = name
            if name == "mark":
                self._mark = ""
            if name == "form":
                self._box = {}
        elif word in ("shptxt", "ud", "result") and self._groups:
            state.destination = "body"
        elif word == "shpinst":
            state.destination = "skip"
        elif word == "field":
            self._groups[-1].ends, self._groups[-1].start = "field", len(self._runs)
            self._instruction = ""
        elif word in ("footnote", "header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"):
            if state.destination == "skip" or not self._groups:
                return True
            state.destination = "note" if word == "footnote" else word[:6]
            group = self._groups[-1]
            group.ends, group.runs, self._runs = state.destination, self._runs, []
            state.clear_paragraph()
        else:
            return False
        return True

    def _in_table_of(self, destination: str, word: str, number: int | None) -> None:
        """Read a table at the head of the file, or the settings of a form field."""
        value = number or 0
        if destination == "fonts" and word == "f":
            self._font = value
        elif destination == "fonts" and word == "fcharset":
            if value in CHARSETS:
                self._tables.codecs[self._font] = CHARSETS[value]
        elif destination == "colours" and word in ("red", "green", "blue"):
            self._colour[("red", "green", "blue").index(word)] = value
        elif destination == "styles" and word in ("s", "cs", "ds"):
            self._style, self._style_level = (value if word == "s" else -1), 0
        elif destination == "styles" and word == "outlinelevel":
            self._style_level = value + 1 if value < 9 else 0
        elif destination == "form":
            self._box[word] = value

    def _unicode(self, number: int) -> None:
        code = number + 0x10000 if number < 0 else number
        self._to_skip = self._state.fallback
        if 0xD800 <= code < 0xDC00:
            self._surrogate = chr(code)
            return
        text = chr(code) if code < 0x110000 else "\ufffd"
        if self._surrogate:
            text = (self._surrogate + text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            self._surrogate = ""
        self._write(text.encode("utf-8", "replace").decode() if "\ud800" <= text <= "\udfff" else text)

    def _write(self, text: str) -> None:
        """Take text to where the group says."""
        state = self._state
        if state.destination in ("body", "note", "header", "footer"):
            if not state.is_deleted:
                self._add(self._run(text))
        elif state.destination == "mark":
            self._mark += text
        elif state.destination == "instruction":
            self._instruction += text
        elif state.destination in _INFO:
            self.info[state.destination] = self.info.get(state.destination, "") + text
        elif state.destination == "colours":
            for _ in range(text.count(";")):
                if self._colour == [255, 255, 255]:
                    self._tables.whites.add(self._n_colours)
                self._colour = [0, 0, 0]
                self._n_colours += 1
        elif state.destination == "styles" and self._style >= 0:
            named = _HEADING.match(text.strip())
            level = self._style_level or (int(named[1]) if named else int(text.strip(" ;").lower() == "title"))
            if level:
                self._tables.levels[self._style] = level

    def _run(self, text: str) -> Run:
        state = self._state
        hidden = "" if self._shade and state.in_table and not (state.is_vanished or state.is_tiny) else state.hidden
        if hidden or not text.strip():
            return Run(text, hidden)
        if state.script:
            before = shown(self._runs[-4:])
            text = raised(before, text) if state.script == "super" else lowered(before, text)
        return Run(f"{STRUCK}{text}{STRUCK}" if state.is_struck else text)

    def _add(self, run: Run) -> None:
        last = self._runs[-1] if self._runs else Run("")
        if not (run.hidden or last.hidden) and last.text.endswith(STRUCK) and run.text.startswith(STRUCK):
            self._runs[-1] = Run(last.text.removesuffix(STRUCK) + run.text.removeprefix(STRUCK))
        else:
            self._runs.append(run)

    def _table_word(self, word: str, number: int | None) -> None:
        if self._state.destination != "body":
            return
        if word == "trowd":
            self._row = RtfRow(cells=self._row.cells)
            self._shade = False
        elif word == "trhdr":
            self._row.is_head = True
        elif word == "cellx":
            self._row.edges.append(number or 0)
            self._row.merges.append(self._next_merge)
            self._next_merge = ""
        elif word in ("clmrg", "clvmrg"):
            self._next_merge = "left" if word == "clmrg" else "above"
        elif word == "clcbpat":
            self._shade = self._shade or bool(number)
        elif word in ("nestcell", "nestrow"):
            self._add(Run(CELL_GAP if word == "nestcell" else ROW_GAP))
        elif word == "cell":
            self._row.cells.append(trimmed([*self._cell, *self._runs]))
            self._cell, self._runs, self._mark = [], [], ""
        elif word == "row":
            if self._row.cells:
                self._rows.append(self._row)
            self._table_notes += self._notes
            self._notes = []
            self._row = RtfRow(self._row.edges, self._row.merges, [], self._row.is_head)

    def _end_paragraph(self) -> None:
        """End the paragraph, or the line of a cell, a note or a header."""
        state = self._state
        if state.destination not in ("body", "note", "header", "footer"):
            return
        mark, self._mark = " ".join(self._mark.split()), ""
        mark = "-" if mark and mark in _BULLETS else mark
        if state.destination == "body" and not state.in_table:
            runs, self._runs = trimmed(self._runs), []
            self._place(runs, mark, state.level)
            return
        if mark and self._runs:
            self._runs.insert(0, Run(f"{mark} "))
        if state.destination == "body":
            self._cell += [*self._runs, Run(" ")]
            self._runs = []
        elif self._runs:
            self._runs.append(Run(" "))

    def _place(self, runs: tuple[Run, ...], mark: str, level: int) -> None:
        """Put a paragraph of the body behind what came so far."""
        if not runs:
            self._elements += self._notes
            self._notes = []
            return
        self._end_table()
        is_item = bool(mark) and not level and bool(shown(runs).strip())
        last_is_item = bool(self._elements) and self._elements[-1].kind == "list_item"
        kind: BlockKind = "heading" if level else "list_item" if is_item else "paragraph"
        if mark and shown(runs).strip():
            runs = (Run(f"{mark} "), *runs)
        gap = LINE_GAP if is_item and last_is_item else PARAGRAPH_GAP
        self._elements.append(Element(runs=runs, kind=kind, level=level, number=mark if is_item else "", gap=gap))
        self._elements += self._notes
        self._notes = []

    def _end_table(self) -> None:
        if self._rows:
            self._elements += [table_of(self._rows), *self._table_notes]
            self._rows, self._table_notes = [], []
        self._row, self._cell = RtfRow(), []

    def _close(self) -> None:
        """End a group."""
        if not self._groups:
            return
        group, inner = self._groups.pop(), self._state
        if inner.destination == "form" and group.state.destination != "form":
            self._form_field()
        self._state, self._to_skip = group.state, 0
        if group.ends == "field":
            self._end_field(group.start)
        elif group.ends:
            runs, self._runs = trimmed(self._runs), group.runs
            self._end_apart(group.ends, runs)

    def _end_field(self, start: int) -> None:
        match = _LINK.match(self._instruction)
        target = target_of(match[1]) if match else ""
        text = shown(self._runs[start:]).strip()
        if target and text and target.rstrip("/") != text.rstrip("/"):
            self._add(Run(f" ({target})"))
        self._instruction = ""

    def _form_field(self) -> None:
        if self._box.get("fftype") == 1:
            result = self._box.get("ffres", 25)
            checked = self._box.get("ffdefres", 0) if result == 25 else result
            self._runs.append(Run("☒" if checked else "☐"))

    def _end_apart(self, kind: str, runs: tuple[Run, ...]) -> None:
        """Place what was collected apart: a note, a header, a footer."""
        if not shown(runs).strip():
            return
        if kind != "note":
            text = shown(runs).strip()
            if not PAGE_NUMBER.fullmatch(text) and all(element.shown != text for element in self._elements):
                self._elements.append(Element(runs=runs, kind="header" if kind == "header" else "footer"))
            return
        before = self._runs[-1].text.strip() if self._runs else ""
        if not re.fullmatch(r"\[\d+\]|[⁰¹²³⁴⁵⁶⁷⁸⁹]+", before):
            self._n_notes += 1
            before = f"[{self._n_notes}]"
            self._add(Run(f" {before}"))
        mark = before.strip("[]").translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))
        self._notes.append(Element(runs=(Run(f"[{mark}] "), *runs), kind="footnote", number=mark))
