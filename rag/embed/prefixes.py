"""What some embedding models want before a text, according to their authors, where their files do not say.

Retrieval by these models is markedly worse without it. Values only, from the model cards.
"""

from __future__ import annotations

import re

_SEARCH = "Represent this sentence for searching relevant passages: "
# (name, query prefix, document prefix); first match wins.
_KNOWN = (
    (r"nomic-embed-text", "search_query: ", "search_document: "),
    (r"\be5-(small|base|large)", "query: ", "passage: "),
    (r"mxbai-embed|snowflake-arctic-embed-?(xs|s|m|l)?\b(?!2)", _SEARCH, ""),
    (r"\bbge-(small|base|large)-en", _SEARCH, ""),
    (r"embeddinggemma", "task: search result | query: ", "title: none | text: "),
    (r"qwen3-embedding", "Instruct: Given a question, retrieve passages that answer it\nQuery: ", ""),
)


def known_prefixes(name: str) -> tuple[str, str]:
    """Return (query prefix, document prefix) of a model by its name; empty where none is known."""
    for pattern, query, document in _KNOWN:
        if re.search(pattern, name.lower()):
            return query, document
    return "", ""
