"""Boxes and buttons of a form as a page's text has them: which are marked, and what stands beside each."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKED, _EMPTY = "☒☑◉●", "☐□○◯"
_SIGNS = _MARKED + _EMPTY
_OPTION = re.compile(rf"(?P<sign>[{_SIGNS}])\s*(?P<label>[^{_SIGNS}\n]*)")


@dataclass(frozen=True, slots=True)
class FormOption:
    """A box or a button.

    Attributes:
        marked: Whether it is ticked or chosen.
        label: What stands behind it on its line, without a stop at its end; empty where nothing does.
    """

    marked: bool
    label: str


def form_options(text: str) -> list[FormOption]:
    """Return the boxes and buttons of a text, in order."""
    return [FormOption(match["sign"] in _MARKED, match["label"].strip(" \t.,;")) for match in _OPTION.finditer(text)]


def chosen_labels(text: str) -> str:
    """Return what is chosen among two or more options, listed; empty where there is no choice, or none was made."""
    options = form_options(text)
    labelled = [option for option in options if option.label]
    if len(labelled) < 2 or len(labelled) < len(options):
        return ""
    return ", ".join(option.label for option in labelled if option.marked)
