"""Notes where documents or question are in a language that the embedder or the built-in reader does not read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from core.language.detect import detect_language
from core.language.guess import guess_language
from core.language.names import language_name
from rag.embed.languages import MULTILINGUAL_COMMAND, unread_note

# Languages for whose questions and sentences the built-in reader has rules.
READER_LANGUAGES = ("en", "de", "fr", "es")
# Languages whose words it tells apart by their script: it quotes the sentence that holds the question's words.
_QUOTED_BY_WORDS = ("ar", "he", "ja", "ko", "zh")
_PASSAGES = 3


def language_note(question: str, texts: Sequence[str], embedder_model: str) -> str:
    """Return what a person should know about languages, `""` where there is nothing.

    Args:
        question: As asked.
        texts: The passages, best first; the first three are looked at.
        embedder_model: As in `EmbedderIdentity.model`: name and content hash.
    """
    guesses = [guess_language(text) for text in (question, "\n".join(texts[:_PASSAGES]))]
    note = unread_note([guess.code for guess in guesses if guess is not None], embedder_model)
    return note and f"{note}. For one that reads it: {MULTILINGUAL_COMMAND}"


def unread_by_reader(question: str, page_languages: Iterable[str]) -> str:
    """Return what the built-in reader answers where it does not read a language, `""` where it reads all.

    Args:
        question: As asked.
        page_languages: Codes of the languages of the passages' pages, best first; empty where unknown.
    """
    known = Counter([code for code in page_languages if code][:_PASSAGES])
    asked_in = _language_of(question)
    codes = [asked_in, *([known.most_common(1)[0][0]] if known else [])]
    others = dict.fromkeys(language_name(code) for code in codes if code and code not in READER_LANGUAGES)
    if not others:
        return ""
    names = " and ".join(others)
    return f"The built-in reader does not read {names}; search finds the passages, and a chat model answers."


def quoted_by_words(question: str) -> bool:
    """Whether the built-in reader finds sentences by the words of a question for whose language it has no rules."""
    return _language_of(question) in _QUOTED_BY_WORDS


def crosses_languages(question: str, page_languages: Iterable[str]) -> bool:
    """Whether words of a question cannot tell if passages answer it: in another language, or in one without rules.

    The arguments are those of `unread_by_reader`.
    """
    codes = [code for code in page_languages if code][:_PASSAGES]
    asked_in = _language_of(question)
    return bool(unread_by_reader(question, codes)) or bool(asked_in and codes and asked_in not in codes)


def _language_of(question: str) -> str:
    guessed = guess_language(question)
    if guessed is not None:
        return guessed.code
    return "" if question.isascii() else detect_language(question)
