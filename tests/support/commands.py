"""What a command for a terminal looks like in a message for a person, and whether the command line accepts it."""

from __future__ import annotations

import re
from typing import Any

_KB = (
    "ask|chat|compare|config|doctor|eval|export|finetune|forget|generate|ingest|knows|list|models|refresh|reindex|runs|search|serve"
    "|show|synth"
)
COMMAND = re.compile(
    rf"\b(?:kb (?:{_KB})\b|pip3? (?:install|download)|(?:uv|python3?|docker|curl|hf) [a-z-]"
    r"|ollama (?:pull|serve|ps|list)|(?:sed|cat|ls|rm|df|head) ['\"/-])|(?<!\w)--[a-z]"
)


def fault(command: Any, words: list[str], parent: Any = None) -> str:
    """Parse words as the command line does and return what is wrong with them, or nothing; no command runs."""
    try:
        context = command.make_context(command.name or "kb", list(words), parent=parent)
        rest = [*getattr(context, "_protected_args", ()), *context.args]
        named = getattr(context, "_protected_args", ())  # not where documents stand in a command's place
        if hasattr(command, "resolve_command") and named:  # Typer brings a click of its own
            _, subcommand, arguments = command.resolve_command(context, rest)
            return fault(subcommand, arguments, context)
    except Exception as error:
        if type(error).__name__ == "Exit":  # --help, --version
            return ""
        return str(error.format_message()) if hasattr(error, "format_message") else repr(error)
    return ""
