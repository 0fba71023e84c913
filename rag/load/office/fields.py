"""Fields and symbols of Word documents: where links of fields lead, what form fields show, signs of symbol fonts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from docx.oxml.ns import qn

from rag.load.symbols import signs_of
from rag.load.web.links import target_of

_LINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.I)
_OFF = ("0", "false", "off")


@dataclass(slots=True)
class OpenField:
    """A field whose end is still to come.

    Attributes:
        instruction: What it is to show.
        start: Place in the runs where its result begins.
    """

    instruction: str = ""
    start: int = 0

    @property
    def target(self) -> str:
        """Where it leads; `""` where it is no link."""
        return link_of(self.instruction)


def link_of(instruction: str) -> str:
    """Return where the instruction of a field leads; `""` where it is no link, or one inside the document."""
    match = _LINK.match(instruction)
    return target_of(match[1]) if match else ""


def form_value(field_char: Any) -> str:
    """Return what a form field shows that stores its state: a box or a choice; `""` for any other field.

    Args:
        field_char: The `w:fldChar` element that begins it.
    """
    data = field_char.find(qn("w:ffData"))
    if data is None:
        return ""
    box, choice = data.find(qn("w:checkBox")), data.find(qn("w:ddList"))
    if box is not None:
        state = box.find(qn("w:checked"))
        state = box.find(qn("w:default")) if state is None else state
        return "☐" if state is None or state.get(qn("w:val")) in _OFF else "☒"
    if choice is not None:
        entries = [entry.get(qn("w:val")) or "" for entry in choice.iter(qn("w:listEntry"))]
        result = choice.find(qn("w:result"))
        place = "" if result is None else result.get(qn("w:val")) or ""
        number = int(place) if place.isdigit() else 0
        return entries[number] if number < len(entries) else ""
    return ""


def symbol(element: Any) -> str:
    """Return the character that a `w:sym` element shows; `""` for one without a counterpart in Unicode."""
    code = element.get(qn("w:char")) or ""
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    signs = signs_of(element.get(qn("w:font")) or "")
    if signs is not None:
        return signs.get(chr(number & 0xFF), "")
    return chr(number) if 0x20 <= number < 0xD800 else ""
