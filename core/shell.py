"""Text as it is typed into a shell: commands in hints name files that may hold blanks and quotation marks."""

from __future__ import annotations


def quoted(text: object) -> str:
    """Return a text, or a path, between single quotes, so that a shell takes it for one word as it stands."""
    return "'" + str(text).replace("'", "'\\''") + "'"
