"""Which characters of a PDF page no reader can see.

Takes the suspects of `rag.load.pdf.survey`, settles size and place by numbers and all else by pixels, word by word. The
text layer of a scan (invisible words over a picture of the page that shows ink where they stand) is told apart and
kept. Knows characters by their PDFium index; what becomes of the text is decided elsewhere.
"""

from __future__ import annotations

import ctypes
from collections import deque
from dataclasses import dataclass
from itertools import repeat

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from rag.load.pdf import ink, pdfium
from rag.load.pdf.survey import Doubt, Rectangle, Survey, effective_size
from rag.load.web.visible import TINY_PT

# A page is a scan when pictures cover this much of it, what else is written is at most this much of the layer
# (a stamp, a page number), and this share of the layer's words stands on ink.
_SCAN_COVER = 0.5
_SCAN_OTHER = 0.1
_SCAN_INK = 0.5
_BLANKS = frozenset({0, 9, 10, 13, 32, 0xA0, 0x3000, *range(0x2000, 0x200B)})

_Word = tuple[int, int]  # positions in `_Chars`, half open


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hidden characters of a page.

    Attributes:
        spans: `(start, end, kind)` in PDFium character indices, ascending, disjoint.
        scan: Whether the remaining text is the text layer of a scan.
    """

    spans: tuple[tuple[int, int, str], ...] = ()
    scan: bool = False


def judge(page: pypdfium2.PdfPage, textpage: int, n_chars: int, n_written: int, survey: Survey) -> Verdict:
    """Decide for every character of a suspect text object whether it shows.

    Args:
        page: The loaded page.
        textpage: Address of its `FPDF_TEXTPAGE`.
        n_chars: Number of characters PDFium lists.
        n_written: How many of them are not blank.
        survey: Suspects of the same loaded page.
    """
    chars = _suspect_chars(textpage, n_chars, survey)
    words = _words(chars)
    if not words:
        return Verdict()
    boxes = _word_boxes(chars, words)
    kinds = _kinds_by_number(textpage, chars, words, boxes, page.get_bbox())
    frame = ink.Frame(page, boxes, ink.scale_for(boxes[:, 3] - boxes[:, 1]))
    _kinds_by_ink(frame, chars, words, kinds, survey)
    scan = _is_scan(frame, chars, words, kinds, n_written, survey)
    return Verdict(_spans(chars, words, kinds), scan)


@dataclass(slots=True)
class _Chars:
    """Characters of suspect objects, in page order.

    Attributes:
        index: PDFium character index, `(m,)`.
        owner: Address of the text object, `(m,)`.
        doubts: `Doubt` flags of the object, `(m,)`.
        codes: UTF-16 unit, `(m,)`.
        boxes: Left, bottom, right, top in page space, `(m, 4)`, points.
    """

    index: NDArray[np.int64]
    owner: NDArray[np.int64]
    doubts: NDArray[np.int64]
    codes: list[int]
    boxes: NDArray[np.float64]


def _suspect_chars(textpage: int, n_chars: int, survey: Survey) -> _Chars:
    items = list(map(pdfium.char_object, repeat(textpage), range(n_chars)))
    known = list(map(survey.suspects.get, items))
    index = [place for place, doubt in enumerate(known) if doubt is not None]
    owner, doubts = [items[place] for place in index], [int(known[place] or 0) for place in index]
    codes = list(map(pdfium.char_unicode, repeat(textpage), index))
    boxes = char_boxes(textpage, index)
    return _Chars(np.array(index, np.int64), np.array(owner, np.int64), np.array(doubts, np.int64), codes, boxes)


def char_boxes(textpage: int, chars: list[int]) -> NDArray[np.float64]:
    """Return the glyph boxes of characters: left, bottom, right, top in page space, `(n, 4)`."""
    sides = np.zeros((len(chars), 4), np.float64)  # PDFium's order: left, right, bottom, top
    first = sides.ctypes.data
    after = first + 32 * len(chars)
    places = (range(first + side, after, 32) for side in (0, 8, 16, 24))
    deque(map(pdfium.char_box, repeat(textpage), chars, *places), maxlen=0)
    return sides[:, [0, 2, 1, 3]]


def char_size(textpage: int, char: int) -> float:
    """Return the effective size of one character in points, all matrices included."""
    values = (ctypes.c_float * 6)()
    if not pdfium.char_matrix(textpage, char, ctypes.addressof(values)):
        return 0.0
    return effective_size(pdfium.char_font_size(textpage, char), *values[:4])


def _kinds_by_number(
    textpage: int, chars: _Chars, words: list[_Word], boxes: NDArray[np.float64], page: Rectangle
) -> list[str]:
    """Settle each word that its mode, size or place gives away; `""` for the others."""
    starts = np.array([start for start, _ in words])
    doubts = chars.doubts[starts]
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    outside = ~((page[0] <= x) & (x <= page[2]) & (page[1] <= y) & (y <= page[3]))
    tiny = (doubts & int(Doubt.TINY)) > 0
    for index in np.flatnonzero(~tiny & ((doubts & int(Doubt.FORM)) > 0)).tolist():
        tiny[index] = char_size(textpage, int(chars.index[starts[index]])) < TINY_PT
    invisible = (doubts & int(Doubt.INVISIBLE)) > 0
    kinds = np.select([invisible, tiny, outside], ["render_mode", "tiny", "off_page"], "")
    return [str(kind) for kind in kinds.tolist()]


def _kinds_by_ink(frame: ink.Frame, chars: _Chars, words: list[_Word], kinds: list[str], survey: Survey) -> None:
    """Settle the remaining words by their pixels.

    Words without a letter or digit stay: a dot leaves few pixels, and a symbol none where its font is missing.
    """
    unsettled = [
        index for index, kind in enumerate(kinds) if not kind and any(map(_speaks, chars.codes[slice(*words[index])]))
    ]
    if not unsettled:
        return
    changed, area = ink.changes(frame, chars.boxes, survey.suspects)
    for index in unsettled:
        start, end = words[index]
        doubt = Doubt(int(chars.doubts[start]))
        if doubt & Doubt.CLIP_MODE:  # a stencil paints nothing itself; what shows through it makes the box vary
            shown = bool(ink.varies(frame, _union(chars.boxes[start:end])[None]).all())
        else:
            shown = ink.enough(float(changed[start:end].sum()), float(area[start:end].sum()))
        if not shown:
            kinds[index] = _trick(doubt)


def _words(chars: _Chars) -> list[_Word]:
    """Group neighbours of one object without blanks between them; positions in `chars`."""
    words: list[_Word] = []
    start = -1
    for position, char in enumerate(chars.index.tolist()):
        blank = chars.codes[position] in _BLANKS
        joined = (
            start >= 0 and chars.index[position - 1] == char - 1 and chars.owner[position - 1] == chars.owner[position]
        )
        if start >= 0 and (blank or not joined):
            words.append((start, position))
            start = -1
        if not blank and start < 0:
            start = position
    if start >= 0:
        words.append((start, chars.index.size))
    return words


def _speaks(code: int) -> bool:
    """Tell whether a UTF-16 unit is a letter, a digit or half of either."""
    return chr(code).isalnum() or 0xD800 <= code < 0xE000


def _trick(doubt: Doubt) -> str:
    """Name the trick behind a word that leaves no ink."""
    if doubt & Doubt.CLIP_MODE:
        return "render_mode"
    if doubt & Doubt.LAYER:
        return "layer"
    if doubt & Doubt.COVERED and not doubt & Doubt.COLOUR:
        return "covered"
    if doubt & Doubt.CLIPPED and not doubt & Doubt.COLOUR:
        return "clipped"
    return "no_contrast"


def _is_scan(
    frame: ink.Frame, chars: _Chars, words: list[_Word], kinds: list[str], n_written: int, survey: Survey
) -> bool:
    """Tell whether the invisible words are a scan's text layer; if so, clear the kind of those that stand on ink."""
    layer = [index for index, kind in enumerate(kinds) if kind in ("render_mode", "covered")]
    n_layer = sum(words[index][1] - words[index][0] for index in layer)
    n_hidden = sum(end - start for (start, end), kind in zip(words, kinds, strict=True) if kind)
    if not layer or n_written - n_hidden > _SCAN_OTHER * n_layer:
        return False
    if _cover(survey.images, frame.page.get_bbox()) < _SCAN_COVER:
        return False
    inked = ink.varies(frame, np.array([_union(chars.boxes[slice(*words[index])]) for index in layer]))
    if inked.mean() < _SCAN_INK:
        return False
    for index, shown in zip(layer, inked, strict=True):
        if shown:
            kinds[index] = ""
    return True


