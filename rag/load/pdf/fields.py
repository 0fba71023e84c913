"""What a PDF page shows beside its content: values of form fields, typed annotations and stamps.

A checked box reads "☒", an empty one "☐"; of radio buttons "◉" and "○". Passwords and hidden annotations are not read.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import pypdfium2
import pypdfium2.raw as raw

FIRST_FIELD = -2  # `Words.chars` of a field: this, less its place in the list; -1 stands for no character
ANNOTATION_ANGLE = 1000.0
_HIDDEN_FLAGS = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD_FLAG = 1 << 13  # ISO 32000-1, table 228
_MAX_ANNOTATIONS = 2000
_MAX_CHARS = 20_000
# Strings that a stream of simple fonts shows (ISO 32000-1, 9.4.3): "(APPROVED) Tj".
_SHOWN = re.compile(r"\(((?:[^()\\]|\\.)*)\)\s*(?:Tj|')")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WRITTEN = (
    raw.FPDF_FORMFIELD_TEXTFIELD,
    raw.FPDF_FORMFIELD_COMBOBOX,
    raw.FPDF_FORMFIELD_LISTBOX,
    raw.FPDF_FORMFIELD_SIGNATURE,
)
_BUTTONS = {raw.FPDF_FORMFIELD_CHECKBOX: ("☐", "☒"), raw.FPDF_FORMFIELD_RADIOBUTTON: ("○", "◉")}


@dataclass(frozen=True, slots=True)
class Field:
    """A value with its place.

    Attributes:
        kind: Whether it is a form field's or an annotation's.
        name: Name of the field.
        text: What it shows.
        box: Left, bottom, right, top in page space, points.
        button: Whether it is a check box or a radio button.
        stamp: Whether it is a stamp.
    """

    kind: Literal["form_field", "annotation"]
    name: str
    text: str
    box: tuple[float, float, float, float]
    button: bool = False
    stamp: bool = False


def read_fields(page: pypdfium2.PdfPage) -> list[Field]:
    """Return the visible fields, those that are empty as well, and annotations of a page, in the file's order."""
    count = min(raw.FPDFPage_GetAnnotCount(page.raw), _MAX_ANNOTATIONS)
    return [field for index in range(max(0, count)) for field in _fields_at(page, index)]


def _fields_at(page: pypdfium2.PdfPage, index: int) -> Iterator[Field]:
    annotation = raw.FPDFPage_GetAnnot(page.raw, index)
    if not annotation:
        return
    try:
        subtype = raw.FPDFAnnot_GetSubtype(annotation)
        if subtype not in (raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP):
            return
        box = raw.FS_RECTF()
        if raw.FPDFAnnot_GetFlags(annotation) & _HIDDEN_FLAGS or not raw.FPDFAnnot_GetRect(annotation, box):
            return
        sides = (min(box.left, box.right), min(box.bottom, box.top), max(box.left, box.right), max(box.bottom, box.top))
        if sides[2] - sides[0] < 1 or sides[3] - sides[1] < 1:
            return
        if subtype == raw.FPDF_ANNOT_WIDGET:
            if page.formenv is not None:
                yield from _form_field(page.formenv.raw, annotation, sides)
            return
        drawn = subtype == raw.FPDF_ANNOT_STAMP
        text = stamp_text(annotation) if drawn else _string(annotation, b"Contents")
        if text.strip():
            yield Field("annotation", "", text.strip(), sides, stamp=drawn)
    finally:
        raw.FPDFPage_CloseAnnot(annotation)


def stamp_text(annotation: Any) -> str:
    """Return what a stamp says: the text it is drawn with, else its comment, else its name (`NotApproved`)."""
    drawn = _text(lambda *to: raw.FPDFAnnot_GetAP(annotation, raw.FPDF_ANNOT_APPEARANCEMODE_NORMAL, *to))
    pieces = [_ESCAPE.sub(r"\1", piece) for piece in _SHOWN.findall(drawn)]
    text = " ".join(piece.strip() for piece in pieces if piece.strip())
    if text and text.isprintable() and 2 * sum(map(str.isalnum, text)) >= len(text):
        return text
    comment = _string(annotation, b"Contents").strip()
    name = _string(annotation, b"Name").strip()
    return comment or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _string(annotation: Any, key: bytes) -> str:
    return _text(lambda *to: raw.FPDFAnnot_GetStringValue(annotation, key, *to))


def _form_field(form: Any, annotation: Any, sides: tuple[float, float, float, float]) -> Iterator[Field]:
    """Yield a field that can be filled in, with what it shows."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind not in _BUTTONS and kind not in _WRITTEN:
        return
    name = _text(lambda *to: raw.FPDFAnnot_GetFormFieldName(form, annotation, *to)).strip()
    if kind in _BUTTONS:
        text = _BUTTONS[kind][bool(raw.FPDFAnnot_IsChecked(form, annotation))]
    elif kind == raw.FPDF_FORMFIELD_LISTBOX:
        text = ", ".join(_chosen(form, annotation))
    elif kind == raw.FPDF_FORMFIELD_SIGNATURE or raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD_FLAG:
        text = ""
    else:
        # The value of a choice may be a code that the page does not show ("mg" for "Moss green").
        chosen = _chosen(form, annotation) if kind == raw.FPDF_FORMFIELD_COMBOBOX else []
        text = chosen[0] if chosen else _text(lambda *to: raw.FPDFAnnot_GetFormFieldValue(form, annotation, *to))
    yield Field("form_field", name, text.strip(), sides, button=kind in _BUTTONS)


def _chosen(form: Any, annotation: Any) -> list[str]:
    """Return the labels of the options of a choice that are selected."""
    options = range(min(raw.FPDFAnnot_GetOptionCount(form, annotation), _MAX_ANNOTATIONS))
    return [
        _text(lambda *to, option=option: raw.FPDFAnnot_GetOptionLabel(form, annotation, option, *to))
        for option in options
        if raw.FPDFAnnot_IsOptionSelected(form, annotation, option)
    ]


def _text(ask: Any) -> str:
    """Return the UTF-16 text that a PDFium function writes."""
    size_bytes = ask(None, 0)
    if not 2 < size_bytes <= 2 * _MAX_CHARS:
        return ""
    buffer = (ctypes.c_ushort * (size_bytes // 2))()
    ask(buffer, size_bytes)
    return bytes(buffer)[: size_bytes - 2].decode("utf-16-le", "replace").replace("\r\n", "\n").replace("\r", "\n")


def page_label(document: pypdfium2.PdfDocument, index: int) -> str:
    """Return the printed number of a page, `""` where it is its place in the file."""
    label = _text(lambda *to: raw.FPDF_GetPageLabel(document.raw, index, *to)).strip()
    return "" if label == str(index + 1) else label
