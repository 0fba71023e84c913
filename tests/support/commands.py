"""What a command for a terminal looks like in a message for a person."""

from __future__ import annotations

import re

_KB = (
    "ask|chat|compare|config|doctor|eval|export|finetune|forget|generate|ingest|knows|list|models|refresh|reindex|runs|search|serve"
    "|show|synth"
)
COMMAND = re.compile(
    rf"\b(?:kb (?:{_KB})\b|pip3? (?:install|download)|(?:uv|python3?|docker|curl|hf) [a-z-]"
    r"|ollama (?:pull|serve|ps|list)|(?:sed|cat|ls|rm|df|head) ['\"/-])|(?<!\w)--[a-z]"
)
