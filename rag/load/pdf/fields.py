"""What a PDF page shows beside its content: values of form fields, typed annotations and stamps.

A checked box reads "☒", an empty one "☐"; of radio buttons "◉" and "○". Passwords and hidden annotations are not read.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pypdfium2
import pypdfium2.raw as raw

from rag.load.pdf.layout.glyphs import Words
from rag.load.pdf.layout.rules import turned_box

_HIDDEN_FLAGS = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD_FLAG = 1 << 13  # ISO 32000-1, table 228
_MAX_ANNOTATIONS = 2000
_MAX_CHARS = 20_000
# Strings that a stream of simple fonts shows (ISO 32000-1, 9.4.3): "(APPROVED) Tj".
_SHOWN = re.compile(r"\(((?:[^()\\]|\\.)*)\)\s*(?:Tj|')")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_WRITTEN = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX)
_BUTTONS = {raw.FPDF_FORMFIELD_CHECKBOX: ("☐", "☒"), raw.FPDF_FORMFIELD_RADIOBUTTON: ("○", "◉")}


@dataclass(frozen=True, slots=True)
class Field:
    """A value with its place.

    Attributes:
        kind: Whether it is a form field's or an annotation's.
        name: Name of the field.
        text: What it shows.
        box: Left, bottom, right, top in page space, points.
    """

    kind: Literal["form_field", "annotation"]
    name: str
    text: str
    box: tuple[float, float, float, float]


def read_fields(page: pypdfium2.PdfPage) -> list[Field]:
    """Return what the visible fields and annotations of a page show, in the file's order."""
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
        if subtype == raw.FPDF_ANNOT_FREETEXT:
            name, text = "", _text(lambda *to: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", *to))
            kind: Literal["form_field", "annotation"] = "annotation"
        elif subtype == raw.FPDF_ANNOT_STAMP:
            kind, name, text = "annotation", "", stamp_text(annotation)
        elif page.formenv is None:
            return
        else:
            kind, (name, text) = "form_field", _value(page.formenv.raw, annotation)
        if text.strip():
            yield Field(kind, name, text.strip(), sides)
    finally:
        raw.FPDFPage_CloseAnnot(annotation)


def stamp_text(annotation: Any) -> str:
    """Return what a stamp says: the text it is drawn with, else its comment, else its name (`NotApproved`)."""
    drawn = _text(lambda *to: raw.FPDFAnnot_GetAP(annotation, raw.FPDF_ANNOT_APPEARANCEMODE_NORMAL, *to))
    pieces = [_ESCAPE.sub(r"\1", piece) for piece in _SHOWN.findall(drawn)]
    text = " ".join(piece.strip() for piece in pieces if piece.strip())
    if text and text.isprintable() and 2 * sum(map(str.isalnum, text)) >= len(text):
        return text
    comment = _text(lambda *to: raw.FPDFAnnot_GetStringValue(annotation, b"Contents", *to)).strip()
    name = _text(lambda *to: raw.FPDFAnnot_GetStringValue(annotation, b"Name", *to)).strip()
    return comment or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _value(form: Any, annotation: Any) -> tuple[str, str]:
    """Return a field's name and what it shows."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    name = _text(lambda *to: raw.FPDFAnnot_GetFormFieldName(form, annotation, *to)).strip()
    if kind in _BUTTONS:
        return name, _BUTTONS[kind][bool(raw.FPDFAnnot_IsChecked(form, annotation))]
    if kind == raw.FPDF_FORMFIELD_LISTBOX:
        return name, ", ".join(_chosen(form, annotation))
    if kind in _WRITTEN and not raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD_FLAG:
        # The value of a choice may be a code that the page does not show ("mg" for "Moss green").
        chosen = _chosen(form, annotation) if kind == raw.FPDF_FORMFIELD_COMBOBOX else []
        return name, chosen[0] if chosen else _text(lambda *to: raw.FPDFAnnot_GetFormFieldValue(form, annotation, *to))
    return name, ""


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


FIRST_FIELD = -2  # `Words.chars` of a field: this, less its place in the list; -1 stands for no character
ANNOTATION_ANGLE = 1000.0
_TEXT_SHARE = 0.7  # of a field's height
_MAX_TEXT_PT = 12.0
_WIDTH = 0.5  # of the height: of an average character


def with_values(words: Words, fields: Sequence[Field]) -> Words:
    """Return the words of a page with those of its fields, each in its box.

    A form field's stand on the line of what is beside it; an annotation's have a direction of their own, from
    `ANNOTATION_ANGLE` on, as they belong to no line of the page.
    """
    signs, chars, start, boxes, base, angles = [words.signs], [words.chars], [], [], [], []
    position = len(words.signs)
    usual = _usual_angle(words)
    for field_index, field in enumerate(fields):
        left, top, right, bottom = turned_box(field.box, usual)
        rows = field.text.split("\n") if field.kind == "annotation" else [field.text]
        line, height = _own_line(top, top + (bottom - top) / len(rows))
        if field.kind == "form_field":
            line, height = _line_in(words, usual, (left, top, right, bottom)) or (line, height)
        for row in rows:
            texts = row.split()
            step = min(_WIDTH * height, (right - left - 2) / max(1, len(" ".join(texts))))
            x = left + 1
            for text in texts:
                start.append(position)
                boxes.append((x, line - 0.8 * height, x + step * len(text), line + 0.2 * height))
                base.append(line)
                signs.append(text)
                chars.append(np.full(len(text), FIRST_FIELD - field_index))
                angles.append(ANNOTATION_ANGLE + field_index if field.kind == "annotation" else usual)
                position += len(text)
                x += step * (len(text) + 1)
            line += 1.2 * height
    if not start:
        return words
    starts = np.array(start, np.int64)
    return Words(
        signs="".join(signs),
        chars=np.concatenate(chars),
        start=np.concatenate([words.start, starts]),
        end=np.concatenate([words.end, np.append(starts[1:], position)]),
        boxes=np.concatenate([words.boxes, np.array(boxes)]),
        base=np.concatenate([words.base, np.array(base)]),
        angle=np.concatenate([words.angle, np.array(angles)]),
    )


def _usual_angle(words: Words) -> float:
    if not words.angle.any():
        return 0.0
    angles, counts = np.unique(words.angle, return_counts=True)
    return float(angles[np.argmax(counts)])


def _own_line(top: float, bottom: float) -> tuple[float, float]:
    """Return baseline and height for a line of text in the middle of a box."""
    height = min(_MAX_TEXT_PT, max(2.0, _TEXT_SHARE * (bottom - top)))
    return (top + bottom) / 2 + 0.3 * height, height


def _line_in(words: Words, angle: float, box: tuple[float, float, float, float]) -> tuple[float, float] | None:
    """Return baseline and height of the nearest word beside a box, None where there is none."""
    left, top, right, bottom = box
    if not words.start.size:
        return None
    x0, y0, x1, y1 = words.boxes.T
    middle = (y0 + y1) / 2
    beside = np.flatnonzero((words.angle == angle) & (middle > top) & (middle < bottom))
    if not beside.size:
        return None
    away = np.maximum(left - x1[beside], x0[beside] - right)
    nearest = beside[np.argmin(np.maximum(away, 0))]
    return float(words.base[nearest]), float(y1[nearest] - y0[nearest])
