"""Common words: what the list holds, and the forms that are told by it."""

from __future__ import annotations

import pytest

from core.language.language import language
from core.language.lexicon import common_words, is_common


def test_the_words_are_whole_and_in_lower_case() -> None:
    words = common_words("en")
    assert len(words) > 15_000
    assert all(word.isalpha() and word.islower() and len(word) > 2 for word in words)
    assert {"user", "friendly", "footnote"} <= words
    assert not {"tion", "ment", "con", "ness"} & words


@pytest.mark.parametrize(
    ("word", "common"), [("tenant", True), ("tenants", True), ("companies", True), ("twothirds", False)]
)
def test_forms_of_a_common_word_are_common(word: str, common: bool) -> None:
    assert is_common(language("en"), word) is common


def test_a_language_without_a_list_has_no_common_words() -> None:
    assert common_words("de") == frozenset()
    assert not is_common(language("de"), "haus")
