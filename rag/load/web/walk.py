"""Goes through an HTML tree once, without recursion, and yields its elements with what their styles hide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import lxml.html
from cssselect2 import ElementWrapper
from lxml import etree

from rag.load.outline import LINE_GAP, PARAGRAPH_GAP, STRUCK, Element, Run, shown, trimmed
from rag.load.raised import lowered, raised
from rag.load.web.links import target_of
from rag.load.web.lists import ListCounter, is_note_reference, note_number
from rag.load.web.look import Look, look_of
from rag.load.web.sheet import Sheet
from rag.load.web.tables import TableBuilder, is_layout

SKIPPED = frozenset(
    "script style head template noscript iframe object svg datalist rp annotation annotation-xml audio video "
    "canvas".split()
)
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby rt s samp small span "
    "strike strong sub sup time tt u var wbr img button input select textarea math mi mo mn mrow msup msub mfrac msqrt "
    "mtext semantics".split()
)
_FORMULA = frozenset("mi mn mo mrow mtext msup msub mfrac msqrt".split())
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_CELLS = frozenset({"td", "th"})
_ROW_PARTS = frozenset({"tr", "thead", "tbody", "tfoot", "colgroup", "col"})
_CAPTIONS = frozenset({"caption", "figcaption"})
_BUTTONS = {"checkbox": ("☐", "☒"), "radio": ("○", "◉")}
_STRUCK = frozenset({"del", "s", "strike"})
_CLOSING = " \n.,;:!?)]"
_TEXT_INPUTS = frozenset(["", "text", "email", "number", "date", "time", "tel", "url", "search", "month", "week"])
_SPACE = re.compile(r"[ \t\n\r\f]+")
_WORD_MARK = re.compile(r"([\w(.]{1,8}[.)]|[·•o§-])\s")
_MAX_STYLED_DEPTH = 400
_MAX_MARK_CHARS = 4


class _Wrapper(ElementWrapper):  # type: ignore[misc]
    """An element as selectors see it; walks to its ancestors and siblings without recursion."""

    @property
    def ancestors(self) -> Iterator[ElementWrapper]:
        element = self.parent
        while element is not None:
            yield element
            element = element.parent

    @property
    def previous_siblings(self) -> Iterator[ElementWrapper]:
        element = self.previous
        while element is not None:
            yield element
            element = element.previous


class Walk:
    """One pass over a tree.

    Args:
        root: The `html` element.
        sheet: The page's style sheets.
        relative: Whether links to other files beside the page show where they lead.
    """

    def __init__(self, root: lxml.html.HtmlElement, sheet: Sheet, *, relative: bool = True) -> None:
        self._root, self._sheet, self._relative = root, sheet, relative
        self._runs: list[Run] = []
        self._ready: list[Element] = []
        self._looks = [Look()]
        # By tag, style and the identity of the look around, which stands beside it to stay alive: a page repeats few.
        self._known_looks: dict[tuple[str, tuple[tuple[str, str], ...], int], tuple[Look, Look]] = {}
        self._wrappers: list[Any] = []
        self._last_children: list[Any] = []
        self._tags: list[str] = []
        self._level = 0
        self._preformatted = self._in_nav = 0
        self._raised = ""  # sup or sub whose first text is still to come
        self._lists: list[ListCounter] = []
        self._notes: list[str] = []  # numbers of the footnotes around this place
        self._cited: dict[str, str] = {}  # ids of notes to the marks that lead to them
        self._mark = ""
        self._caption = 0
        self._is_word_item = False  # a list item as Word exports it: a paragraph that begins with its mark
        self._tables: list[TableBuilder | None] = []  # None for a table that only lays out the page
        self._links: list[tuple[int, str]] = []
        self._struck: list[int] = []  # places in the runs where text begins that is struck out
        self._after_control = False
        self._last_tag = self._tag = ""

    def elements(self) -> Iterator[Element]:
        """Yield elements in reading order."""
        walker = etree.iterwalk(self._root, events=("start", "end"))
        for event, node in walker:
            tag = node.tag if isinstance(node.tag, str) else ""
            if event == "start":
                look = self._enter(tag, node)
                self._control(tag, node, look)
                if _is_done(tag, node):
                    walker.skip_subtree()
                    continue
                self._open(tag, node)
                self._add(node.text, look)
            else:
                self._leave()
                if not _is_done(tag, node):
                    self._close(tag)
                self._add(node.tail, self._looks[-1])
            yield from self._ready
            self._ready.clear()
        self._flush()
        yield from self._ready

    def _enter(self, tag: str, node: Any) -> Look:
        """Return the look inside an element, which is left by `_leave`."""
        parent = self._wrappers[-1] if self._wrappers else None
        wrapper = None
        if not self._sheet.is_empty and len(self._wrappers) < _MAX_STYLED_DEPTH and (parent or not self._wrappers):
            previous = self._last_children[-1] if self._last_children else None
            index = 0 if previous is None else previous.index + 1
            wrapper = _Wrapper(node, parent=parent, index=index, previous=previous, in_html_document=True)
            if self._last_children:
                self._last_children[-1] = wrapper
        self._wrappers.append(wrapper)
        self._last_children.append(None)
        attributes = node.attrib
        look = self._looks[-1]
        if attributes or wrapper is not None or tag == "dialog":
            style = self._sheet.style(wrapper, attributes.get("style", ""), _hints(tag, attributes))
            if style:
                key = (tag, tuple(style.items()), id(look))
                if key not in self._known_looks:
                    self._known_looks[key] = look_of(tag, style, look), look
                look = self._known_looks[key][0]
        self._looks.append(look)
        self._tags.append(tag)
        return look

    def _leave(self) -> None:
        self._looks.pop()
        self._wrappers.pop()
        self._last_children.pop()
        self._tags.pop()

    def _open(self, tag: str, node: Any) -> None:
        place = _place_in_formula(node) if tag in _FORMULA else ""
        if place == "/":
            self._runs.append(Run("/", self._looks[-1].hidden))
        elif tag in ("sup", "sub") or place:
            self._raised = place or tag
        elif tag in _STRUCK:
            self._struck.append(len(self._runs))
        elif tag == "a":
            self._open_link(node)
        elif tag == "br":
            self._runs.append(Run(" " if self._table else "\n"))
        elif tag not in _INLINE:
            self._open_block(tag, node)

    def _open_link(self, node: Any) -> None:
        href = node.get("href") or ""
        self._links.append((len(self._runs), "" if self._in_nav else target_of(href, relative=self._relative)))
        is_reference = is_note_reference(node)
        if is_reference and not self._raised:
            self._raised = "sup"
        if href.startswith("#") and (is_reference or "sup" in self._tags):
            mark = "".join(node.itertext()).strip(" []()\n")
            if 0 < len(mark) <= _MAX_MARK_CHARS:
                self._cited[href[1:]] = mark

    def _open_block(self, tag: str, node: Any) -> None:
        self._flush()
        self._preformatted += tag == "pre"
        self._in_nav += tag == "nav"
        self._caption += tag in _CAPTIONS
        self._level = _HEADINGS.get(tag, self._level)
        self._is_word_item = tag == "p" and "mso-list:" in (node.get("style") or "")
        self._tag = tag if tag in ("li", "dt", "dd") else ""
        if tag in ("ol", "ul", "menu"):
            self._lists.append(ListCounter.of(node))
        elif tag == "li":
            self._mark = self._lists[-1].next_mark(node) if self._lists else "-"
        elif tag == "table":
            self._tables.append(None if self._table is None and is_layout(node) else TableBuilder())
        elif tag == "tr" and self._table:
            self._table.row(node.getparent())
        elif tag in _CELLS and self._table:
            self._table.cell(node)
        number = note_number(node, self._mark, self._cited)
        if number is not None:
            self._mark = ""
        self._notes.append(number if number is not None else self._notes[-1] if self._notes else "")

    @property
    def _table(self) -> TableBuilder | None:
        return self._tables[-1] if self._tables else None

    def _close(self, tag: str) -> None:
        if tag == "a":
            self._close_link()
        if tag in _STRUCK and self._struck:
            self._strike(self._struck.pop())
        if tag in ("sup", "sub", "a"):
            self._raised = "" if tag != "a" or "sup" not in self._tags else self._raised
        if tag in _INLINE or tag == "br":
            return
        self._flush()
        self._preformatted -= tag == "pre"
        self._in_nav -= tag == "nav"
        self._caption -= tag in _CAPTIONS
        if self._notes:
            self._notes.pop()
        if tag in _HEADINGS:
            self._level = 0
        elif tag in ("ol", "ul", "menu") and self._lists:
            self._lists.pop()
        elif tag == "li":
            self._mark = ""
        elif tag == "table" and self._tables:
            self._close_table(self._tables.pop())

    def _close_table(self, table: TableBuilder | None) -> None:
        """Hand over a table; one that stands in a cell becomes a line of that cell."""
        if table is None:
            return
        if self._table is None:
            self._ready += table.elements()
            self._last_tag = ""
            return
        for element in table.elements():
            self._table.add(element.one_line)

    def _strike(self, start: int) -> None:
        """Put marks around text that is struck out, as Markdown writes it: a reader sees that it no longer holds."""
        if shown(self._runs[start:]).strip():
            self._runs.insert(start, Run(STRUCK))
            self._runs.append(Run(STRUCK))

    def _close_link(self) -> None:
        if not self._links:
            return
        start, target = self._links.pop()
        text = shown(self._runs[start:]).strip() if start <= len(self._runs) else ""
        if (
            target
            and text
            and target.lower().removeprefix("https://").rstrip("/")
            not in (text.lower().removeprefix("https://").rstrip("/"), f"http://{text.lower()}")
        ):
            self._runs.append(Run(f" ({target})", self._looks[-1].hidden))

    def _control(self, tag: str, node: Any, look: Look) -> None:
        """Add what a form control shows."""
        value = ""
        kind = (node.get("type") or "").lower() if tag == "input" else ""
        if tag == "input" and kind in _TEXT_INPUTS:
            value = node.get("value") or ""
        elif kind in _BUTTONS:
            value = _BUTTONS[kind][node.get("checked") is not None]
        elif tag == "textarea":
            value = node.text or ""
        elif tag == "select":
            options = list(node.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None]
            chosen = chosen or ([] if node.get("multiple") is not None else options[:1])
            value = ", ".join(" ".join("".join(option.itertext()).split()) for option in chosen)
        if value.strip():
            gap = "" if not self._runs or self._runs[-1].text[-1:] in (" ", "\n") else " "
            self._runs.append(Run(f"{gap}{value.strip()}", look.hidden))
            self._after_control = True

    def _add(self, text: str | None, look: Look) -> None:
        if not text:
            return
        if not self._preformatted:
            text = _SPACE.sub(" ", text)
            if text[0] == " " and self._runs and self._runs[-1].text[-1:] in (" ", "\n"):
                text = text[1:] if not look.hidden else text
        if self._after_control and text:
            self._after_control = False
            text = text if text[0] in _CLOSING else f" {text}"
        elif self._table:
            text = _SPACE.sub(" ", text)
        if self._raised and text.strip() and not look.hidden:
            before = shown(self._runs[-4:])
            is_note = bool(self._links) or "a" in self._tags[-1:]
            text = raised(before, text, is_note=is_note) if self._raised == "sup" else lowered(before, text)
            self._raised = ""
        if text and (text.strip() or self._runs):
            self._runs.append(Run(text, look.hidden))

    def _flush(self) -> None:
        """End the block whose text has come so far."""
        for start in self._struck[:1]:  # goes on in the next block
            self._strike(start)
        runs, self._runs = trimmed(self._runs), []
        self._links = [(0, "") for _ in self._links]
        self._struck = [0 for _ in self._struck]
        self._after_control = False
        if not runs:
            return
        if self._table and not self._caption:
            mark, self._mark = self._mark, ""
            self._table.add((Run(f"{mark} "), *runs) if mark and shown(runs).strip() else runs)
            return
        kind, number, prefix = "paragraph", "", ""
        note = self._notes[-1] if self._notes else ""
        if note:
            kind, number, prefix = "footnote", note, f"[{note}] "
            self._notes = ["" if other == note else other for other in self._notes]
        elif self._level:
            kind = "heading"
        elif self._caption:
            kind = "caption"
        elif self._mark:
            kind, number, prefix = "list_item", self._mark, f"{self._mark} "
            self._mark = ""
        elif self._is_word_item and (word_mark := _WORD_MARK.match(shown(runs))):
            kind, number = "list_item", word_mark[1]
        if prefix and shown(runs).strip():
            runs = (Run(prefix), *runs)
        close = self._tag != "" and self._last_tag != "" and (self._tag != "dt" or self._last_tag == "dd")
        element = Element(
            runs=runs,
            kind=kind,  # type: ignore[arg-type]
            level=self._level,
            number=number,
            gap=LINE_GAP if close else PARAGRAPH_GAP,
        )
        self._ready.append(element)
        self._last_tag = self._tag


def _place_in_formula(node: Any) -> str:
    """Return `/` before the second part of a fraction, `sup` or `sub` in one that is raised or lowered, else `""`."""
    parent = node.getparent()
    if parent is None or node.getprevious() is None:
        return ""
    return {"mfrac": "/", "msup": "sup", "msub": "sub"}.get(parent.tag, "")


def _is_done(tag: str, node: Any) -> bool:
    """Tell whether the inside of an element is not read: no text, a control, the way back from a footnote."""
    if tag in SKIPPED or tag in ("select", "textarea"):
        return True
    return tag == "a" and ("backref" in (node.get("class") or "") or node.get("role") == "doc-backlink")


def _hints(tag: str, attributes: Any) -> dict[str, str]:
    """Return what the browser's own style sheet and the old presentation attributes say."""
    hints: dict[str, str] = {}
    if "hidden" in attributes or "popover" in attributes or (tag == "dialog" and "open" not in attributes):
        hints["display"] = "none"
    if tag == "input" and (attributes.get("type") or "").lower() == "hidden":
        hints["display"] = "none"
    if "bgcolor" in attributes:
        hints["background-color"] = _old_colour(attributes["bgcolor"])
    if "background" in attributes and tag in ("body", "table", "td", "th", "tr"):
        hints["background-image"] = "url(x)"
    if tag == "font" and "color" in attributes:
        hints["color"] = _old_colour(attributes["color"])
    if tag == "body" and "text" in attributes:
        hints["color"] = _old_colour(attributes["text"])
    return hints


def _old_colour(value: str) -> str:
    """Return a colour of an old attribute, where the mark before the digits may be left out."""
    value = value.strip()
    return f"#{value}" if re.fullmatch(r"[0-9a-fA-F]{6}", value) else value