def _word_boxes(chars: _Chars, words: list[_Word]) -> NDArray[np.float64]:
    """Return the box of each word, `(n, 4)`."""
    borders = np.array(words).ravel()
    padded = np.concatenate([chars.boxes, chars.boxes[-1:]])  # the last word may end with the last character
    low = np.minimum.reduceat(padded[:, :2], borders)[::2]
    high = np.maximum.reduceat(padded[:, 2:], borders)[::2]
    return np.concatenate([low, high], axis=1)


def _union(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _cover(images: list[Rectangle], box: Rectangle) -> float:
    """Return the share of the page under images; strips of one scan add up."""
    page_area = max(1.0, (box[2] - box[0]) * (box[3] - box[1]))
    total = 0.0
    for left, bottom, right, top in images:
        width = min(right, box[2]) - max(left, box[0])
        height = min(top, box[3]) - max(bottom, box[1])
        total += max(0.0, width) * max(0.0, height)
    return min(1.0, total / page_area)


def _spans(chars: _Chars, words: list[_Word], kinds: list[str]) -> tuple[tuple[int, int, str], ...]:
    """Join hidden words of one kind that only blanks of the same object part."""
    spans: list[tuple[int, int, str]] = []
    last_owner = 0
    for (start, end), kind in zip(words, kinds, strict=True):
        owner = int(chars.owner[start])
        first, after = int(chars.index[start]), int(chars.index[end - 1]) + 1
        if kind and spans and last_owner == owner and spans[-1][2] == kind:
            spans[-1] = (spans[-1][0], after, kind)
        elif kind:
            spans.append((first, after, kind))
        last_owner = owner if kind else 0
    return tuple(spans)
