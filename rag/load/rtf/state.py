"""What holds at a place of an RTF file: where its text goes, how it looks, how its bytes are read."""

from __future__ import annotations

from dataclasses import dataclass, field

from rag.load.web.visible import TINY_PT

_HALF_POINTS = 2


@dataclass(slots=True)
class State:
    """Properties of a group; a group inside begins with a copy.

    Attributes:
        destination: Where text goes: `body`, `note`, `header`, `footer`, `mark` (of a list item), `instruction` (of a
            field), `form`, `fonts`, `colours`, `styles`, `info`, a field of it such as `title`, or `skip`.
        codec: How bytes are read.
        fallback: Characters that follow `\\u` for readers without Unicode.
        is_vanished: `\\v`.
        is_tiny: Under 2 pt.
        is_white: In a white colour.
        is_shaded: On a background of its own.
        is_deleted: Deleted by a tracked change.
        is_struck: Struck out.
        script: `super`, `sub` or `""`.
        in_table: Whether the paragraph stands in a cell.
        level: Of a heading: 1 is the highest, 0 for other paragraphs.
    """

    destination: str = "body"
    codec: str = "cp1252"
    fallback: int = 1
    is_vanished: bool = False
    is_tiny: bool = False
    is_white: bool = False
    is_shaded: bool = False
    is_deleted: bool = False
    is_struck: bool = False
    script: str = ""
    in_table: bool = False
    level: int = 0

    @property
    def hidden(self) -> str:
        """Why a viewer does not show its text, `""` where it does."""
        if self.is_vanished:
            return "not_displayed"
        if self.is_tiny:
            return "tiny"
        return "no_contrast" if self.is_white and not self.is_shaded else ""

    def clear_characters(self) -> None:
        """Set the look of characters back (`\\plain`)."""
        self.is_vanished = self.is_tiny = self.is_white = self.is_shaded = False
        self.is_deleted = self.is_struck = False
        self.script = ""

    def clear_paragraph(self) -> None:
        """Set what holds of a paragraph back (`\\pard`)."""
        self.in_table, self.level = False, 0

    def apply(self, word: str, number: int | None, tables: Tables) -> None:
        """Change by a control word; one that changes nothing here is passed over."""
        on = number != 0
        if word == "v":
            self.is_vanished = on
        elif word == "fs":
            self.is_tiny = 0 < (number or 0) < TINY_PT * _HALF_POINTS
        elif word == "cf":
            self.is_white = (number or 0) in tables.whites
        elif word in ("highlight", "cb", "chcbpat"):
            self.is_shaded = bool(number)
        elif word == "deleted":
            self.is_deleted = on
        elif word in ("strike", "striked"):
            self.is_struck = on
        elif word in ("super", "sub"):
            self.script = word if on else ""
        elif word in ("nosupersub", "up", "dn"):
            self.script = {"up": "super", "dn": "sub"}.get(word, "") if on and number != 0 else ""
        elif word == "plain":
            self.clear_characters()
        elif word == "pard":
            self.clear_paragraph()
        elif word == "intbl":
            self.in_table = True
        elif word == "outlinelevel":
            self.level = (number or 0) + 1 if (number or 0) < 9 else 0
        elif word == "s":
            self.level = tables.levels.get(number or 0, 0)
        elif word == "f":
            self.codec = tables.codecs.get(number or 0, tables.codec)
        elif word == "uc":
            self.fallback = max(0, number or 0)


@dataclass(slots=True)
class Tables:
    """What the tables at the head of the file say.

    Attributes:
        codec: How bytes are read where the font says nothing.
        codecs: The same for fonts by number.
        whites: Numbers of white colours.
        levels: Levels of heading styles by number.
    """

    codec: str = "cp1252"
    codecs: dict[int, str] = field(default_factory=dict)
    whites: set[int] = field(default_factory=set)
    levels: dict[int, int] = field(default_factory=dict)
