"""Text as it is typed into a shell: commands in hints name files that may hold blanks and quotation marks."""

from __future__ import annotations


def quoted(text: object) -> str:
    """Return a text, or a path, between single quotes, so that a shell takes it for one word as it stands.

    Unlike `shlex.quote`, plain words too: hints look alike whatever a file is called.
    """
    return "'" + str(text).replace("'", "'\\''") + "'"
