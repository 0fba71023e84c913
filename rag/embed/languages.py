"""Which languages an embedder reads, and what a person is told of documents in others."""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.language.names import language_name

# Embedders of English alone, by the name in front of their hash; the models of other names are taken to read all.
_ENGLISH_ONLY = re.compile(
    r"^(?:ollama:)?(?:[\w.-]+/)?(?:minilm|all-minilm|all-mpnet|bge-(?:small|base|large)-en|mxbai-embed|gte-(?:small|base|large)"
    r"|e5-(?:small|base|large)|multi-qa|nomic-embed-text(?!-v2)|snowflake-arctic-embed(?!2|-m-v2|-l-v2))",
    re.IGNORECASE,
)


# Fetches an embedder of many languages, chooses it for this shell, and embeds the collection with it.
MULTILINGUAL_COMMAND = "kb models pull multilingual && export KB_RAG__EMBEDDER=multilingual && kb reindex"


def unread(languages: Iterable[str], embedder_model: str) -> tuple[str, ...]:
    """Return those of some languages, by code, that an embedder does not read.

    Args:
        languages: Codes; empty ones are passed over.
        embedder_model: As in `EmbedderIdentity.model`: name and content hash.
    """
    if not _ENGLISH_ONLY.match(embedder_model.partition("@")[0]):
        return ()
    return tuple(dict.fromkeys(code for code in languages if code not in ("", "en")))


def unread_note(languages: Iterable[str], embedder_model: str) -> str:
    """Return what a person should know about text in these languages, `""` where the embedder reads them all."""
    others = [language_name(code) for code in unread(languages, embedder_model)]
    if not others:
        return ""
    name = embedder_model.partition("@")[0]
    return f"the embedder {name} reads English only; {_joined(others)} text is found by its words alone"


def _joined(names: list[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
