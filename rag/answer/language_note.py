"""A note where documents or question are in a language that the embedder does not read."""

from __future__ import annotations

from collections.abc import Sequence

from core.language.guess import guess_language

# Embedders by the name in front of their hash, and the one language that each of them reads.
_ONE_LANGUAGE = {"minilm": "English"}


def language_note(question: str, texts: Sequence[str], embedder_model: str) -> str:
    """Return what a person should know about languages, `""` where there is nothing.

    Args:
        question: As asked.
        texts: The passages, best first; the first three are looked at.
        embedder_model: As in `EmbedderIdentity.model`: name and content hash.
    """
    name = embedder_model.partition("@")[0]
    read = _ONE_LANGUAGE.get(name)
    if read is None:
        return ""
    guesses = [guess_language(text) for text in (question, "\n".join(texts[:3]))]
    others = dict.fromkeys(guess.name for guess in guesses if guess is not None and guess.name != read)
    if not others:
        return ""
    return (
        f"the embedder {name} reads {read} only; {' and '.join(others)} text is found by its words alone. "
        "Choose a multilingual one (kb config show: rag.embedder, such as ollama:bge-m3) and run: kb reindex"
    )
