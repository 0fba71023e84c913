"""PDFium's C functions, bound for speed, and the numbers its header gives them.

A page of an annual report holds up to 3,000 text objects and each is asked five questions; plain `ctypes`
prototypes with integer addresses take about 0.3 microseconds a question, the wrapped ones three times that.
Knows no meaning: what makes text hidden or good is decided elsewhere.

`PYFUNCTYPE` keeps the interpreter lock: right in a worker that has one thread.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as raw

_POINTER, _INT, _DOUBLE = ctypes.c_void_p, ctypes.c_int, ctypes.c_double
# An `int` argument that is never negative, of a function that is called thousands of times a page. `ctypes` converts
# a number to an address in half the time, and C reads the lower half of what is passed.
_INDEX = ctypes.c_void_p

# fpdf_edit.h
TEXT, PATH, IMAGE, SHADING, FORM = 1, 2, 3, 4, 5
STROKE_MODES = frozenset((1, 5))
INVISIBLE_MODE, CLIP_MODE = 3, 7


def address(handle: Any) -> int:
    """Return the address behind a pypdfium2 handle or function."""
    return int(ctypes.cast(handle, _POINTER).value or 0)


def _bind(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    return ctypes.PYFUNCTYPE(result, *arguments)(address(function))


count_objects = _bind(raw.FPDFPage_CountObjects, _INT, _POINTER)
get_object = _bind(raw.FPDFPage_GetObject, _POINTER, _POINTER, _INDEX)
count_form_objects = _bind(raw.FPDFFormObj_CountObjects, _INT, _POINTER)
get_form_object = _bind(raw.FPDFFormObj_GetObject, _POINTER, _POINTER, ctypes.c_ulong)
page_has_transparency = _bind(raw.FPDFPage_HasTransparency, _INT, _POINTER)

object_type = _bind(raw.FPDFPageObj_GetType, _INT, _POINTER)
object_bounds = _bind(raw.FPDFPageObj_GetBounds, _INT, *[_POINTER] * 5)
rotated_bounds = _bind(raw.FPDFPageObj_GetRotatedBounds, _INT, _POINTER, _POINTER)
object_matrix = _bind(raw.FPDFPageObj_GetMatrix, _INT, _POINTER, _POINTER)
fill_color = _bind(raw.FPDFPageObj_GetFillColor, _INT, *[_POINTER] * 5)
stroke_color = _bind(raw.FPDFPageObj_GetStrokeColor, _INT, *[_POINTER] * 5)
has_transparency = _bind(raw.FPDFPageObj_HasTransparency, _INT, _POINTER)
set_active = _bind(raw.FPDFPageObj_SetIsActive, _INT, _POINTER, _INT)

clip_path = _bind(raw.FPDFPageObj_GetClipPath, _POINTER, _POINTER)
count_clip_paths = _bind(raw.FPDFClipPath_CountPaths, _INT, _POINTER)
count_clip_segments = _bind(raw.FPDFClipPath_CountPathSegments, _INT, _POINTER, _INT)
clip_segment = _bind(raw.FPDFClipPath_GetPathSegment, _POINTER, _POINTER, _INT, _INT)
segment_point = _bind(raw.FPDFPathSegment_GetPoint, _INT, *[_POINTER] * 3)

count_marks = _bind(raw.FPDFPageObj_CountMarks, _INT, _POINTER)
get_mark = _bind(raw.FPDFPageObj_GetMark, _POINTER, _POINTER, _INDEX)
mark_name = _bind(raw.FPDFPageObjMark_GetName, _INT, _POINTER, _POINTER, ctypes.c_ulong, _POINTER)

path_draw_mode = _bind(raw.FPDFPath_GetDrawMode, _INT, *[_POINTER] * 3)
render_mode = _bind(raw.FPDFTextObj_GetTextRenderMode, _INT, _POINTER)
object_font_size = _bind(raw.FPDFTextObj_GetFontSize, _INT, _POINTER, _POINTER)

count_chars = _bind(raw.FPDFText_CountChars, _INT, _POINTER)
get_text = _bind(raw.FPDFText_GetText, _INT, _POINTER, _INT, _INT, _POINTER)
char_object = _bind(raw.FPDFText_GetTextObject, _POINTER, _POINTER, _INDEX)
char_unicode = _bind(raw.FPDFText_GetUnicode, ctypes.c_uint, _POINTER, _INDEX)
char_box = _bind(raw.FPDFText_GetCharBox, _INT, _POINTER, _INDEX, *[_POINTER] * 4)
loose_char_box = _bind(raw.FPDFText_GetLooseCharBox, _INT, _POINTER, _INDEX, _POINTER)
char_matrix = _bind(raw.FPDFText_GetMatrix, _INT, _POINTER, _INDEX, _POINTER)
char_font_size = _bind(raw.FPDFText_GetFontSize, _DOUBLE, _POINTER, _INDEX)
char_origin = _bind(raw.FPDFText_GetCharOrigin, _INT, _POINTER, _INDEX, *[_POINTER] * 2)
char_font = _bind(raw.FPDFText_GetFontInfo, ctypes.c_ulong, _POINTER, _INT, _POINTER, ctypes.c_ulong, _POINTER)
