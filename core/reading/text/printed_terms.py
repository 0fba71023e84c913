"""Other words for what a question asks, as documents print them: they are searched for beside the question.

The words stand in `core/language/data/en/printed_terms.toml`.
"""

from __future__ import annotations

import re
from functools import cache

from core.language.language import alternation, data_table


@cache
def _table() -> tuple[re.Pattern[str], dict[str, str]]:
    rows = data_table("en/printed_terms")["printed_terms"]
    printed = {spoken: row["printed"] for row in rows for spoken in row["spoken"].split("|")}
    return re.compile(rf"\b(?:{alternation(printed)})\b", re.IGNORECASE), printed


def printed_terms(question: str) -> list[str]:
    """Return the words by which documents print what a question names otherwise; empty for most questions."""
    pattern, printed = _table()
    return list(dict.fromkeys(printed[" ".join(match[0].lower().split())] for match in pattern.finditer(question)))
