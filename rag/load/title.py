"""A name for a document: what its metadata says when that is sensible, its first heading, or its file name in words.

Pure functions on strings and font sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from statistics import median

from core.clean import clean
from core.language.english.printed.pages import BOILERPLATE, SENSELESS_TITLE

_MAX_CHARS = 200
_MAX_TIDIED = 5000
_MIN_LETTERS = 4
_IDEOGRAPHS = "\u2e80"  # from here on two characters make a name
_HEADING_RATIO = 1.25  # a heading is set at least this much larger than the page's median line
_SPACE = re.compile(r"\s+")


def in_words(file_name: str) -> str:
    """Return a file name without its suffix, its words set apart: `My_plan-2024.pdf` becomes `My plan 2024`."""
    stem = file_name.rsplit(".", 1)[0] if "." in file_name[1:] else file_name
    stem = re.sub(r"%20|[_+]+|(?<=\w)-(?=\w)", " ", stem)
    return _SPACE.sub(" ", clean(stem).text).strip() or file_name


def sensible(title: str) -> bool:
    """Tell whether a title names the document rather than the program that made it."""
    letters = sum(character.isalpha() + (character > _IDEOGRAPHS) for character in title)
    return (
        letters >= _MIN_LETTERS
        and len(title) <= _MAX_CHARS
        and not SENSELESS_TITLE.match(title)
        and not BOILERPLATE.match(title)
    )


def tidy(title: str) -> str:
    """Return a title on one line, without invisible characters; one that fills pages loses its end."""
    return _SPACE.sub(" ", clean(title[:_MAX_TIDIED]).text).strip()


def heading(lines: Sequence[tuple[str, float]]) -> str:
    """Return the first run of largest lines of a page, `""` when nothing stands out.

    Args:
        lines: Text and font size (points) of each line, top to bottom.
    """
    sized = [(tidy(text), size) for text, size in lines if text.strip()]
    if not sized:
        return ""
    largest = max(size for _, size in sized)
    if largest < _HEADING_RATIO * median(size for _, size in sized):
        return ""
    run: list[str] = []
    for text, size in sized:
        if size >= 0.95 * largest:
            run.append(text)
        elif run:
            break
    joined = " ".join(run)
    return joined if sensible(joined) and " " in joined else ""


def first_sensible(candidates: Iterable[str], file_name: str) -> str:
    """Return the first candidate that names a document, else the file name in words."""
    return next((title for title in map(tidy, candidates) if sensible(title)), in_words(file_name))


def choose(stated: str, lines: Sequence[tuple[str, float]], file_name: str) -> str:
    """Return the best name there is: the metadata's, the first page's heading, the file's."""
    return first_sensible([stated, heading(lines)], file_name)
